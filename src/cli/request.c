/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/request.h"

#include <limits.h>

#include "client/account.h"
#include "os/file.h"

#define KEY_FILE "privkey.pem"

/* ---- made ---- */

static enum hf_exit old_key(const struct hf_cli *cli,
                            const struct hf_lineage *lineage,
                            struct hf_private_key **out)
{
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_why why = {0};
    enum hf_err err;

    hf_buf_init(&pem, room, sizeof(room));
    err = hf_lineage_live(cli->state, lineage->name, KEY_FILE, &pem, &why);
    if (err == HF_OK)
        err = hf_private_key_read(hf_buf_span(&pem), (struct hf_span){0}, out,
                                  &why);
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK || err == HF_ENOTFOUND)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN(KEY_FILE), &why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_request_make(const struct hf_cli *cli,
                             const struct hf_lineage *lineage,
                             const struct hf_csr_names *names,
                             struct hf_request *out)
{
    enum hf_key_kind kind = HF_KEY_P256;
    struct hf_why why = {0};
    enum hf_exit status =
        lineage->reuses_key ? old_key(cli, lineage, &out->key) : HF_EXIT_GOOD;
    enum hf_err err = HF_OK;

    hf_buf_init_grow(&out->made, HF_CSR_MAX);
    if (status != HF_EXIT_GOOD)
        return status;
    /* The word was checked when it came in. */
    (void)hf_key_kind_find(lineage->key_type, &kind);
    if (out->key == NULL)
        err = hf_private_key_generate(kind, &out->key, &why);
    if (err == HF_OK)
        err = hf_csr_make(out->key, names, lineage->must_staple, &out->made,
                          &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN("certificate request"), &why);
    return HF_EXIT_ERROR;
}

/* ---- brought ---- */

static enum hf_err read_file(struct hf_span path, struct hf_csr *out,
                             struct hf_why *why)
{
    char room[PATH_MAX];
    struct hf_buf name;
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init(&name, room, sizeof(room));
    hf_buf_put(&name, path);
    hf_buf_putc(&name, '\0');
    if (name.full)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    hf_buf_init_grow(&text, HF_CSR_MAX);
    err = hf_file_read(room, &text, why);
    if (err == HF_ENOTFOUND)
        err = hf_fail(why, err, 0,
                      "the certificate request is not there: put it back, or "
                      "issue anew with another one");
    if (err == HF_OK)
        err = hf_csr_read(hf_buf_span(&text), out, why);
    hf_buf_clear(&text);
    return err;
}

static const char *why_not(const struct hf_csr *csr)
{
    const struct hf_csr_names *names = &csr->san.names;

    if (csr->san.others)
        return "the request has names that are neither host names nor "
               "addresses, and ACME orders no others";
    if (names->dns_count + names->ip_count > HF_LINEAGE_NAMES_MAX)
        return "the request has more than a hundred names";
    return NULL;
}

enum hf_exit hf_request_read(const struct hf_cli *cli, struct hf_span path,
                             struct hf_request *out)
{
    struct hf_why why = {0};
    const char *wrong;

    if (read_file(path, &out->brought, &why) != HF_OK) {
        hf_cli_fail(cli, path, &why);
        return HF_EXIT_ERROR;
    }
    wrong = why_not(&out->brought);
    if (wrong == NULL)
        return HF_EXIT_GOOD;
    hf_cli_error(cli, path, wrong);
    return HF_EXIT_ERROR;
}

/* ---- both ---- */

void hf_request_clear(struct hf_request *request)
{
    hf_private_key_free(request->key);
    hf_buf_clear(&request->made);
    hf_csr_clear(&request->brought);
    *request = (struct hf_request){0};
}

struct hf_span hf_request_der(const struct hf_request *request)
{
    return request->key == NULL ? request->brought.der
                                : hf_buf_span(&request->made);
}

bool hf_request_is_answered(const struct hf_request *request,
                            const struct hf_certificate *certificate)
{
    return request->key == NULL
               ? hf_certificate_answers(certificate, &request->brought)
               : hf_certificate_is_for(certificate, request->key);
}
