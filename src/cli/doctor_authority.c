/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_authority.c -- the root and the issuing CA: their certificates, how
 * long these last, and whether the keys are theirs. */
#include "base/time_text.h"
#include "ca/founder.h"
#include "cli/chain_file.h"
#include "cli/doctor.h"
#include "cli/holder.h"
#include "cli/passphrase.h"
#include "crypto/signed.h"
#include "os/file.h"

#define CERTIFICATES "certificates"
#define KEYS         "keys"
#define LIFE_S       (47 * (int64_t)86400) /* when no profile is known */
#define MARGIN_S     (30 * (int64_t)86400) /* to make another CA in */

/* ---- certificates ---- */

/* The longest that is issued: a certificate may not outlive the CA. */
static int64_t longest_of(const struct hf_doctor *doctor)
{
    const struct hf_ca_settings *settings;
    int64_t longest = 0;

    if (doctor->rules == NULL)
        return LIFE_S;
    settings = &doctor->rules->setup.settings;
    for (size_t i = 0; i < settings->profile_count; i++)
        if (settings->profiles[i].lifetime_s > longest)
            longest = settings->profiles[i].lifetime_s;
    return longest;
}

static void say_end(struct hf_doctor *doctor, const char *name,
                    const struct hf_x509 *certificate, int64_t life_s)
{
    int64_t at = certificate->not_after_at;
    int64_t left_s = at - doctor->now_at;
    const char *before = "good until ";
    const char *advice = "make another CA in another state folder, and let "
                         "those who trust this one trust it";
    char room[128];
    struct hf_buf what;

    if (doctor->now_at < certificate->not_before_at) {
        at = certificate->not_before_at;
        before = "it does not begin before ";
        advice = "set the clock";
    } else if (left_s < 0) {
        before = "it ended on ";
    } else if (left_s < life_s) {
        before = "the longest certificates would outlive it, and are refused: "
                 "it ends on ";
    } else if (left_s < life_s + MARGIN_S) {
        before = "soon nothing can be issued: it ends on ";
    } else {
        advice = NULL;
    }
    hf_buf_init(&what, room, sizeof(room));
    hf_buf_puts(&what, before);
    hf_time_put(&what, at);
    hf_doctor_say(doctor, advice == NULL ? HF_HEALTH_GOOD : HF_HEALTH_WRONG,
                  CERTIFICATES, hf_span_str(name), hf_buf_span(&what), advice);
}

/* Its octets stay in `der`; false when it cannot be read. */
static bool read_certificate(struct hf_doctor *doctor, const char *name,
                             struct hf_buf *der, struct hf_x509 *out)
{
    char path[PATH_MAX + 32];
    struct hf_certificate *certificate = NULL;
    struct hf_why why = {0};
    enum hf_err err;

    hf_doctor_path(doctor, name, path);
    err = hf_chain_file_read(path, &certificate, &why);
    if (err == HF_OK) {
        hf_buf_put(der, certificate->der);
        err = hf_x509_read(hf_buf_span(der), out, &why);
    }
    if (err != HF_OK) {
        hf_buf_reset(der);
        hf_doctor_fail(doctor, CERTIFICATES, hf_span_str(name), &why,
                       "put it back from your copy of the folder");
    }
    hf_certificate_free(certificate);
    return err == HF_OK;
}

static void compare(struct hf_doctor *doctor, const struct hf_x509 *root,
                    const struct hf_x509 *issuer)
{
    const char *what = NULL;

    if (!hf_signed_certificate(hf_buf_span(&doctor->root),
                               hf_buf_span(&doctor->root)))
        what = "root.pem is not signed by its own key";
    else if (!hf_signed_certificate(hf_buf_span(&doctor->issuer),
                                    hf_buf_span(&doctor->root)))
        what = "issuer.pem is not signed by the root in root.pem";
    else if (issuer->not_after_at > root->not_after_at)
        what = "the issuing CA outlives its root: clients refuse what it "
               "issues from then on";
    if (what != NULL)
        hf_doctor_say(doctor, HF_HEALTH_WRONG, CERTIFICATES, HF_SPAN(""),
                      hf_span_str(what),
                      "put both back from your copy of the folder");
}

/* ---- keys ---- */

/* Of the two; it may be away. */
static bool is_root(const char *name)
{
    return strcmp(name, "root.key") == 0;
}

/* The key is read where it always is: in a process of its own, behind its
 * wall. */
static void open_key(struct hf_doctor *doctor, const char *name,
                     struct hf_span key, struct hf_span passphrase,
                     struct hf_span spki)
{
    const struct hf_founder_plan plan = {.where = key,
                                         .passphrase = passphrase,
                                         .no_wall =
                                             hf_cli_no_wall(doctor->cli)};
    char said[HF_ISSUER_SAID_MAX + 1];
    struct hf_founder *founder = NULL;
    struct hf_why why = {0};

    if (hf_founder_open(&plan, &founder, said, &why) != HF_OK)
        hf_doctor_fail(doctor, KEYS, hf_span_str(name), &why,
                       "if the passphrase is right, put the file back from "
                       "your copy of the folder");
    else if (!hf_span_eq(hf_founder_spki(founder), spki))
        hf_doctor_say(doctor, HF_HEALTH_WRONG, KEYS, hf_span_str(name),
                      HF_SPAN("the certificate is another key's"),
                      "put both back from your copy of the folder");
    else
        hf_doctor_say(doctor, HF_HEALTH_GOOD, KEYS, hf_span_str(name),
                      HF_SPAN("it is the certificate's"), NULL);
    hf_founder_free(founder);
}

/* Nobody is asked for it: a doctor may come at night. */
static enum hf_exit get_passphrase(const struct hf_doctor *doctor, bool of_root,
                                   struct hf_buf *out)
{
    static const struct hf_passphrase_prompt prompt = {
        "Passphrase of the CA's key: ", NULL, false};
    const char *root_file =
        hf_cli_value(doctor->cli, "root-passphrase-file", NULL);
    struct hf_passphrase_source source;
    char path[PATH_MAX];
    enum hf_exit status =
        hf_passphrase_given(doctor->cli, path, sizeof(path), &source);

    if (of_root && root_file != NULL)
        source = (struct hf_passphrase_source){.file = hf_span_str(root_file)};
    if (status != HF_EXIT_GOOD || hf_passphrase_source_is_empty(&source))
        return status;
    return hf_passphrase_get(doctor->cli, &prompt, false, &source, out);
}

/* As far as can be told: a token, and an encrypted file without its
 * passphrase, are left alone. */
static void look_at_key(struct hf_doctor *doctor, const char *name,
                        struct hf_span key, struct hf_span spki)
{
    char room[HF_PASSPHRASE_MAX + 2];
    struct hf_buf passphrase;
    bool is_sealed = hf_private_key_is_encrypted(key);

    hf_buf_init(&passphrase, room, sizeof(room));
    if (hf_key_home_of(key) != HF_HOME_FILE)
        hf_doctor_say(doctor, HF_HEALTH_NOTE, KEYS, hf_span_str(name),
                      HF_SPAN("it is in hardware, and was not asked"), NULL);
    else if (is_sealed && (get_passphrase(doctor, is_root(name), &passphrase) !=
                               HF_EXIT_GOOD ||
                           passphrase.len == 0))
        hf_doctor_say(doctor, HF_HEALTH_NOTE, KEYS, hf_span_str(name),
                      HF_SPAN("whether it is the certificate's cannot be told "
                              "without its passphrase (--passphrase-file)"),
                      NULL);
    else
        open_key(doctor, name, key, hf_buf_span(&passphrase), spki);
    hf_buf_clear_wiped(&passphrase);
}

static void read_key(struct hf_doctor *doctor, const char *name,
                     struct hf_span spki)
{
    char path[PATH_MAX + 32];
    struct hf_why why = {0};
    struct hf_buf key;
    enum hf_err err;

    hf_doctor_path(doctor, name, path);
    hf_buf_init_grow(&key, HF_KEY_PEM_MAX);
    err = hf_file_read(path, &key, &why); /* its mode: see files */
    if (err == HF_OK)
        look_at_key(doctor, name, hf_buf_span(&key), spki);
    else if (err != HF_ENOTFOUND || !is_root(name))
        hf_doctor_fail(doctor, KEYS, hf_span_str(name), &why,
                       "put it back from your copy of the folder");
    hf_buf_clear_wiped(&key);
}

void hf_doctor_authority(struct hf_doctor *doctor)
{
    struct hf_x509 root, issuer;
    bool has_root = read_certificate(doctor, "root.pem", &doctor->root, &root);
    bool has_issuer =
        read_certificate(doctor, "issuer.pem", &doctor->issuer, &issuer);

    if (has_root) {
        say_end(doctor, "root.pem", &root, longest_of(doctor));
        read_key(doctor, "root.key", root.spki);
    }
    if (has_issuer) {
        say_end(doctor, "issuer.pem", &issuer, longest_of(doctor));
        read_key(doctor, "issuer.key", issuer.spki);
    }
    if (has_root && has_issuer)
        compare(doctor, &root, &issuer);
}
