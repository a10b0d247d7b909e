/* SPDX-License-Identifier: Apache-2.0 */
/* lab_known.c -- the accounts of a laboratory, and what stands for the
 * placeholders of its scenarios. */
#include <stdio.h>

#include "base/time_text.h"
#include "cli/lab_world.h"
#include "client/account.h"
#include "dns/zone_type.h"
#include "holdfast/digest.h"
#include "holdfast/hashed_uri.h"
#include "os/clock.h"
#include "os/folder.h"

enum hf_err hf_lab_know_account(struct hf_lab *lab, struct hf_span name,
                                struct hf_why *why)
{
    struct hf_lab_world *world = lab->world;

    for (size_t i = 0; i < world->account_count; i++)
        if (hf_span_eq(hf_span_str(world->accounts[i]), name))
            return HF_OK;
    if (!hf_account_name_is_good(name))
        return hf_fail(why, HF_EINVAL, 0, "this is no name of an account");
    if (world->account_count == HF_LAB_ACCOUNTS_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many accounts");
    memcpy(world->accounts[world->account_count++], name.ptr, name.len);
    return HF_OK;
}

/* ---- a thief ---- */

static enum hf_err copy_key(const char *from, const char *to,
                            struct hf_span thumbprint, struct hf_why *why)
{
    char room[HF_ACCOUNT_KEY_MAX];
    struct hf_buf pem;
    enum hf_err err;

    hf_buf_init(&pem, room, sizeof(room));
    err = hf_account_key_read(from, thumbprint, &pem, why);
    if (err == HF_OK)
        err = hf_account_key_write(to, thumbprint, hf_buf_span(&pem), why);
    explicit_bzero(room, sizeof(room));
    return err;
}

enum hf_err hf_lab_steal(struct hf_lab *lab, struct hf_span account,
                         struct hf_span thief, struct hf_why *why)
{
    char from[PATH_MAX], to[PATH_MAX];
    struct hf_account_file file = {0};
    const char *state = lab->world->state;
    enum hf_err err = hf_lab_know_account(lab, thief, why);

    if (err == HF_OK)
        err = hf_account_folder(state, account, from, sizeof(from), why);
    if (err == HF_OK)
        err = hf_account_folder(state, thief, to, sizeof(to), why);
    if (err == HF_OK)
        err = hf_account_file_read(from, &file, why);
    if (err != HF_OK)
        return err;
    err = hf_folder_make(to, why);
    if (err == HF_OK)
        err = copy_key(from, to, file.thumbprint, why);
    if (err == HF_OK)
        err = hf_account_file_write(to, &file, why);
    hf_account_file_clear(&file);
    return err;
}

/* ---- placeholders ---- */

static enum hf_err not_known(struct hf_why *why)
{
    return hf_fail(why, HF_ENOTFOUND, 0,
                   "between braces stands {ca.url}, {ca.elsewhere}, "
                   "{ACCOUNT.url}, {ACCOUNT.id}, {ACCOUNT.hash NAME}, a "
                   "moment, {end} or {end.date}, or a step of time, {+90d}");
}

/* +90d: a moment, in seconds */
static enum hf_err put_moment(const struct hf_lab *lab, struct hf_span word,
                              struct hf_buf *out, struct hf_why *why)
{
    bool back = word.ptr[0] == '-';
    uint32_t step_s;

    (void)hf_span_cut(&word, 1);
    if (!hf_zone_ttl_read(word, &step_s))
        return not_known(why);
    hf_buf_put_i64(out, hf_clock_now().s + lab->ahead_s +
                            (back ? -(int64_t)step_s : (int64_t)step_s));
    return HF_OK;
}

/* {end}, in seconds, or {end.date} */
static enum hf_err put_named(const struct hf_lab_moment *moment,
                             struct hf_span what, struct hf_buf *out,
                             struct hf_why *why)
{
    if (hf_span_eq(what, HF_SPAN("date")))
        hf_time_put(out, moment->at_s);
    else if (what.len == 0)
        hf_buf_put_i64(out, moment->at_s);
    else
        return not_known(why);
    return HF_OK;
}

/* url, or elsewhere */
static enum hf_err put_of_ca(const struct hf_lab_world *world,
                             struct hf_span what, struct hf_buf *out,
                             struct hf_why *why)
{
    char elsewhere[HF_URL_MAX];

    hf_lab_put_url(world, 2, elsewhere);
    if (hf_span_eq(what, HF_SPAN("url")))
        hf_buf_puts(out, world->url);
    else if (hf_span_eq(what, HF_SPAN("elsewhere")))
        hf_buf_puts(out, elsewhere);
    else
        return not_known(why);
    return HF_OK;
}

/* What a record with this account's key says of the domain, or of "*". */
static enum hf_err put_hashed(const struct hf_lab *lab, struct hf_span domain,
                              const struct hf_account_file *file,
                              struct hf_buf *out, struct hf_why *why)
{
    const struct hf_binding binding = {.domain = domain,
                                       .thumbprint = file->thumbprint,
                                       .account_url = file->url};
    char text[HF_HASH_TEXT_MAX];
    struct hf_digest *digest = NULL;
    enum hf_err err = hf_digest_new(&digest, why);

    if (err != HF_OK)
        return err;
    err = hf_binding_digest(&binding, HF_SHA_256, digest, text, why);
    hf_digest_free(digest);
    if (err != HF_OK)
        return err;
    hf_buf_puts(out, lab->world->url);
    hf_buf_puts(out, "/h/sha-256/");
    hf_buf_put(out, (struct hf_span){text, HF_THUMBPRINT_LEN});
    return HF_OK;
}

/* What stands behind the last slash. */
static struct hf_span number_of(struct hf_span url)
{
    struct hf_span rest = url;

    while (rest.len > 0) {
        url = rest;
        (void)hf_span_cut(&rest, hf_span_find(rest, '/'));
        (void)hf_span_skip(&rest, '/');
    }
    return url;
}

/* url, id, or hash NAME */
static enum hf_err put_of_account(const struct hf_lab *lab,
                                  struct hf_span account, struct hf_span what,
                                  struct hf_buf *out, struct hf_why *why)
{
    char folder[PATH_MAX];
    struct hf_account_file file = {0};
    enum hf_err err = hf_account_folder(lab->world->state, account, folder,
                                        sizeof(folder), why);

    if (err == HF_OK)
        err = hf_account_file_read(folder, &file, why);
    if (err != HF_OK)
        return err;
    if (hf_span_eq(what, HF_SPAN("url"))) {
        hf_buf_put(out, file.url);
    } else if (hf_span_eq(what, HF_SPAN("id"))) {
        hf_buf_put(out, number_of(file.url));
    } else if (hf_span_starts(what, HF_SPAN("hash "))) {
        (void)hf_span_cut(&what, sizeof("hash ") - 1);
        err = put_hashed(lab, what, &file, out, why);
    } else {
        err = not_known(why);
    }
    hf_account_file_clear(&file);
    return err;
}

enum hf_err hf_lab_known(void *state, struct hf_span word, struct hf_buf *out,
                         struct hf_why *why)
{
    const struct hf_lab *lab = state;
    const struct hf_lab_moment *moment;
    struct hf_span what = word;
    struct hf_span who;

    if (word.len > 1 && (word.ptr[0] == '+' || word.ptr[0] == '-'))
        return put_moment(lab, word, out, why);
    who = hf_span_cut(&what, hf_span_find(what, '.'));
    (void)hf_span_skip(&what, '.');
    moment = hf_lab_moment_find(lab, who);
    if (moment != NULL)
        return put_named(moment, what, out, why);
    if (lab->world == NULL || what.len == 0)
        return not_known(why);
    if (hf_span_eq(who, HF_SPAN("ca")))
        return put_of_ca(lab->world, what, out, why);
    return put_of_account(lab, who, what, out, why);
}
