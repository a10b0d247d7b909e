/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/tsig_key.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/octets.h"
#include "dns/resolver.h"
#include "os/fail.h"

#define FILE_MAX ((size_t)64 << 10)

/* RFC 8945, section 6; MD5 is left out on purpose. */
static const struct hf_tsig_alg algs[] = {
    {"hmac-sha256", "SHA256"}, {"hmac-sha512", "SHA512"},
    {"hmac-sha384", "SHA384"}, {"hmac-sha224", "SHA224"},
    {"hmac-sha1", "SHA1"},
};

static const struct hf_tsig_alg *find_alg(struct hf_span name)
{
    if (name.len > 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++)
        if (hf_span_eq_nocase(name, hf_span_str(algs[i].name)))
            return &algs[i];
    return NULL;
}

/* Ordinary base64 with padding, by way of its sibling without. */
static bool read_secret(struct hf_span text, struct hf_tsig_key *key)
{
    char url[HF_BASE64URL_LEN(HF_TSIG_SECRET_MAX)];
    bool good;

    while (text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    if (text.len == 0 || text.len > sizeof(url))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '-' || c == '_')
            return false;
        url[i] = c;
        if (c == '+')
            url[i] = '-';
        if (c == '/')
            url[i] = '_';
    }
    good = hf_base64url_decode((struct hf_span){url, text.len}, key->secret);
    key->secret_len = text.len * 3 / 4;
    explicit_bzero(url, sizeof(url));
    return good;
}

static enum hf_err name_key(struct hf_tsig_key *key, struct hf_span alg,
                            struct hf_span name, struct hf_why *why)
{
    key->alg = alg.len == 0 ? &algs[0] : find_alg(alg);
    if (key->alg == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "unknown TSIG algorithm: hmac-sha256 and its kind are "
                       "known, MD5 is not");
    if (hf_wire_name_parse(hf_span_str(key->alg->name), &key->alg_name, why) !=
            HF_OK ||
        hf_wire_name_parse(name, &key->name, why) != HF_OK)
        return hf_fail(why, HF_ESYNTAX, 0, "the key's name is not a name");
    hf_wire_name_lower(&key->name);
    return HF_OK;
}

static enum hf_err make_key(struct hf_span alg, struct hf_span name,
                            struct hf_span secret, struct hf_tsig_key **out,
                            struct hf_why *why)
{
    struct hf_tsig_key *key = hf_alloc(1, sizeof(*key));
    enum hf_err err;

    if (key == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = name_key(key, alg, name, why);
    if (err == HF_OK && !read_secret(secret, key))
        err = hf_fail(why, HF_ESYNTAX, 0, "the key's secret is not base64");
    if (err != HF_OK)
        hf_tsig_key_free(key);
    else
        *out = key;
    return err;
}

void hf_tsig_key_free(struct hf_tsig_key *key)
{
    if (key != NULL)
        hf_free_wiped(key, sizeof(*key));
}

enum hf_err hf_tsig_key_parse(struct hf_span text, struct hf_tsig_key **out,
                              struct hf_why *why)
{
    struct hf_span rest = text;
    struct hf_span parts[3] = {{0}};
    size_t count = 0;

    for (bool more = true; more && count < 3; count++) {
        parts[count] = hf_span_cut(&rest, hf_span_find(rest, ':'));
        more = hf_span_skip(&rest, ':');
    }
    if (count < 2 || rest.len > 0)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "a key is written [algorithm:]name:secret");
    if (count == 2)
        return make_key(HF_SPAN(""), parts[0], parts[1], out, why);
    return make_key(parts[0], parts[1], parts[2], out, why);
}

/* ---- between processes ---- */

void hf_tsig_key_put(const struct hf_tsig_key *key, struct hf_buf *out)
{
    char room[HF_OWNER_TEXT_MAX];
    struct hf_buf name;

    if (key == NULL)
        return;
    hf_buf_init(&name, room, sizeof(room));
    hf_wire_name_put(&name, &key->name);
    hf_put_text(out, hf_span_str(key->alg->name));
    hf_put_text(out, hf_buf_span(&name));
    hf_put_text(out,
                (struct hf_span){(const char *)key->secret, key->secret_len});
}

enum hf_err hf_tsig_key_take(struct hf_span octets, struct hf_tsig_key **out,
                             struct hf_why *why)
{
    struct hf_span alg, name, secret;
    struct hf_tsig_key *key;
    enum hf_err err;

    if (octets.len == 0) {
        *out = NULL;
        return HF_OK;
    }
    if (!hf_take_text(&octets, UINT8_MAX, &alg) ||
        !hf_take_text(&octets, HF_OWNER_TEXT_MAX, &name) ||
        !hf_take_text(&octets, HF_TSIG_SECRET_MAX, &secret) || octets.len > 0)
        return hf_fail(why, HF_ESYNTAX, 0, "a broken key");
    key = hf_alloc(1, sizeof(*key));
    if (key == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = name_key(key, alg, name, why);
    if (err != HF_OK) {
        hf_tsig_key_free(key);
        return err;
    }
    memcpy(key->secret, secret.ptr, secret.len);
    key->secret_len = secret.len;
    *out = key;
    return HF_OK;
}

/* ---- files ---- */

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '{' ||
           c == '}' || c == ';' || c == '"' || c == '\'';
}

/* The next word; comments of both kinds of file are stepped over. */
static struct hf_span take_word(struct hf_span *rest)
{
    size_t n = 0;

    while (rest->len > 0) {
        bool comment =
            rest->ptr[0] == '#' || hf_span_starts(*rest, HF_SPAN("//"));

        if (!comment && !is_between(rest->ptr[0]))
            break;
        (void)hf_span_cut(rest, comment ? hf_span_find(*rest, '\n') : 1);
    }
    while (n < rest->len && !is_between(rest->ptr[n]))
        n++;
    return hf_span_cut(rest, n);
}

/* What `word` introduces: "secret", "secret:". */
static bool introduces(struct hf_span word, const char *what)
{
    if (word.len > 0 && word.ptr[word.len - 1] == ':')
        word.len--;
    return hf_span_eq(word, hf_span_str(what));
}

enum hf_err hf_tsig_key_read(struct hf_span text, struct hf_tsig_key **out,
                             struct hf_why *why)
{
    struct hf_span rest = text;
    struct hf_span word = take_word(&rest);
    struct hf_span name = {0};
    struct hf_span alg = {0};
    struct hf_span secret = {0};

    if (!introduces(word, "key"))
        return hf_tsig_key_parse(word, out, why);
    for (; word.len > 0 && secret.len == 0; word = take_word(&rest)) {
        if (hf_span_eq(word, HF_SPAN("key")) || introduces(word, "id"))
            name = take_word(&rest);
        else if (introduces(word, "algorithm"))
            alg = take_word(&rest);
        else if (introduces(word, "secret"))
            secret = take_word(&rest);
    }
    if (name.len == 0 || secret.len == 0)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "no key with a name and a secret in the file");
    return make_key(alg, name, secret, out, why);
}

static enum hf_err read_all(int fd, char *room, size_t *len, struct hf_why *why)
{
    struct stat about;
    ssize_t n = 1;

    if (fstat(fd, &about) != 0)
        return hf_fail_sys(why, errno, "cannot look at the key file");
    if (!S_ISREG(about.st_mode))
        return hf_fail(why, HF_EINVAL, 0, "the key file is not a file");
    if ((about.st_mode & 07) != 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "everybody can read or write the key file: make it "
                       "private first (chmod o= FILE)");
    for (*len = 0; n > 0 && *len < FILE_MAX; *len += (size_t)n) {
        n = read(fd, room + *len, FILE_MAX - *len);
        if (n < 0)
            return hf_fail_sys(why, errno, "cannot read the key file");
    }
    return HF_OK;
}

enum hf_err hf_tsig_key_load(const char *path, struct hf_tsig_key **out,
                             struct hf_why *why)
{
    char *room = hf_alloc(FILE_MAX, 1);
    size_t len = 0;
    enum hf_err err;
    int fd;

    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    err = fd < 0 ? hf_fail_sys(why, errno, "cannot open the key file")
                 : read_all(fd, room, &len, why);
    if (err == HF_OK)
        err = hf_tsig_key_read((struct hf_span){room, len}, out, why);
    if (fd >= 0)
        (void)close(fd);
    hf_free_wiped(room, FILE_MAX);
    return err;
}
