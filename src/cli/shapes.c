/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/shapes.h"

#include "base/json.h"
#include "base/time_text.h"

/* Updates in one DNS message: at most 64 kB with every value at its longest
 * that is usual (400 octets). */
#define MESSAGE_UPDATES 100

static const char *const words[] = {
    [HF_SHAPE_ZONE] = "zone",
    [HF_SHAPE_JSON] = "json",
    [HF_SHAPE_CSV] = "csv",
    [HF_SHAPE_NSUPDATE] = "nsupdate",
    [HF_SHAPE_TERRAFORM] = "terraform",
    [HF_SHAPE_OCTODNS] = "octodns",
    [HF_SHAPE_DNSCONTROL] = "dnscontrol",
    [HF_SHAPE_VALUE] = "value",
    [HF_SHAPE_TEXT] = "text",
};

bool hf_shape_find(struct hf_span word, enum hf_shape *out)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (hf_span_eq(hf_span_str(words[i]), word)) {
            *out = (enum hf_shape)i;
            return true;
        }
    }
    return false;
}

bool hf_shape_groups(enum hf_shape shape)
{
    return shape == HF_SHAPE_NSUPDATE || shape == HF_SHAPE_OCTODNS ||
           shape == HF_SHAPE_DNSCONTROL;
}

/* `name` below `zone` without it; `apex` for the zone itself. */
static struct hf_span relative(struct hf_span name, struct hf_span zone,
                               const char *apex)
{
    if (name.len == zone.len)
        return hf_span_str(apex);
    name.len -= zone.len + 1;
    return name;
}

/* ---- zone file, nsupdate ---- */

static void put_resource(struct hf_buf *out, struct hf_span owner,
                         uint32_t ttl_s, const char *type)
{
    hf_buf_put(out, owner);
    hf_buf_puts(out, ". ");
    hf_buf_put_u64(out, ttl_s);
    hf_buf_puts(out, " IN ");
    hf_buf_puts(out, type);
}

/* The CAA record, behind the name that it protects. */
static void put_caa(struct hf_buf *out, const struct hf_addition *add)
{
    put_resource(out, add->name, add->ttl_s, "CAA 0 issue ");
    hf_txt_put_presentation(out, add->caa);
}

static void put_lines(struct hf_buf *out, const struct hf_addition *add,
                      const char *before)
{
    for (size_t i = 0; i < add->value_count; i++) {
        hf_buf_puts(out, before);
        put_resource(out, add->owner, add->ttl_s, "TXT ");
        hf_txt_put_presentation(out, add->values[i]);
        hf_buf_putc(out, '\n');
    }
    if (add->caa.len == 0)
        return;
    hf_buf_puts(out, before);
    put_caa(out, add);
    hf_buf_putc(out, '\n');
}

static void open_message(struct hf_buf *out, struct hf_span zone)
{
    hf_buf_puts(out, "zone ");
    hf_buf_put(out, zone);
    hf_buf_puts(out, ".\n");
}

/* It adds and never deletes, so that the records of other CAs at the label
 * stay (REQ RECORD-30, CLI-37). */
static void put_update(struct hf_shaper *shaper, const struct hf_addition *add,
                       struct hf_buf *out)
{
    if (shaper->in_message == MESSAGE_UPDATES) {
        hf_buf_puts(out, "send\n");
        open_message(out, add->zone);
        shaper->in_message = 0;
    }
    put_lines(out, add, "update add ");
    shaper->in_message++;
}

/* ---- JSON, CSV ---- */

static void put_json_records(struct hf_json *json,
                             const struct hf_addition *add)
{
    hf_json_key(json, "records");
    hf_json_open(json, '[');
    for (size_t i = 0; i < add->value_count; i++) {
        struct hf_span rest = add->values[i];

        hf_json_open(json, '{');
        hf_json_key_str(json, "value", rest);
        hf_json_key(json, "strings");
        hf_json_open(json, '[');
        while (rest.len > 0)
            hf_json_str(json, hf_span_cut(&rest, rest.len < HF_TXT_STRING_MAX
                                                     ? rest.len
                                                     : HF_TXT_STRING_MAX));
        hf_json_close(json, ']');
        hf_json_close(json, '}');
    }
    hf_json_close(json, ']');
}

static void put_json_name(struct hf_json *json, const char *key,
                          struct hf_span name)
{
    char room[HF_NAME_MAX + 1];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put(&text, name);
    hf_buf_putc(&text, '.');
    hf_json_key_str(json, key, hf_buf_span(&text));
}

static void put_json(struct hf_buf *out, const struct hf_addition *add)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "name", add->name);
    hf_json_key_bool(&json, "wildcard", add->wildcard);
    put_json_name(&json, "owner", add->owner);
    put_json_name(&json, "zone", add->zone);
    hf_json_key_lit(&json, "type", "TXT");
    hf_json_key_int(&json, "ttl", add->ttl_s);
    put_json_records(&json, add);
    if (add->caa.len > 0)
        hf_json_key_str(&json, "caaIssue", add->caa);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
}

static void put_csv_field(struct hf_buf *out, struct hf_span text)
{
    hf_buf_putc(out, '"');
    while (text.len > 0) {
        hf_buf_put(out, hf_span_cut(&text, hf_span_find(text, '"')));
        if (hf_span_skip(&text, '"'))
            hf_buf_puts(out, "\"\"");
    }
    hf_buf_putc(out, '"');
}

static void put_csv_row(struct hf_buf *out, const struct hf_addition *add,
                        struct hf_span owner, const char *type,
                        struct hf_span value)
{
    hf_buf_put(out, add->name);
    hf_buf_putc(out, ',');
    hf_buf_put(out, owner);
    hf_buf_putc(out, ',');
    hf_buf_puts(out, type);
    hf_buf_putc(out, ',');
    hf_buf_put_u64(out, add->ttl_s);
    hf_buf_putc(out, ',');
    put_csv_field(out, value);
    hf_buf_puts(out, "\r\n");
}

static void put_csv(struct hf_buf *out, const struct hf_addition *add)
{
    for (size_t i = 0; i < add->value_count; i++)
        put_csv_row(out, add, add->owner, "TXT", add->values[i]);
    if (add->caa.len > 0)
        put_csv_row(out, add, add->name, "CAA", add->caa);
}

/* ---- tools that keep zones as code ---- */

/*
 * Text between double quotes for HCL and JavaScript: `"` and `\` escaped. In
 * HCL `${` and `%{` would begin a template; doubling the first octet says
 * that they do not.
 */
static void put_quoted(struct hf_buf *out, struct hf_span text, bool is_hcl)
{
    hf_buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_template = is_hcl && (c == '$' || c == '%') &&
                           i + 1 < text.len && text.ptr[i + 1] == '{';

        if (c == '"' || c == '\\')
            hf_buf_putc(out, '\\');
        if (is_template)
            hf_buf_putc(out, c);
        hf_buf_putc(out, c);
    }
    hf_buf_putc(out, '"');
}

static void put_terraform(struct hf_buf *out, const struct hf_addition *add)
{
    hf_buf_puts(out, "resource \"dns_txt_record_set\" \"validation_persist_");
    /* Names hold no '_', so that different names give different labels. */
    for (size_t i = 0; i < add->name.len; i++)
        hf_buf_putc(out, add->name.ptr[i] == '.' ? '_' : add->name.ptr[i]);
    hf_buf_puts(out, "\" {\n  zone = \"");
    hf_buf_put(out, add->zone);
    hf_buf_puts(out, ".\"\n  name = \"");
    hf_buf_put(out, relative(add->owner, add->zone, ""));
    hf_buf_puts(out, "\"\n  txt = [\n");
    for (size_t i = 0; i < add->value_count; i++) {
        hf_buf_puts(out, "    ");
        put_quoted(out, add->values[i], true);
        hf_buf_puts(out, ",\n");
    }
    hf_buf_puts(out, "  ]\n  ttl = ");
    hf_buf_put_u64(out, add->ttl_s);
    hf_buf_puts(out, "\n}\n");
    if (add->caa.len > 0) {
        hf_buf_puts(out, "# This provider has no CAA resource. Add: ");
        put_caa(out, add);
        hf_buf_putc(out, '\n');
    }
    hf_buf_putc(out, '\n');
}

/* A YAML string in single quotes; octoDNS wants every ';' escaped. */
static void put_yaml(struct hf_buf *out, struct hf_span text, bool escape)
{
    hf_buf_putc(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            hf_buf_putc(out, '\'');
        if (escape && text.ptr[i] == ';')
            hf_buf_putc(out, '\\');
        hf_buf_putc(out, text.ptr[i]);
    }
    hf_buf_putc(out, '\'');
}

static void put_octodns_key(struct hf_buf *out, const struct hf_addition *add,
                            struct hf_span owner, const char *type)
{
    put_yaml(out, relative(owner, add->zone, ""), false);
    hf_buf_puts(out, ":\n  type: ");
    hf_buf_puts(out, type);
    hf_buf_puts(out, "\n  ttl: ");
    hf_buf_put_u64(out, add->ttl_s);
    hf_buf_puts(out, "\n  values:\n");
}

static void put_octodns(struct hf_buf *out, const struct hf_addition *add)
{
    put_octodns_key(out, add, add->owner, "TXT");
    for (size_t i = 0; i < add->value_count; i++) {
        hf_buf_puts(out, "    - ");
        put_yaml(out, add->values[i], true);
        hf_buf_putc(out, '\n');
    }
    if (add->caa.len == 0)
        return;
    put_octodns_key(out, add, add->name, "CAA");
    hf_buf_puts(out, "    - flags: 0\n      tag: issue\n      value: ");
    put_yaml(out, add->caa, false);
    hf_buf_putc(out, '\n');
}

static void put_dnscontrol_record(struct hf_buf *out,
                                  const struct hf_addition *add,
                                  struct hf_span owner, const char *type,
                                  struct hf_span value)
{
    hf_buf_puts(out, "    ");
    hf_buf_puts(out, type);
    hf_buf_putc(out, '(');
    put_quoted(out, relative(owner, add->zone, "@"), false);
    hf_buf_puts(out, ", ");
    if (type[0] == 'C')
        hf_buf_puts(out, "\"issue\", ");
    put_quoted(out, value, false);
    hf_buf_puts(out, ", TTL(");
    hf_buf_put_u64(out, add->ttl_s);
    hf_buf_puts(out, ")),\n");
}

static void put_dnscontrol(struct hf_buf *out, const struct hf_addition *add)
{
    for (size_t i = 0; i < add->value_count; i++)
        put_dnscontrol_record(out, add, add->owner, "TXT", add->values[i]);
    if (add->caa.len > 0)
        put_dnscontrol_record(out, add, add->name, "CAA", add->caa);
}

/* ---- words ---- */

static void put_field(struct hf_buf *out, const char *label,
                      struct hf_span text, const char *after)
{
    hf_buf_puts(out, label);
    hf_buf_put(out, text);
    hf_buf_puts(out, after);
}

static void put_ticket_record(struct hf_buf *out, const struct hf_addition *add,
                              struct hf_span value)
{
    size_t strings = hf_txt_string_count(value.len);

    put_field(out, "  Name:   ", add->owner, ".\n");
    put_field(out, "  Type:   TXT\n  Value:  ", value, "\n  TTL:    ");
    hf_buf_put_u64(out, add->ttl_s);
    hf_buf_putc(out, '\n');
    if (strings > 1) {
        hf_buf_puts(out, "  Note:   longer than 255 octets; if the DNS system "
                         "asks, it is to be\n          stored as ");
        hf_buf_put_u64(out, strings);
        hf_buf_puts(out, " strings in one record, nothing between them.\n");
    }
    hf_buf_putc(out, '\n');
}

static void put_ticket_scope(struct hf_buf *out, const struct hf_addition *add)
{
    struct hf_span value = add->values[0];
    struct hf_span issuer = {value.ptr, hf_span_find(value, ';')};

    put_field(out, "What it means: the certificate authority ", issuer, "");
    put_field(out, " may issue\ncertificates for ", add->name, "");
    if (add->wildcard) {
        put_field(out, ", for *.", add->name, "");
        hf_buf_puts(out, " and for every name below,\nalso those that do not "
                         "exist yet,");
    }
    hf_buf_puts(out, " to the account in the record");
    if (add->until_at != INT64_MAX) {
        hf_buf_puts(out, ",\nuntil ");
        hf_time_put(out, add->until_at);
    } else {
        hf_buf_puts(out, ", without end");
    }
    hf_buf_puts(out, ".\nNo further change in DNS is needed for renewals. The "
                     "record is no secret.\n"
                     "To take it back: delete the record. Validations already "
                     "made may be used for\nup to 10 days more.\n\n");
}

static void put_ticket(struct hf_buf *out, const struct hf_addition *add)
{
    put_field(out, "Standing authorization for certificates: ", add->name,
              "\n\nPlease add to the zone ");
    put_field(out, "", add->zone, ". (keep what is there):\n\n");
    for (size_t i = 0; i < add->value_count; i++)
        put_ticket_record(out, add, add->values[i]);
    if (add->value_count > 1)
        hf_buf_puts(out,
                    "Two records, because the certificate authority is "
                    "changing its rules: it reads\nthe first now and "
                    "the second later. The first can be deleted then.\n\n");
    if (add->caa.len > 0) {
        put_field(out, "  Name:   ", add->name, ".\n");
        put_field(out, "  Type:   CAA\n  Value:  0 issue \"", add->caa,
                  "\"\n\n");
    }
    put_ticket_scope(out, add);
}

static void put_values(struct hf_buf *out, const struct hf_addition *add)
{
    for (size_t i = 0; i < add->value_count; i++)
        put_field(out, "", add->values[i], "\n");
    if (add->caa.len > 0)
        put_field(out, "", add->caa, "\n");
}

/* ---- groups ---- */

static void close_group(struct hf_shaper *shaper, struct hf_buf *out)
{
    if (shaper->in_group && shaper->shape == HF_SHAPE_NSUPDATE)
        hf_buf_puts(out, "send\n");
    if (shaper->in_group && shaper->shape == HF_SHAPE_DNSCONTROL)
        hf_buf_puts(out, "END);\n");
    shaper->in_group = false;
}

static void open_group(struct hf_shaper *shaper, struct hf_span zone,
                       struct hf_buf *out)
{
    close_group(shaper, out);
    shaper->in_group = true;
    shaper->in_message = 0;
    shaper->zone.len = (uint8_t)zone.len;
    memcpy(shaper->zone.text, zone.ptr, zone.len);
    if (shaper->shape == HF_SHAPE_NSUPDATE)
        open_message(out, zone);
    if (shaper->shape == HF_SHAPE_OCTODNS)
        put_field(out, "---\n# zone ", zone, ".\n");
    if (shaper->shape == HF_SHAPE_DNSCONTROL)
        put_field(out, "D_EXTEND(\"", zone, "\",\n");
    if (shaper->shape == HF_SHAPE_CSV)
        hf_buf_puts(out, "name,owner,type,ttl,value\r\n");
}

static bool needs_group(const struct hf_shaper *shaper, struct hf_span zone)
{
    if (!shaper->in_group)
        return true;
    return hf_shape_groups(shaper->shape) &&
           !hf_span_eq(hf_name_span(&shaper->zone), zone);
}

void hf_shaper_put(struct hf_shaper *shaper, const struct hf_addition *add,
                   struct hf_buf *out)
{
    if (needs_group(shaper, add->zone))
        open_group(shaper, add->zone, out);
    switch (shaper->shape) {
    case HF_SHAPE_ZONE:
        put_lines(out, add, "");
        break;
    case HF_SHAPE_JSON:
        put_json(out, add);
        break;
    case HF_SHAPE_CSV:
        put_csv(out, add);
        break;
    case HF_SHAPE_NSUPDATE:
        put_update(shaper, add, out);
        break;
    case HF_SHAPE_TERRAFORM:
        put_terraform(out, add);
        break;
    case HF_SHAPE_OCTODNS:
        put_octodns(out, add);
        break;
    case HF_SHAPE_DNSCONTROL:
        put_dnscontrol(out, add);
        break;
    case HF_SHAPE_VALUE:
        put_values(out, add);
        break;
    case HF_SHAPE_TEXT:
        put_ticket(out, add);
        break;
    }
}

void hf_shaper_close(struct hf_shaper *shaper, struct hf_buf *out)
{
    if (!shaper->in_group && shaper->shape == HF_SHAPE_CSV)
        hf_buf_puts(out, "name,owner,type,ttl,value\r\n");
    close_group(shaper, out);
}
