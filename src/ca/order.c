/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/order.h"

#include "crypto/csr.h"

/* ---- reading ---- */

static size_t count_ids(struct hf_span text)
{
    size_t count = text.len > 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == ' ';
    return count;
}

static bool load_authzs(struct hf_ca_call *call, struct hf_span ids,
                        struct hf_order *out)
{
    out->authzs =
        hf_arena_take(&call->arena, count_ids(ids), sizeof(*out->authzs));
    if (out->authzs == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    while (ids.len > 0) {
        struct hf_span word = hf_span_cut(&ids, hf_span_find(ids, ' '));
        int64_t id = 0;
        bool found;

        (void)hf_span_skip(&ids, ' ');
        if (!hf_ca_call_take_id(word, &id) ||
            !hf_authz_load(call, id, &out->authzs[out->authz_count], &found))
            return false;
        out->authz_count += found;
    }
    return true;
}

bool hf_order_load(struct hf_ca_call *call, int64_t id, struct hf_order *out,
                   bool *found)
{
    const enum hf_ca_operation row = HF_CA_ORDER_GET;
    struct hf_store *store = call->store;
    struct hf_span ids;

    if (!hf_ca_call_row(call, row, HF_VALUES(hf_store_number(id)), found))
        return false;
    if (!*found)
        return true;
    *out = (struct hf_order){
        .id = id,
        .account = hf_store_get_number(store, row, HF_ORDER_ACCOUNT),
        .status = hf_ca_call_text(call, row, HF_ORDER_STATUS),
        .expires_at = hf_store_get_number(store, row, HF_ORDER_EXPIRES_AT),
        .profile = hf_ca_call_text(call, row, HF_ORDER_PROFILE),
        .identifiers = hf_ca_call_text(call, row, HF_ORDER_IDENTIFIERS),
        .replaces = hf_ca_call_text(call, row, HF_ORDER_REPLACES),
        .error = hf_ca_call_text(call, row, HF_ORDER_ERROR),
        .serial = hf_ca_call_text(call, row, HF_ORDER_SERIAL),
        .csr = hf_ca_call_text(call, row, HF_ORDER_CSR),
    };
    ids = hf_ca_call_text(call, row, HF_ORDER_AUTHZS);
    hf_ca_call_row_end(call, row);
    return load_authzs(call, ids, out);
}

struct hf_span hf_order_status(const struct hf_order *order, int64_t now_at)
{
    bool ready = true;

    if (!hf_span_eq(order->status, HF_SPAN("pending")))
        return order->status;
    if (order->expires_at < now_at)
        return HF_SPAN("invalid");
    for (size_t i = 0; i < order->authz_count; i++) {
        const struct hf_authz *authz = &order->authzs[i];
        struct hf_span status = hf_authz_status(authz, now_at);

        if (hf_span_eq(status, HF_SPAN("pending")) ||
            hf_span_eq(status, HF_SPAN("processing")))
            ready = false;
        else if (!hf_span_eq(status, HF_SPAN("valid")) &&
                 !hf_authz_is_lapsed(authz, now_at))
            return HF_SPAN("invalid");
    }
    return ready ? HF_SPAN("ready") : HF_SPAN("pending");
}

/* ---- signing ---- */

bool hf_order_spki(struct hf_ca_call *call, struct hf_span csr,
                   struct hf_span *out)
{
    return hf_csr_spki(csr, out) ||
           hf_ca_call_refuse(call, HF_TROUBLE_BAD_CSR,
                             "the request holds no public key");
}

bool hf_order_key_hash(struct hf_ca_call *call, struct hf_span csr,
                       unsigned char *out)
{
    const struct hf_digest *digest = call->settings->law.digest;
    struct hf_span spki;
    enum hf_err err;

    if (!hf_order_spki(call, csr, &spki))
        return false;
    err = digest->compute(digest->state, HF_SHA_256, spki, out);
    return err == HF_OK || hf_ca_call_fail(call, err);
}

/* What was seen of all names of an order, which the issuer puts into one line
 * of its log: REQ VAL-55. Names with records of many octets are for several. */
#define EVIDENCE_MAX ((size_t)4 << 20)

static bool put_names(struct hf_ca_call *call, const struct hf_order *order,
                      struct hf_issuer_name *names)
{
    size_t evidence = 0;

    for (size_t i = 0; i < order->authz_count; i++) {
        const struct hf_authz *authz = &order->authzs[i];
        char room[HF_NAME_MAX + 2];
        struct hf_buf whole;

        hf_buf_init(&whole, room, sizeof(room));
        if (authz->name.wildcard)
            hf_buf_puts(&whole, "*.");
        hf_buf_put(&whole, authz->name.value);
        names[i] = (struct hf_issuer_name){
            .value = hf_arena_copy(&call->arena, hf_buf_span(&whole)),
            .is_ip = authz->name.is_ip,
        };
        if (!hf_authz_evidence(call, authz, &names[i].evidence))
            return false;
        evidence += names[i].evidence.len;
        if (evidence > EVIDENCE_MAX)
            return hf_ca_call_refuse(
                call, HF_TROUBLE_REJECTED_IDENTIFIER,
                "the records of these names are too long to be kept as the "
                "evidence of one order: order fewer at once");
    }
    return !call->arena.full || hf_ca_call_fail(call, HF_ENOMEM);
}

static const struct hf_ca_profile *
profile_of(const struct hf_ca_settings *settings, struct hf_span name)
{
    for (size_t i = 0; i < settings->profile_count; i++)
        if (hf_span_eq(settings->profiles[i].name, name))
            return &settings->profiles[i];
    return &settings->profiles[0]; /* it was taken out of the configuration */
}

bool hf_order_signing(struct hf_ca_call *call, const struct hf_order *order,
                      const struct hf_issuer_order **out)
{
    const struct hf_ca_profile *profile =
        profile_of(call->settings, order->profile);
    struct hf_issuer_order *made =
        hf_arena_take(&call->arena, 1, sizeof(*made));
    struct hf_issuer_name *names =
        hf_arena_take(&call->arena, order->authz_count, sizeof(*names));
    int64_t from = call->now_at - call->settings->backdate_s;

    if (made == NULL || names == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    if (!put_names(call, order, names))
        return false;
    *made = (struct hf_issuer_order){
        .order = hf_ca_call_url(call, "order", order->id),
        .account = hf_ca_call_url(call, "acct", order->account),
        .profile = hf_arena_copy(&call->arena, profile->name),
        .names = names,
        .name_count = order->authz_count,
        .now_at = call->now_at,
        .not_before_at = from,
        .not_after_at = from + profile->lifetime_s - 1,
    };
    if (!hf_order_spki(call, order->csr, &made->spki))
        return false;
    *out = made;
    return true;
}
