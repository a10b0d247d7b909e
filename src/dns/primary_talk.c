/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/primary_talk.h"

#include "base/alloc.h"
#include "dns/line.h"
#include "dns/packet.h"
#include "os/random.h"

#define SIGNED_MAX (HF_WIRE_QUERY_MAX + 1024) /* a query and its signature */

struct hf_primary_talk {
    struct hf_primary_config config;
    struct hf_line line;
    int64_t now_s;
    char room[HF_PACKET_ROOM];
};

enum hf_err hf_primary_talk_new(const struct hf_primary_config *config,
                                struct hf_primary_talk **out,
                                struct hf_why *why)
{
    struct hf_primary_talk *talk = hf_alloc(1, sizeof(*talk));

    if (talk == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    talk->config = *config;
    talk->line.fd = -1;
    talk->line.idle_ms = config->idle_ms;
    talk->line.until_ms = config->until_ms;
    *out = talk;
    return HF_OK;
}

void hf_primary_talk_free(struct hf_primary_talk *talk)
{
    if (talk == NULL)
        return;
    hf_line_close(&talk->line);
    hf_free(talk);
}

void hf_primary_talk_set_time(struct hf_primary_talk *talk, int64_t now_s)
{
    talk->now_s = now_s;
}

/* One message there and one back, on a connection of its own: servers hang
 * up on idle ones as they like. */
static enum hf_err exchange(struct hf_primary_talk *talk,
                            struct hf_span request, struct hf_span *answer,
                            struct hf_why *why)
{
    enum hf_err err = hf_line_open(&talk->line, talk->config.server, why);

    if (err == HF_OK)
        err = hf_line_send(&talk->line, request, why);
    if (err == HF_OK)
        err = hf_line_next(&talk->line, answer, why);
    hf_line_close(&talk->line);
    return err;
}

/* ---- asking ---- */

static enum hf_err put_query(const struct hf_wire_name *owner, uint16_t type,
                             struct hf_buf *out, struct hf_why *why)
{
    struct hf_wire_query query = {.name = owner, .type = type};
    enum hf_err err = hf_random_fill(&query.id, sizeof(query.id), why);

    if (err == HF_OK)
        out->len = hf_wire_query_put(&query, (uint8_t *)out->ptr);
    return err;
}

/* A signed question, too: some servers show a zone only to those whom they
 * know. */
static enum hf_err ask_signed(struct hf_primary_talk *talk,
                              struct hf_tsig *tsig,
                              const struct hf_wire_name *owner, uint16_t type,
                              struct hf_signed *out, struct hf_why *why)
{
    char room[SIGNED_MAX];
    struct hf_buf request;
    struct hf_span answer;
    enum hf_err err;

    hf_buf_init(&request, room, sizeof(room));
    err = put_query(owner, type, &request, why);
    if (err == HF_OK && tsig != NULL)
        err = hf_tsig_sign(tsig, &request, talk->now_s, why);
    if (err == HF_OK)
        err = exchange(talk, hf_buf_span(&request), &answer, why);
    if (err != HF_OK)
        return err;
    return hf_signed_read(tsig, hf_buf_span(&request), answer, talk->now_s, out,
                          why);
}

static enum hf_err fail_rcode(unsigned rcode, struct hf_why *why)
{
    const char *text = "the server answers the question with an error";

    switch (rcode) {
    case HF_RCODE_REFUSED:
        text = "the server does not answer for this name (REFUSED): it does "
               "not serve the zone, or not to this key or address";
        break;
    case HF_RCODE_NOTAUTH:
        text = "the server does not take this key for the name (NOTAUTH)";
        break;
    case HF_RCODE_SERVFAIL:
        text = "the server cannot serve the zone now (SERVFAIL)";
        break;
    }
    return hf_fail(why, HF_EPEER, 0, text);
}

static enum hf_err ask(struct hf_primary_talk *talk,
                       const struct hf_wire_name *owner, uint16_t type,
                       struct hf_wire_message *out, struct hf_why *why)
{
    struct hf_tsig *tsig = NULL;
    struct hf_signed got;
    enum hf_err err = HF_OK;
    unsigned rcode;

    if (talk->config.key != NULL)
        err = hf_tsig_new(talk->config.key, &tsig, why);
    if (err == HF_OK)
        err = ask_signed(talk, tsig, owner, type, &got, why);
    hf_tsig_free(tsig);
    if (err != HF_OK)
        return err;
    rcode = hf_wire_rcode(&got.message);
    if (rcode != HF_RCODE_NOERROR && rcode != HF_RCODE_NXDOMAIN)
        return fail_rcode(rcode, why);
    *out = got.message;
    return HF_OK;
}

/* ---- the zone ---- */

struct soa_seen {
    bool found;
    bool handed_on; /* a referral: name servers, no SOA */
    struct hf_wire_name zone;
};

static enum hf_err look_for_soa(const struct hf_wire_message *message,
                                const struct hf_wire_name *owner,
                                struct soa_seen *out, struct hf_why *why)
{
    struct hf_wire_walk walk = hf_wire_walk(message);

    for (;;) {
        struct hf_wire_rr rr;
        bool more;
        enum hf_err err = hf_wire_next(&walk, &rr, &more, why);

        if (err != HF_OK || !more)
            return err;
        if (rr.class != HF_CLASS_IN || rr.section == HF_SECTION_ADDITIONAL ||
            !hf_wire_name_is_in(owner, &rr.owner))
            continue;
        out->handed_on |=
            rr.type == HF_RR_NS && rr.section == HF_SECTION_AUTHORITY;
        if (rr.type != HF_RR_SOA)
            continue;
        out->found = true;
        out->zone = rr.owner;
    }
}

enum hf_err hf_primary_talk_zone(struct hf_primary_talk *talk,
                                 const struct hf_wire_name *owner,
                                 struct hf_wire_name *zone, struct hf_why *why)
{
    struct hf_wire_name at = *owner;

    do {
        struct soa_seen seen = {0};
        struct hf_wire_message message;
        enum hf_err err = ask(talk, &at, HF_RR_SOA, &message, why);
        bool with_authority;

        if (err == HF_OK)
            err = look_for_soa(&message, owner, &seen, why);
        if (err != HF_OK)
            return err;
        with_authority = (message.flags & HF_WIRE_AA) != 0;
        if (with_authority && seen.found) {
            *zone = seen.zone;
            return HF_OK;
        }
        if (!with_authority && seen.handed_on)
            return hf_fail(why, HF_EPEER, 0,
                           "the server has handed this name to other servers; "
                           "send the update to their primary");
    } while (hf_wire_name_climb(&at));
    return hf_fail(why, HF_EPEER, 0,
                   "the server has authority over no zone that holds the "
                   "name");
}

/* ---- reading and changing ---- */

enum hf_err hf_primary_talk_read(struct hf_primary_talk *talk,
                                 const struct hf_wire_name *owner,
                                 uint16_t type, struct hf_found *out,
                                 struct hf_why *why)
{
    struct hf_wire_message message;
    enum hf_err err = ask(talk, owner, type, &message, why);

    if (err != HF_OK)
        return err;
    if ((message.flags & HF_WIRE_AA) == 0)
        return hf_fail(why, HF_EPEER, 0,
                       "the server answers without authority: it is not the "
                       "primary of the zone");
    return hf_packet_read(&message, owner, type, talk->room, out, why);
}

enum hf_err hf_primary_talk_send(struct hf_primary_talk *talk,
                                 struct hf_update *update,
                                 enum hf_update_answer *out, struct hf_why *why)
{
    struct hf_span request;
    struct hf_span answer;
    enum hf_err err = hf_update_ask(update, talk->now_s, &request, why);

    if (err == HF_OK)
        err = exchange(talk, request, &answer, why);
    if (err != HF_OK)
        return err;
    return hf_update_take(update, answer, talk->now_s, out, why);
}
