/* SPDX-License-Identifier: Apache-2.0 */
#include "client/account.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "acme/document.h"
#include "client/members.h"
#include "client/nick.h"
#include "crypto/private_key.h"
#include "holdfast/hashed_uri.h"
#include "os/fail.h"
#include "os/file.h"
#include "os/folder.h"

#define FILE_NAME    "account.json"
#define FILE_MAX     65536
#define KEY_NAME_MAX (HF_THUMBPRINT_LEN + 16)

static const struct hf_nicks accounts = {"accounts", "", HF_ACCOUNT_NAME_MAX};

bool hf_account_name_is_good(struct hf_span name)
{
    return hf_nick_is_good(&accounts, name);
}

enum hf_err hf_account_folder(const char *state, struct hf_span name, char *out,
                              size_t size, struct hf_why *why)
{
    struct hf_buf path;

    if (!hf_account_name_is_good(name))
        return hf_fail(why, HF_EINVAL, 0,
                       "an account's name has 1 to 64 letters, digits, dots, "
                       "hyphens or underscores, and no dot in front");
    hf_buf_init(&path, out, size);
    hf_buf_puts(&path, state);
    hf_buf_puts(&path, "/accounts/");
    hf_buf_put(&path, name);
    hf_buf_putc(&path, '\0');
    if (path.full)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return HF_OK;
}

/* ---- account.json ---- */

/* The members that are text, and where they go. */
static const struct hf_member members[] = {
    {"name", offsetof(struct hf_account_file, name)},
    {"ca", offsetof(struct hf_account_file, ca)},
    {"directory", offsetof(struct hf_account_file, directory)},
    {"url", offsetof(struct hf_account_file, url)},
    {"status", offsetof(struct hf_account_file, status)},
    {"contact", offsetof(struct hf_account_file, contact)},
    {"eabKid", offsetof(struct hf_account_file, eab_kid)},
    {"thumbprint", offsetof(struct hf_account_file, thumbprint)},
    {"next", offsetof(struct hf_account_file, next)},
    {"signer", offsetof(struct hf_account_file, signer)},
    {"passphraseFile", offsetof(struct hf_account_file, passphrase.file)},
    {"passphraseCredential",
     offsetof(struct hf_account_file, passphrase.credential)},
    {"passphraseCommand", offsetof(struct hf_account_file, passphrase.command)},
    {"nextPassphraseFile",
     offsetof(struct hf_account_file, next_passphrase.file)},
    {"nextPassphraseCredential",
     offsetof(struct hf_account_file, next_passphrase.credential)},
    {"nextPassphraseCommand",
     offsetof(struct hf_account_file, next_passphrase.command)},
    {"tcti", offsetof(struct hf_account_file, tcti)},
};

#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

static void read_members(const json_t *root, struct hf_account_file *out)
{
    size_t count;

    hf_members_read(root, members, MEMBER_COUNT, out);
    count = hf_members_list(root, "prior", out->prior, HF_ACCOUNT_PRIOR_MAX);
    for (size_t i = 0; i < count; i++)
        if (hf_thumbprint_is_valid(out->prior[i]))
            out->prior[out->prior_count++] = out->prior[i];
    out->hole_count =
        hf_members_list(root, "tokenAllow", out->holes, HF_ACCOUNT_HOLES_MAX);
    out->plaintext = hf_members_flag(root, "plaintext");
    out->next_plaintext = hf_members_flag(root, "nextPlaintext");
    out->created_at = hf_members_number(root, "createdAt");
    out->checked_at = hf_members_number(root, "checkedAt");
    out->keyed_at = hf_members_number(root, "keyedAt");
}

/* A key cannot come after itself: it would be removed as the old one. */
static bool is_whole(const struct hf_account_file *account)
{
    return account->directory.len > 0 && account->url.len > 0 &&
           hf_thumbprint_is_valid(account->thumbprint) &&
           (account->next.len == 0 ||
            (hf_thumbprint_is_valid(account->next) &&
             !hf_span_eq(account->next, account->thumbprint)));
}

/* A folder that was copied or moved is another account here. */
static struct hf_span name_of(const char *folder)
{
    const char *slash = strrchr(folder, '/');

    return hf_span_str(slash == NULL ? folder : slash + 1);
}

static enum hf_err path_of(const char *folder, const char *name, char *out,
                           struct hf_why *why)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);

    if (n < 0 || n >= PATH_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return HF_OK;
}

enum hf_err hf_account_file_read(const char *folder,
                                 struct hf_account_file *out,
                                 struct hf_why *why)
{
    struct hf_account_file account = {0};
    char path[PATH_MAX];
    enum hf_err err = path_of(folder, FILE_NAME, path, why);

    if (err != HF_OK)
        return err;
    err = hf_members_load(path, FILE_MAX, &account.json, why);
    if (err == HF_ESYNTAX)
        err = hf_fail(why, HF_ESYNTAX, why == NULL ? 0 : why->at,
                      "account.json is not what holdfast writes: restore it "
                      "from a backup, or import the account again");
    if (err != HF_OK)
        return err;
    read_members(account.json, &account);
    account.name = name_of(folder);
    if (!is_whole(&account)) {
        hf_account_file_clear(&account);
        return hf_fail(why, HF_EINVAL, 0,
                       "account.json lacks the directory, the account's URL "
                       "or a thumbprint: restore it from a backup");
    }
    *out = account;
    return HF_OK;
}

void hf_account_file_clear(struct hf_account_file *account)
{
    json_decref(account->json);
    *account = (struct hf_account_file){0};
}

/* False when some text is not UTF-8. */
static bool put_file(struct hf_buf *out, const struct hf_account_file *account)
{
    struct hf_json json = hf_json_to(out);
    bool good;

    hf_json_open(&json, '{');
    hf_json_key_int(&json, "format", 1);
    good = hf_members_put(&json, members, MEMBER_COUNT, account);
    hf_json_key_list(&json, "prior", account->prior, account->prior_count);
    hf_json_key_list(&json, "tokenAllow", account->holes, account->hole_count);
    hf_json_key_bool(&json, "plaintext", account->plaintext);
    hf_json_key_bool(&json, "nextPlaintext", account->next_plaintext);
    hf_json_key_int(&json, "createdAt", account->created_at);
    hf_json_key_int(&json, "checkedAt", account->checked_at);
    hf_json_key_int(&json, "keyedAt", account->keyed_at);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
    return good;
}

enum hf_err hf_account_file_write(const char *folder,
                                  const struct hf_account_file *account,
                                  struct hf_why *why)
{
    char path[PATH_MAX];
    struct hf_buf text;
    enum hf_err err = hf_folder_make(folder, why);

    if (err == HF_OK)
        err = path_of(folder, FILE_NAME, path, why);
    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&text, FILE_MAX);
    if (!put_file(&text, account))
        err = hf_fail(why, HF_EINVAL, 0,
                      "what is not UTF-8 cannot be kept in account.json: a "
                      "file's name, a command, a contact");
    else if (text.full)
        err = hf_fail(why, HF_ELIMIT, 0, "account.json would be too long");
    else
        err = hf_file_replace_path(path, hf_buf_span(&text), why);
    hf_buf_clear(&text);
    return err;
}

/* ---- key files ---- */

void hf_account_key_path(const char *folder, struct hf_span thumbprint,
                         struct hf_buf *out)
{
    hf_buf_puts(out, folder);
    hf_buf_puts(out, "/key-");
    hf_buf_put(out, thumbprint);
    hf_buf_puts(out, ".pem");
}

static enum hf_err key_path(const char *folder, struct hf_span thumbprint,
                            char *out, struct hf_why *why)
{
    struct hf_buf path;

    hf_buf_init(&path, out, PATH_MAX);
    hf_account_key_path(folder, thumbprint, &path);
    hf_buf_putc(&path, '\0');
    if (path.full)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return HF_OK;
}

enum hf_err hf_account_key_read(const char *folder, struct hf_span thumbprint,
                                struct hf_buf *pem, struct hf_why *why)
{
    char path[PATH_MAX];
    enum hf_err err = key_path(folder, thumbprint, path, why);

    return err == HF_OK ? hf_file_read_private(path, pem, why) : err;
}

enum hf_err hf_account_key_write(const char *folder, struct hf_span thumbprint,
                                 struct hf_span pem, struct hf_why *why)
{
    char path[PATH_MAX];
    enum hf_err err = hf_folder_make(folder, why);

    if (err == HF_OK)
        err = key_path(folder, thumbprint, path, why);
    return err == HF_OK ? hf_file_replace_path(path, pem, why) : err;
}

enum hf_err hf_account_key_place(const char *folder, struct hf_span thumbprint,
                                 struct hf_key_place *out, struct hf_why *why)
{
    struct hf_key_place place = {0};
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    struct hf_buf uri;
    enum hf_err err;

    hf_buf_init(&pem, room, sizeof(room));
    hf_buf_init(&uri, place.uri, sizeof(place.uri) - 1);
    err = hf_account_key_read(folder, thumbprint, &pem, why);
    place.home = hf_key_home_of(hf_buf_span(&pem));
    if (err == HF_OK && place.home == HF_HOME_PKCS11)
        err = hf_key_note_read_uri(hf_buf_span(&pem), &uri, why);
    place.plain = place.home == HF_HOME_FILE &&
                  !hf_private_key_is_encrypted(hf_buf_span(&pem));
    explicit_bzero(room, sizeof(room));
    if (err == HF_OK)
        *out = place;
    return err;
}

/* "key-THUMBPRINT.pem", and ".key-THUMBPRINT.pem.new" that a crash left. */
static bool is_key_file(struct hf_span name, struct hf_span keep)
{
    (void)hf_span_skip(&name, '.');
    if (!hf_span_starts(name, HF_SPAN("key-")))
        return false;
    (void)hf_span_cut(&name, strlen("key-"));
    return !hf_span_starts(name, keep) ||
           !hf_span_eq(
               (struct hf_span){name.ptr + keep.len, name.len - keep.len},
               HF_SPAN(".pem"));
}

enum hf_err hf_account_keys_sweep(const char *folder, struct hf_span keep,
                                  struct hf_why *why)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    enum hf_err err = HF_OK;

    if (dir == NULL)
        return hf_fail_sys(why, errno, "open folder");
    while ((entry = readdir(dir)) != NULL) {
        if (is_key_file(hf_span_str(entry->d_name), keep) &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0 && errno != ENOENT)
            err = hf_fail_sys(why, errno, "remove");
    }
    (void)closedir(dir);
    return err;
}

/* ---- all of them ---- */

enum hf_err hf_account_names(const char *state, struct hf_buf *out,
                             size_t *count, struct hf_why *why)
{
    return hf_nick_list(&accounts, state, out, count, why);
}
