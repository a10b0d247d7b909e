/* SPDX-License-Identifier: Apache-2.0 */
#include "client/lineage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/document.h"
#include "client/members.h"
#include "client/nick.h"
#include "os/fail.h"
#include "os/file.h"
#include "os/folder.h"

#define FILE_MAX   65536
#define NUMBER_MAX 999999

static const struct hf_nicks lineages = {"renewal", ".json", 128};

bool hf_lineage_name_is_good(struct hf_span name)
{
    return hf_nick_is_good(&lineages, name);
}

/* STATE/KIND[/NAME][SUFFIX] with NUL. */
static enum hf_err path_of(const char *state, const char *kind,
                           struct hf_span name, const char *suffix, char *out,
                           struct hf_why *why)
{
    struct hf_buf path;

    if (!hf_lineage_name_is_good(name))
        return hf_fail(why, HF_EINVAL, 0,
                       "a certificate's name has 1 to 128 letters, digits, "
                       "dots, hyphens or underscores, and no dot in front");
    hf_buf_init(&path, out, PATH_MAX);
    hf_buf_puts(&path, state);
    hf_buf_putc(&path, '/');
    hf_buf_puts(&path, kind);
    hf_buf_putc(&path, '/');
    hf_buf_put(&path, name);
    hf_buf_puts(&path, suffix);
    hf_buf_putc(&path, '\0');
    if (path.full)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return HF_OK;
}

enum hf_err hf_lineage_folder(const char *state, struct hf_span name, char *out,
                              size_t size, struct hf_why *why)
{
    char path[PATH_MAX];
    enum hf_err err = path_of(state, "live", name, "", path, why);
    size_t len = strlen(path) + 1;

    if (err != HF_OK)
        return err;
    if (len > size)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    memcpy(out, path, len);
    return HF_OK;
}

/* ---- renewal/NAME.json ---- */

static const struct hf_member members[] = {
    {"name", offsetof(struct hf_lineage, name)},
    {"account", offsetof(struct hf_lineage, account)},
    {"keyType", offsetof(struct hf_lineage, key_type)},
    {"profile", offsetof(struct hf_lineage, profile)},
    {"preferredProfile", offsetof(struct hf_lineage, preferred_profile)},
    {"chain", offsetof(struct hf_lineage, chain)},
    {"csr", offsetof(struct hf_lineage, csr)},
    {"certificateUrl", offsetof(struct hf_lineage, url)},
    {"preHook", offsetof(struct hf_lineage, pre_hook)},
    {"deployHook", offsetof(struct hf_lineage, deploy_hook)},
    {"postHook", offsetof(struct hf_lineage, post_hook)},
};

#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

static void read_members(const json_t *root, struct hf_lineage *out)
{
    hf_members_read(root, members, MEMBER_COUNT, out);
    out->name_count =
        hf_members_list(root, "names", out->names, HF_LINEAGE_NAMES_MAX);
    out->account_count = hf_members_list(root, "accounts", out->accounts,
                                         HF_LINEAGE_ACCOUNTS_MAX);
    if (out->account_count == 0 && out->account.len > 0)
        out->accounts[out->account_count++] = out->account;
    out->undeployed_count = hf_members_list(root, "undeployed", out->undeployed,
                                            HF_LINEAGE_UNDEPLOYED_MAX);
    hf_means_read(root, &out->means);
    out->reuses_key = hf_members_flag(root, "reusesKey");
    out->must_staple = hf_members_flag(root, "mustStaple");
    out->issued_at = hf_members_number(root, "issuedAt");
    out->renew_at = hf_members_number(root, "renewAt");
    out->ask_ari_at = hf_members_number(root, "askAriAt");
}

enum hf_err hf_lineage_read(const char *state, struct hf_span name,
                            struct hf_lineage *out, struct hf_why *why)
{
    struct hf_lineage lineage = {0};
    char path[PATH_MAX];
    enum hf_err err = path_of(state, "renewal", name, ".json", path, why);

    if (err != HF_OK)
        return err;
    err = hf_members_load(path, FILE_MAX, &lineage.json, why);
    if (err != HF_OK)
        return err;
    read_members(lineage.json, &lineage);
    if (!hf_span_eq(lineage.name, name) || lineage.name_count == 0 ||
        lineage.account.len == 0) {
        hf_lineage_clear(&lineage);
        return hf_fail(why, HF_EINVAL, 0,
                       "the renewal file lacks its name, the account or the "
                       "names: restore it from a backup, or issue anew");
    }
    *out = lineage;
    return HF_OK;
}

void hf_lineage_clear(struct hf_lineage *lineage)
{
    json_decref(lineage->json);
    *lineage = (struct hf_lineage){0};
}

/* False when a text is not UTF-8. */
static bool put_file(struct hf_buf *out, const struct hf_lineage *lineage)
{
    struct hf_json json = hf_json_to(out);
    bool good;

    hf_json_open(&json, '{');
    hf_json_key_int(&json, "format", 1);
    good = hf_members_put(&json, members, MEMBER_COUNT, lineage);
    hf_json_key_list(&json, "names", lineage->names, lineage->name_count);
    if (lineage->account_count > 1)
        hf_json_key_list(&json, "accounts", lineage->accounts,
                         lineage->account_count);
    if (lineage->undeployed_count > 0)
        hf_json_key_list(&json, "undeployed", lineage->undeployed,
                         lineage->undeployed_count);
    good = hf_means_put(&json, &lineage->means) && good;
    hf_json_key_bool(&json, "reusesKey", lineage->reuses_key);
    hf_json_key_bool(&json, "mustStaple", lineage->must_staple);
    hf_json_key_int(&json, "issuedAt", lineage->issued_at);
    hf_json_key_int(&json, "renewAt", lineage->renew_at);
    hf_json_key_int(&json, "askAriAt", lineage->ask_ari_at);
    hf_json_close(&json, '}');
    hf_buf_putc(out, '\n');
    return good;
}

enum hf_err hf_lineage_write(const char *state,
                             const struct hf_lineage *lineage,
                             struct hf_why *why)
{
    char path[PATH_MAX];
    struct hf_buf text;
    enum hf_err err =
        path_of(state, "renewal", lineage->name, ".json", path, why);

    if (err == HF_OK)
        err = hf_folder_make_in(state, "renewal", why);
    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&text, FILE_MAX);
    if (!put_file(&text, lineage))
        err = hf_fail(why, HF_EINVAL, 0,
                      "the options hold text that is not UTF-8");
    else if (text.full)
        err = hf_fail(why, HF_ELIMIT, 0, "the renewal file would be too long");
    else
        err = hf_file_replace_path(path, hf_buf_span(&text), why);
    hf_buf_clear(&text);
    return err;
}

bool hf_lineage_owes(const struct hf_lineage *lineage, struct hf_span live)
{
    return hf_span_among(live, lineage->undeployed, lineage->undeployed_count);
}

void hf_lineage_owe(struct hf_lineage *lineage, struct hf_span live,
                    struct hf_span serial)
{
    size_t count = 0;

    if (hf_lineage_owes(lineage, live))
        lineage->undeployed[count++] = live;
    lineage->undeployed[count++] = serial;
    lineage->undeployed_count = count;
}

enum hf_err hf_lineage_list(const char *state, struct hf_buf *out,
                            size_t *count, struct hf_why *why)
{
    return hf_nick_list(&lineages, state, out, count, why);
}

/* ---- the archive ---- */

/* The files of one certificate; how they are called and who may read them. */
static const struct part {
    const char *name;
    unsigned mode;
} parts[] = {
    {"privkey", 0600},
    {"cert", 0644},
    {"chain", 0644},
    {"fullchain", 0644},
};

#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

/* The parts that there are: without a key of ours, all but the first. */
static size_t first_part(const struct hf_issued *issued)
{
    return issued->key.len > 0 ? 0 : 1;
}

/* The largest N there is in the archive; 0 when it is empty. */
static unsigned last_number(DIR *archive)
{
    unsigned last = 0;
    const struct dirent *entry;

    for (entry = readdir(archive); entry != NULL; entry = readdir(archive)) {
        struct hf_span rest = hf_span_str(entry->d_name);
        unsigned n = 0;

        while (rest.len > 0 && !hf_is_digit(rest.ptr[0]))
            (void)hf_span_cut(&rest, 1);
        while (rest.len > 0 && hf_is_digit(rest.ptr[0]) && n <= NUMBER_MAX) {
            n = n * 10 + (unsigned)(rest.ptr[0] - '0');
            (void)hf_span_cut(&rest, 1);
        }
        if (hf_span_eq(rest, HF_SPAN(".pem")) && n > last)
            last = n;
    }
    return last;
}

static enum hf_err write_parts(int dir, unsigned number,
                               const struct hf_issued *issued,
                               struct hf_why *why)
{
    const struct hf_span text[PART_COUNT][2] = {
        {issued->key},
        {issued->cert},
        {issued->chain},
        {issued->cert, issued->chain},
    };
    struct hf_file_new files[PART_COUNT];
    char names[PART_COUNT][NAME_MAX];
    size_t first = first_part(issued);

    for (size_t i = first; i < PART_COUNT; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%s%u.pem", parts[i].name,
                       number);
        files[i] = (struct hf_file_new){
            names[i], parts[i].mode, {text[i][0], text[i][1]}};
    }
    return hf_file_replace_all(dir, files + first, PART_COUNT - first, why);
}

static enum hf_err archive(const char *state, struct hf_span name,
                           const struct hf_issued *issued, unsigned *number,
                           struct hf_why *why)
{
    char path[PATH_MAX];
    enum hf_err err = path_of(state, "archive", name, "", path, why);
    DIR *folder;

    if (err == HF_OK)
        err = hf_folder_make(path, why);
    if (err != HF_OK)
        return err;
    folder = opendir(path);
    if (folder == NULL)
        return hf_fail_sys(why, errno, "open the archive");
    *number = last_number(folder) + 1;
    if (*number > NUMBER_MAX)
        err = hf_fail(why, HF_ELIMIT, 0, "the archive is full");
    else
        err = write_parts(dirfd(folder), *number, issued, why);
    (void)closedir(folder);
    return err;
}

/* ---- the live links ---- */

/* A folder of links, and nothing else that we would remove. */
static void remove_links(const char *path)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (dir < 0)
        return;
    for (size_t i = 0; i < PART_COUNT; i++) {
        char link[NAME_MAX];

        (void)snprintf(link, sizeof(link), "%s.pem", parts[i].name);
        (void)unlinkat(dir, link, 0);
    }
    (void)close(dir);
    (void)rmdir(path);
}

static enum hf_err make_links(const char *path, struct hf_span name,
                              size_t first, unsigned number, struct hf_why *why)
{
    enum hf_err err = HF_OK;
    int dir;

    remove_links(path); /* left behind by a crash */
    if (mkdir(path, 0700) != 0)
        return hf_fail_sys(why, errno, "make the new live folder");
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return hf_fail_sys(why, errno, "open the new live folder");
    for (size_t i = first; i < PART_COUNT && err == HF_OK; i++) {
        char target[256]; /* a name has 128 octets at most */
        char link[NAME_MAX];

        (void)snprintf(link, sizeof(link), "%s.pem", parts[i].name);
        (void)snprintf(target, sizeof(target), "../../archive/%.*s/%s%u.pem",
                       (int)name.len, name.ptr, parts[i].name, number);
        if (symlinkat(target, dir, link) != 0)
            err = hf_fail_sys(why, errno, "make a live link");
    }
    if (err == HF_OK && fsync(dir) != 0)
        err = hf_fail_sys(why, errno, "write the live links");
    (void)close(dir);
    return err;
}

/* Put `fresh` in the place of `path`, in one step. */
static enum hf_err exchange(const char *fresh, const char *path,
                            struct hf_why *why)
{
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
        return HF_OK;
    if (errno == ENOENT && rename(fresh, path) == 0)
        return HF_OK;
    return hf_fail_sys(why, errno, "exchange the live folder");
}

static enum hf_err sync_folder(const char *path, struct hf_why *why)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum hf_err err = HF_OK;

    if (dir < 0 || fsync(dir) != 0)
        err = hf_fail_sys(why, errno, "write the live folder");
    if (dir >= 0)
        (void)close(dir);
    return err;
}

static enum hf_err make_live(const char *state, struct hf_span name,
                             size_t first, unsigned number, struct hf_why *why)
{
    char parent[PATH_MAX];
    char fresh[PATH_MAX];
    char path[PATH_MAX];
    enum hf_err err = path_of(state, "live", name, "", path, why);
    int n = snprintf(parent, sizeof(parent), "%s/live", state);
    int m = snprintf(fresh, sizeof(fresh), "%s/live/.%.*s.new", state,
                     (int)name.len, name.ptr);

    if (err == HF_OK && (n < 0 || (size_t)n >= sizeof(parent) || m < 0 ||
                         (size_t)m >= sizeof(fresh)))
        err = hf_fail(why, HF_ELIMIT, 0, "path too long");
    if (err == HF_OK)
        err = hf_folder_make(parent, why);
    if (err == HF_OK)
        err = make_links(fresh, name, first, number, why);
    if (err == HF_OK)
        err = exchange(fresh, path, why);
    if (err == HF_OK)
        err = sync_folder(parent, why);
    remove_links(fresh);
    return err;
}

enum hf_err hf_lineage_install(const char *state, struct hf_span name,
                               const struct hf_issued *issued, unsigned *number,
                               struct hf_why *why)
{
    enum hf_err err = archive(state, name, issued, number, why);

    return err == HF_OK
               ? make_live(state, name, first_part(issued), *number, why)
               : err;
}

enum hf_err hf_lineage_live(const char *state, struct hf_span name,
                            const char *file, struct hf_buf *out,
                            struct hf_why *why)
{
    char folder[PATH_MAX];
    char path[PATH_MAX];
    enum hf_err err =
        hf_lineage_folder(state, name, folder, sizeof(folder), why);
    int n;

    if (err != HF_OK)
        return err;
    n = snprintf(path, sizeof(path), "%s/%s", folder, file);
    if (n < 0 || (size_t)n >= sizeof(path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return hf_file_read(path, out, why);
}
