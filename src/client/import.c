/* SPDX-License-Identifier: Apache-2.0 */
#include "client/import.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "acme/document.h"
#include "base/base64.h"
#include "os/fail.h"
#include "os/file.h"

#define DEPTH_MAX 8
#define TEXT_MAX  65536 /* of a file beside the key */
#define PATH_ROOM sizeof(((struct hf_import *)NULL)->path)

_Static_assert(PATH_ROOM >= PATH_MAX, "a path fits");

/* ---- finding the key ---- */

/* Where links lead is not gone into: certbot has some to folders that it reads
 * anyway. */
static size_t search(FTS *files, const char *pattern, char *found, int *failed)
{
    size_t count = 0;

    for (FTSENT *entry = fts_read(files); entry != NULL;
         entry = fts_read(files)) {
        if (entry->fts_info == FTS_D && entry->fts_level == DEPTH_MAX)
            (void)fts_set(files, entry, FTS_SKIP);
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS ||
            entry->fts_info == FTS_ERR)
            *failed = entry->fts_errno;
        if (entry->fts_info == FTS_F &&
            fnmatch(pattern, entry->fts_path, 0) == 0 && count++ == 0)
            (void)snprintf(found, PATH_ROOM, "%s", entry->fts_path);
    }
    return count;
}

/* ---- files beside it ---- */

/* FOLDER/NAME, where FOLDER is that of the key, `up` levels higher. */
static enum hf_err beside(const struct hf_import *import, unsigned up,
                          const char *name, char *out, struct hf_why *why)
{
    size_t len = strlen(import->path);

    for (unsigned i = 0; i <= up; i++)
        while (len > 0 && import->path[--len] != '/')
            continue;
    if (len > 0 && snprintf(out, PATH_MAX, "%.*s/%s", (int)len, import->path,
                            name) < PATH_MAX)
        return HF_OK;
    return hf_fail(why, HF_ELIMIT, 0, "path too long");
}

static enum hf_err read_text(const char *path, struct hf_buf *out,
                             struct hf_why *why)
{
    hf_buf_init_grow(out, TEXT_MAX);
    return hf_file_read(path, out, why);
}

static enum hf_err read_json(const char *path, json_t **out, struct hf_why *why)
{
    struct hf_buf text;
    enum hf_err err = read_text(path, &text, why);

    if (err == HF_OK)
        err = hf_document_read(hf_buf_span(&text), out, why);
    hf_buf_clear_wiped(&text);
    if (err == HF_ESYNTAX)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "what stands beside the key is no JSON object");
    return err;
}

static void copy(struct hf_span text, char *room)
{
    size_t len = text.len > HF_URL_MAX ? 0 : text.len;

    if (len > 0)
        memcpy(room, text.ptr, len);
    room[len] = '\0';
}

/* The part of the path behind `mark`, without its last `cut` components. */
static struct hf_span path_behind(const struct hf_import *import,
                                  const char *mark, unsigned cut)
{
    struct hf_span path = {0};
    const char *at = strstr(import->path, mark);

    while (at != NULL) { /* the last one counts */
        path = hf_span_str(at + strlen(mark));
        at = strstr(path.ptr, mark);
    }
    for (unsigned i = 0; i < cut; i++)
        while (path.len > 0 && path.ptr[--path.len] != '/')
            continue;
    return path;
}

/* ---- certbot ---- */

static enum hf_err read_certbot(struct hf_import *import, struct hf_why *why)
{
    struct hf_span server = path_behind(import, "/accounts/", 2);
    char path[PATH_MAX];
    json_t *json = NULL;
    enum hf_err err = beside(import, 0, "regr.json", path, why);

    if (err == HF_OK)
        err = read_json(path, &json, why);
    if (err != HF_OK)
        return err;
    copy(hf_document_string(json, "uri"), import->url);
    json_decref(json);
    if (server.len > 0 && server.len < HF_URL_MAX - 8)
        (void)snprintf(import->directory, sizeof(import->directory),
                       "https://%.*s", (int)server.len, server.ptr);
    return HF_OK;
}

/* ---- acme.sh ---- */

bool hf_import_assigned(struct hf_span text, const char *name,
                        struct hf_span *out)
{
    struct hf_span key = hf_span_str(name);

    while (text.len > 0) {
        struct hf_span line = hf_span_cut(&text, hf_span_find(text, '\n'));
        char quote;

        (void)hf_span_skip(&text, '\n');
        if (!hf_span_starts(line, key))
            continue;
        (void)hf_span_cut(&line, key.len);
        if (!hf_span_skip(&line, '='))
            continue;
        quote = line.len > 0 ? line.ptr[0] : '\0';
        if (quote != '\'' && quote != '"') {
            *out = line;
            return hf_span_find(line, ' ') == line.len;
        }
        (void)hf_span_cut(&line, 1);
        *out = hf_span_cut(&line, hf_span_find(line, quote));
        return line.len == 1;
    }
    return false;
}

/* Its folders leave out the port of the server, but the account's URL has it.
 */
static void put_acme_sh_directory(struct hf_import *import)
{
    struct hf_span rest = path_behind(import, "/ca/", 1);
    struct hf_span host = hf_span_cut(&rest, hf_span_find(rest, '/'));
    struct hf_url url;

    if (hf_url_parse(hf_span_str(import->url), &url, NULL) == HF_OK &&
        hf_span_eq_nocase(url.host, host))
        host = url.authority;
    if (host.len > 0 && host.len + rest.len < HF_URL_MAX - 8)
        (void)snprintf(import->directory, sizeof(import->directory),
                       "https://%.*s%.*s", (int)host.len, host.ptr,
                       (int)rest.len, rest.ptr);
}

static enum hf_err read_acme_sh(struct hf_import *import, struct hf_why *why)
{
    struct hf_span url;
    char path[PATH_MAX];
    struct hf_buf text = {0};
    enum hf_err err = beside(import, 0, "ca.conf", path, why);

    if (err == HF_OK)
        err = read_text(path, &text, why);
    if (err == HF_OK &&
        hf_import_assigned(hf_buf_span(&text), "ACCOUNT_URL", &url))
        copy(url, import->url);
    /* It has the key of the external account, too. */
    hf_buf_clear_wiped(&text);
    if (err == HF_OK)
        put_acme_sh_directory(import);
    return err;
}

/* ---- lego ---- */

/* What was found is account.json; the key is elsewhere. */
static enum hf_err find_lego_key(struct hf_import *import, const json_t *json,
                                 struct hf_why *why)
{
    struct hf_span id = hf_document_string(json, "id");
    struct hf_span mail = hf_document_string(json, "email");
    char name[512];
    char path[PATH_MAX];
    enum hf_err err;
    int n;

    if (id.len > 0)
        n = snprintf(name, sizeof(name), "%.*s.key", (int)id.len, id.ptr);
    else
        n = snprintf(name, sizeof(name), "keys/%.*s.key", (int)mail.len,
                     mail.ptr);
    if (id.len + mail.len == 0 || n < 0 || (size_t)n >= sizeof(name) ||
        hf_span_find(id, '/') < id.len || hf_span_find(mail, '/') < mail.len)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "lego's account.json has an \"id\" or an \"email\" "
                       "that is the name of its key");
    err = beside(import, 0, name, path, why);
    if (err == HF_OK)
        memcpy(import->path, path, sizeof(path));
    return err;
}

static enum hf_err read_lego(struct hf_import *import, struct hf_why *why)
{
    const json_t *registration;
    json_t *json = NULL;
    enum hf_err err = read_json(import->path, &json, why);

    if (err != HF_OK)
        return err;
    registration = hf_document_member(json, "registration");
    copy(hf_document_string(registration, "uri"), import->url);
    if (import->url[0] == '\0')
        copy(hf_document_string(registration, "accountURL"), import->url);
    copy(hf_document_string(json, "server"), import->directory);
    err = find_lego_key(import, json, why);
    json_decref(json);
    return err;
}

/* ---- the others ---- */

static enum hf_err read_uacme(struct hf_import *import, struct hf_why *why)
{
    (void)import;
    (void)why;
    return HF_OK; /* the key is all there is */
}

static enum hf_err read_dehydrated(struct hf_import *import, struct hf_why *why)
{
    struct hf_span name = path_behind(import, "/accounts/", 1);
    char path[PATH_MAX];
    json_t *json = NULL;
    enum hf_err err = beside(import, 0, "account_id.json", path, why);

    if (err == HF_OK)
        err = read_json(path, &json, why);
    if (err != HF_OK)
        return err;
    copy(hf_document_string(json, "url"), import->url);
    json_decref(json);
    /* The folder is the directory's URL, and a line feed. */
    if (name.len < HF_URL_MAX &&
        hf_base64url_decode(name, (unsigned char *)import->directory)) {
        import->directory[name.len * 3 / 4] = '\0';
        import->directory[strcspn(import->directory, "\n")] = '\0';
    } else {
        import->directory[0] = '\0';
    }
    return HF_OK;
}

static enum hf_err read_caddy(struct hf_import *import, struct hf_why *why)
{
    size_t len = strlen(import->path) - strlen(".key");
    char path[PATH_MAX];
    json_t *json = NULL;
    enum hf_err err;

    (void)snprintf(path, sizeof(path), "%.*s.json", (int)len, import->path);
    err = read_json(path, &json, why);
    if (err == HF_OK)
        copy(hf_document_string(json, "location"), import->url);
    json_decref(json);
    return err;
}

/* The passphrase of all keys of mod_md is in one file above them. */
static enum hf_err read_mod_md(struct hf_import *import, struct hf_why *why)
{
    char path[PATH_MAX];
    json_t *store = NULL;
    json_t *json = NULL;
    struct hf_span key;
    enum hf_err err = beside(import, 0, "account.json", path, why);

    if (err == HF_OK)
        err = read_json(path, &json, why);
    if (err == HF_OK) {
        copy(hf_document_string(json, "url"), import->url);
        copy(hf_document_string(json, "ca-url"), import->directory);
    }
    json_decref(json);
    if (err == HF_OK)
        err = beside(import, 2, "md_store.json", path, why);
    if (err != HF_OK)
        return err;
    err = read_json(path, &store, why);
    key = hf_document_string(store, "key");
    if (err == HF_OK && key.len < sizeof(import->passphrase) &&
        hf_base64url_decode(key, (unsigned char *)import->passphrase))
        import->passphrase_len = key.len * 3 / 4;
    json_decref(store);
    return err == HF_ENOTFOUND ? HF_OK : err; /* its keys are plain, then */
}

/* ---- all of them ---- */

static const struct format {
    const char *name;
    const char *pattern; /* of the file to be found */
    enum hf_err (*read)(struct hf_import *import, struct hf_why *why);
} formats[] = {
    {"certbot", "*/private_key.json", read_certbot},
    {"acme.sh", "*/account.key", read_acme_sh},
    {"lego", "*/account.json", read_lego},
    {"uacme", "*/private/key.pem", read_uacme},
    {"dehydrated", "*/account_key.pem", read_dehydrated},
    {"caddy", "*/users/*/*.key", read_caddy},
    {"mod_md", "*/account.pem", read_mod_md},
};

static enum hf_err find(const struct format *format, const char *path,
                        struct hf_import *import, struct hf_why *why)
{
    char whole[PATH_MAX];
    char *const paths[] = {whole, NULL};
    enum hf_err err = hf_file_absolute(path, whole, sizeof(whole), why);
    int failed = 0;
    size_t count;
    FTS *files;

    if (err != HF_OK)
        return err;
    files = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (files == NULL)
        return hf_fail_sys(why, errno, "open folder");
    count = search(files, format->pattern, import->path, &failed);
    (void)fts_close(files);
    if (failed != 0)
        return hf_fail_sys(why, failed, "look for accounts");
    if (count == 0)
        return hf_fail(why, HF_ENOTFOUND, 0,
                       "no account of that client is there");
    if (count > 1)
        return hf_fail(why, HF_ELIMIT, 0,
                       "there are several accounts; name the folder of one");
    return HF_OK;
}

static enum hf_err read_key(struct hf_import *import, struct hf_why *why)
{
    struct stat about;

    hf_buf_init_grow(&import->key, HF_KEY_PEM_MAX);
    if (hf_buf_reserve(&import->key, HF_KEY_PEM_MAX) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    import->exposed = stat(import->path, &about) == 0 &&
                      (about.st_mode & (S_IRGRP | S_IROTH)) != 0;
    return hf_file_read(import->path, &import->key, why);
}

enum hf_err hf_import_read(struct hf_span format, const char *path,
                           struct hf_import *out, struct hf_why *why)
{
    const size_t count = sizeof(formats) / sizeof(formats[0]);
    enum hf_err err;
    size_t i = 0;

    *out = (struct hf_import){0};
    while (i < count && !hf_span_eq(format, hf_span_str(formats[i].name)))
        i++;
    if (i == count)
        return hf_fail(why, HF_EINVAL, 0,
                       "no such format; there are " HF_IMPORT_FORMATS);
    err = find(&formats[i], path, out, why);
    if (err == HF_OK)
        err = formats[i].read(out, why);
    if (err == HF_OK)
        err = read_key(out, why);
    if (err != HF_OK)
        hf_import_clear(out);
    return err;
}

void hf_import_clear(struct hf_import *import)
{
    hf_buf_clear_wiped(&import->key);
    explicit_bzero(import, sizeof(*import));
}
