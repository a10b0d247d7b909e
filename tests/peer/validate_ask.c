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
        return strcmp(name, "--authoritative-port") == 0;
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
        struct pollfd pfds[4] = {0};
        uint64_t ticket = 0;
        bool got = false;
        size_t count;
        int fds[4];

        err = hf_validator_poll(validator, hf_clock_now(), &ticket, &result,
                                &got, why);
        if (err == HF_OK && got) {
            a->questions[ticket].result = result;
            done++;
            continue;
        }
        count = hf_validator_fds(validator, fds, 4);
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

static enum hf_err run(struct asker *a, struct hf_why *why)
{
    static const struct hf_span issuer = HF_SPAN_INIT("ca.example");
    struct hf_validation_policy policy = {.lone = true, .look_ms = 5000};
    struct hf_account account = the_account();
    struct hf_resolver resolver = {0};
    struct hf_http prober = {0};
    struct hf_digest *digest = NULL;
    struct hf_suffixes *suffixes = NULL;
    struct hf_validator *validator = NULL;
    struct hf_eye eye = {0};
    struct hf_eye *const eyes[] = {&eye};
    struct hf_ca ca;
    const struct hf_validator_config config = {.ca = &ca,
                                               .policy = &policy,
                                               .eyes = eyes,
                                               .eye_count = 1,
                                               .window = QUESTIONS_MAX};
    struct hf_validator_config built;
    enum hf_err err = hf_digest_new(&digest, why);

    if (err == HF_OK)
        err = hf_suffixes_load(a->suffix_list, &suffixes, why);
    if (err == HF_OK)
        err = hf_resolver_unbound(&a->dns, &resolver, why);
    a->web.probes = true;
    a->web.body_max = 1024;
    if (err == HF_OK)
        err = hf_http_new(&a->web, &prober, why);
    if (err == HF_OK)
        err = hf_eye_local(&resolver, &prober, &a->rules, &eye, why);
    ca = the_ca(HF_RULES_DUAL, digest);
    hf_preset_apply(HF_PRESET_COMPAT, &ca, &policy);
    ca.issuers = &issuer;
    ca.issuer_count = 1;
    built = config;
    built.suffixes = suffixes;
    if (err == HF_OK)
        err = hf_validator_new(&built, &validator, why);
    while (err == HF_OK && a->count < QUESTIONS_MAX &&
           fgets(a->questions[a->count].text, sizeof(a->questions[0].text),
                 stdin) != NULL)
        if (!read_question(&a->questions[a->count++], &account))
            err = hf_fail(why, HF_ESYNTAX, a->count, "no such way");
    if (err == HF_OK)
        err = ask_all(a, validator, why);
    for (size_t i = 0; i < a->count; i++) {
        if (err == HF_OK)
            print(a, &a->questions[i].result);
        hf_validation_clear(&a->questions[i].result);
    }
    hf_validator_free(validator);
    hf_eye_clear(&eye);
    hf_http_clear(&prober);
    hf_resolver_clear(&resolver);
    hf_suffixes_free(suffixes);
    hf_digest_free(digest);
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
