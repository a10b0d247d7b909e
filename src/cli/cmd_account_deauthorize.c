/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/holder.h"
#include "cli/identifier.h"
#include "client/deauthorize.h"
#include "client/lineage.h"

#define NAMES_ROOM (HF_LINEAGE_NAMES_MAX * 256)

static const struct hf_option options[] = {
    HF_ACCOUNT_OPTIONS, HF_PASSPHRASE_OPTIONS, HF_WAIT_OPTION,
    HF_HTTP_OPTIONS,    HF_SANDBOX_OPTION,
};

struct deauthorizing {
    struct hf_cli *cli;
    size_t refused;
};

static const char *text_of(enum hf_deauthorized what)
{
    switch (what) {
    case HF_DEAUTHORIZED_ENDED:
        return "ended: the CA has to look at the record again";
    case HF_DEAUTHORIZED_NOTHING:
        return "there was nothing that the CA would have used again";
    case HF_DEAUTHORIZED_NOT:
        break;
    }
    return "the CA did not end it";
}

static void tell(void *state, const struct hf_authz_object *authz,
                 enum hf_deauthorized what)
{
    struct deauthorizing *d = state;
    struct hf_buf *out = &d->cli->out->buf;
    struct hf_json json = hf_json_to(out);

    d->refused += what == HF_DEAUTHORIZED_NOT;
    if (d->cli->json) {
        hf_json_open(&json, '{');
        hf_json_key_str(&json, "name", authz->name);
        hf_json_key_bool(&json, "wildcard", authz->wildcard);
        hf_json_key_bool(&json, "ended", what == HF_DEAUTHORIZED_ENDED);
        hf_json_key_lit(&json, "text", text_of(what));
        hf_json_close(&json, '}');
    } else {
        hf_buf_puts(out, authz->wildcard ? "*." : "");
        hf_buf_put_escaped(out, authz->name, 256);
        hf_buf_puts(out, ": ");
        hf_buf_puts(out, text_of(what));
    }
    hf_buf_putc(out, '\n');
    hf_out_step(d->cli->out);
}

static enum hf_exit deauthorize(struct hf_cli *cli,
                                const struct hf_order_wish *wish)
{
    struct deauthorizing d = {.cli = cli};
    struct hf_holder holder;
    struct hf_why why = {0};
    enum hf_exit status = hf_holder_open_fenced(cli, &holder);
    enum hf_err err;

    if (status != HF_EXIT_GOOD)
        return status;
    err = hf_deauthorize(&holder.talk, wish, tell, &d, &why);
    if (err != HF_OK)
        status = hf_holder_fail(cli, &holder.talk, HF_SPAN("authorizations"),
                                err, &why);
    else if (d.refused > 0)
        status = HF_EXIT_ERROR;
    hf_holder_clear(&holder);
    return status;
}

/* The names in canonical form, one behind the other in `room`. */
struct named {
    struct hf_span dns[HF_LINEAGE_NAMES_MAX];
    struct hf_span ips[HF_LINEAGE_NAMES_MAX];
    struct hf_buf room;
    struct hf_order_wish wish;
};

static enum hf_exit read_names(const struct hf_cli *cli, struct named *out)
{
    out->wish = (struct hf_order_wish){.dns = out->dns, .ips = out->ips};
    for (size_t i = 0; i < cli->operand_count; i++) {
        struct hf_span text = hf_span_str(cli->operands[i]);
        size_t from = out->room.len;
        struct hf_why why = {0};
        struct hf_span name;
        bool is_address;

        if (hf_identifier_put(text, &out->room, &is_address, &why) != HF_OK)
            return hf_cli_usage(cli, text, why.text);
        name = (struct hf_span){out->room.ptr + from, out->room.len - from};
        if (is_address)
            out->ips[out->wish.ip_count++] = name;
        else
            out->dns[out->wish.dns_count++] = name;
    }
    return HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct named named = {0};
    enum hf_exit status;

    hf_buf_init_grow(&named.room, NAMES_ROOM);
    /* The names point into it: it must not move. */
    if (hf_buf_reserve(&named.room, NAMES_ROOM) == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    status = read_names(cli, &named);
    if (status == HF_EXIT_GOOD)
        status = deauthorize(cli, &named.wish);
    hf_buf_clear(&named.room);
    return status;
}

const struct hf_command hf_cmd_account_deauthorize = {
    .name = "account deauthorize",
    .operands = "NAME...",
    .summary = "Make the CA forget that it has validated names",
    .details = "A record that was taken out of DNS stops new validations; what "
               "was validated\n"
               "before may be used for certificates until it expires, at some "
               "CAs for months.\n"
               "This ends it (RFC 8555, section 7.5.2). Take the record out "
               "first: one that\n"
               "stands validates again.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = HF_LINEAGE_NAMES_MAX,
    .run = run,
};
