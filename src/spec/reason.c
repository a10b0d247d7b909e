/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/reason.h"

/* REQ ERR-01..04, ERR-07: one row a reason. Rank orders what is reported.
 * Sections are those of the last draft, of which the sentence is true in all;
 * where another counts them otherwise, that is told. */
static const struct {
    const char *word;
    enum hf_outcome outcome;
    int rank;
    const char *law;
    const char *advice;
} rows[HF_REASON_COUNT] = {
    [HF_REASON_OK] = {"ok", HF_OUTCOME_VALID, 0,
                      "The record authorises this account for this name.",
                      "Nothing to do."},
    [HF_REASON_OTHER_ISSUER] =
        {"other-issuer", HF_OUTCOME_IGNORED, 9,
         "Draft 4.2 (-00: 4) and BR 3.2.2.4.22: a CA ignores records whose "
         "issuer is not one of its own names.",
         "Nothing to do for this CA."},
    [HF_REASON_SYNTAX] =
        {"syntax", HF_OUTCOME_MALFORMED, 1,
         "Draft 4.1 (-00: 4): the value must follow the issue-value grammar of "
         "RFC 8659 4.2.",
         "Correct the text at the marked octet and publish it again."},
    [HF_REASON_DUPLICATE_PARAMETER] =
        {"duplicate-parameter", HF_OUTCOME_MALFORMED, 1,
         "Draft 9.3.1 (-00: 9.2.1): a record that gives a parameter twice is "
         "malformed.",
         "Keep one of the two parameters, or publish two records."},
    [HF_REASON_MISSING_ACCOUNTURI] =
        {"missing-accounturi", HF_OUTCOME_MALFORMED, 1,
         "Draft 4.1 (-00: 4) and BR 3.2.2.4.22: the accounturi parameter is "
         "mandatory.",
         "Add accounturi= with the value for this account."},
    [HF_REASON_EMPTY_ACCOUNTURI] =
        {"empty-accounturi", HF_OUTCOME_MALFORMED, 1,
         "Draft 4.1 (-00: 4): accounturi must identify an account; it is "
         "empty.",
         "Give accounturi the value for this account."},
    [HF_REASON_BAD_PERSIST_UNTIL] =
        {"bad-persist-until", HF_OUTCOME_MALFORMED, 1,
         "Draft 4.1 (-00: 4): persistUntil must be a base-10 UNIX timestamp in "
         "seconds.",
         "Write persistUntil as digits only, in seconds."},
    [HF_REASON_BAD_HASHED_URI] =
        {"bad-hashed-uri", HF_OUTCOME_MALFORMED, 1,
         "Draft -02 4.1: accounturi must be a hashed URI: the CA's "
         "accountHashPrefix, a hash name, '/', and the digest in base64url.",
         "Compute the value anew with 'holdfast record make --draft 02'."},
    [HF_REASON_HASH_ALG_NOT_ACCEPTED] =
        {"hash-alg-not-accepted", HF_OUTCOME_MALFORMED, 1,
         "Draft -02 4.1: the hash name must be spelt as registered and be "
         "one the CA accepts.",
         "Publish the value with sha-256, which every CA accepts."},
    [HF_REASON_ACCOUNT_NOT_VALID] =
        {"account-not-valid", HF_OUTCOME_UNAUTHORIZED, 3,
         "Draft 4.2 (-00: 7.10; -01: 4.1): nothing validates for an account "
         "that is deactivated or revoked.",
         "Create a new account and publish records for it."},
    [HF_REASON_ACCOUNT_MISMATCH] =
        {"account-mismatch", HF_OUTCOME_UNAUTHORIZED, 3,
         "Draft 4.2 (-00: 4): accounturi is not that of the requesting account "
         "for this name.",
         "Publish the record computed for this account and this name."},
    [HF_REASON_EXPIRED] =
        {"expired", HF_OUTCOME_UNAUTHORIZED, 3,
         "Draft 4.1 (-00: 4): after persistUntil the record serves no new "
         "validation.",
         "Publish the record with a later persistUntil, or with none."},
    [HF_REASON_POLICY_REQUIRED] =
        {"policy-required", HF_OUTCOME_UNAUTHORIZED, 3,
         "Draft 5: without policy=wildcard a record covers its exact "
         "name only.",
         "Add policy=wildcard, or publish a record at the name itself."},
    [HF_REASON_NO_MATCHING_ISSUER] =
        {"no-matching-issuer", HF_OUTCOME_UNAUTHORIZED, 6,
         "Draft 4.2 (-00: 4): no record names one of this CA's issuer domain "
         "names.",
         "Publish a record for this CA beside the others."},
    [HF_REASON_NO_RECORD] =
        {"no-record", HF_OUTCOME_UNAUTHORIZED, 7,
         "Draft 4: there is no TXT record at the validation domain "
         "name.",
         "Publish the record."},
    [HF_REASON_DNS_FAILURE] =
        {"dns-failure", HF_OUTCOME_DNS, 5,
         "RFC 8555 6.7: the look-up failed, which proves neither presence "
         "nor absence.",
         "See that every name server of the zone answers, then try again."},
    [HF_REASON_DNSSEC_BOGUS] =
        {"dnssec-bogus", HF_OUTCOME_DNS, 4,
         "Draft 7.8.1 (-00 and -01: 7.7.1): when DNSSEC validation fails the "
         "record must not be used.",
         "Repair the DNSSEC chain of the zone."},
};

enum hf_outcome hf_reason_outcome(enum hf_reason reason)
{
    return rows[reason].outcome;
}

const char *hf_reason_word(enum hf_reason reason)
{
    return rows[reason].word;
}

const char *hf_reason_law(enum hf_reason reason)
{
    return rows[reason].law;
}

const char *hf_reason_advice(enum hf_reason reason)
{
    return rows[reason].advice;
}

const char *hf_outcome_word(enum hf_outcome outcome)
{
    static const char *const words[] = {
        [HF_OUTCOME_VALID] = "valid",
        [HF_OUTCOME_IGNORED] = "ignored",
        [HF_OUTCOME_MALFORMED] = "malformed",
        [HF_OUTCOME_UNAUTHORIZED] = "unauthorized",
        [HF_OUTCOME_DNS] = "dns",
    };

    return words[outcome];
}

/* REQ ERR-05; within a rank the earlier step of judging, so that the order of
 * the records cannot change what is reported. */
bool hf_reason_precedes(enum hf_reason a, enum hf_reason b)
{
    return rows[a].rank < rows[b].rank ||
           (rows[a].rank == rows[b].rank && a < b);
}
