/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/commands.h"
#include "cli/making.h"
#include "os/signals.h"

static const struct hf_option options[] = {
    HF_MAKING_OPTIONS,
    {.name = "caa",
     .help = "Also a CAA record that binds to CA, account and method"},
    {.name = "format",
     .arg = "SHAPE",
     .choices = HF_SHAPE_CHOICES,
     .help = "Language to write (default: zone)"},
};

struct make {
    struct hf_making making;
    struct hf_shaper shaper;
    char caa[HF_MAKING_VALUE_MAX];
};

static enum hf_err put_item(struct make *make, const struct hf_wanted *item,
                            struct hf_span caa, struct hf_why *why)
{
    struct hf_out *out = make->making.cli->out;
    struct hf_addition add;
    struct hf_name owner;
    enum hf_err err = hf_making_add(&make->making, item, &owner, &add, why);

    if (err != HF_OK)
        return err;
    add.caa = caa;
    hf_shaper_put(&make->shaper, &add, &out->buf);
    hf_out_step(out);
    return HF_OK;
}

static enum hf_exit put_records(struct make *make)
{
    struct hf_making *making = &make->making;
    struct hf_why why = {0};
    struct hf_buf caa;

    hf_buf_init(&caa, make->caa, sizeof(make->caa));
    if (making->plan.caa)
        hf_plan_put_caa(&making->plan, &caa);
    if (hf_shape_groups(make->shaper.shape))
        hf_wanted_sort_by_zone(&making->wanted);
    for (uint32_t i = 0; i < making->wanted.count; i++) {
        const struct hf_wanted *item = &making->wanted.items[i];

        if (hf_signals_stop_wanted())
            return HF_EXIT_INTERRUPTED;
        if (put_item(make, item, hf_buf_span(&caa), &why) != HF_OK) {
            hf_cli_fail(making->cli, hf_wanted_name(&making->wanted, item),
                        &why);
            return HF_EXIT_ERROR;
        }
    }
    hf_shaper_close(&make->shaper, &making->cli->out->buf);
    return HF_EXIT_GOOD;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct make *make = hf_alloc(1, sizeof(*make));
    const char *word = hf_cli_value(cli, "format", cli->json ? "json" : "zone");
    enum hf_exit status;

    if (make == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    (void)hf_shape_find(hf_span_str(word), &make->shaper.shape);
    status = hf_making_read(cli, &make->making);
    if (status == HF_EXIT_GOOD && !hf_making_is_stopped(&make->making))
        status = put_records(make);
    if (status == HF_EXIT_GOOD)
        status = hf_making_finish(&make->making, "written");
    hf_making_clear(&make->making);
    hf_free(make);
    return status;
}

const struct hf_command hf_cmd_record_make = {
    .name = "record make",
    .operands = "[NAME]...",
    .summary = "Make the TXT records that authorise a CA and an account",
    .details =
        "'*.NAME' asks for the record of NAME with policy=wildcard. Needs no "
        "network\nand no private key. Names that could never be validated are "
        "refused, each with\na sentence; the others are written, and the "
        "status is 1.\n\n"
        "  holdfast record make --ca=letsencrypt --account-url=URL "
        "example.com\n"
        "  holdfast record make --issuer=ca.example --prefix=URL "
        "--account-url=URL \\\n"
        "      --key=account-public.pem --file=names.txt --format=nsupdate\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_max = SIZE_MAX,
    .run = run,
};
