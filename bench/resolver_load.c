/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver_load.c -- what a validated look-up costs through our resolver, in
 * its process behind its wall.
 *
 *     resolver_load NAMES ANCHOR STUB...
 *
 * asks for the TXT records of each line of the file NAMES, with the trust
 * anchor of the file ANCHOR and servers that are given as ZONE=ADDRESS@PORT,
 * and prints how many answers were secure, and their octets.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dns/resolver.h"

#define TXT 16

static uint64_t secure;
static uint64_t octets;

static void count(struct hf_found *found)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;

    secure += found->security == HF_SECURE;
    while (hf_found_next(&rest, &rdata))
        octets += rdata.len;
    hf_found_clear(found);
}

/* Take what is there; wait for it when no more may be asked. */
static enum hf_err hear(struct hf_resolver *resolver, bool all,
                        struct hf_why *why)
{
    struct hf_found found = {0};
    uint64_t ticket;
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && resolver->under_way > 0 && got) {
        bool full = all || resolver->under_way == resolver->window;

        err = hf_resolver_poll(resolver, full ? 100 : 0, &ticket, &found, &got,
                               why);
        if (err == HF_OK && got)
            count(&found);
        got = got || full;
    }
    return err;
}

static enum hf_err ask_all(struct hf_resolver *resolver, FILE *names,
                           struct hf_why *why)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    enum hf_err err = HF_OK;

    while (err == HF_OK && (len = getline(&line, &room, names)) > 1) {
        const struct hf_lookup lookup = {.owner = {line, (size_t)len - 1},
                                         .type = TXT};

        err = hf_resolver_submit(resolver, &lookup, 0, why);
        if (err == HF_OK)
            err = hear(resolver, false, why);
    }
    free(line);
    return err == HF_OK ? hear(resolver, true, why) : err;
}

static enum hf_err load(FILE *names, const struct hf_resolver_config *config,
                        struct hf_why *why)
{
    struct hf_resolver resolver = {0};
    enum hf_err err = hf_resolver_unbound(config, &resolver, why);

    if (err == HF_OK)
        err = ask_all(&resolver, names, why);
    hf_resolver_clear(&resolver);
    return err;
}

int main(int argc, char **argv)
{
    struct hf_resolver_config config = {.cache_max_s = HF_RESOLVER_FRESH_S};
    FILE *names = argc < 3 ? NULL : fopen(argv[1], "re");
    struct hf_why why = {0};
    enum hf_err err;

    if (names == NULL) {
        fprintf(stderr, "usage: resolver_load NAMES ANCHOR STUB...\n");
        return 64;
    }
    config.trust_anchors[config.trust_anchor_count++] = argv[2];
    for (int i = 3; i < argc && config.stub_count < HF_RESOLVER_STUBS_MAX;
         i++) {
        struct hf_span address = hf_span_str(argv[i]);
        struct hf_span zone = hf_span_cut(&address, hf_span_find(address, '='));

        (void)hf_span_skip(&address, '=');
        config.stubs[config.stub_count++] = (struct hf_stub){zone, address};
    }
    err = load(names, &config, &why);
    if (err != HF_OK)
        fprintf(stderr, "resolver_load: %s\n", why.text);
    printf("%" PRIu64 " secure, %" PRIu64 " octets\n", secure, octets);
    (void)fclose(names);
    return err == HF_OK ? 0 : 1;
}
