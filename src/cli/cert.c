/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cert.h"

#define NAMES_MAX (4 * 1024 * 1024)

static enum hf_err read_live(const char *state, struct hf_span name,
                             struct hf_certificate **out, struct hf_why *why)
{
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init_grow(&text, HF_CHAIN_TEXT_MAX);
    err = hf_lineage_live(state, name, "fullchain.pem", &text, why);
    if (err == HF_OK)
        err = hf_certificate_read(hf_buf_span(&text), out, why);
    hf_buf_clear(&text);
    return err;
}

enum hf_exit hf_cert_read_any(const struct hf_cli *cli, struct hf_span name,
                              struct hf_cert *out)
{
    const char *state = cli->state;
    struct hf_cert cert = {0};
    struct hf_why why = {0};
    enum hf_err err = hf_lineage_read(state, name, &cert.lineage, &why);

    if (err == HF_ENOTFOUND) {
        hf_cli_error(cli, name,
                     "no such certificate here; 'holdfast cert list' shows "
                     "those there are");
        return HF_EXIT_ERROR;
    }
    if (err == HF_OK)
        err = read_live(state, name, &cert.certificate, &why);
    if (err == HF_OK || err == HF_ENOTFOUND) {
        *out = cert;
        return HF_EXIT_GOOD;
    }
    hf_cert_clear(&cert);
    hf_cli_fail(cli, name, &why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_cert_read(const struct hf_cli *cli, struct hf_span name,
                          struct hf_cert *out)
{
    enum hf_exit status = hf_cert_read_any(cli, name, out);

    if (status != HF_EXIT_GOOD || out->certificate != NULL)
        return status;
    hf_cert_clear(out);
    hf_cli_error(cli, name,
                 "its certificate is not there; 'holdfast cert renew' with its "
                 "name gets one");
    return HF_EXIT_ERROR;
}

void hf_cert_clear(struct hf_cert *cert)
{
    hf_certificate_free(cert->certificate);
    hf_lineage_clear(&cert->lineage);
    *cert = (struct hf_cert){0};
}

bool hf_cert_each(struct hf_cli *cli,
                  bool (*one)(void *state, const char *name), void *state)
{
    const char *folder = cli->state;
    struct hf_why why = {0};
    struct hf_buf names;
    bool listed = true;
    const char *name;
    size_t count;

    hf_buf_init_grow(&names, NAMES_MAX);
    if (hf_lineage_list(folder, &names, &count, &why) != HF_OK) {
        hf_cli_fail(cli, hf_span_str(folder), &why);
        listed = false;
        count = 0;
    }
    name = names.ptr;
    for (size_t i = 0; i < count && one(state, name); i++)
        name += strlen(name) + 1;
    hf_buf_clear(&names);
    return listed;
}
