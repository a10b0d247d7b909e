/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/seeing.h"

enum hf_exit hf_seeing_open(const struct hf_cli *cli, struct hf_seeing *out)
{
    const char *list = hf_cli_value(cli, "suffix-list", NULL);
    struct hf_why why = {0};
    int64_t timeout_s = 5;
    int64_t port = 53;
    enum hf_exit status;

    if (!hf_cli_number(cli, "resolver-timeout", 1, 600, &timeout_s) ||
        !hf_cli_number(cli, "authoritative-port", 1, UINT16_MAX, &port))
        return HF_EXIT_USAGE;
    *out = (struct hf_seeing){
        .viewer = {.authoritative = !hf_cli_has(cli, "no-authoritative"),
                   .port = (uint16_t)port, /* within 1 to 65535: see above */
                   .timeout_ms = timeout_s * 1000}};
    if (hf_suffixes_load(list, &out->suffixes, &why) != HF_OK) {
        hf_cli_fail(
            cli, hf_span_str(list == NULL ? "public suffix list" : list), &why);
        return HF_EXIT_ERROR;
    }
    out->viewer.resolver = &out->resolver;
    out->viewer.suffixes = out->suffixes;
    status = hf_resolver_from_cli(cli, &out->resolver);
    if (status != HF_EXIT_GOOD)
        hf_seeing_close(out);
    return status;
}

void hf_seeing_close(struct hf_seeing *seeing)
{
    hf_resolver_clear(&seeing->resolver);
    hf_suffixes_free(seeing->suffixes);
    *seeing = (struct hf_seeing){0};
}
