/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "cli/report.h"

#define KEY_WORK_MAX 256 /* issuer names are lower-cased in this room */

/* Order of buckets: the first whose distance is not exceeded. */
static const struct {
    int64_t within_s;
    enum hf_expiry bucket;
} buckets[] = {
    {7 * 86400, HF_EXPIRY_WEEK},
    {30 * 86400, HF_EXPIRY_MONTH},
    {90 * 86400, HF_EXPIRY_QUARTER},
    {365 * (int64_t)86400, HF_EXPIRY_YEAR},
};

static enum hf_expiry expiry_of(const struct hf_result_record *record,
                                struct hf_time now)
{
    int64_t until_at = record->record.until_at;

    if (record->reason != HF_REASON_OK)
        return HF_EXPIRY_UNREADABLE;
    if (!record->record.has_until)
        return HF_EXPIRY_NEVER;
    if (hf_time_is_after(now, until_at))
        return HF_EXPIRY_PAST;
    for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++)
        if (now.s >= until_at - buckets[i].within_s)
            return buckets[i].bucket;
    return HF_EXPIRY_LATER;
}

/* Good enough for a table of known size: a crafted collision costs a bounded
 * walk, and keys are compared too. */
static uint64_t mix(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0xff51afd7ed558ccdU;
    return hash ^ hash >> 32;
}

static uint64_t hash_of(struct hf_span key)
{
    uint64_t hash = 0x9e3779b97f4a7c15U ^ key.len;
    uint64_t word;

    for (size_t i = 0; i + sizeof(word) < key.len; i += sizeof(word)) {
        memcpy(&word, key.ptr + i, sizeof(word));
        hash = mix(hash ^ word);
    }
    /* The last eight octets may overlap those before. */
    word = 0;
    if (key.len >= sizeof(word))
        memcpy(&word, key.ptr + key.len - sizeof(word), sizeof(word));
    else if (key.len > 0)
        memcpy(&word, key.ptr, key.len);
    hash = mix(hash ^ word);
    return hash == 0 ? 1 : hash;
}

static bool is_row(const struct hf_tally_row *row, struct hf_span key)
{
    return row->full_len == key.len && memcmp(row->key, key.ptr, row->len) == 0;
}

/* The slot of this key, or the free one where it belongs. */
static size_t find_slot(const struct hf_tally_table *table, uint64_t hash,
                        struct hf_span key)
{
    size_t at = hash & (HF_TALLY_SLOTS - 1);

    while (table->hashes[at] != 0 &&
           (table->hashes[at] != hash ||
            !is_row(&table->rows[table->row_at[at]], key)))
        at = (at + 1) & (HF_TALLY_SLOTS - 1);
    return at;
}

static void add_row(struct hf_tally_table *table, struct hf_span key)
{
    struct hf_tally_row *row = &table->rows[table->used++];

    row->count = 1;
    row->full_len = key.len > UINT32_MAX ? UINT32_MAX : (uint32_t)key.len;
    row->len = key.len < HF_TALLY_KEY_MAX ? (uint8_t)key.len : HF_TALLY_KEY_MAX;
    memcpy(row->key, key.ptr, row->len);
}

static void count_key(struct hf_tally_table *table, struct hf_span key)
{
    uint64_t hash;
    size_t at;

    hash = hash_of(key);
    at = find_slot(table, hash, key);
    if (table->hashes[at] != 0) {
        table->last = table->row_at[at];
        table->rows[table->last].count++;
    } else if (table->used == HF_TALLY_ROWS) {
        table->others++;
    } else {
        table->hashes[at] = hash;
        table->row_at[at] = (uint16_t)table->used;
        table->last = table->used;
        add_row(table, key);
    }
}

[[gnu::noinline]] static void count_folded(struct hf_tally_table *table,
                                           struct hf_span issuer)
{
    char room[KEY_WORK_MAX];
    size_t n = issuer.len < sizeof(room) ? issuer.len : sizeof(room);

    for (size_t i = 0; i < n; i++)
        room[i] = hf_lower(issuer.ptr[i]);
    count_key(table, (struct hf_span){room, n});
}

/* Neighbours in a zone mostly name the same CA. */
static void count_issuer(struct hf_tally_table *table, struct hf_span issuer)
{
    struct hf_tally_row *last = &table->rows[table->last];

    if (issuer.len == 0)
        return; /* the finding "no-issuer" counts these */
    if (last->full_len == last->len && last->count > 0 &&
        hf_span_eq_nocase((struct hf_span){last->key, last->len}, issuer))
        last->count++;
    else
        count_folded(table, issuer);
}

/* ".../sha-256/<digest>" is different for every name and every account: what
 * can be counted is the prefix with the algorithm. */
static struct hf_span account_key(struct hf_span uri)
{
    const char *slash = memrchr(uri.ptr, '/', uri.len);
    size_t head = slash == NULL ? 0 : (size_t)(slash - uri.ptr);
    const char *before = head == 0 ? NULL : memrchr(uri.ptr, '/', head);
    enum hf_hash_alg alg;
    struct hf_span token;

    if (before == NULL || uri.len - head - 1 < HF_THUMBPRINT_LEN)
        return uri;
    token.ptr = before + 1;
    token.len = head - (size_t)(token.ptr - uri.ptr);
    if (!hf_hash_alg_find(token, &alg) ||
        uri.len - head - 1 != HF_BASE64URL_LEN(hf_hash_alg_size(alg)))
        return uri;
    return (struct hf_span){uri.ptr, head + 1};
}

static void add_record(struct hf_tally *tally,
                       const struct hf_result_record *record,
                       struct hf_time now)
{
    uint32_t findings = record->findings;

    tally->records++;
    tally->readings[record->reason]++;
    tally->draft[record->reach.draft]++;
    tally->br[record->reach.br]++;
    tally->expiry[expiry_of(record, now)]++;
    for (; findings != 0; findings &= findings - 1)
        tally->findings[__builtin_ctz(findings)]++;
    count_issuer(&tally->issuers, record->record.issuer);
    if (record->reason == HF_REASON_OK)
        count_key(&tally->accounts, account_key(record->record.account_uri));
}

void hf_tally_add(struct hf_tally *tally, const struct hf_result *result,
                  struct hf_time now)
{
    uint32_t findings = result->name_findings;

    tally->names++;
    tally->statuses[result->status]++;
    if (result->has_security)
        tally->securities[result->security]++;
    else
        tally->unchecked++;
    for (; findings != 0; findings &= findings - 1)
        tally->name_findings[__builtin_ctz(findings)]++;
    if (result->has_verdict)
        tally->verdicts[result->verdict.reason]++;
    for (size_t i = 0; i < result->record_count; i++)
        add_record(tally, &result->records[i], now);
}

bool hf_tally_has_findings(const struct hf_tally *tally)
{
    for (unsigned i = 0; i < HF_FINDING_COUNT; i++)
        if (tally->findings[i] > 0 &&
            hf_finding_severity((enum hf_finding)i) != HF_SEVERITY_INFO)
            return true;
    for (unsigned i = 0; i < HF_NAME_FINDING_COUNT; i++)
        if (tally->name_findings[i] > 0 &&
            hf_name_finding_severity((enum hf_name_finding)i) !=
                HF_SEVERITY_INFO)
            return true;
    for (unsigned i = HF_REASON_OK + 1; i < HF_REASON_COUNT; i++)
        if (tally->verdicts[i] > 0)
            return true;
    return false;
}
