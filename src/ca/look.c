/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/look.h"

#include "base/alloc.h"
#include "dns/wire.h"
#include "names/ip.h"

#define CAA_WAVE  4 /* names that are asked for side by side */
#define DNS_LABEL "_acme-challenge."

struct hf_look {
    const struct hf_eye_rules *rules;
    enum hf_way way;
    bool is_ip;
    struct hf_name name;
    struct hf_name owner;     /* of the question that comes next */
    struct hf_span climb;     /* caa: the same, in `name` */
    struct hf_found *answers; /* in the order of their questions */
    size_t room;              /* questions there can be */
    size_t planned;           /* that may be asked by now */
    size_t asked;             /* of these */
    size_t answered;          /* of these */
};

/* ---- questions ---- */

static size_t label_count(struct hf_span name)
{
    size_t count = 0;

    for (; name.len > 0; name = hf_name_parent(name))
        count++;
    return count;
}

static void put_name(struct hf_name *out, struct hf_span text)
{
    memcpy(out->text, text.ptr, text.len);
    out->len = (uint8_t)text.len;
}

/* REQ VAL-01, VAL-03, SCOPE-11 */
static enum hf_err own_persist(struct hf_look *look, struct hf_why *why)
{
    uint8_t address[16];
    size_t len;

    if (!look->is_ip)
        return hf_owner_of_name(hf_name_span(&look->name), &look->owner, why);
    if (!look->rules->ip_persist ||
        !hf_ip_parse(hf_name_span(&look->name), address, &len))
        return hf_fail(why, HF_EINVAL, 0,
                       "BR 3.2.2.5.8: this CA does not validate addresses by "
                       "standing records");
    hf_owner_of_ip(address, len, &look->owner);
    return HF_OK;
}

static enum hf_err own_dns(struct hf_look *look, struct hf_why *why)
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

static enum hf_err own_caa(struct hf_look *look, struct hf_why *why)
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
    look->planned = 1;
    switch (look->way) {
    case HF_WAY_DNS_PERSIST:
        return own_persist(look, why);
    case HF_WAY_DNS:
        return own_dns(look, why);
    case HF_WAY_CAA:
        return own_caa(look, why);
    case HF_WAY_HTTP:
    case HF_WAY_TLS_ALPN:
        break;
    }
    return hf_fail(why, HF_EINVAL, 0, "there is no prober");
}

enum hf_err hf_look_new(const struct hf_errand *errand,
                        const struct hf_eye_rules *rules, struct hf_look **out,
                        struct hf_why *why)
{
    struct hf_look *look;
    enum hf_err err;

    if (errand->name.len == 0 || errand->name.len > HF_NAME_MAX)
        return hf_fail(why, HF_EINVAL, 0, "there is no name to look at");
    look = hf_alloc(1, sizeof(*look));
    if (look == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    look->rules = rules;
    look->way = errand->way;
    look->is_ip = errand->is_ip;
    put_name(&look->name, errand->name);
    err = begin(look, why);
    if (err == HF_OK) {
        look->answers = hf_alloc(look->room, sizeof(look->answers[0]));
        if (look->answers == NULL)
            err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
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
    hf_free(look->answers);
    hf_free(look);
}

bool hf_look_question(struct hf_look *look, struct hf_lookup *out,
                      size_t *number)
{
    if (look->asked == look->planned)
        return false;
    *number = look->asked;
    *out = (struct hf_lookup){
        .owner = hf_name_span(&look->owner),
        .type = look->way == HF_WAY_CAA ? HF_RR_CAA : HF_RR_TXT,
    };
    return true;
}

void hf_look_asked(struct hf_look *look)
{
    look->asked++;
    if (look->way == HF_WAY_CAA) {
        look->climb = hf_name_parent(look->climb);
        if (look->climb.len > 0)
            put_name(&look->owner, look->climb);
    }
}

/* ---- answers ---- */

/* RFC 8659, section 3: the nearest name with CAA records decides, and so does
 * a failure below it (REQ VAL-53). Answers from there on; 0: none does. */
static size_t deciding(const struct hf_look *look)
{
    for (size_t i = 0; i < look->answered; i++) {
        enum hf_found_state state = look->answers[i].state;

        if (state == HF_FOUND_DATA || state == HF_FOUND_FAILURE)
            return i + 1;
    }
    return 0;
}

static void go_on(struct hf_look *look)
{
    size_t left = look->room - look->planned;

    if (look->answered == look->planned && deciding(look) == 0)
        look->planned += left < CAA_WAVE ? left : CAA_WAVE;
}

void hf_look_answer(struct hf_look *look, size_t number, struct hf_found *found)
{
    look->answers[number] = *found;
    *found = (struct hf_found){0};
    look->answered++;
    go_on(look);
}

bool hf_look_is_done(const struct hf_look *look)
{
    return look->answered == look->planned;
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
        err = hf_view_add(out, &look->answers[i], why);
    return err;
}
