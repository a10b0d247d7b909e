/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/san.h"

#include "base/alloc.h"
#include "crypto/san_read.h"
#include "holdfast/buf.h"
#include "holdfast/name.h"
#include "names/ip.h"

/* A list under construction; its arrays and texts are parts of one block. */
struct list {
    struct hf_span *dns;
    struct hf_span *ips;
    struct hf_buf text;
    struct hf_san made;
};

void hf_san_clear(struct hf_san *san)
{
    hf_free(san->block);
    *san = (struct hf_san){0};
}

static struct hf_span octets_of(const ASN1_STRING *text)
{
    return (struct hf_span){(const char *)ASN1_STRING_get0_data(text),
                            (size_t)ASN1_STRING_length(text)};
}

static bool is_host(struct hf_span name)
{
    (void)hf_name_take_star(&name);
    return hf_name_is_canonical(name);
}

static void add_dns(struct list *list, struct hf_span given)
{
    struct hf_span name = {list->text.ptr + list->text.len, given.len};

    for (size_t i = 0; i < given.len; i++)
        hf_buf_putc(&list->text, hf_lower(given.ptr[i]));
    if (!is_host(name))
        list->made.others = true;
    else if (!hf_span_among(name, list->dns, list->made.names.dns_count))
        list->dns[list->made.names.dns_count++] = name;
}

static void add_ip(struct list *list, struct hf_span octets)
{
    struct hf_span name = {list->text.ptr + list->text.len, 0};
    size_t before = list->text.len;

    if (octets.len != 4 && octets.len != 16) {
        list->made.others = true;
        return;
    }
    hf_ip_put(&list->text, (const uint8_t *)octets.ptr, octets.len);
    name.len = list->text.len - before;
    if (!hf_span_among(name, list->ips, list->made.names.ip_count))
        list->ips[list->made.names.ip_count++] = name;
}

static void add(struct list *list, const GENERAL_NAME *name)
{
    int kind;
    const void *value = GENERAL_NAME_get0_value(name, &kind);

    if (kind == GEN_DNS)
        add_dns(list, octets_of(value));
    else if (kind == GEN_IPADD)
        add_ip(list, octets_of(value));
    else
        list->made.others = true;
}

/* RFC 8555 7.4 lets a common name be an identifier, too. */
static void add_common_name(struct list *list, const ASN1_STRING *text)
{
    struct hf_span name = octets_of(text);
    uint8_t address[16];
    size_t len;

    if (hf_ip_parse(name, address, &len))
        add_ip(list, (struct hf_span){(const char *)address, len});
    else
        add_dns(list, name);
}

/* Octets of text that all names need at most. */
static size_t text_size(const GENERAL_NAMES *list, int count)
{
    size_t size = 0;

    for (int i = 0; i < count; i++) {
        int kind;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list, i), &kind);

        if (kind == GEN_DNS)
            size += octets_of(value).len;
        else if (kind == GEN_IPADD)
            size += HF_IP_TEXT_MAX;
    }
    return size;
}

enum hf_err hf_san_read(const GENERAL_NAMES *list,
                        const ASN1_STRING *common_name, struct hf_san *out,
                        struct hf_why *why)
{
    int count = list == NULL ? 0 : sk_GENERAL_NAME_num(list);
    size_t room = (size_t)count + 1;
    size_t size = text_size(list, count);
    struct list making = {0};

    if (count > HF_SAN_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "more than a thousand names");
    if (common_name != NULL)
        size += octets_of(common_name).len + HF_IP_TEXT_MAX;
    making.made.block = hf_alloc(1, 2 * room * sizeof(struct hf_span) + size);
    if (making.made.block == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    making.dns = making.made.block;
    making.ips = making.dns + room;
    hf_buf_init(&making.text, (char *)(making.ips + room), size);
    for (int i = 0; i < count; i++)
        add(&making, sk_GENERAL_NAME_value(list, i));
    if (common_name != NULL)
        add_common_name(&making, common_name);
    making.made.names.dns = making.dns;
    making.made.names.ips = making.ips;
    *out = making.made;
    return HF_OK;
}
