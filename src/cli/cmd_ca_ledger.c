/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_ca_ledger.c -- what a CA has: accounts, orders and certificates, as lists
 * and one by one.
 */
#include "base/time_text.h"
#include "ca/revocation.h"
#include "cli/ca_ledger.h"
#include "cli/commands.h"

#define PAGE 1000 /* rows asked for at once */

static const struct hf_option options[] = {
    HF_CA_LEDGER_OPTIONS,
};

/* ---- how a row is shown ---- */

/* An id has more digits than a number in JSON is sure to keep: it is a text. */
enum shape {
    SHAPE_NUMBER,
    SHAPE_ID,
    SHAPE_TEXT,
    SHAPE_JSON,
    SHAPE_TIME,
    SHAPE_NONE
};

struct column {
    const char *name; /* of the member in JSON; NULL: the last one */
    enum shape shape;
    bool brief; /* stands in the line of a list for people */
};

/* In the order of the enums in ca/tables.h. */
static const struct column account_columns[] = {
    [HF_ACCOUNT_ID] = {"id", SHAPE_ID, true},
    [HF_ACCOUNT_STATUS] = {"status", SHAPE_TEXT, true},
    [HF_ACCOUNT_JWK] = {"key", SHAPE_JSON, false},
    [HF_ACCOUNT_THUMBPRINT] = {"thumbprint", SHAPE_TEXT, true},
    [HF_ACCOUNT_CONTACTS] = {"contact", SHAPE_JSON, true},
    [HF_ACCOUNT_AGREED_AT] = {"agreed", SHAPE_TIME, false},
    [HF_ACCOUNT_CREATED_AT] = {"created", SHAPE_TIME, true},
    [HF_ACCOUNT_PERSISTED_AT] = {"first_persist", SHAPE_TIME, false},
    [HF_ACCOUNT_HASHED_AT] = {"first_hashed", SHAPE_TIME, false},
    {NULL, SHAPE_NONE, false},
};

static const struct column order_columns[] = {
    [HF_ORDER_ID] = {"id", SHAPE_ID, true},
    [HF_ORDER_ACCOUNT] = {"account", SHAPE_ID, true},
    [HF_ORDER_STATUS] = {"status", SHAPE_TEXT, true},
    [HF_ORDER_EXPIRES_AT] = {"expires", SHAPE_TIME, true},
    [HF_ORDER_PROFILE] = {"profile", SHAPE_TEXT, false},
    [HF_ORDER_IDENTIFIERS] = {"identifiers", SHAPE_JSON, true},
    [HF_ORDER_AUTHZS] = {"authorizations", SHAPE_TEXT, false},
    [HF_ORDER_REPLACES] = {"replaces", SHAPE_TEXT, false},
    [HF_ORDER_ERROR] = {"error", SHAPE_JSON, false},
    [HF_ORDER_SERIAL] = {"serial", SHAPE_TEXT, true},
    [HF_ORDER_CSR] = {"csr", SHAPE_NONE, false},
    {NULL, SHAPE_NONE, false},
};

static const struct column cert_columns[] = {
    [HF_CERT_SERIAL] = {"serial", SHAPE_TEXT, true},
    [HF_CERT_ORDER] = {"order", SHAPE_ID, false},
    [HF_CERT_ACCOUNT] = {"account", SHAPE_ID, true},
    [HF_CERT_DER] = {"der", SHAPE_NONE, false},
    [HF_CERT_NOT_BEFORE_AT] = {"not_before", SHAPE_TIME, false},
    [HF_CERT_NOT_AFTER_AT] = {"not_after", SHAPE_TIME, true},
    [HF_CERT_SHARD] = {"shard", SHAPE_NUMBER, false},
    [HF_CERT_KEY_HASH] = {"key_hash", SHAPE_NONE, false},
    [HF_CERT_REVOKED_AT] = {"revoked", SHAPE_TIME, true},
    [HF_CERT_REASON] = {"reason", SHAPE_NUMBER, false},
    [HF_CERT_REPLACED_BY] = {"replaced_by", SHAPE_ID, false},
    [HF_CERT_ENTRY] = {"entry", SHAPE_NUMBER, false},
    [HF_CERT_LOG] = {"log", SHAPE_TEXT, false},
    {NULL, SHAPE_NONE, false},
};

struct table {
    const char *word; /* "account" */
    const struct column *columns;
    enum hf_ca_operation list;
    enum hf_ca_operation get;
    bool by_text; /* the first column is text */
};

static const struct table tables[] = {
    {"account", account_columns, HF_CA_ACCOUNT_LIST, HF_CA_ACCOUNT_BY_ID,
     false},
    {"order", order_columns, HF_CA_ORDER_PAGE, HF_CA_ORDER_GET, false},
    {"cert", cert_columns, HF_CA_CERT_LIST, HF_CA_CERT_GET, true},
};

/* "ca cert list" is of the table "cert". */
static const struct table *table_of(const struct hf_cli *cli)
{
    const char *word = cli->command->name + sizeof("ca ") - 1;
    size_t i = 0;

    while (i + 1 < sizeof(tables) / sizeof(tables[0]) &&
           !hf_span_starts(hf_span_str(word), hf_span_str(tables[i].word)))
        i++;
    return &tables[i];
}

static bool is_numeric(enum shape shape)
{
    return shape == SHAPE_NUMBER || shape == SHAPE_ID || shape == SHAPE_TIME;
}

/* There is nothing to show, or it is not for showing. */
static bool is_left_out(const struct hf_store *store, enum hf_ca_operation row,
                        int i, enum shape shape)
{
    return shape == SHAPE_NONE || hf_store_is_null(store, row, i) ||
           (!is_numeric(shape) && hf_store_get_text(store, row, i).len == 0);
}

/* As people read it; of JSON that is what is stored. */
static void put_value(struct hf_buf *out, const struct hf_store *store,
                      enum hf_ca_operation row, int i, enum shape shape)
{
    struct hf_span text = hf_store_get_text(store, row, i);

    if (shape == SHAPE_TIME)
        hf_time_put(out, hf_store_get_number(store, row, i));
    else if (is_numeric(shape))
        hf_buf_put_i64(out, hf_store_get_number(store, row, i));
    else
        hf_buf_put_escaped(out, text, text.len);
}

static void put_json_value(struct hf_json *json, const struct hf_store *store,
                           enum hf_ca_operation row, int i, enum shape shape)
{
    struct hf_span text = hf_store_get_text(store, row, i);
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf out;

    if (shape == SHAPE_NUMBER) {
        hf_json_int(json, hf_store_get_number(store, row, i));
    } else if (shape == SHAPE_JSON) {
        hf_buf_put(json->out, text);
        json->comma = true;
    } else if (is_numeric(shape)) {
        hf_buf_init(&out, room, sizeof(room));
        put_value(&out, store, row, i, shape);
        hf_json_str(json, hf_buf_span(&out));
    } else {
        hf_json_str(json, text);
    }
}

static void put_json_row(struct hf_cli *cli, const struct table *table,
                         const struct hf_store *store, enum hf_ca_operation row)
{
    struct hf_json json = hf_json_to(&cli->out->buf);

    hf_json_open(&json, '{');
    for (int i = 0; table->columns[i].name != NULL; i++) {
        const struct column *column = &table->columns[i];

        if (is_left_out(store, row, i, column->shape))
            continue;
        hf_json_key(&json, column->name);
        put_json_value(&json, store, row, i, column->shape);
    }
    hf_json_close(&json, '}');
    hf_buf_putc(&cli->out->buf, '\n');
}

/* `brief`: on one line, what the columns say; else a column a line. */
static void put_text_row(struct hf_cli *cli, const struct table *table,
                         const struct hf_store *store, enum hf_ca_operation row,
                         bool brief)
{
    struct hf_buf *out = &cli->out->buf;

    for (int i = 0; table->columns[i].name != NULL; i++) {
        const struct column *column = &table->columns[i];

        if (is_left_out(store, row, i, column->shape) ||
            (brief && !column->brief))
            continue;
        if (!brief || column->shape == SHAPE_TIME) {
            hf_buf_puts(out, column->name);
            hf_buf_putc(out, ' ');
        }
        put_value(out, store, row, i, column->shape);
        hf_buf_putc(out, brief ? ' ' : '\n');
    }
    if (brief)
        hf_buf_putc(out, '\n');
}

/* ---- list ---- */

/* Where the next page begins: behind the key of the last row. */
struct after {
    int64_t number;
    char text[64];
    size_t text_len;
};

static void move_on(struct after *after, const struct table *table,
                    const struct hf_store *store)
{
    struct hf_span text;

    if (!table->by_text) {
        after->number = hf_store_get_number(store, table->list, 0);
        return;
    }
    text = hf_store_get_text(store, table->list, 0);
    after->text_len = text.len < sizeof(after->text) ? text.len : 0;
    memcpy(after->text, text.ptr, after->text_len);
}

static enum hf_err list_page(struct hf_cli *cli, const struct table *table,
                             struct hf_store *store, struct after *after,
                             size_t *count, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        table->by_text
            ? hf_store_text((struct hf_span){after->text, after->text_len})
            : hf_store_number(after->number),
        hf_store_number(PAGE)};
    struct after next = *after;
    bool more = false;
    enum hf_err err = hf_store_start(store, table->list, values, 2, why);

    *count = 0;
    if (err == HF_OK)
        err = hf_store_next(store, table->list, &more, why);
    while (err == HF_OK && more) {
        if (cli->json)
            put_json_row(cli, table, store, table->list);
        else
            put_text_row(cli, table, store, table->list, true);
        move_on(&next, table, store);
        ++*count;
        err = hf_out_flush(cli->out, why);
        if (err == HF_OK)
            err = hf_store_next(store, table->list, &more, why);
    }
    *after = next;
    return err;
}

static enum hf_exit list(struct hf_cli *cli)
{
    const struct table *table = table_of(cli);
    struct after after = {0};
    struct hf_store *store = NULL;
    struct hf_why why = {0};
    size_t count = PAGE;
    enum hf_exit status = hf_ca_ledger_open(cli, &store);

    while (status == HF_EXIT_GOOD && count == PAGE)
        if (list_page(cli, table, store, &after, &count, &why) != HF_OK)
            status = hf_ca_ledger_fail(cli, &why);
    hf_store_close(store);
    return hf_cli_finish(cli, status);
}

/* ---- show ---- */

static enum hf_exit find(struct hf_cli *cli, const struct table *table,
                         struct hf_store *store)
{
    struct hf_span key = hf_span_str(cli->operands[0]);
    struct hf_store_value value = hf_store_text(key);
    struct hf_why why = {0};
    bool found = false;
    enum hf_err err;

    if (!table->by_text && !hf_persist_until_parse(key, &value.number))
        return hf_cli_usage(cli, key, "it is called by its number");
    if (!table->by_text)
        value = hf_store_number(value.number);
    err = hf_store_start(store, table->get, &value, 1, &why);
    if (err == HF_OK)
        err = hf_store_next(store, table->get, &found, &why);
    if (err != HF_OK)
        return hf_ca_ledger_fail(cli, &why);
    if (found)
        return HF_EXIT_GOOD;
    hf_cli_error(cli, key, "there is none of this name");
    return HF_EXIT_ERROR;
}

static enum hf_exit show(struct hf_cli *cli)
{
    const struct table *table = table_of(cli);
    struct hf_store *store = NULL;
    enum hf_exit status = hf_ca_ledger_open(cli, &store);

    if (status == HF_EXIT_GOOD)
        status = find(cli, table, store);
    if (status == HF_EXIT_GOOD) {
        if (cli->json)
            put_json_row(cli, table, store, table->get);
        else
            put_text_row(cli, table, store, table->get, false);
        hf_store_end(store, table->get);
    }
    hf_store_close(store);
    return hf_cli_finish(cli, status);
}

/* What all six have in common. */
#define LEDGER                                                                 \
    .options = options, .option_count = sizeof(options) / sizeof(options[0])

const struct hf_command hf_cmd_ca_account_list = {
    .name = "ca account list",
    .operands = "",
    .summary = "List the accounts of a CA",
    LEDGER,
    .run = list,
};

const struct hf_command hf_cmd_ca_account_show = {
    .name = "ca account show",
    .operands = "ID",
    .summary = "Show an account of a CA",
    LEDGER,
    .operands_min = 1,
    .operands_max = 1,
    .run = show,
};

const struct hf_command hf_cmd_ca_order_list = {
    .name = "ca order list",
    .operands = "",
    .summary = "List the orders of a CA",
    LEDGER,
    .run = list,
};

const struct hf_command hf_cmd_ca_order_show = {
    .name = "ca order show",
    .operands = "ID",
    .summary = "Show an order of a CA",
    LEDGER,
    .operands_min = 1,
    .operands_max = 1,
    .run = show,
};

const struct hf_command hf_cmd_ca_cert_list = {
    .name = "ca cert list",
    .operands = "",
    .summary = "List the certificates that a CA issued",
    LEDGER,
    .run = list,
};

const struct hf_command hf_cmd_ca_cert_show = {
    .name = "ca cert show",
    .operands = "SERIAL",
    .summary = "Show a certificate that a CA issued",
    LEDGER,
    .operands_min = 1,
    .operands_max = 1,
    .run = show,
};
