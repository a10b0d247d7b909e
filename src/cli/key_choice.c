/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key_choice.h"

#include "client/key_msg.h"
#include "crypto/pkcs11.h"
#include "os/file.h"

#define KEY_FILE "file"
#define KEY_TPM2 "tpm2:"

static enum hf_exit read_where(const struct hf_cli *cli,
                               struct hf_key_choice *out)
{
    const char *text = hf_cli_value(cli, "key", KEY_FILE);
    struct hf_span where = hf_span_str(text);

    out->given = hf_cli_has(cli, "key");
    out->home = hf_key_home_of(where);
    out->make = out->home != HF_HOME_PKCS11 || hf_cli_has(cli, "make-key");
    if (out->home == HF_HOME_FILE ? !hf_span_eq(where, HF_SPAN(KEY_FILE))
                                  : hf_span_starts(where, HF_SPAN("-----")))
        return hf_cli_usage(cli, HF_SPAN(""),
                            "--key wants 'file', 'tpm2:', or a URI that begins "
                            "with 'pkcs11:' (RFC 7512)");
    if (out->home == HF_HOME_TPM2 && !hf_span_eq(where, HF_SPAN(KEY_TPM2)))
        return hf_cli_usage(cli, where,
                            "a key in a TPM has no name: write 'tpm2:'");
    if (out->home != HF_HOME_FILE)
        out->where = where;
    return HF_EXIT_GOOD;
}

/* What does not go together; HF_EXIT_GOOD when all does. */
static enum hf_exit check(const struct hf_cli *cli,
                          const struct hf_key_choice *choice)
{
    if (hf_cli_has(cli, "make-key") && choice->home != HF_HOME_PKCS11)
        return hf_cli_usage(cli, HF_SPAN("--make-key"),
                            "goes with --key pkcs11:...; other keys are always "
                            "made");
    if (choice->home != HF_HOME_FILE &&
        (hf_cli_has(cli, "plaintext") || hf_cli_has(cli, "next-plaintext")))
        return hf_cli_usage(cli, HF_SPAN("--plaintext"),
                            "a key in hardware is in no file");
    if (choice->has_kind && !choice->make)
        return hf_cli_usage(cli, HF_SPAN("--key-type"),
                            "the key in the token is there, and has a type; "
                            "--make-key makes another");
    if (choice->has_kind && choice->home == HF_HOME_TPM2 &&
        choice->kind != HF_KEY_P256)
        return hf_cli_usage(cli, HF_SPAN("--key-type"),
                            "keys in a TPM are of type p256");
    return HF_EXIT_GOOD;
}

/* What is given comes first, so that there is always room for it. */
static enum hf_exit read_holes(const struct hf_cli *cli,
                               struct hf_account_file *file)
{
    size_t count = hf_cli_count(cli, "token-allow");

    if (count > HF_ACCOUNT_HOLES_MAX)
        return hf_cli_usage(cli, HF_SPAN("--token-allow"), "more than eight");
    if (count > 0)
        file->hole_count = count;
    for (size_t i = 0; i < count; i++) {
        struct hf_span hole = hf_span_str(hf_cli_nth(cli, "token-allow", i));

        if (!hf_span_eq(hole, HF_KEY_HOLE_NETWORK) &&
            !hf_span_starts(hole, HF_SPAN("/")))
            return hf_cli_usage(cli, hole,
                                "--token-allow wants 'network' or an absolute "
                                "path");
        file->holes[i] = hole;
    }
    return HF_EXIT_GOOD;
}

enum hf_exit hf_key_choice_read(const struct hf_cli *cli, enum hf_key_kind kind,
                                struct hf_account_file *file,
                                struct hf_key_choice *out)
{
    const char *type = hf_cli_value(cli, "key-type", NULL);
    struct hf_key_choice choice = {.kind = kind, .has_kind = type != NULL};
    enum hf_exit status = read_where(cli, &choice);

    /* The word was checked against the choices. */
    if (type != NULL)
        (void)hf_key_kind_find(hf_span_str(type), &choice.kind);
    if (status == HF_EXIT_GOOD)
        status = check(cli, &choice);
    if (status == HF_EXIT_GOOD)
        status = read_holes(cli, file);
    if (choice.home == HF_HOME_TPM2)
        choice.kind = HF_KEY_P256;
    if (hf_cli_has(cli, "tcti"))
        file->tcti = hf_span_str(hf_cli_value(cli, "tcti", NULL));
    if (status == HF_EXIT_GOOD)
        *out = choice;
    return status;
}

enum hf_exit hf_key_choice_pin_source(const struct hf_cli *cli, char *path,
                                      size_t size)
{
    struct hf_span uri = hf_span_str(hf_cli_value(cli, "key", NULL));
    char room[PATH_MAX];
    struct hf_buf named;
    struct hf_why why = {0};
    enum hf_err err = HF_OK;

    path[0] = '\0';
    hf_buf_init(&named, room, sizeof(room));
    if (hf_key_home_of(uri) == HF_HOME_PKCS11)
        err = hf_pkcs11_pin_source(uri, &named, &why);
    if (err == HF_OK && named.len == 0)
        return HF_EXIT_GOOD;
    hf_buf_putc(&named, '\0');
    if (err == HF_OK && named.full)
        err = hf_fail(&why, HF_ELIMIT, 0, "path too long");
    if (err == HF_OK)
        err = hf_file_absolute(room, path, size, &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN("pin-source"), &why);
    return HF_EXIT_ERROR;
}
