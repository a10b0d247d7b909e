/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testimony.h -- what one view says about one claim. There is one reading of
 * views, whoever's they are: that of this CA.
 */
#pragma once

#include "ca/claim.h"
#include "holdfast/caa.h"

struct hf_testimony {
    const char *problem; /* static, of RFC 8555, 6.7; NULL: it serves */
    const char *reason;  /* static: the fixed word; "ok" */
    size_t at;           /* of the view's answers, the one that decided */

    /* dns-persist-01: the records, their strings joined. */
    struct hf_span adn; /* borrowed from the claim */
    struct hf_verdict verdict;
    struct hf_span *values;
    struct hf_judged *judged;
    size_t count;

    /* CAA: the relevant RRset. */
    struct hf_caa *caa;
    size_t caa_count;
    size_t caa_which; /* that decided, or caa_count */

    /* What has to be the same at every perspective: the account URIs of valid
     * records; of other ways their word. */
    struct hf_span *account_uris;
    size_t account_uri_count;

    void *room;
};

/* What is asked of a view. */
struct hf_inquiry {
    const struct hf_claim *claim;
    enum hf_way way;    /* the claim's, or CAA */
    struct hf_span adn; /* dns-persist-01 */
    const struct hf_view *view;
    struct hf_time now;
};

/*
 * Judge. Borrows from claim and view: *out lives no longer than they. Owns:
 * hf_testimony_clear(). Fails: HF_ENOMEM, and with what the digest fails with.
 */
enum hf_err hf_testimony_hear(const struct hf_inquiry *inquiry,
                              struct hf_testimony *out, struct hf_why *why);
void hf_testimony_clear(struct hf_testimony *testimony);

/* Why it does not serve, in one sentence of printable ASCII. */
void hf_testimony_put(struct hf_buf *out, const struct hf_inquiry *inquiry,
                      const struct hf_testimony *testimony);

/* The reason words of CAA: "caa-method"; "ok". */
const char *hf_caa_fault_word(enum hf_caa_reason reason);
