/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts (RFC 8555, section 7.3). */
#include "acme/document.h"
#include "ca/often.h"
#include "ca/resources.h"
#include "names/ip.h"

#define CONTACTS_MAX    16
#define CONTACT_MAX     320 /* octets of one */
#define ORDERS_PER_PAGE 100

/* ---- the object (section 7.1.2) ---- */

bool hf_resource_show_account(struct hf_ca_call *call,
                              const struct hf_ca_call_account *account)
{
    struct hf_json *json = &call->json;

    call->location = hf_ca_call_url(call, "acct", account->id);
    hf_json_open(json, '{');
    hf_json_key_str(json, "status", account->status);
    hf_ca_call_put_json(call, "contact", account->contacts);
    hf_json_key(json, "orders");
    hf_ca_call_put_url(call, "acct", account->id, "/orders");
    hf_ca_call_put_time(call, "createdAt", account->created_at);
    hf_json_close(json, '}');
    return true;
}

/* ---- contacts ---- */

/* One address without header fields (section 7.3). */
static bool is_address(struct hf_span text)
{
    size_t at = hf_span_find(text, '@');

    if (text.len > CONTACT_MAX || at == 0 || at + 1 >= text.len ||
        hf_span_find(text, '?') < text.len ||
        hf_span_find(text, ',') < text.len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '"')
            return false;
    return hf_span_find((struct hf_span){text.ptr + at + 1, text.len - at - 1},
                        '@') == text.len - at - 1;
}

static bool check_contact(struct hf_ca_call *call, const json_t *entry)
{
    struct hf_span text = {json_string_value(entry), json_string_length(entry)};

    if (!json_is_string(entry))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "\"contact\" is a list of URLs");
    if (!hf_span_starts(text, HF_SPAN("mailto:")))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_UNSUPPORTED_CONTACT,
            "a contact is \"mailto:\" and an address here");
    (void)hf_span_cut(&text, sizeof("mailto:") - 1);
    if (!is_address(text))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_INVALID_CONTACT,
            "a contact is no single mail address in ASCII");
    return true;
}

/* The contacts as JSON; "[]" when there are none. */
static bool take_contacts(struct hf_ca_call *call, struct hf_span *out)
{
    const json_t *list = hf_document_member(call->payload, "contact");
    char room[CONTACTS_MAX * (CONTACT_MAX + 16)];
    struct hf_buf text;
    struct hf_json json;

    hf_buf_init(&text, room, sizeof(room));
    json = hf_json_to(&text);
    if (list != NULL && !json_is_array(list))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "\"contact\" is a list of URLs");
    if (json_array_size(list) > CONTACTS_MAX)
        return hf_ca_call_refuse(call, HF_TROUBLE_INVALID_CONTACT,
                                 "more than 16 contacts");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        if (!check_contact(call, entry))
            return false;
        hf_json_str(&json, (struct hf_span){json_string_value(entry),
                                            json_string_length(entry)});
    }
    hf_json_close(&json, ']');
    *out = hf_arena_copy(&call->arena, hf_buf_span(&text));
    return true;
}

/* ---- external account binding (section 7.3.4) ---- */

static bool check_binding(struct hf_ca_call *call, const struct hf_jws *inner)
{
    struct hf_span jwk = hf_public_key_jwk(call->key);
    struct hf_public_key *bound = NULL;
    bool same;

    if (inner->kid.len == 0 || inner->nonce.len > 0 ||
        !hf_span_eq(inner->url, call->jws.url))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "externalAccountBinding has \"kid\", the \"url\" "
            "of the request, and no nonce (RFC 8555 7.3.4)");
    same = hf_public_key_read(inner->payload, &bound, NULL) == HF_OK &&
           hf_span_eq(hf_public_key_jwk(bound), jwk);
    hf_public_key_free(bound);
    return same ||
           hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                             "externalAccountBinding is not about the key that "
                             "signed the request (RFC 8555 7.3.4)");
}

/* Is the code good, and the key not used up? */
static bool check_mac(struct hf_ca_call *call, const struct hf_jws *inner)
{
    struct hf_store_value kid = hf_store_text(inner->kid);
    bool good = false;
    bool found;

    if (!hf_ca_call_row(call, HF_CA_EAB_GET, &kid, 1, &found))
        return false;
    if (found) {
        good = hf_store_is_null(call->store, HF_CA_EAB_GET, 1) &&
               hf_jws_has_mac_of(
                   inner, hf_store_get_text(call->store, HF_CA_EAB_GET, 0));
        hf_ca_call_row_end(call, HF_CA_EAB_GET);
    }
    return good || hf_ca_call_refuse(call, HF_TROUBLE_UNAUTHORIZED,
                                     "the external account key is unknown, was "
                                     "used before, or its code is wrong");
}

static bool take_binding(struct hf_ca_call *call, struct hf_span *kid)
{
    const json_t *member =
        hf_document_member(call->payload, "externalAccountBinding");
    struct hf_jws inner = {0};
    enum hf_err err;
    size_t size = json_dumpb(member, NULL, 0, JSON_COMPACT);
    char *text = member == NULL ? NULL : hf_arena_take(&call->arena, size, 1);
    bool good;

    if (member == NULL)
        return !call->settings->eab_required ||
               hf_ca_call_refuse(
                   call, HF_TROUBLE_EXTERNAL_ACCOUNT,
                   "this CA makes accounts only for those to whom "
                   "it gave an external account key");
    if (text == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    (void)json_dumpb(member, text, size, JSON_COMPACT);
    err = hf_jws_read((struct hf_span){text, size}, &inner, &call->why);
    if (err == HF_ENOMEM)
        return hf_ca_call_fail(call, err);
    if (err != HF_OK)
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED, call->why.text);
    good = check_binding(call, &inner) && check_mac(call, &inner);
    *kid = hf_arena_copy(&call->arena, inner.kid);
    hf_jws_clear(&inner);
    return good;
}

static bool bind(struct hf_ca_call *call, struct hf_span kid, int64_t account)
{
    bool did;

    if (kid.len == 0)
        return true;
    if (!hf_ca_call_change(call, HF_CA_EAB_BIND,
                           HF_VALUES(hf_store_text(kid),
                                     hf_store_number(account),
                                     hf_store_number(call->now_at)),
                           &did))
        return false;
    return did || hf_ca_call_refuse(call, HF_TROUBLE_UNAUTHORIZED,
                                    "the external account key was used before");
}

/* ---- newAccount (section 7.3) ---- */

/* Whoever may have an account need not ask anybody for it, and it stays: so one
 * place makes only so many. Whom the CA gave a key to it knows. */
static bool count_place(struct hf_ca_call *call)
{
    uint8_t address[16];
    size_t len;

    if (!hf_ip_parse(call->peer, address, &len))
        return true; /* a Unix socket */
    return hf_often_take(
        call, HF_LIMIT_ACCOUNTS, HF_SPAN("from"),
        (struct hf_span){(const char *)address, len == 4 ? 4 : 8},
        "too many accounts were made from this address; Retry-After says when "
        "the next one may be");
}

static bool is_true(const struct hf_ca_call *call, const char *member)
{
    return json_is_true(hf_document_member(call->payload, member));
}

static bool add_account(struct hf_ca_call *call,
                        struct hf_ca_call_account *account, struct hf_span kid)
{
    struct hf_store_value agreed = is_true(call, "termsOfServiceAgreed")
                                       ? hf_store_number(call->now_at)
                                       : (struct hf_store_value){0};

    if (!hf_ca_call_run(
            call, HF_CA_ACCOUNT_ADD,
            HF_VALUES(hf_store_number(account->id), hf_store_text(account->jwk),
                      hf_store_text(account->thumbprint),
                      hf_store_text(account->contacts), agreed,
                      hf_store_text(kid), hf_store_number(call->now_at))))
        return false;
    return hf_ca_call_run(call, HF_CA_KEY_ADD,
                          HF_VALUES(hf_store_number(account->id),
                                    hf_store_text(account->thumbprint),
                                    hf_store_number(call->now_at)));
}

static bool make_account(struct hf_ca_call *call)
{
    struct hf_ca_call_account account = {
        .status = HF_SPAN("valid"),
        .jwk = hf_public_key_jwk(call->key),
        .thumbprint = hf_public_key_thumbprint(call->key),
        .created_at = call->now_at,
    };
    struct hf_span kid = {0};

    if (call->settings->terms.len > 0 && !is_true(call, "termsOfServiceAgreed"))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_USER_ACTION,
            "agree to the terms of service first: they are "
            "in the directory, and \"termsOfServiceAgreed\" "
            "says that you do");
    if (!hf_ca_call_check_key(call, call->key) ||
        !take_contacts(call, &account.contacts) || !take_binding(call, &kid) ||
        (kid.len == 0 && !count_place(call)) ||
        !hf_ca_call_new_id(call, &account.id) ||
        !add_account(call, &account, kid) || !bind(call, kid, account.id))
        return false;
    call->status = 201;
    return hf_resource_show_account(call, &account);
}

bool hf_resource_new_account(struct hf_ca_call *call)
{
    struct hf_ca_call_account account = {0};
    bool found;

    if (hf_ca_call_is_fetch(call))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "newAccount wants a JSON object (RFC 8555 7.3)");
    if (!hf_ca_call_find_account(call, hf_public_key_thumbprint(call->key),
                                 &account, &found))
        return false;
    if (found && !hf_span_eq(account.status, HF_SPAN("valid")))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_UNAUTHORIZED,
            "the account of this key was deactivated; make "
            "another one with another key");
    if (found)
        return hf_resource_show_account(call, &account);
    if (is_true(call, "onlyReturnExisting"))
        return hf_ca_call_refuse(call, HF_TROUBLE_NO_ACCOUNT,
                                 "no account has this key");
    return make_account(call);
}

/* ---- an account (section 7.3.2, 7.3.6) ---- */

static bool deactivate(struct hf_ca_call *call)
{
    int64_t id = call->account.id;
    bool did;

    if (!hf_ca_call_change(call, HF_CA_ACCOUNT_END,
                           HF_VALUES(hf_store_number(id),
                                     hf_store_text(HF_SPAN("deactivated"))),
                           &did) ||
        !hf_ca_call_run(call, HF_CA_AUTHZ_END_ALL,
                        HF_VALUES(hf_store_number(id))) ||
        !hf_ca_call_run(call, HF_CA_ORDER_END_ALL,
                        HF_VALUES(hf_store_number(id),
                                  hf_store_text(HF_SPAN(
                                      "{\"type\":\"urn:ietf:params:acme:error:"
                                      "unauthorized\",\"detail\":\"the account "
                                      "was deactivated\"}")))))
        return false;
    call->account.status = HF_SPAN("deactivated");
    return hf_resource_show_account(call, &call->account);
}

static bool change(struct hf_ca_call *call)
{
    if (is_true(call, "termsOfServiceAgreed") &&
        !hf_ca_call_run(call, HF_CA_ACCOUNT_AGREED,
                        HF_VALUES(hf_store_number(call->account.id),
                                  hf_store_number(call->now_at))))
        return false;
    if (hf_document_member(call->payload, "contact") != NULL &&
        (!take_contacts(call, &call->account.contacts) ||
         !hf_ca_call_run(call, HF_CA_ACCOUNT_CONTACTS,
                         HF_VALUES(hf_store_number(call->account.id),
                                   hf_store_text(call->account.contacts)))))
        return false;
    return hf_resource_show_account(call, &call->account);
}

static bool is_own(struct hf_ca_call *call)
{
    return call->id == call->account.id ||
           hf_ca_call_refuse(
               call, HF_TROUBLE_UNAUTHORIZED,
               "this is another account than the one that signed");
}

bool hf_resource_account(struct hf_ca_call *call)
{
    struct hf_span status;

    if (!is_own(call))
        return false;
    if (hf_ca_call_is_fetch(call))
        return hf_resource_show_account(call, &call->account);
    status = hf_document_string(call->payload, "status");
    if (hf_span_eq(status, HF_SPAN("deactivated")))
        return deactivate(call);
    if (status.len > 0 && !hf_span_eq(status, HF_SPAN("valid")))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "the status of an account can be changed to "
                                 "\"deactivated\" only (RFC 8555 7.3.6)");
    return change(call);
}

/* ---- its orders (section 7.1.2.1) ---- */

/* The rest of the list begins behind the order ?after=. */
static void link_next(struct hf_ca_call *call, int64_t last)
{
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf link;

    hf_buf_init(&link, room, sizeof(room));
    hf_buf_putc(&link, '<');
    hf_buf_put(&link, hf_ca_call_url(call, "acct", call->id));
    hf_buf_puts(&link, "/orders?after=");
    hf_buf_put_i64(&link, last);
    hf_buf_puts(&link, ">;rel=\"next\"");
    call->link = hf_arena_copy(&call->arena, hf_buf_span(&link));
}

static bool put_orders(struct hf_ca_call *call, int64_t after, size_t *count,
                       int64_t *last)
{
    enum hf_err err = HF_OK;
    bool more;

    if (!hf_ca_call_row(call, HF_CA_ORDER_LIST,
                        HF_VALUES(hf_store_number(call->id),
                                  hf_store_number(after),
                                  hf_store_number(ORDERS_PER_PAGE)),
                        &more))
        return false;
    while (more && err == HF_OK) {
        *last = hf_store_get_number(call->store, HF_CA_ORDER_LIST, 0);
        hf_ca_call_put_url(call, "order", *last, "");
        ++*count;
        err = hf_store_next(call->store, HF_CA_ORDER_LIST, &more, &call->why);
    }
    return err == HF_OK || hf_ca_call_fail(call, err);
}

bool hf_resource_orders(struct hf_ca_call *call)
{
    struct hf_span query = call->query;
    int64_t after = 0;
    int64_t last = 0;
    size_t count = 0;

    if (!is_own(call))
        return false;
    if (query.len > 0 &&
        (!hf_span_starts(query, HF_SPAN("after=")) ||
         !hf_ca_call_take_id((struct hf_span){query.ptr + 6, query.len - 6},
                             &after)))
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND, "no such page");
    hf_json_open(&call->json, '{');
    hf_json_key(&call->json, "orders");
    hf_json_open(&call->json, '[');
    if (!put_orders(call, after, &count, &last))
        return false;
    hf_json_close(&call->json, ']');
    hf_json_close(&call->json, '}');
    if (count == ORDERS_PER_PAGE)
        link_next(call, last);
    return true;
}
