/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/subject.h"

#include "base/base64.h"
#include "cli/cas_section.h"
#include "cli/layers.h"
#include "client/memory.h"
#include "crypto/jwk.h"
#include "os/file.h"

#define KEY_FILE_MAX 8192 /* octets */

static struct hf_span value_of(const struct hf_cli *cli, const char *name)
{
    return hf_span_str(hf_cli_value(cli, name, NULL));
}

/* ---- the CA ---- */

static bool add_configured(const struct hf_cli *cli, struct hf_cas *cas)
{
    const struct hf_config_section *at = NULL;
    struct hf_why why = {0};

    if (cli->layers == NULL ||
        hf_cas_add_sections(cas, cli->layers->config, &at, &why) == HF_OK)
        return true;
    hf_layers_tell(
        cli, cli->layers,
        &(struct hf_config_problem){.line = at->line,
                                    .subject = hf_span_str(at->title),
                                    .text = why.text});
    return false;
}

bool hf_subject_load_table(const struct hf_cli *cli, const char *path,
                           struct hf_cas **out)
{
    struct hf_cas *cas = NULL;
    struct hf_why why = {0};
    char room[300];
    struct hf_buf subject;

    if (hf_cas_load(path, &cas, &why) == HF_OK) {
        if (add_configured(cli, cas)) {
            *out = cas;
            return true;
        }
        hf_cas_free(cas);
        return false;
    }
    hf_buf_init(&subject, room, sizeof(room));
    hf_buf_puts(&subject, path == NULL ? "" : path);
    if (why.at > 0) {
        hf_buf_putc(&subject, ':');
        hf_buf_put_u64(&subject, why.at);
    }
    hf_cli_fail(cli, hf_buf_span(&subject), &why);
    return false;
}

static enum hf_exit read_table(const struct hf_cli *cli,
                               struct hf_subject *subject)
{
    const char *path = hf_cli_value(cli, "ca-file", NULL);
    const char *name = hf_cli_value(cli, "ca", NULL);

    if (path == NULL && name == NULL)
        return HF_EXIT_GOOD;
    if (!hf_subject_load_table(cli, path, &subject->cas))
        return HF_EXIT_ERROR;
    if (name == NULL)
        return HF_EXIT_GOOD;
    subject->entry = hf_cas_find(subject->cas, hf_span_str(name));
    if (subject->entry == NULL)
        return hf_cli_usage(cli, hf_span_str(name),
                            "no CA of this name is in the table; 'holdfast "
                            "ca-table' lists them, and --issuer names any "
                            "other");
    subject->ca_name = subject->entry->name;
    return HF_EXIT_GOOD;
}

static bool add_issuer(struct hf_subject *subject, struct hf_span text)
{
    size_t n = subject->ca.issuer_count;

    /* REQ RECORD-06: issuers compare in canonical form only. */
    if (hf_idna_canonical(text, &subject->issuer_names[n], NULL) != HF_OK)
        return false;
    subject->issuers[n] = hf_name_span(&subject->issuer_names[n]);
    subject->ca.issuer_count++;
    return true;
}

/* --issuer, given once or more, stands instead of the names of the table. */
static enum hf_exit read_issuers(const struct hf_cli *cli,
                                 struct hf_subject *subject)
{
    size_t count = hf_cli_count(cli, "issuer");
    const struct hf_ca_entry *entry = subject->entry;

    subject->ca.issuers = subject->issuers;
    if (count > HF_ISSUERS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--issuer"),
                            "a CA has at most ten issuer names");
    for (size_t i = 0; i < count; i++) {
        struct hf_span text = hf_span_str(hf_cli_nth(cli, "issuer", i));

        if (!add_issuer(subject, text))
            return hf_cli_usage(cli, text,
                                "no domain name; an issuer is written like "
                                "ca.example, without scheme or path");
    }
    for (size_t i = 0; count == 0 && entry != NULL && i < entry->issuer_count;
         i++)
        (void)add_issuer(subject, hf_span_str(entry->issuers[i]));
    subject->has_ca = subject->ca.issuer_count > 0;
    return HF_EXIT_GOOD;
}

static enum hf_exit read_prefixes(const struct hf_cli *cli,
                                  struct hf_subject *subject)
{
    size_t count = hf_cli_count(cli, "prefix");

    if (count > HF_ISSUERS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--prefix"), "more than ten of them");
    for (size_t i = 0; i < count; i++) {
        struct hf_span text = hf_span_str(hf_cli_nth(cli, "prefix", i));

        if (hf_prefix_check(text) < HF_PREFIX_USABLE)
            return hf_cli_usage(cli, text,
                                "not usable as accountHashPrefix: it must be "
                                "an http or https URL without blanks, ';', "
                                "'?' and '#'");
        subject->prefixes[i] = text;
    }
    if (count == 0 && subject->entry != NULL && subject->entry->prefix != NULL)
        subject->prefixes[count++] = hf_span_str(subject->entry->prefix);
    subject->ca.prefixes = subject->prefixes;
    subject->ca.prefix_count = count;
    return HF_EXIT_GOOD;
}

/* "01" and "draft-01" are the same. */
static bool find_rules(struct hf_span word, enum hf_rules *out)
{
    char room[16];
    struct hf_buf text;

    if (hf_rules_find(word, out))
        return true;
    hf_buf_init(&text, room, sizeof(room));
    hf_buf_puts(&text, "draft-");
    hf_buf_put(&text, word);
    return !text.full && hf_rules_find(hf_buf_span(&text), out);
}

static void read_rules(const struct hf_cli *cli, struct hf_subject *subject)
{
    const struct hf_ca_entry *entry = subject->entry;
    struct hf_ca *ca = &subject->ca;
    struct hf_span draft = value_of(cli, "draft");

    if (draft.len == 0 && hf_cli_has(cli, "prefix"))
        draft = HF_SPAN("02"); /* no other draft has a prefix */
    if (draft.len == 0 && entry != NULL)
        draft = hf_span_str(entry->draft);
    ca->rules = HF_RULES_DRAFT_01;
    subject->has_rules = draft.len > 0 && find_rules(draft, &ca->rules);
    ca->allows_raw = ca->rules == HF_RULES_DUAL;
    ca->hash_algs = HF_HASH_DEFAULT;
    ca->prunes = entry != NULL && entry->parents == HF_KNOWN_YES;
    ca->reuse_s =
        entry != NULL && entry->reuses == HF_KNOWN_NO ? 0 : HF_REUSE_MAX_S;
}

/* ---- the account ---- */

static enum hf_exit read_url(const struct hf_cli *cli,
                             struct hf_subject *subject)
{
    struct hf_span url = value_of(cli, "account-url");

    if (!hf_cli_has(cli, "account-url"))
        return HF_EXIT_GOOD;
    if (url.len > HF_ACCOUNT_URL_MAX || !hf_value_is_safe(url) ||
        (!hf_span_starts(url, HF_SPAN("https://")) &&
         !hf_span_starts(url, HF_SPAN("http://"))))
        return hf_cli_usage(cli, url,
                            "no account URL; take the one that your ACME "
                            "client stores, for example "
                            "https://ca.example/acct/123");
    subject->account.url = url;
    subject->has_account = true;
    return HF_EXIT_GOOD;
}

static void add_thumbprint(struct hf_subject *subject, const char *text)
{
    size_t n = subject->account.key_count;

    memcpy(subject->thumbprints[n], text, HF_THUMBPRINT_LEN);
    subject->keys[n].thumbprint =
        (struct hf_span){subject->thumbprints[n], HF_THUMBPRINT_LEN};
    subject->account.key_count++;
}

static bool read_thumbprint(const struct hf_cli *cli,
                            struct hf_subject *subject, const char *text)
{
    struct hf_span span = hf_span_str(text);

    if (span.len == HF_THUMBPRINT_LEN && hf_base64url_is_canonical(span)) {
        add_thumbprint(subject, text);
        return true;
    }
    (void)hf_cli_usage(cli, span,
                       "no JWK thumbprint: it has 43 characters of A-Z a-z "
                       "0-9 - and _ (RFC 7638); --key computes it from a "
                       "public key");
    return false;
}

static bool read_key(const struct hf_cli *cli, struct hf_subject *subject,
                     const char *path)
{
    char thumbprint[HF_THUMBPRINT_LEN];
    struct hf_why why = {0};
    char room[KEY_FILE_MAX];
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init(&text, room, sizeof(room));
    err = hf_file_read(path, &text, &why);
    if (err == HF_OK)
        err = hf_jwk_thumbprint(hf_buf_span(&text), thumbprint, &why);
    /* It may be a private key that was given by mistake. */
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK) {
        add_thumbprint(subject, thumbprint);
        return true;
    }
    hf_cli_fail(cli, hf_span_str(path), &why);
    return false;
}

static enum hf_exit read_keys(const struct hf_cli *cli,
                              struct hf_subject *subject)
{
    size_t thumbprints = hf_cli_count(cli, "thumbprint");
    size_t files = hf_cli_count(cli, "key");

    subject->account.keys = subject->keys;
    if (thumbprints + files > HF_SUBJECT_KEYS_MAX)
        return hf_cli_usage(cli, HF_SPAN("--thumbprint"),
                            "more than 32 keys of one account");
    for (size_t i = 0; i < thumbprints; i++)
        if (!read_thumbprint(cli, subject, hf_cli_nth(cli, "thumbprint", i)))
            return HF_EXIT_USAGE;
    for (size_t i = 0; i < files; i++)
        if (!read_key(cli, subject, hf_cli_nth(cli, "key", i)))
            return HF_EXIT_ERROR;
    return HF_EXIT_GOOD;
}

/* Hashing is loaded only by those who hash: it costs 2 ms to start. */
static enum hf_exit prepare_digests(const struct hf_cli *cli,
                                    struct hf_subject *subject)
{
    struct hf_why why = {0};
    enum hf_err err;

    if (subject->ca.prefix_count == 0 || subject->account.key_count == 0)
        return HF_EXIT_GOOD;
    err = hf_digest_new(&subject->digest, &why);
    if (err == HF_OK && subject->has_account)
        err = hf_keys_prepare(subject->keys, subject->account.key_count,
                              subject->account.url, subject->digest, &why);
    subject->ca.digest = subject->digest;
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN("OpenSSL"), &why);
    return HF_EXIT_ERROR;
}

/* ---- of an account here ---- */

static void add_names(struct hf_subject *subject, const struct hf_names *names)
{
    for (size_t i = 0;
         i < names->count && subject->ca.issuer_count < HF_ISSUERS_MAX; i++)
        (void)add_issuer(subject, names->list[i]);
}

/* REQ CLI-07: the directory's own list, else caaIdentities. */
static void add_directory(struct hf_subject *subject,
                          const struct hf_directory *directory)
{
    const struct hf_meta *meta = &directory->meta;
    enum hf_prefix_state prefix = hf_meta_prefix(meta);

    if (hf_names_check(&meta->issuers) == HF_CHALLENGE_OK)
        add_names(subject, &meta->issuers);
    else
        add_names(subject, &meta->caa_identities);
    subject->has_ca = subject->ca.issuer_count > 0;
    if (prefix != HF_PREFIX_USABLE && prefix != HF_PREFIX_USABLE_NO_SLASH)
        return;
    subject->prefixes[0] = meta->prefix.text;
    subject->ca.prefix_count = 1;
    subject->ca.rules = HF_RULES_DRAFT_02;
    subject->has_rules = true;
}

static void add_keys(struct hf_subject *subject,
                     const struct hf_account_file *file)
{
    struct hf_account *account = &subject->account;

    account->keys = subject->keys;
    subject->keys[account->key_count++].thumbprint = file->thumbprint;
    for (size_t i = 0;
         i < file->prior_count && account->key_count < HF_SUBJECT_KEYS_MAX; i++)
        subject->keys[account->key_count++].thumbprint = file->prior[i];
    account->url = file->url;
    subject->has_account = true;
}

static enum hf_exit read_known_ca(const struct hf_cli *cli,
                                  const struct hf_account_file *file,
                                  struct hf_subject *subject)
{
    if (file->ca.len == 0)
        return HF_EXIT_GOOD;
    if (!hf_subject_load_table(cli, hf_cli_value(cli, "ca-file", NULL),
                               &subject->cas))
        return HF_EXIT_ERROR;
    /* A CA that left the table is known by its directory alone. */
    subject->entry = hf_cas_find(subject->cas, file->ca);
    return HF_EXIT_GOOD;
}

enum hf_exit hf_subject_of_account(const struct hf_cli *cli,
                                   const struct hf_account_file *file,
                                   const struct hf_directory *directory,
                                   struct hf_subject *subject)
{
    enum hf_exit status;

    *subject = (struct hf_subject){.account.status = HF_ACCOUNT_VALID};
    status = read_known_ca(cli, file, subject);
    read_rules(cli, subject);
    subject->ca.issuers = subject->issuers;
    subject->ca.prefixes = subject->prefixes;
    if (hf_cli_count(cli, "issuer") == 0)
        add_directory(subject, directory);
    if (status == HF_EXIT_GOOD && subject->ca.issuer_count == 0)
        status = read_issuers(cli, subject);
    subject->subdomains = directory->subdomains;
    add_keys(subject, file);
    if (status == HF_EXIT_GOOD)
        status = prepare_digests(cli, subject);
    if (status != HF_EXIT_GOOD)
        hf_subject_clear(subject);
    return status;
}

/* ---- from the command line ---- */

/* What --account stands for already. */
static bool names_another(const struct hf_cli *cli)
{
    static const char *const others[] = {"ca", "prefix", "account-url",
                                         "thumbprint", "key"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (hf_cli_has(cli, others[i]))
            return true;
    return false;
}

/* REQ CLI-34: the files are enough; nobody is asked. */
static enum hf_exit read_local(const struct hf_cli *cli,
                               struct hf_subject *subject)
{
    struct hf_span name = value_of(cli, "account");
    struct hf_account_file file = {0};
    struct hf_directory directory = {0};
    struct hf_memory memory;
    char folder[PATH_MAX];
    struct hf_why why = {0};
    enum hf_exit status;
    enum hf_err err;

    if (names_another(cli))
        return hf_cli_usage(cli, name,
                            "--account stands for the CA and the account; "
                            "leave the other options out");
    err = hf_account_folder(cli->state, name, folder, sizeof(folder), &why);
    if (err == HF_OK)
        err = hf_account_file_read(folder, &file, &why);
    if (err != HF_OK) {
        hf_cli_fail(cli, name, &why);
        return HF_EXIT_ERROR;
    }
    if (hf_memory_recall(cli->state, file.directory, &memory, NULL) == HF_OK) {
        /* One that cannot be read says as little as none. */
        (void)hf_directory_read(memory.text, &directory, NULL);
        hf_memory_clear(&memory);
    }
    status = hf_subject_of_account(cli, &file, &directory, subject);
    if (status != HF_EXIT_GOOD) {
        hf_directory_clear(&directory);
        hf_account_file_clear(&file);
        return status;
    }
    subject->file = file;
    subject->directory = directory;
    return HF_EXIT_GOOD;
}

enum hf_exit hf_subject_read(const struct hf_cli *cli,
                             struct hf_subject *subject)
{
    enum hf_exit status;

    if (hf_cli_has(cli, "account"))
        return read_local(cli, subject);
    *subject = (struct hf_subject){.account.status = HF_ACCOUNT_VALID};
    status = read_table(cli, subject);
    if (status == HF_EXIT_GOOD)
        status = read_issuers(cli, subject);
    if (status == HF_EXIT_GOOD)
        status = read_prefixes(cli, subject);
    if (status == HF_EXIT_GOOD)
        status = read_url(cli, subject);
    if (status == HF_EXIT_GOOD)
        status = read_keys(cli, subject);
    read_rules(cli, subject);
    if (status == HF_EXIT_GOOD)
        status = prepare_digests(cli, subject);
    if (status != HF_EXIT_GOOD)
        hf_subject_clear(subject);
    return status;
}

void hf_subject_narrow(struct hf_subject *subject,
                       const struct hf_recognised *recognised)
{
    static const enum hf_rules rules[] = {
        [HF_VARIANT_00] = HF_RULES_DRAFT_00,
        [HF_VARIANT_01] = HF_RULES_DRAFT_01,
        [HF_VARIANT_02] = HF_RULES_DRAFT_02,
    };

    subject->ca.rules = rules[recognised->variant];
    subject->ca.issuer_count = 0;
    add_names(subject, recognised->names);
    subject->has_ca = subject->has_rules = true;
}

void hf_subject_clear(struct hf_subject *subject)
{
    hf_digest_free(subject->digest);
    hf_directory_clear(&subject->directory);
    hf_account_file_clear(&subject->file);
    hf_cas_free(subject->cas);
    *subject = (struct hf_subject){0};
}
