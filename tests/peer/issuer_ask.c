/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_ask.c -- a caller of the process that has a CA's key, in place of the
 * CA; and a writer of its log, to be disturbed.
 *
 *   issuer_ask issue CA SECRET SPKI COUNT [HOLE]
 *       So many certificates for host.example, valid for a day from --now,
 *       which is that of the clock: the last one in leaf.der, and a line
 *       "ENTRY:HASH SERIAL" for each. HOLE is for a token's module.
 *   issuer_ask list CA SECRET COUNT [HOLE]
 *       A list of so many revoked certificates, in list.der.
 *   issuer_ask log FOLDER COUNT
 *       So many entries, three to a sync; a line "ENTRY:HASH" for each that is
 *       on disk.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "ca/evidence.h"
#include "ca/issuer.h"
#include "ca/issuer_worker.h"
#include "crypto/certificate.h"
#include "os/clock.h"
#include "os/file.h"

#define NAME "host.example"
#define DAY  86400

static char said[HF_ISSUER_SAID_MAX + 1];

static int fail(const struct hf_why *why)
{
    (void)fprintf(stderr, "issuer_ask: %s%s\n", why->text,
                  why->sys == 0 ? "" : ": the kernel said no");
    return 1;
}

static void put_hash(const unsigned char *hash)
{
    char room[2 * HF_ENTRY_HASH_LEN + 1];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_put_hex(&text, (struct hf_span){(const char *)hash, HF_ENTRY_HASH_LEN});
    hf_buf_putc(&text, '\0');
    (void)printf(":%s", room);
}

/* ---- the issuer ---- */

/* The environment goes on to the token's module. */
static void put_environment(struct hf_buf *out)
{
    for (size_t i = 0; environ[i] != NULL; i++)
        hf_buf_put(out, (struct hf_span){environ[i], strlen(environ[i]) + 1});
}

static enum hf_err read_in(const char *folder, const char *name,
                           struct hf_buf *out, struct hf_why *why)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    hf_buf_init_grow(out, 65536);
    return hf_file_read(path, out, why);
}

static enum hf_err open_issuer(const char *folder, const char *secret,
                               const char *hole, struct hf_issuer **out,
                               struct hf_why *why)
{
    struct hf_certificate *certificate = NULL;
    struct hf_buf pem, key, environment;
    struct hf_issuer_config config = {
        .passphrase = hf_span_str(secret),
        .ca_url = HF_SPAN("http://ca.example/issuer.crt"),
        .crl_url = HF_SPAN("http://ca.example/crl/"),
        .shards = 1,
        .profiles = {{{HF_SPAN("short"), 2 * DAY, false}}, 1}};
    char log[4096];
    enum hf_err err = read_in(folder, "issuer.pem", &pem, why);

    if (err == HF_OK)
        err = read_in(folder, "issuer.key", &key, why);
    if (err == HF_OK)
        err = hf_certificate_read(hf_buf_span(&pem), &certificate, why);
    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&environment, 65535);
    put_environment(&environment);
    (void)snprintf(log, sizeof(log), "%s/evidence", folder);
    config.log_folder = hf_span_str(log);
    config.certificate = certificate->der;
    config.key = hf_buf_span(&key);
    config.reach.environment = hf_buf_span(&environment);
    if (hole != NULL)
        config.reach.holes = (struct hf_span){hole, strlen(hole) + 1};
    err = hf_issuer_open(&config, out, said, why);
    hf_certificate_free(certificate);
    hf_buf_clear(&environment);
    hf_buf_clear(&pem);
    hf_buf_clear_wiped(&key);
    return err;
}

/* The next answer. A refusal is a failure here. */
static enum hf_err await(struct hf_issuer *issuer,
                         struct hf_issuer_reply *reply, struct hf_why *why)
{
    enum hf_err err = HF_OK;
    bool got = false;

    while (err == HF_OK && !got) {
        bool wants_write;
        struct pollfd pfd = {hf_issuer_fd(issuer, &wants_write), POLLIN, 0};

        if (wants_write)
            pfd.events |= POLLOUT;
        (void)poll(&pfd, 1, 1000);
        err = hf_issuer_poll(issuer, reply, &got, why);
    }
    if (err != HF_OK || reply->kind != HF_ISSUER_REFUSED)
        return err;
    (void)snprintf(said, sizeof(said), "%.*s", (int)reply->said.len,
                   reply->said.ptr);
    return hf_fail(why, reply->err, 0, said);
}

static enum hf_err issue(struct hf_issuer *issuer, struct hf_span spki,
                         long count, struct hf_why *why)
{
    int64_t now_at = hf_clock_now().s;
    char evidence[256];
    struct hf_issuer_name name = {.value = HF_SPAN(NAME)};
    struct hf_issuer_order order = {.order = HF_SPAN("test"),
                                    .account = HF_SPAN("tester"),
                                    .profile = HF_SPAN("short"),
                                    .spki = spki,
                                    .names = &name,
                                    .name_count = 1,
                                    .now_at = now_at,
                                    .not_before_at = now_at - 60,
                                    .not_after_at = now_at + DAY};
    struct hf_issuer_reply reply;
    enum hf_err err = HF_OK;

    (void)snprintf(evidence, sizeof(evidence),
                   "{\"identifier\":{\"type\":\"dns\",\"value\":\"" NAME
                   "\",\"wildcard\":false},\"outcome\":\"valid\","
                   "\"expires\":%lld}",
                   (long long)now_at + DAY);
    name.evidence = hf_span_str(evidence);
    for (long i = 0; i < count && err == HF_OK; i++)
        err = hf_issuer_submit(issuer, &order, why);
    for (long i = 0; i < count && err == HF_OK; i++) {
        err = await(issuer, &reply, why);
        if (err != HF_OK)
            break;
        (void)printf("%llu", (unsigned long long)reply.entry);
        put_hash((const unsigned char *)reply.hash.ptr);
        (void)printf(" %.*s\n", (int)reply.serial.len, reply.serial.ptr);
        (void)fflush(stdout);
        if (i + 1 == count)
            err = hf_file_replace_path("leaf.der", reply.der, why);
        hf_issuer_drop(issuer);
    }
    return err;
}

static enum hf_err list(struct hf_issuer *issuer, long count,
                        struct hf_why *why)
{
    int64_t now_at = hf_clock_now().s;
    struct hf_revoked *revoked = hf_alloc((size_t)count + 1, sizeof(*revoked));
    const struct hf_issuer_crl crl = {.number = (uint64_t)now_at,
                                      .this_update_at = now_at,
                                      .next_update_at = now_at + DAY,
                                      .revoked = revoked,
                                      .count = (size_t)count};
    struct hf_issuer_reply reply;
    enum hf_err err;

    for (uint32_t i = 0; i < count; i++) {
        revoked[i].serial[0] = 1;
        memcpy(revoked[i].serial + 1, &i, sizeof(i));
        revoked[i].serial_len = 16;
        revoked[i].reason = (uint8_t)(i % 2);
        revoked[i].at = now_at - 1;
    }
    err = hf_issuer_submit_crl(issuer, &crl, why);
    if (err == HF_OK)
        err = await(issuer, &reply, why);
    if (err == HF_OK)
        err = hf_file_replace_path("list.der", reply.der, why);
    hf_free(revoked);
    return err;
}

/* ---- the log ---- */

static enum hf_err write_log(const char *folder, long count, struct hf_why *why)
{
    struct hf_evidence *log = NULL;
    struct hf_entry entries[3];
    /* Short segments, so that some begin. */
    enum hf_err err = hf_evidence_open(folder, 1000, &log, why);

    for (long i = 0; i < count && err == HF_OK; i++) {
        struct hf_entry *entry = &entries[i % 3];

        *entry = (struct hf_entry){
            .at = i, .kind = HF_SPAN("issue"), .body = HF_SPAN("{\"a\":1}")};
        err = hf_evidence_append(log, entry, why);
        if (err == HF_OK && i % 3 == 2)
            err = hf_evidence_sync(log, why);
        for (size_t j = 0; err == HF_OK && i % 3 == 2 && j < 3; j++) {
            (void)printf("%llu", (unsigned long long)entries[j].number);
            put_hash(entries[j].hash);
            (void)printf("\n");
            (void)fflush(stdout);
        }
    }
    hf_evidence_free(log);
    return err;
}

int main(int argc, char **argv)
{
    struct hf_issuer *issuer = NULL;
    struct hf_why why = {0};
    struct hf_buf spki;
    enum hf_err err;

    if (argc == 2 && strcmp(argv[1], HF_ISSUER_ROLE) == 0)
        return hf_issuer_worker_run(STDIN_FILENO) ? 0 : 1;
    if (argc == 4 && strcmp(argv[1], "log") == 0) {
        err = write_log(argv[2], strtol(argv[3], NULL, 10), &why);
        return err == HF_OK ? 0 : fail(&why);
    }
    if (argc < 5)
        return 64;
    if (strcmp(argv[1], "list") == 0) {
        err = open_issuer(argv[2], argv[3], argc > 5 ? argv[5] : NULL, &issuer,
                          &why);
        if (err == HF_OK)
            err = list(issuer, strtol(argv[4], NULL, 10), &why);
    } else {
        hf_buf_init_grow(&spki, 4096);
        err = hf_file_read(argv[4], &spki, &why);
        if (err == HF_OK)
            err = open_issuer(argv[2], argv[3], argc > 6 ? argv[6] : NULL,
                              &issuer, &why);
        if (err == HF_OK)
            err = issue(issuer, hf_buf_span(&spki),
                        argc > 5 ? strtol(argv[5], NULL, 10) : 1, &why);
        hf_buf_clear(&spki);
    }
    hf_issuer_free(issuer);
    return err == HF_OK ? 0 : fail(&why);
}
