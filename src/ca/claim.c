/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/claim.h"

#include "base/alloc.h"
#include "names/ip.h"

#define HASH_LEN 32

/* Room that is filled from its beginning: lists first, for their alignment. */
struct room {
    char *at;
};

static struct hf_span keep(struct room *room, struct hf_span text)
{
    struct hf_span kept = {room->at, text.len};

    if (text.len > 0)
        memcpy(room->at, text.ptr, text.len);
    room->at += text.len;
    return kept;
}

static size_t length(const struct hf_span *list, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += list[i].len;
    return total;
}

static size_t text_length(const struct hf_validation_job *job)
{
    const struct hf_account *account = job->account;
    size_t total =
        job->name.len + job->token.len + job->key_authorization.len +
        job->key_hash.len + account->url.len +
        length(account->other_urls, account->other_url_count) +
        length(account->alternative_uris, account->alternative_uri_count);

    for (size_t i = 0; i < account->key_count; i++)
        total += account->keys[i].thumbprint.len;
    return total;
}

static void keep_account(struct hf_claim *claim, const struct hf_account *from,
                         struct room *room)
{
    size_t urls = from->other_url_count;
    size_t uris = from->alternative_uri_count;
    struct hf_key *keys = claim->room;
    struct hf_span *spans = (void *)(keys + from->key_count);

    room->at = (char *)(spans + 1 + urls + uris);
    claim->account = *from;
    for (size_t i = 0; i < from->key_count; i++) {
        keys[i] = from->keys[i];
        keys[i].thumbprint = keep(room, from->keys[i].thumbprint);
    }
    spans[0] = keep(room, from->url);
    for (size_t i = 0; i < urls; i++)
        spans[1 + i] = keep(room, from->other_urls[i]);
    for (size_t i = 0; i < uris; i++)
        spans[1 + urls + i] = keep(room, from->alternative_uris[i]);
    claim->account.keys = keys;
    claim->account.url = spans[0];
    claim->account.other_urls = spans + 1;
    claim->account.alternative_uris = spans + 1 + urls;
    claim->urls = spans;
    claim->url_count = 1 + urls;
}

static enum hf_err keep_job(struct hf_claim *claim,
                            const struct hf_validation_job *job,
                            struct hf_why *why)
{
    const struct hf_account *account = job->account;
    size_t spans =
        1 + account->other_url_count + account->alternative_uri_count;
    struct room room;

    claim->room =
        hf_alloc(1, account->key_count * sizeof(struct hf_key) +
                        spans * sizeof(struct hf_span) + text_length(job) + 1);
    if (claim->room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    keep_account(claim, account, &room);
    claim->job = *job;
    claim->job.account = &claim->account;
    claim->job.name = keep(&room, job->name);
    claim->job.token = keep(&room, job->token);
    claim->job.key_authorization = keep(&room, job->key_authorization);
    claim->job.key_hash = keep(&room, job->key_hash);
    return HF_OK;
}

/* RFC 8555 8.3, RFC 8737 3, BR 3.2.2.4.19 and 3.2.2.4.20: these two say nothing
 * of a wildcard, or of other names. */
static bool is_of_one_host(enum hf_way way)
{
    return way == HF_WAY_HTTP || way == HF_WAY_TLS_ALPN;
}

static enum hf_err check(const struct hf_validation_job *job,
                         struct hf_why *why)
{
    if (!job->is_ip && !hf_name_is_canonical(job->name))
        return hf_fail(why, HF_EINVAL, 0,
                       "draft -02 9.2: the name is not in canonical form");
    if ((job->wildcard || job->subdomains) &&
        (job->is_ip || is_of_one_host(job->way)))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 8.3, RFC 8737 3: this challenge does not "
                       "validate wildcards or subdomains");
    if (job->is_ip && (job->way == HF_WAY_DNS || job->way == HF_WAY_CAA))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8738 4: this is not for addresses");
    if (job->way == HF_WAY_DNS_PERSIST || job->way == HF_WAY_CAA)
        return HF_OK;
    if (job->way != HF_WAY_HTTP && job->key_hash.len == HASH_LEN)
        return HF_OK;
    if (job->key_authorization.len == 0 ||
        job->key_authorization.len > HF_KEY_AUTHORIZATION_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 8.1: there is no key authorization");
    if (job->way == HF_WAY_HTTP &&
        (job->token.len == 0 || job->token.len > HF_TOKEN_MAX))
        return hf_fail(why, HF_EINVAL, 0, "RFC 8555 8.3: there is no token");
    return HF_OK;
}

/* REQ SCOPE-11: the ADN of an address is its reverse name. */
static enum hf_err reverse(struct hf_claim *claim, struct hf_why *why)
{
    const struct hf_span label = HF_SPAN(HF_IP_LABEL ".");
    struct hf_span name;
    struct hf_name owner;
    uint8_t address[16];
    size_t len;

    if (!hf_ip_parse(claim->job.name, address, &len))
        return hf_fail(why, HF_EINVAL, 0, "this is no address");
    hf_owner_of_ip(address, len, &owner);
    name = hf_name_span(&owner);
    (void)hf_span_cut(&name, label.len);
    memcpy(claim->reverse.text, name.ptr, name.len);
    claim->reverse.len = (uint8_t)name.len;
    return HF_OK;
}

/* The guards of raw account URLs (requirements, 3.4): not after their end, and
 * never again for an account that has validated with a hashed value. */
static void guard_raw(struct hf_claim *claim)
{
    int64_t until_at = claim->policy->raw_until_at;

    if (claim->job.raw_refused ||
        (until_at > 0 && hf_time_is_after(claim->job.now, until_at)))
        claim->ca.allows_raw = false;
}

enum hf_err hf_claim_init(struct hf_claim *claim,
                          const struct hf_validation_job *job,
                          const struct hf_validator_config *config,
                          struct hf_why *why)
{
    enum hf_err err = check(job, why);

    if (err != HF_OK)
        return err;
    *claim = (struct hf_claim){.ca = *config->ca, .policy = config->policy};
    err = keep_job(claim, job, why);
    if (err == HF_OK && job->is_ip)
        err = reverse(claim, why);
    if (err != HF_OK) {
        hf_claim_clear(claim);
        return err;
    }
    guard_raw(claim);
    return HF_OK;
}

void hf_claim_clear(struct hf_claim *claim)
{
    hf_free(claim->room);
    *claim = (struct hf_claim){0};
}

enum hf_err hf_claim_hash(const struct hf_claim *claim, unsigned char out[32],
                          struct hf_why *why)
{
    const struct hf_digest *digest = claim->ca.digest;
    unsigned char hash[HF_HASH_MAX];

    if (claim->job.key_hash.len == HASH_LEN) {
        memcpy(out, claim->job.key_hash.ptr, HASH_LEN);
        return HF_OK;
    }
    if (digest->compute(digest->state, HF_SHA_256, claim->job.key_authorization,
                        hash) != HF_OK)
        return hf_fail(why, HF_ECRYPTO, 0, "SHA-256 is not to be had");
    memcpy(out, hash, HASH_LEN);
    return HF_OK;
}
