/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/object.h"

#include "acme/document.h"
#include "base/alloc.h"

static const char *const status_words[] = {
    [HF_ACME_UNKNOWN] = "unknown",
    [HF_ACME_PENDING] = "pending",
    [HF_ACME_READY] = "ready",
    [HF_ACME_PROCESSING] = "processing",
    [HF_ACME_VALID] = "valid",
    [HF_ACME_INVALID] = "invalid",
    [HF_ACME_DEACTIVATED] = "deactivated",
    [HF_ACME_EXPIRED] = "expired",
    [HF_ACME_REVOKED] = "revoked",
};

const char *hf_acme_status_word(enum hf_acme_status status)
{
    return status_words[status];
}

static enum hf_acme_status status_of(const json_t *object)
{
    struct hf_span word = hf_document_string(object, "status");

    for (int i = HF_ACME_PENDING; i <= HF_ACME_REVOKED; i++)
        if (hf_span_eq(word, hf_span_str(status_words[i])))
            return (enum hf_acme_status)i;
    return HF_ACME_UNKNOWN;
}

enum hf_err hf_account_object_read(struct hf_span text,
                                   struct hf_account_object *out,
                                   struct hf_why *why)
{
    json_t *root;
    const json_t *contact;
    enum hf_err err = hf_document_read(text, &root, why);

    if (err != HF_OK)
        return err;
    contact = json_array_get(hf_document_member(root, "contact"), 0);
    *out = (struct hf_account_object){
        .status = status_of(root),
        .status_text = hf_document_string(root, "status"),
        .contact = {json_string_value(contact), json_string_length(contact)},
        .orders = hf_document_string(root, "orders"),
        .json = root,
    };
    return HF_OK;
}

void hf_account_object_clear(struct hf_account_object *account)
{
    json_decref(account->json);
    *account = (struct hf_account_object){0};
}

/* Every authorization counts: one that was dropped would never be validated
 * and the order never ready. */
static enum hf_err read_authorizations(const json_t *root,
                                       struct hf_order_object *order,
                                       struct hf_why *why)
{
    size_t count = hf_document_size(root, "authorizations");
    struct hf_span *room;
    struct hf_names urls;

    if (count > HF_AUTHZ_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "the server wants more than 1000 authorizations");
    order->authorizations = hf_alloc(count + 1, sizeof(*room));
    room = order->authorizations;
    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    urls = hf_document_names(root, "authorizations", &room);
    for (size_t i = 0; i < urls.count; i++)
        if (urls.list[i].len == 0)
            return hf_fail(why, HF_ESYNTAX, 0,
                           "RFC 8555 7.1.3: authorizations are URLs");
    order->authorization_count = urls.count;
    return HF_OK;
}

enum hf_err hf_order_object_read(struct hf_span text,
                                 struct hf_order_object *out,
                                 struct hf_why *why)
{
    struct hf_order_object order = {0};
    enum hf_err err = hf_document_read(text, &order.json, why);

    if (err != HF_OK)
        return err;
    order.status = status_of(order.json);
    order.expires = hf_document_string(order.json, "expires");
    order.finalize = hf_document_string(order.json, "finalize");
    order.certificate = hf_document_string(order.json, "certificate");
    hf_problem_of(hf_document_member(order.json, "error"), &order.error);
    err = read_authorizations(order.json, &order, why);
    if (err == HF_OK)
        *out = order;
    else
        hf_order_object_clear(&order);
    return err;
}

void hf_order_object_clear(struct hf_order_object *order)
{
    json_decref(order->json);
    hf_free(order->authorizations);
    *order = (struct hf_order_object){0};
}

/* REQ CHAL-01, CHAL-02, CHAL-07, CHAL-08, CHAL-14 */
static void read_challenge(const json_t *json, struct hf_challenge_object *out,
                           struct hf_span **room)
{
    *out = (struct hf_challenge_object){
        .url = hf_document_string(json, "url"),
        .token = hf_document_string(json, "token"),
        .status = status_of(json),
    };
    out->persist = (struct hf_challenge){
        .type = hf_document_string(json, "type"),
        .kebab = hf_document_names(json, "issuer-domain-names", room),
        .camel = hf_document_names(json, "issuerDomainNames", room),
        .account_uri = hf_document_text(json, "accounturi"),
    };
    hf_problem_of(hf_document_member(json, "error"), &out->error);
}

static enum hf_err read_challenges(const json_t *list,
                                   struct hf_authz_object *authz,
                                   struct hf_why *why)
{
    size_t count = json_array_size(list);
    size_t places = 1;
    struct hf_span *room;

    if (count > HF_CHALLENGE_OBJECT_MAX)
        count = HF_CHALLENGE_OBJECT_MAX;
    for (size_t i = 0; i < count; i++) {
        const json_t *json = json_array_get(list, i);

        places += hf_document_size(json, "issuer-domain-names") +
                  hf_document_size(json, "issuerDomainNames");
    }
    authz->challenges = hf_alloc(count + 1, sizeof(*authz->challenges));
    authz->lists = hf_alloc(places, sizeof(*authz->lists));
    if (authz->challenges == NULL || authz->lists == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    room = authz->lists;
    for (size_t i = 0; i < count; i++)
        read_challenge(json_array_get(list, i), &authz->challenges[i], &room);
    authz->challenge_count = count;
    return HF_OK;
}

enum hf_err hf_authz_object_read(struct hf_span text,
                                 struct hf_authz_object *out,
                                 struct hf_why *why)
{
    struct hf_authz_object authz = {0};
    const json_t *identifier;
    enum hf_err err = hf_document_read(text, &authz.json, why);

    if (err != HF_OK)
        return err;
    identifier = hf_document_member(authz.json, "identifier");
    authz.status = status_of(authz.json);
    authz.type = hf_document_string(identifier, "type");
    authz.name = hf_document_string(identifier, "value");
    authz.wildcard = json_is_true(hf_document_member(authz.json, "wildcard"));
    authz.subdomains =
        json_is_true(hf_document_member(authz.json, "subdomainAuthAllowed"));
    err = read_challenges(hf_document_member(authz.json, "challenges"), &authz,
                          why);
    if (err == HF_OK)
        *out = authz;
    else
        hf_authz_object_clear(&authz);
    return err;
}

void hf_authz_object_clear(struct hf_authz_object *authz)
{
    json_decref(authz->json);
    hf_free(authz->challenges);
    hf_free(authz->lists);
    *authz = (struct hf_authz_object){0};
}
