/* SPDX-License-Identifier: Apache-2.0 */
/* lab_expect.c -- what a resolver makes of the laboratory's names. */
#include <poll.h>

#include "base/alloc.h"
#include "cli/lab.h"
#include "dns/resolver.h"
#include "holdfast/txt.h"
#include "lab/zone_rdata.h"
#include "names/ip.h"
#include "os/clock.h"

#define STEP_MS    100 /* at which a resolver wants to be looked at */
#define TIMEOUT_MS 5000
#define LABEL_MAX  32

/* What is asked, in room of our own. */
struct question {
    char name[HF_OWNER_TEXT_MAX + 1];
    char source[HF_IP_TEXT_MAX + 1];
    char server[LABEL_MAX];
    char anchor[256];
    char zones[HF_RESOLVER_STUBS_MAX][HF_OWNER_TEXT_MAX + 1];
};

/* Text with a NUL. */
static void end_text(struct hf_buf *text)
{
    hf_buf_putc(text, '\0');
}

static void put_question(const struct hf_lab *lab,
                         const struct hf_lab_verb *verb,
                         struct question *question)
{
    uint32_t from = verb->expected.from;
    const uint8_t address[4] = {(uint8_t)(from >> 24), (uint8_t)(from >> 16),
                                (uint8_t)(from >> 8), (uint8_t)from};
    struct hf_buf text;

    hf_buf_init(&text, question->name, sizeof(question->name));
    hf_wire_name_put(&text, &verb->name);
    end_text(&text);
    hf_buf_init(&text, question->source, sizeof(question->source));
    hf_ip_put(&text, address, sizeof(address));
    end_text(&text);
    hf_buf_init(&text, question->server, sizeof(question->server));
    hf_buf_puts(&text, "127.0.0.1@");
    hf_buf_put_u64(&text, hf_lab_server_port(lab->server, 0));
    end_text(&text);
    hf_buf_init(&text, question->anchor, sizeof(question->anchor));
    hf_lab_dns_put_anchor(lab->dns, &text);
    end_text(&text);
}

/* All zones at our server, as far as a resolver takes them: what is not given
 * it would look for at port 53. */
static void put_stubs(const struct hf_lab *lab, struct question *question,
                      struct hf_resolver_config *config)
{
    const struct hf_wire_name *name = hf_lab_zone_name(lab->dns, 0);

    for (size_t i = 0; i < HF_RESOLVER_STUBS_MAX && name != NULL; i++) {
        struct hf_buf text;

        hf_buf_init(&text, question->zones[i], sizeof(question->zones[i]));
        hf_wire_name_put(&text, name);
        end_text(&text);
        config->stubs[i] = (struct hf_stub){hf_span_str(question->zones[i]),
                                            hf_span_str(question->server)};
        config->stub_count = i + 1;
        name = hf_lab_zone_name(lab->dns, i + 1);
    }
}

/* Serve, and look at the resolver, until one of the two fails or there is an
 * answer. */
static enum hf_err await(struct hf_lab *lab, struct hf_resolver *resolver,
                         struct hf_found *found, struct hf_why *why)
{
    struct pollfd wait[2] = {
        {.fd = hf_lab_server_fd(lab->server), .events = POLLIN},
        {.fd = hf_resolver_fd(resolver), .events = POLLIN}};
    uint64_t ticket;
    int64_t wait_ms;
    bool got = false;
    enum hf_err err = HF_OK;

    while (err == HF_OK && !got) {
        err = hf_lab_server_step(lab->server, &wait_ms, why);
        if (err != HF_OK)
            break;
        if (wait_ms < 0 || wait_ms > STEP_MS)
            wait_ms = STEP_MS;
        (void)poll(wait, 2, (int)wait_ms);
        err = hf_resolver_poll(resolver, 0, &ticket, found, &got, why);
    }
    return err;
}

static enum hf_err ask_with(struct hf_lab *lab, const struct hf_lab_verb *verb,
                            struct question *question, struct hf_found *found,
                            struct hf_why *why)
{
    struct hf_resolver resolver = {0};
    struct hf_resolver_config config = {.anchor = question->anchor,
                                        .timeout_ms = TIMEOUT_MS,
                                        .no_wall = hf_cli_no_wall(lab->cli)};
    struct hf_lookup lookup = {.type = verb->type};
    enum hf_err err;

    put_question(lab, verb, question);
    put_stubs(lab, question, &config);
    if (verb->expected.from != 0)
        config.source = question->source;
    lookup.owner = hf_span_str(question->name);
    err = hf_resolver_unbound(&config, &resolver, why);
    if (err == HF_OK)
        err = hf_resolver_submit(&resolver, &lookup, 1, why);
    if (err == HF_OK)
        err = await(lab, &resolver, found, why);
    hf_resolver_clear(&resolver);
    return err;
}

static enum hf_err ask(struct hf_lab *lab, const struct hf_lab_verb *verb,
                       struct hf_found *found, struct hf_why *why)
{
    struct question *question = hf_alloc(1, sizeof(*question));
    enum hf_err err;

    if (question == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = ask_with(lab, verb, question, found, why);
    hf_free(question);
    return err;
}

static bool has_text(const struct hf_found *found, struct hf_span wanted)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;
    struct hf_buf room;
    bool has = false;

    hf_buf_init_grow(&room, HF_TXT_VALUE_MAX);
    while (!has && found->type == HF_RR_TXT && hf_found_next(&rest, &rdata)) {
        struct hf_span text;

        hf_buf_reset(&room);
        has = hf_buf_reserve(&room, rdata.len) != NULL &&
              hf_txt_join(rdata, room.ptr, &text, NULL) == HF_OK &&
              hf_span_eq(text, wanted);
    }
    hf_buf_clear(&room);
    return has;
}

/* "NAME TYPE is data secure, not nodata secure" */
static void put_unmet(const struct hf_lab *lab, const struct hf_lab_verb *verb,
                      const struct hf_lab_place *place,
                      const struct hf_found *found)
{
    char room[HF_OWNER_TEXT_MAX + HF_REASON_TEXT_MAX + 200];
    struct hf_why why = {0};
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_wire_name_put(&text, &verb->name);
    hf_buf_putc(&text, ' ');
    hf_lab_type_put(verb->type, &text);
    hf_buf_puts(&text, " is ");
    hf_buf_puts(&text, hf_found_state_word(found->state));
    hf_buf_putc(&text, ' ');
    hf_buf_puts(&text, hf_security_word(found->security));
    hf_buf_puts(&text, ", expected ");
    hf_buf_puts(&text, hf_found_state_word(verb->expected.state));
    hf_buf_putc(&text, ' ');
    hf_buf_puts(&text, hf_security_word(verb->expected.security));
    hf_buf_puts(&text, verb->expected.has_text ? " with that text" : "");
    if (found->reason.len > 0)
        hf_buf_puts(&text, ": ");
    hf_buf_put_escaped(&text, found->reason, HF_REASON_TEXT_MAX);
    end_text(&text);
    why.text = room;
    hf_lab_fail(lab, place, &why);
}

enum hf_exit hf_lab_expect(struct hf_lab *lab, const struct hf_lab_verb *verb,
                           const struct hf_lab_place *place)
{
    const struct hf_lab_expected *expected = &verb->expected;
    struct hf_found found = {0};
    struct hf_why why = {0};
    bool met;

    if (ask(lab, verb, &found, &why) != HF_OK) {
        hf_lab_fail(lab, place, &why);
        return HF_EXIT_ERROR;
    }
    met = found.state == expected->state &&
          found.security == expected->security &&
          (!expected->has_text || has_text(&found, expected->text));
    if (!met)
        put_unmet(lab, verb, place, &found);
    hf_found_clear(&found);
    return met ? HF_EXIT_GOOD : HF_EXIT_NO;
}
