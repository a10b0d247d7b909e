/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c -- may this account be issued a certificate for this name? */
#include <holdfast/holdfast.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const struct hf_span issuer = HF_SPAN("authority.example");
    const struct hf_ca ca = {.rules = HF_RULES_DRAFT_01,
                             .issuers = &issuer,
                             .issuer_count = 1,
                             .reuse_s = HF_REUSE_MAX_S};
    const struct hf_account account = {
        .url = HF_SPAN("https://ca.example/acct/123")};
    const struct hf_question question = {.adn = HF_SPAN("example.com"),
                                         .now = {.s = 1790000000}};
    struct hf_span record = hf_span_str(argc > 1 ? argv[1] : "");
    const struct hf_answer answer = {
        .values = &record, .count = 1, .ttl_s = 3600};
    struct hf_judged judged;
    struct hf_verdict verdict;
    struct hf_why why;

    if (hf_judge(&ca, &account, &question, &answer, &judged, &verdict, &why) !=
        HF_OK) {
        fprintf(stderr, "judge: %s\n", why.text);
        return 1;
    }
    printf("%s: %s\n", hf_outcome_word(hf_reason_outcome(verdict.reason)),
           hf_reason_word(verdict.reason));
    return verdict.reason == HF_REASON_OK ? 0 : 2;
}
