/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/base64.h"
#include "cli/cert.h"
#include "cli/chain_file.h"
#include "cli/commands.h"
#include "os/file.h"

#define PAYLOAD_MAX 65536

static const struct hf_option options[] = {
    HF_ACCOUNT_OPTIONS,
    {.name = "reason",
     .arg = "REASON",
     .choices = "unspecified keyCompromise affiliationChanged superseded "
                "cessationOfOperation",
     .help = "Why (RFC 5280, section 5.3.1; default: unspecified)"},
    {.name = "file",
     .arg = "FILE",
     .choices = "<file>",
     .help = "A certificate (PEM) instead of one of this machine"},
    {.name = "cert-key",
     .arg = "FILE",
     .choices = "<file>",
     .help = "Sign with the certificate's own key, not the account's"},
    HF_PASSPHRASE_OPTIONS,
    HF_HTTP_OPTIONS,
    HF_SANDBOX_OPTION,
};

struct revoking {
    struct hf_cli *cli;
    struct hf_holder holder;
    struct hf_certificate *certificate;
    struct hf_private_key *key; /* the certificate's; or NULL */
    struct hf_signer signer;
};

/* RFC 5280, section 5.3.1: the numbers behind the words of --reason. */
static int reason_of(const char *word)
{
    static const struct {
        const char *word;
        int number;
    } reasons[] = {
        {"unspecified", 0},          {"keyCompromise", 1},
        {"affiliationChanged", 3},   {"superseded", 4},
        {"cessationOfOperation", 5},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(word, reasons[i].word) == 0)
            return reasons[i].number;
    return 0;
}

static enum hf_exit read_file(struct revoking *r, const char *path)
{
    struct hf_why why = {0};

    if (hf_chain_file_read(path, &r->certificate, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(r->cli, hf_span_str(path), &why);
    return HF_EXIT_ERROR;
}

static enum hf_exit read_certificate(struct revoking *r)
{
    const char *path = hf_cli_value(r->cli, "file", NULL);
    struct hf_cert cert;
    enum hf_exit status;

    if ((path == NULL) == (r->cli->operand_count == 0))
        return hf_cli_usage(r->cli, HF_SPAN(""),
                            "give either the name of a certificate or --file");
    if (path != NULL)
        return read_file(r, path);
    status = hf_cert_read(r->cli, hf_span_str(r->cli->operands[0]), &cert);
    if (status != HF_EXIT_GOOD)
        return status;
    r->certificate = cert.certificate;
    cert.certificate = NULL;
    hf_cert_clear(&cert);
    return HF_EXIT_GOOD;
}

static enum hf_exit read_key(struct revoking *r)
{
    const char *path = hf_cli_value(r->cli, "cert-key", NULL);
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_why why = {0};
    struct hf_buf pem;
    enum hf_err err;

    if (path == NULL)
        return HF_EXIT_GOOD;
    hf_buf_init(&pem, room, sizeof(room));
    err = hf_file_read_private(path, &pem, &why);
    if (err == HF_OK)
        err = hf_private_key_read(hf_buf_span(&pem), (struct hf_span){0},
                                  &r->key, &why);
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK && !hf_certificate_is_for(r->certificate, r->key))
        err = hf_fail(&why, HF_EINVAL, 0,
                      "this is not the key of the certificate");
    if (err == HF_OK)
        err = hf_private_key_signer(r->key, &r->signer, &why);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(r->cli, hf_span_str(path), &why);
    return HF_EXIT_ERROR;
}

/* RFC 8555, section 7.6 */
static void put_payload(struct hf_buf *out, struct hf_span der, int reason)
{
    char *room;

    hf_buf_puts(out, "{\"certificate\":\"");
    room = hf_buf_reserve(out, HF_BASE64URL_LEN(der.len));
    if (room != NULL) {
        hf_base64url(der, room);
        out->len += HF_BASE64URL_LEN(der.len);
    }
    hf_buf_puts(out, "\",\"reason\":");
    hf_buf_put_i64(out, reason);
    hf_buf_putc(out, '}');
}

static enum hf_exit call(struct revoking *r, struct hf_span payload)
{
    struct hf_talk *talk = &r->holder.talk;
    const struct hf_call call = {.kind =
                                     r->key == NULL ? HF_CALL_KID : HF_CALL_JWK,
                                 .url = talk->directory.revoke_cert,
                                 .payload = payload,
                                 .signer = r->key == NULL ? NULL : &r->signer};
    struct hf_buf *out = &r->cli->out->buf;
    struct hf_why why = {0};
    enum hf_err err = hf_talk_call(talk, &call, NULL, &why);

    if (err != HF_OK &&
        !hf_span_eq(hf_talk_problem(talk), HF_SPAN("alreadyRevoked")))
        return hf_holder_fail(r->cli, talk, HF_SPAN("revocation"), err, &why);
    hf_buf_puts(out, "revoked: serial ");
    hf_buf_put_escaped(out, r->certificate->serial, 80);
    hf_buf_puts(out, err == HF_OK ? "\n" : ", as it was already\n");
    return HF_EXIT_GOOD;
}

static enum hf_exit revoke(struct revoking *r)
{
    const char *reason = hf_cli_value(r->cli, "reason", "unspecified");
    struct hf_buf payload;
    enum hf_exit status = HF_EXIT_ERROR;

    if (r->holder.talk.directory.revoke_cert.len == 0) {
        hf_cli_error(r->cli, r->holder.file.directory,
                     "this CA has no revocation by ACME");
        return HF_EXIT_ERROR;
    }
    hf_buf_init_grow(&payload, PAYLOAD_MAX);
    put_payload(&payload, r->certificate->der, reason_of(reason));
    if (payload.full)
        hf_cli_error(r->cli, HF_SPAN(""), "the certificate is too large");
    else
        status = call(r, hf_buf_span(&payload));
    hf_buf_clear(&payload);
    return status;
}

static enum hf_exit revoke_all(struct revoking *r)
{
    enum hf_exit status = read_certificate(r);

    if (status == HF_EXIT_GOOD)
        status = read_key(r);
    if (status == HF_EXIT_GOOD)
        status = hf_holder_open_fenced(r->cli, &r->holder);
    if (status != HF_EXIT_GOOD)
        return status;
    status = revoke(r);
    hf_holder_clear(&r->holder);
    return status;
}

static enum hf_exit run(struct hf_cli *cli)
{
    struct revoking *r = hf_alloc(1, sizeof(*r));
    enum hf_exit status;

    if (r == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    r->cli = cli;
    status = revoke_all(r);
    hf_signer_clear(&r->signer);
    hf_private_key_free(r->key);
    hf_certificate_free(r->certificate);
    hf_free_wiped(r, sizeof(*r));
    return status;
}

const struct hf_command hf_cmd_cert_revoke = {
    .name = "cert revoke",
    .operands = "[NAME]",
    .summary = "Revoke a certificate",
    .details =
        "Its files stay, and so does the record: it authorises the next "
        "certificate.\n"
        "After a stolen certificate key renew first, then revoke with "
        "--reason\n"
        "keyCompromise; after a stolen account key deactivate the account.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 0,
    .operands_max = 1,
    .run = run,
};
