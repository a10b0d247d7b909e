/* SPDX-License-Identifier: Apache-2.0 */
#include "client/webroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/token.h"
#include "base/alloc.h"
#include "os/fail.h"
#include "os/file.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct webroot {
    int root;
    int folder; /* of the tokens; -1 until the first one */
};

/* Open a folder of ours, or make it: for everybody, whatever the umask. */
static enum hf_err enter(int parent, const char *name, int *out,
                         struct hf_why *why)
{
    bool made = mkdirat(parent, name, 0755) == 0;
    int refused = made ? 0 : errno;
    int fd = openat(parent, name, FOLDER_FLAGS);

    if (fd < 0)
        return hf_fail_sys(why, errno == ENOENT ? refused : errno,
                           "the folders .well-known/acme-challenge in the web "
                           "server's folder cannot be made or entered; "
                           "symbolic links are not followed there");
    if (made && fchmod(fd, 0755) != 0) {
        (void)close(fd);
        return hf_fail_sys(why, errno, "let the web server read its folder");
    }
    *out = fd;
    return HF_OK;
}

static enum hf_err need_folder(struct webroot *webroot, struct hf_why *why)
{
    int parent;
    enum hf_err err;

    if (webroot->folder >= 0)
        return HF_OK;
    err = enter(webroot->root, ".well-known", &parent, why);
    if (err != HF_OK)
        return err;
    err = enter(parent, "acme-challenge", &webroot->folder, why);
    (void)close(parent);
    return err;
}

/* The token as a file's name. */
static enum hf_err name_of(const struct hf_exhibit *exhibit, char *out,
                           struct hf_why *why)
{
    if (!hf_token_is_good(exhibit->token))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 8555 8.3: the challenge has no token that may be "
                       "a file's name");
    memcpy(out, exhibit->token.ptr, exhibit->token.len);
    out[exhibit->token.len] = '\0';
    return HF_OK;
}

static enum hf_err show(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why)
{
    struct webroot *webroot = state;
    char name[HF_TOKEN_MAX + 1];
    const struct hf_file_new file = {name, 0644, {exhibit->authorization}};
    enum hf_err err = name_of(exhibit, name, why);

    if (err == HF_OK)
        err = need_folder(webroot, why);
    return err == HF_OK ? hf_file_put(webroot->folder, &file, why) : err;
}

static enum hf_err hide(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why)
{
    struct webroot *webroot = state;
    char name[HF_TOKEN_MAX + 1];

    if (webroot->folder < 0 || name_of(exhibit, name, NULL) != HF_OK)
        return HF_OK;
    if (unlinkat(webroot->folder, name, 0) == 0 || errno == ENOENT)
        return HF_OK;
    return hf_fail_sys(why, errno, "remove a file of the web server");
}

static void webroot_free(void *state)
{
    struct webroot *webroot = state;

    if (webroot->folder >= 0)
        (void)close(webroot->folder);
    (void)close(webroot->root);
    hf_free(webroot);
}

enum hf_err hf_webroot_new(const char *folder, struct hf_solver *out,
                           struct hf_why *why)
{
    struct webroot *webroot = hf_alloc(1, sizeof(*webroot));

    if (webroot == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    webroot->folder = -1;
    webroot->root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (webroot->root < 0) {
        hf_free(webroot);
        return hf_fail_sys(why, errno, "the web server's folder");
    }
    *out = (struct hf_solver){
        .show = show, .hide = hide, .free = webroot_free, .state = webroot};
    return HF_OK;
}
