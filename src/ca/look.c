/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/look.h"

#include "base/alloc.h"
#include "dns/wire.h"
#include "holdfast/client.h"
#include "names/ip.h"
#include "net/url.h"

#define CAA_WAVE   4 /* names that are asked for side by side */
#define KIND_MAX   4 /* addresses of one kind that are tried */
#define HTTP_PORT  80
#define TLS_PORT   443
#define DNS_LABEL  "_acme-challenge."
#define WELL_KNOWN "/.well-known/acme-challenge/"

/* Where a probe goes; http-01 may be sent on to another place. */
struct hop {
    char url[HF_URL_MAX];
    size_t url_len;
    char text[HF_HTTP_ADDRESSES_MAX][HF_IP_TEXT_MAX];
    struct hf_span addresses[HF_HTTP_ADDRESSES_MAX];
    size_t address_count;
    size_t forbidden; /* addresses that are left out */
    bool ready;       /* the probe may be made */
};

struct hf_look {
    const struct hf_eye_rules *rules;
    enum hf_way way;
    bool is_ip;
    struct hf_name name;
    char token[HF_TOKEN_MAX];
    size_t token_len;
    struct hf_name owner;     /* of the question that comes next */
    struct hf_span climb;     /* caa: the same, in `name` */
    struct hf_found *answers; /* in the order of their questions */
    size_t room;              /* questions there can be */
    size_t planned;           /* that may be asked by now */
    size_t asked;             /* of these */
    size_t answered;          /* of these */
    struct hop *hop;          /* http-01, tls-alpn-01 */
    bool probing;
    struct hf_view view; /* its probes */
};

static enum hf_err no_memory(struct hf_why *why)
{
    return hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

static void put_name(struct hf_name *out, struct hf_span text)
{
    memcpy(out->text, text.ptr, text.len);
    out->len = (uint8_t)text.len;
}

static bool is_probed(const struct hf_look *look)
{
    return look->way == HF_WAY_HTTP || look->way == HF_WAY_TLS_ALPN;
}

/* ---- probes ---- */

/* Note a probe, made or not. */
static enum hf_err note_probe(struct hf_look *look, enum hf_objection objection,
                              struct hf_http_reply *reply, struct hf_why *why)
{
    const struct hop *hop = look->hop;
    struct hf_view *view = &look->view;
    struct hf_span address =
        reply != NULL && reply->address < hop->address_count
            ? hop->addresses[reply->address]
            : (struct hf_span){0};
    struct hf_probed *grown = hf_realloc(view->probes, view->probe_count + 1,
                                         sizeof(view->probes[0]));
    struct hf_probed *probed;

    if (grown == NULL)
        return no_memory(why);
    view->probes = grown;
    probed = &grown[view->probe_count];
    *probed = (struct hf_probed){.objection = objection};
    probed->url = hf_alloc(1, hop->url_len + address.len + 2);
    if (probed->url == NULL)
        return no_memory(why);
    probed->address = probed->url + hop->url_len + 1;
    memcpy(probed->url, hop->url, hop->url_len);
    if (address.len > 0)
        memcpy(probed->address, address.ptr, address.len);
    if (reply != NULL) {
        probed->reply = *reply;
        *reply = (struct hf_http_reply){0};
    }
    view->probe_count++;
    return HF_OK;
}

static void add_address(struct hf_look *look, const uint8_t *octets, size_t len)
{
    struct hop *hop = look->hop;
    struct hf_buf text;

    if (hf_ip_is_link_local(octets, len) ||
        (!look->rules->allows_private &&
         hf_identifier_decide_ip(octets, len) == HF_REFUSE)) {
        hop->forbidden++;
        return;
    }
    hf_buf_init(&text, hop->text[hop->address_count], HF_IP_TEXT_MAX);
    hf_ip_put(&text, octets, len);
    hop->addresses[hop->address_count++] = hf_buf_span(&text);
}

/* The addresses of an answer, as far as they are what they should be. */
static void add_addresses(struct hf_look *look, const struct hf_found *found)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;
    size_t len = found->type == HF_RR_AAAA ? 16 : 4;
    size_t limit = look->hop->address_count + KIND_MAX;

    while (look->hop->address_count < limit && hf_found_next(&rest, &rdata))
        if (rdata.len == len)
            add_address(look, (const uint8_t *)rdata.ptr, len);
}

/* All is known that can be about where to probe. A look-up that failed speaks
 * for itself. */
static enum hf_err settle(struct hf_look *look, bool failed, struct hf_why *why)
{
    struct hop *hop = look->hop;

    hop->ready = hop->address_count > 0;
    if (hop->ready || failed)
        return HF_OK;
    return note_probe(look,
                      hop->forbidden > 0 ? HF_OBJECTION_PRIVATE
                                         : HF_OBJECTION_NO_ADDRESS,
                      NULL, why);
}

/* RFC 8555, section 8.3: http: at its port, and where that leads. */
static bool is_port_good(const struct hf_look *look, const struct hf_url *url)
{
    uint16_t http = look->rules->http_port;
    uint16_t tls = look->rules->tls_port;

    return url->port == (http > 0 ? http : HTTP_PORT) ||
           url->port == (tls > 0 ? tls : TLS_PORT);
}

/* Look where the URL of the hop is. */
static enum hf_err find(struct hf_look *look, struct hf_why *why)
{
    struct hf_span text = {look->hop->url, look->hop->url_len};
    struct hf_name host;
    struct hf_url url;
    uint8_t octets[16];
    size_t len;

    if (hf_url_parse(text, &url, NULL) != HF_OK)
        return note_probe(look, HF_OBJECTION_URL, NULL, why);
    if (!is_port_good(look, &url))
        return note_probe(look, HF_OBJECTION_PORT, NULL, why);
    if (url.kind == HF_URL_NAME) {
        if (hf_name_parse(url.host, &host, NULL) != HF_OK)
            return note_probe(look, HF_OBJECTION_HOST, NULL, why);
        look->owner = host;
        look->planned += 2;
        return HF_OK;
    }
    if (hf_ip_parse(url.host, octets, &len))
        add_address(look, octets, len);
    return settle(look, false, why);
}

static void put_port(struct hf_buf *out, uint16_t port, uint16_t usual)
{
    if (port == 0 || port == usual)
        return;
    hf_buf_putc(out, ':');
    hf_buf_put_u64(out, port);
}

static void put_http_url(struct hf_look *look, struct hf_buf *out)
{
    struct hf_span name = hf_name_span(&look->name);
    bool brackets = look->is_ip && hf_span_find(name, ':') < name.len;

    hf_buf_puts(out, "http://");
    hf_buf_puts(out, brackets ? "[" : "");
    hf_buf_put(out, name);
    hf_buf_puts(out, brackets ? "]" : "");
    put_port(out, look->rules->http_port, HTTP_PORT);
    hf_buf_puts(out, WELL_KNOWN);
    hf_buf_put(out, (struct hf_span){look->token, look->token_len});
}

/* RFC 8738, section 6: of an address its reverse name is asked for. */
static void put_tls_url(struct hf_look *look, struct hf_buf *out,
                        const uint8_t *octets, size_t len)
{
    const struct hf_span label = HF_SPAN(HF_IP_LABEL ".");
    struct hf_span name = hf_name_span(&look->name);
    struct hf_name owner;

    if (look->is_ip) {
        hf_owner_of_ip(octets, len, &owner);
        name = hf_name_span(&owner);
        (void)hf_span_cut(&name, label.len);
    }
    hf_buf_puts(out, "https://");
    hf_buf_put(out, name);
    put_port(out, look->rules->tls_port, TLS_PORT);
    hf_buf_putc(out, '/');
}

static enum hf_err begin_probe(struct hf_look *look, struct hf_why *why)
{
    uint8_t octets[16] = {0};
    struct hf_buf url;
    size_t len = 0;

    if (look->is_ip && !hf_ip_parse(hf_name_span(&look->name), octets, &len))
        return hf_fail(why, HF_EINVAL, 0, "this is no address");
    look->hop = hf_alloc(1, sizeof(*look->hop));
    if (look->hop == NULL)
        return no_memory(why);
    look->room = 2 * (HF_REDIRECTS_MAX + 1);
    hf_buf_init(&url, look->hop->url, sizeof(look->hop->url));
    if (look->way == HF_WAY_HTTP)
        put_http_url(look, &url);
    else
        put_tls_url(look, &url, octets, len);
    look->hop->url_len = url.len;
    if (look->way == HF_WAY_HTTP || !look->is_ip)
        return find(look, why);
    add_address(look, octets, len);
    return settle(look, false, why);
}

bool hf_look_probe(const struct hf_look *look, struct hf_http_request *out)
{
    const struct hop *hop = look->hop;

    if (hop == NULL || !hop->ready)
        return false;
    *out = (struct hf_http_request){
        .method = look->way == HF_WAY_HTTP ? HF_HTTP_GET : HF_HTTP_HANDSHAKE,
        .url = {hop->url, hop->url_len},
        .accept = HF_SPAN("*/*"),
        .addresses = hop->addresses,
        .address_count = hop->address_count,
    };
    return true;
}

void hf_look_probing(struct hf_look *look)
{
    look->hop->ready = false;
    look->probing = true;
}

static bool is_redirect(const struct hf_http_reply *reply)
{
    return reply->location.len > 0 &&
           (reply->status == 301 || reply->status == 302 ||
            reply->status == 303 || reply->status == 307 ||
            reply->status == 308);
}

/* The next hop, where the last reply says. */
static enum hf_err follow(struct hf_look *look, struct hf_why *why)
{
    const struct hf_http_reply *reply =
        &look->view.probes[look->view.probe_count - 1].reply;
    struct hop *hop = look->hop;
    struct hf_span base = {hop->url, hop->url_len};
    char room[HF_URL_MAX];
    struct hf_buf url;

    hf_buf_init(&url, room, sizeof(room));
    if (look->view.probe_count > HF_REDIRECTS_MAX)
        return note_probe(look, HF_OBJECTION_REDIRECTS, NULL, why);
    if (hf_url_resolve(base, reply->location, &url, NULL) != HF_OK)
        return note_probe(look, HF_OBJECTION_REDIRECT, NULL, why);
    *hop = (struct hop){.url_len = url.len};
    memcpy(hop->url, room, url.len);
    return find(look, why);
}

enum hf_err hf_look_probed(struct hf_look *look, struct hf_http_reply *reply,
                           struct hf_why *why)
{
    bool goes_on = look->way == HF_WAY_HTTP && is_redirect(reply);
    enum hf_err err = note_probe(look, HF_OBJECTION_NONE, reply, why);

    look->probing = false;
    hf_http_reply_clear(reply); /* nothing is left of it when all is well */
    return err == HF_OK && goes_on ? follow(look, why) : err;
}

/* ---- questions ---- */

static size_t label_count(struct hf_span name)
{
    size_t count = 0;

    for (; name.len > 0; name = hf_name_parent(name))
        count++;
    return count;
}

/* REQ VAL-01, VAL-03, SCOPE-11 */
static enum hf_err begin_persist(struct hf_look *look, struct hf_why *why)
{
    uint8_t address[16];
    size_t len;

    /* Not HF_ELIMIT: it would be tried again for ever. */
    if (!look->is_ip)
        return hf_owner_of_name(hf_name_span(&look->name), &look->owner, why) ==
                       HF_OK
                   ? HF_OK
                   : HF_EINVAL;
    if (!look->rules->ip_persist ||
        !hf_ip_parse(hf_name_span(&look->name), address, &len))
        return hf_fail(why, HF_EINVAL, 0,
                       "BR 3.2.2.5.8: this CA does not validate addresses by "
                       "standing records");
    hf_owner_of_ip(address, len, &look->owner);
    return HF_OK;
}

static enum hf_err begin_dns(struct hf_look *look, struct hf_why *why)
{
    struct hf_span label = HF_SPAN(DNS_LABEL);

    if (look->is_ip)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8738 4: dns-01 says nothing of an address");
    if (label.len + look->name.len > HF_NAME_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 8.4: the name is too long for dns-01");
    memcpy(look->owner.text, label.ptr, label.len);
    memcpy(look->owner.text + label.len, look->name.text, look->name.len);
    look->owner.len = (uint8_t)(label.len + look->name.len);
    return HF_OK;
}

static enum hf_err begin_caa(struct hf_look *look, struct hf_why *why)
{
    if (look->is_ip)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8659 3: an address has no CAA records");
    look->climb = hf_name_span(&look->name);
    look->owner = look->name;
    look->room = label_count(look->climb);
    look->planned = look->room < CAA_WAVE ? look->room : CAA_WAVE;
    return HF_OK;
}

static enum hf_err begin(struct hf_look *look, struct hf_why *why)
{
    look->room = 1;
    switch (look->way) {
    case HF_WAY_DNS_PERSIST:
        look->planned = 1;
        return begin_persist(look, why);
    case HF_WAY_DNS:
        look->planned = 1;
        return begin_dns(look, why);
    case HF_WAY_CAA:
        return begin_caa(look, why);
    case HF_WAY_HTTP:
    case HF_WAY_TLS_ALPN:
        break;
    }
    return begin_probe(look, why);
}

/* RFC 8555, section 8.3: base64url, which is at home in any path. */
static bool is_token(struct hf_span token)
{
    for (size_t i = 0; i < token.len; i++) {
        char c = hf_lower(token.ptr[i]);

        if (!hf_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
            return false;
    }
    return token.len <= HF_TOKEN_MAX;
}

enum hf_err hf_look_new(const struct hf_errand *errand,
                        const struct hf_eye_rules *rules, struct hf_look **out,
                        struct hf_why *why)
{
    struct hf_look *look;
    enum hf_err err;

    if (errand->name.len == 0 || errand->name.len > HF_NAME_MAX ||
        !is_token(errand->token))
        return hf_fail(why, HF_EINVAL, 0, "there is nothing to look at");
    look = hf_alloc(1, sizeof(*look));
    if (look == NULL)
        return no_memory(why);
    look->rules = rules;
    look->way = errand->way;
    look->is_ip = errand->is_ip;
    put_name(&look->name, errand->name);
    look->token_len = errand->token.len;
    if (errand->token.len > 0)
        memcpy(look->token, errand->token.ptr, errand->token.len);
    err = begin(look, why);
    if (err == HF_OK) {
        look->answers = hf_alloc(look->room, sizeof(look->answers[0]));
        if (look->answers == NULL)
            err = no_memory(why);
    }
    if (err != HF_OK) {
        hf_look_free(look);
        return err;
    }
    *out = look;
    return HF_OK;
}

void hf_look_free(struct hf_look *look)
{
    if (look == NULL)
        return;
    for (size_t i = 0; look->answers != NULL && i < look->asked; i++)
        hf_found_clear(&look->answers[i]);
    hf_view_clear(&look->view);
    hf_free(look->answers);
    hf_free(look->hop);
    hf_free(look);
}

/* Of a host first the newer kind of addresses, then the older one. */
static uint16_t type_of(const struct hf_look *look)
{
    if (look->way == HF_WAY_CAA)
        return HF_RR_CAA;
    if (!is_probed(look))
        return HF_RR_TXT;
    return look->planned - look->asked == 2 ? HF_RR_AAAA : HF_RR_A;
}

bool hf_look_question(struct hf_look *look, struct hf_lookup *out,
                      size_t *number)
{
    if (look->asked == look->planned)
        return false;
    *number = look->asked;
    *out = (struct hf_lookup){.owner = hf_name_span(&look->owner),
                              .type = type_of(look)};
    return true;
}

void hf_look_asked(struct hf_look *look)
{
    look->asked++;
    if (look->way != HF_WAY_CAA)
        return;
    look->climb = hf_name_parent(look->climb);
    if (look->climb.len > 0)
        put_name(&look->owner, look->climb);
}

/* ---- answers ---- */

/* RFC 8659, section 3: the nearest name with CAA records decides, and so does
 * a failure below it (REQ VAL-53). Answers up to that one; 0: none does. */
static size_t deciding(const struct hf_look *look)
{
    for (size_t i = 0; i < look->answered; i++) {
        enum hf_found_state state = look->answers[i].state;

        if (state == HF_FOUND_DATA || state == HF_FOUND_FAILURE)
            return i + 1;
    }
    return 0;
}

static void climb_on(struct hf_look *look)
{
    size_t left = look->room - look->planned;

    if (deciding(look) == 0)
        look->planned += left < CAA_WAVE ? left : CAA_WAVE;
}

/* Both kinds of addresses of a host are there. */
static enum hf_err arrive(struct hf_look *look, struct hf_why *why)
{
    bool failed = false;

    for (size_t i = look->answered - 2; i < look->answered; i++) {
        failed = failed || look->answers[i].state == HF_FOUND_FAILURE;
        add_addresses(look, &look->answers[i]);
    }
    return settle(look, failed, why);
}

enum hf_err hf_look_answer(struct hf_look *look, size_t number,
                           struct hf_found *found, struct hf_why *why)
{
    look->answers[number] = *found;
    *found = (struct hf_found){0};
    look->answered++;
    if (look->answered < look->planned)
        return HF_OK;
    if (is_probed(look))
        return arrive(look, why);
    if (look->way == HF_WAY_CAA)
        climb_on(look);
    return HF_OK;
}

bool hf_look_is_done(const struct hf_look *look)
{
    return look->answered == look->planned && !look->probing &&
           (look->hop == NULL || !look->hop->ready);
}

/* Of CAA nothing above the name that decided: it was asked to save time. */
enum hf_err hf_look_take(struct hf_look *look, struct hf_view *out,
                         struct hf_why *why)
{
    size_t count = deciding(look);
    enum hf_err err = HF_OK;

    if (look->way != HF_WAY_CAA || count == 0)
        count = look->answered;
    for (size_t i = 0; i < count && err == HF_OK; i++)
        err = hf_view_add(&look->view, &look->answers[i], why);
    if (err != HF_OK)
        return err;
    *out = look->view;
    look->view = (struct hf_view){0};
    return HF_OK;
}
