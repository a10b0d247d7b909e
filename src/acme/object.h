/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h -- the objects of ACME as a server sends them (RFC 8555, section
 * 7.1): account, order, authorization, challenge.
 *
 * Readers are tolerant: a member that is missing is empty, a status that is
 * unknown is HF_ACME_UNKNOWN, a challenge of an unknown type or without a
 * token is one more challenge. Every span is a stranger's and borrows from
 * the object; release each with its clear function.
 */
#pragma once

#include "acme/problem.h"
#include "holdfast/challenge.h"

#define HF_AUTHZ_MAX 1000 /* names of one order */
#define HF_CHALLENGE_OBJECT_MAX                                                \
    32 /* of one authorization; more are ignored                               \
        */

/* RFC 8555, section 7.1.6: of every kind of object. */
enum hf_acme_status {
    HF_ACME_UNKNOWN,
    HF_ACME_PENDING,
    HF_ACME_READY,
    HF_ACME_PROCESSING,
    HF_ACME_VALID,
    HF_ACME_INVALID,
    HF_ACME_DEACTIVATED,
    HF_ACME_EXPIRED,
    HF_ACME_REVOKED,
};

const char *hf_acme_status_word(enum hf_acme_status status);

/* Section 7.1.2. */
struct hf_account_object {
    enum hf_acme_status status;
    struct hf_span status_text; /* as sent: REQ CLI-17 looks at it */
    struct hf_span contact;     /* the first one, "mailto:..."; or empty */
    struct hf_span orders;
    struct json_t *json;
};

/* Section 7.1.3. */
struct hf_order_object {
    enum hf_acme_status status;
    struct hf_span expires;
    struct hf_span finalize;
    struct hf_span certificate; /* empty until there is one */
    struct hf_span *authorizations;
    size_t authorization_count;
    struct hf_problem error;
    struct json_t *json;
};

/* Sections 7.1.5 and 8. */
struct hf_challenge_object {
    struct hf_span url;
    struct hf_span token; /* empty where the type has none */
    enum hf_acme_status status;
    struct hf_challenge persist; /* its type; and what dns-persist-01 adds */
    struct hf_problem error;
};

/* Section 7.1.4. */
struct hf_authz_object {
    enum hf_acme_status status;
    struct hf_span type; /* of the identifier: "dns", "ip" */
    struct hf_span name; /* its value, without "*." */
    bool wildcard;
    bool subdomains; /* for every name below it, too: RFC 9444, section 4.1 */
    struct hf_challenge_object *challenges;
    size_t challenge_count;
    struct hf_span *lists; /* behind the challenges' names */
    struct json_t *json;
};

/* Each fails with HF_ESYNTAX, HF_ENOMEM, or HF_ELIMIT where a maximum above
 * is passed that cannot be ignored; *out is then untouched. */
enum hf_err hf_account_object_read(struct hf_span text,
                                   struct hf_account_object *out,
                                   struct hf_why *why);
enum hf_err hf_order_object_read(struct hf_span text,
                                 struct hf_order_object *out,
                                 struct hf_why *why);
enum hf_err hf_authz_object_read(struct hf_span text,
                                 struct hf_authz_object *out,
                                 struct hf_why *why);

/* Harmless on zeroed ones. */
void hf_account_object_clear(struct hf_account_object *account);
void hf_order_object_clear(struct hf_order_object *order);
void hf_authz_object_clear(struct hf_authz_object *authz);
