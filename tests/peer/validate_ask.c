/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate_ask [OPTION...] <QUESTIONS: ask the validator of the CA, all at
 * once, and print one line for each question, in their order.
 *
 *     dns-persist-01 *.good.example    ->  valid ok good.example
 *     http-01 web.example TOKEN        ->  connection connection
 *     tls-alpn-01 web.example TOKEN    ->  ...
 *
 *   --stub ZONE=ADDR@PORT   --trust-anchor FILE   --suffix-list FILE
 *   --http-port N   --tls-port N
 *   --private       look at addresses of no public network
 *   --remote CODE=RIR=URL   a perspective elsewhere; then the quorum counts
 *   --ca FILE   --own-chain FILE   --own-key FILE   to ask them
 *   --evidence      print that instead
 *   --detail        the sentence, too
 *
 * The key authorization of a token is TOKEN.THUMBPRINT, with the key of RFC
 * 7638, and the account that of draft -02, section 10.2.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/eye_remote.h"
#include "ca/validate.h"
#include "dns/worker.h"
#include "holdfast/digest.h"
#include "net/http_worker.h"
#include "os/clock.h"
#include "tests/unit/judge_fixture.h"

#define QUESTIONS_MAX 128

struct question {
    char text[1024];
    char auth[HF_KEY_AUTHORIZATION_MAX + 1];
    struct hf_validation_job job;
    struct hf_validation_result result;
};

struct asker {
    struct hf_resolver_config dns;
    struct hf_http_config web;
    struct hf_eye_rules rules;
    struct hf_perspective_place places[HF_EYES_MAX];
    size_t place_count;
    struct hf_http_config api; /* for asking them */
    const char *suffix_list;
    bool evidence;
    bool detail;
    struct question questions[QUESTIONS_MAX];
    size_t count;
};

static bool take_switch(struct asker *a, const char *name)
{
    if (strcmp(name, "--private") == 0)
        a->rules.allows_private = true;
    else if (strcmp(name, "--evidence") == 0)
        a->evidence = true;
    else if (strcmp(name, "--detail") == 0)
        a->detail = true;
    else
        return false;
    return true;
}

static struct hf_span cut_word(struct hf_span *text)
{
    struct hf_span word = hf_span_cut(text, hf_span_find(*text, '='));

    (void)hf_span_skip(text, '=');
    return word;
}

static void take_remote(struct asker *a, const char *value)
{
    struct hf_perspective_place *place = &a->places[a->place_count++];
    struct hf_span text = hf_span_str(value);

    place->code = cut_word(&text);
    place->rir = cut_word(&text);
    place->url = text;
}

static bool take_api(struct asker *a, const char *name, const char *value)
{
    if (strcmp(name, "--remote") == 0)
        take_remote(a, value);
    else if (strcmp(name, "--ca") == 0)
        a->api.ca_files[a->api.ca_file_count++] = value;
    else if (strcmp(name, "--own-chain") == 0)
        a->api.own_chain = value;
    else if (strcmp(name, "--own-key") == 0)
        a->api.own_key = value;
    else
        return false;
    return true;
}

static bool take_option(struct asker *a, const char *name, const char *value)
{
    struct hf_span text = hf_span_str(value);
    struct hf_stub *stub = &a->dns.stubs[a->dns.stub_count];

    if (strcmp(name, "--stub") == 0) {
        stub->zone = hf_span_cut(&text, hf_span_find(text, '='));
        (void)hf_span_skip(&text, '=');
        stub->address = text;
        a->dns.stub_count++;
    } else if (strcmp(name, "--trust-anchor") == 0) {
        a->dns.trust_anchors[a->dns.trust_anchor_count++] = value;
    } else if (strcmp(name, "--suffix-list") == 0) {
        a->suffix_list = value;
    } else if (strcmp(name, "--http-port") == 0) {
        a->rules.http_port = (uint16_t)atoi(value);
    } else if (strcmp(name, "--tls-port") == 0) {
        a->rules.tls_port = (uint16_t)atoi(value);
    } else {
        return strcmp(name, "--authoritative-port") == 0 ||
               take_api(a, name, value);
    }
    return true;
}

static bool read_options(struct asker *a, int argc, char **argv)
{
    int i = 1;

    while (i < argc) {
        if (take_switch(a, argv[i]))
            i++;
        else if (i + 1 < argc && take_option(a, argv[i], argv[i + 1]))
            i += 2;
        else
            return false;
    }
    return a->suffix_list != NULL;
}

static bool is_address(struct hf_span name)
{
    return name.len > 0 && (hf_span_find(name, ':') < name.len ||
                            hf_is_digit(name.ptr[name.len - 1]));
}

/* "WAY NAME [TOKEN]" */
static bool read_question(struct question *q, const struct hf_account *account)
{
    const char *way = strtok(q->text, " \n");
    const char *name = strtok(NULL, " \n");
    const char *token = strtok(NULL, " \n");

    q->job = (struct hf_validation_job){.name = hf_span_str(name),
                                        .token = hf_span_str(token),
                                        .account = account,
                                        .now = hf_clock_now()};
    (void)snprintf(q->auth, sizeof(q->auth), "%s." KEY_1,
                   token == NULL ? "" : token);
    q->job.key_authorization = hf_span_str(q->auth);
    q->job.is_ip = is_address(q->job.name);
    q->job.wildcard = hf_name_take_star(&q->job.name);
    return hf_way_find(hf_span_str(way), &q->job.way);
}

static enum hf_err ask_all(struct asker *a, struct hf_validator *validator,
                           struct hf_why *why)
{
    enum hf_err err = HF_OK;
    size_t done = 0;

    for (size_t i = 0; i < a->count && err == HF_OK; i++)
        err = hf_validator_submit(validator, &a->questions[i].job, i, why);
    while (err == HF_OK && done < a->count) {
        struct hf_validation_result result = {0};
        struct pollfd pfds[2 * HF_EYES_MAX] = {0};
        uint64_t ticket = 0;
        bool got = false;
        size_t count;
        int fds[2 * HF_EYES_MAX];

        err = hf_validator_poll(validator, hf_clock_now(), &ticket, &result,
                                &got, why);
        if (err == HF_OK && got) {
            a->questions[ticket].result = result;
            done++;
            continue;
        }
        count = hf_validator_fds(validator, fds, 2 * HF_EYES_MAX);
        for (size_t i = 0; i < count; i++)
            pfds[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
        (void)poll(pfds, count, 100);
    }
    return err;
}

static void print(const struct asker *a,
                  const struct hf_validation_result *result)
{
    if (a->evidence) {
        (void)printf("%.*s\n", (int)result->evidence.len, result->evidence.ptr);
        return;
    }
    (void)printf("%s %s", result->valid ? "valid" : result->problem,
                 result->reason);
    if (result->adn.len > 0)
        (void)printf(" %.*s", (int)result->adn.len, result->adn.ptr);
    if (a->detail)
        (void)printf(" %.*s", (int)result->detail.len, result->detail.ptr);
    (void)printf("\n");
}

/* Everything a validator stands on. */
struct stand {
    struct hf_digest *digest;
    struct hf_suffixes *suffixes;
    struct hf_resolver resolver;
    struct hf_http prober;
    struct hf_http api;
    struct hf_eye eyes[HF_EYES_MAX];
    struct hf_eye *list[HF_EYES_MAX];
    struct hf_ca ca;
    struct hf_validation_policy policy;
    struct hf_validator *validator;
};

static enum hf_err open_eyes(struct asker *a, struct stand *s,
                             struct hf_why *why)
{
    enum hf_err err;

    a->dns.cache_max_s = HF_RESOLVER_FRESH_S;
    err = hf_resolver_unbound(&a->dns, &s->resolver, why);

    a->web.probes = true;
    a->web.body_max = 1024;
    if (err == HF_OK)
        err = hf_http_new(&a->web, &s->prober, why);
    if (err == HF_OK)
        err =
            hf_eye_local(&s->resolver, &s->prober, &a->rules, &s->eyes[0], why);
    if (err == HF_OK && a->place_count > 0)
        err = hf_http_new(&a->api, &s->api, why);
    if (err == HF_OK && a->place_count > 0)
        err = hf_eyes_remote(&s->api, s->digest, a->places, a->place_count,
                             &s->eyes[1], why);
    return err;
}

static enum hf_err stand_open(struct asker *a, struct stand *s,
                              struct hf_why *why)
{
    static const struct hf_span issuer = HF_SPAN_INIT("ca.example");
    struct hf_validator_config config = {.ca = &s->ca,
                                         .policy = &s->policy,
                                         .eyes = s->list,
                                         .eye_count = 1 + a->place_count,
                                         .window = QUESTIONS_MAX};
    enum hf_err err = hf_digest_new(&s->digest, why);

    if (err == HF_OK)
        err = hf_suffixes_load(a->suffix_list, &s->suffixes, why);
    if (err == HF_OK)
        err = open_eyes(a, s, why);
    if (err != HF_OK)
        return err;
    for (size_t i = 0; i < config.eye_count; i++)
        s->list[i] = &s->eyes[i];
    s->policy = (struct hf_validation_policy){.lone = a->place_count == 0,
                                              .look_ms = 5000};
    s->ca = the_ca(HF_RULES_DUAL, s->digest);
    hf_preset_apply(HF_PRESET_COMPAT, &s->ca, &s->policy);
    s->ca.issuers = &issuer;
    s->ca.issuer_count = 1;
    config.suffixes = s->suffixes;
    return hf_validator_new(&config, &s->validator, why);
}

static void stand_close(struct stand *s)
{
    hf_validator_free(s->validator);
    for (size_t i = 0; i < HF_EYES_MAX; i++)
        hf_eye_clear(&s->eyes[i]);
    hf_http_clear(&s->prober);
    hf_http_clear(&s->api);
    hf_resolver_clear(&s->resolver);
    hf_suffixes_free(s->suffixes);
    hf_digest_free(s->digest);
}

static enum hf_err run(struct asker *a, struct hf_why *why)
{
    static struct stand stand;
    struct hf_account account = the_account();
    enum hf_err err = stand_open(a, &stand, why);

    while (err == HF_OK && a->count < QUESTIONS_MAX &&
           fgets(a->questions[a->count].text, sizeof(a->questions[0].text),
                 stdin) != NULL)
        if (!read_question(&a->questions[a->count++], &account))
            err = hf_fail(why, HF_ESYNTAX, a->count, "no such way");
    if (err == HF_OK)
        err = ask_all(a, stand.validator, why);
    for (size_t i = 0; i < a->count; i++) {
        if (err == HF_OK)
            print(a, &a->questions[i].result);
        hf_validation_clear(&a->questions[i].result);
    }
    stand_close(&stand);
    return err;
}

int main(int argc, char **argv)
{
    static struct asker asker;
    struct hf_why why = {0};

    if (argc == 2 && strcmp(argv[1], HF_WORKER_ROLE) == 0)
        return hf_worker_run(STDIN_FILENO) ? 0 : 1;
    if (argc == 2 && strcmp(argv[1], HF_NET_ROLE) == 0)
        return hf_http_worker_run(STDIN_FILENO) ? 0 : 1;
    if (!read_options(&asker, argc, argv)) {
        (void)fprintf(stderr, "usage: validate_ask [OPTION...]\n");
        return 64;
    }
    if (run(&asker, &why) != HF_OK) {
        (void)fprintf(stderr, "%s\n", why.text == NULL ? "?" : why.text);
        return 1;
    }
    return 0;
}
