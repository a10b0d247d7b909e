/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.h -- what the ACME server has (RFC 8555, section 7.1), each in a
 * file of its own, and which of them a target means.
 */
#pragma once

#include "ca/call.h"

typedef bool hf_resource_fn(struct hf_ca_call *call);

/* Who may ask (RFC 8555, section 6.2). */
enum hf_resource_key {
    HF_KEY_NOBODY,  /* GET, without a signature */
    HF_KEY_ITSELF,  /* POST, signed by the key in "jwk" */
    HF_KEY_ACCOUNT, /* POST, signed by an account, "kid" */
    HF_KEY_EITHER,
};

struct hf_resource {
    struct hf_span path; /* "/order/"; a final slash: an id follows */
    struct hf_span rest; /* behind the id: "/finalize"; "*": a word */
    enum hf_resource_key key;
    hf_resource_fn *run;
};

/* The resource of a target, without query; NULL: there is none. Sets the
 * call's id and word. */
const struct hf_resource *hf_resource_find(struct hf_ca_call *call);

hf_resource_fn hf_resource_directory; /* res_directory.c */
hf_resource_fn hf_resource_new_nonce;
hf_resource_fn hf_resource_new_account; /* res_account.c */
hf_resource_fn hf_resource_account;
hf_resource_fn hf_resource_orders;
hf_resource_fn hf_resource_key_change; /* res_key_change.c */
hf_resource_fn hf_resource_new_order;  /* res_new_order.c */
hf_resource_fn hf_resource_order;      /* res_order.c */
hf_resource_fn hf_resource_finalize;
hf_resource_fn hf_resource_new_authz; /* res_authz.c */
hf_resource_fn hf_resource_authz;
hf_resource_fn hf_resource_challenge;
hf_resource_fn hf_resource_certificate;  /* res_certificate.c */
hf_resource_fn hf_resource_revoke;       /* res_revoke.c */
hf_resource_fn hf_resource_renewal_info; /* res_renewal_info.c */
hf_resource_fn hf_resource_crl;          /* res_certificate.c */
hf_resource_fn hf_resource_issuer;

/* Write an object as it is now into the reply: of an account, and, also after
 * waiting, of an order or a challenge. */
bool hf_resource_show_account(struct hf_ca_call *call,
                              const struct hf_ca_call_account *account);
bool hf_resource_show_order(struct hf_ca_call *call, int64_t id);
bool hf_resource_show_authz(struct hf_ca_call *call, int64_t id);
bool hf_resource_show_challenge(struct hf_ca_call *call, int64_t id);
