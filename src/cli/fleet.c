/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fleet.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/time_text.h"
#include "client/sign_rule.h"
#include "os/clock.h"

#define FRAME_MAX ((size_t)256 << 10) /* of a client: a CSR of 1000 names */
#define TURN_MS   250

struct hf_fleet_client {
    int fd;
    struct ucred who;
    struct hf_buf in;
};

/* ---- the socket ---- */

static bool name_socket(const char *path, struct sockaddr_un *at)
{
    int n;

    *at = (struct sockaddr_un){.sun_family = AF_UNIX};
    n = snprintf(at->sun_path, sizeof(at->sun_path), "%s", path);
    return n > 0 && (size_t)n < sizeof(at->sun_path);
}

/* A socket that nobody listens at was left by one who died. */
static void remove_stale(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat about;

    if (fd >= 0 && lstat(at->sun_path, &about) == 0 &&
        S_ISSOCK(about.st_mode) &&
        connect(fd, (const struct sockaddr *)at, sizeof(*at)) != 0 &&
        errno == ECONNREFUSED)
        (void)unlink(at->sun_path);
    if (fd >= 0)
        (void)close(fd);
}

static enum hf_exit fail_sys(const struct hf_fleet *fleet, const char *path,
                             const char *doing)
{
    const struct hf_why why = {.text = doing, .sys = errno};

    hf_cli_fail(fleet->cli, hf_span_str(path), &why);
    return HF_EXIT_ERROR;
}

/* Who may connect is decided by who they are, so all may try. */
enum hf_exit hf_fleet_open(struct hf_fleet *fleet, const char *path)
{
    struct sockaddr_un at;

    fleet->listener = -1;
    if (!name_socket(path, &at))
        return hf_cli_usage(fleet->cli, hf_span_str(path),
                            "a socket's path has 1 to 107 octets");
    remove_stale(&at);
    fleet->listener =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fleet->listener < 0 ||
        bind(fleet->listener, (struct sockaddr *)&at, sizeof(at)) != 0)
        return fail_sys(fleet, path, "make the socket");
    if (chmod(path, 0666) != 0 || listen(fleet->listener, 16) != 0)
        return fail_sys(fleet, path, "listen");
    return HF_EXIT_GOOD;
}

static void client_free(struct hf_fleet_client *client)
{
    (void)close(client->fd);
    hf_buf_clear(&client->in);
    hf_free(client);
}

void hf_fleet_close(struct hf_fleet *fleet, const char *path)
{
    for (size_t i = 0; i < HF_FLEET_CLIENTS_MAX; i++)
        if (fleet->clients[i] != NULL)
            client_free(fleet->clients[i]);
    if (fleet->listener < 0)
        return;
    (void)close(fleet->listener);
    (void)unlink(path);
}

/* ---- the log ---- */

static void put_who(struct hf_buf *out, const struct ucred *who)
{
    hf_time_put(out, hf_clock_now().s);
    hf_buf_puts(out, " uid ");
    hf_buf_put_i64(out, who->uid);
    hf_buf_puts(out, " pid ");
    hf_buf_put_i64(out, who->pid);
    hf_buf_putc(out, ' ');
}

static void put_json(struct hf_buf *out, const struct ucred *who,
                     const char *what, struct hf_span url, const char *refused)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_int(&json, "at", hf_clock_now().s);
    hf_json_key_int(&json, "uid", who->uid);
    hf_json_key_int(&json, "pid", who->pid);
    hf_json_key_lit(&json, "what", what);
    hf_json_key_str(&json, "url", url);
    hf_json_key_bool(&json, "signed", refused == NULL);
    if (refused != NULL)
        hf_json_key_lit(&json, "reason", refused);
    hf_json_close(&json, '}');
}

/* One line for each thing that was asked for, written before the signature
 * leaves. False when it cannot be. */
static bool put_log(struct hf_fleet *fleet, const struct ucred *who,
                    const char *what, struct hf_span url, const char *refused)
{
    struct hf_buf *out = &fleet->cli->out->buf;

    if (fleet->cli->json) {
        put_json(out, who, what, url, refused);
    } else {
        put_who(out, who);
        hf_buf_puts(out, refused == NULL ? "signed " : "refused ");
        hf_buf_puts(out, what);
        if (url.len > 0)
            hf_buf_putc(out, ' ');
        hf_buf_put_escaped(out, url, 1024);
        if (refused != NULL) {
            hf_buf_puts(out, ": ");
            hf_buf_puts(out, refused);
        }
    }
    hf_buf_putc(out, '\n');
    return hf_out_flush(fleet->cli->out, NULL) == HF_OK;
}

/* ---- who comes ---- */

static bool has(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool is_welcome(const struct hf_fleet *fleet, const struct ucred *who)
{
    return has(fleet->uids, fleet->uid_count, who->uid) ||
           has(fleet->gids, fleet->gid_count, who->gid);
}

/* A client that does not read what it asked for is not waited for. */
static bool send_now(int fd, struct hf_span octets)
{
    return send(fd, octets.ptr, octets.len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
           (ssize_t)octets.len;
}

static bool greet(const struct hf_fleet *fleet, int fd)
{
    const struct hf_key_ready ready = {
        .signer = fleet->holder->signer,
        .kind = fleet->holder->kind,
        .directory = fleet->holder->file.directory,
        .account_url = fleet->holder->file.url,
    };
    char room[HF_KEY_REPLY_MAX / 2]; /* without a PEM that is plenty */
    struct hf_buf out;

    hf_buf_init(&out, room, sizeof(room));
    hf_key_put_ready(&out, &ready);
    return !out.full && send_now(fd, hf_buf_span(&out));
}

static bool admit(struct hf_fleet *fleet, int fd, const struct ucred *who)
{
    struct hf_fleet_client **place = NULL;

    for (size_t i = 0; i < HF_FLEET_CLIENTS_MAX; i++)
        if (fleet->clients[i] == NULL)
            place = &fleet->clients[i];
    if (!is_welcome(fleet, who))
        return put_log(fleet, who, "connection", (struct hf_span){0},
                       "neither user nor group is allowed") &&
               false;
    if (place == NULL)
        return put_log(fleet, who, "connection", (struct hf_span){0},
                       "too many at once") &&
               false;
    if (!greet(fleet, fd))
        return false;
    *place = hf_alloc(1, sizeof(**place));
    if (*place == NULL)
        return false;
    (*place)->fd = fd;
    (*place)->who = *who;
    hf_buf_init_grow(&(*place)->in, HF_FRAME_HEAD + FRAME_MAX);
    return true;
}

void hf_fleet_accept(struct hf_fleet *fleet)
{
    int fd = accept4(fleet->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred who = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t len = sizeof(who);

    if (fd < 0)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
        !admit(fleet, fd, &who))
        (void)close(fd);
}

/* ---- what they want ---- */

static enum hf_err sign(struct hf_fleet *fleet,
                        const struct hf_fleet_client *client,
                        struct hf_span input, struct hf_buf *signature,
                        struct hf_why *why)
{
    const struct hf_account_file *file = &fleet->holder->file;
    const struct hf_signer *signer = &fleet->holder->signer;
    struct hf_sign_request request = {0};
    enum hf_err err = hf_sign_read(input, &request, why);
    const char *what = err == HF_OK ? hf_sign_word(request.what) : "octets";

    if (err == HF_OK)
        err = hf_sign_permit(&request, file->directory, file->url, fleet->all,
                             why);
    if (err == HF_OK)
        err = signer->sign(signer->state, input, signature, why);
    if (!put_log(fleet, &client->who, what, request.url,
                 err == HF_OK ? NULL : why->text))
        err = hf_fail(why, HF_ESYSTEM, 0, "the signer cannot write its log");
    hf_sign_clear(&request);
    return err;
}

static bool answer(struct hf_fleet *fleet, const struct hf_fleet_client *client,
                   const struct hf_frame *frame)
{
    char room[HF_SIGNATURE_MAX];
    char reply_room[HF_SIGNATURE_MAX + 1024];
    struct hf_buf signature;
    struct hf_buf reply;
    struct hf_why why = {0};
    enum hf_err err;

    if (frame->kind != HF_KEY_SIGN)
        return false;
    hf_buf_init(&signature, room, sizeof(room));
    hf_buf_init(&reply, reply_room, sizeof(reply_room));
    err = sign(fleet, client, frame->body, &signature, &why);
    if (err == HF_OK)
        hf_key_put(&reply, HF_KEY_SIGNED, hf_buf_span(&signature));
    else
        hf_key_put_failed(&reply, err, why.text);
    return !reply.full && send_now(client->fd, hf_buf_span(&reply));
}

/* False when it has gone, or is to go. */
static bool serve(struct hf_fleet *fleet, struct hf_fleet_client *client)
{
    struct hf_span rest;
    struct hf_frame frame;
    bool more = true;
    bool good;

    if (client->in.len == client->in.cap &&
        hf_buf_reserve(&client->in, 1) == NULL)
        return false;
    good = hf_role_receive(client->fd, &client->in, MSG_DONTWAIT);
    rest = hf_buf_span(&client->in);
    while (good && more) {
        good = hf_frame_cut(&rest, FRAME_MAX, &frame, &more, NULL) == HF_OK;
        if (good && more)
            good = answer(fleet, client, &frame);
    }
    if (good)
        hf_role_consume(&client->in, rest);
    return good;
}

enum hf_exit hf_fleet_turn(struct hf_fleet *fleet, bool *came)
{
    struct pollfd fds[HF_FLEET_CLIENTS_MAX + 1];
    size_t who[HF_FLEET_CLIENTS_MAX + 1];
    nfds_t count = 1;

    fds[0] = (struct pollfd){.fd = fleet->listener, .events = POLLIN};
    for (size_t i = 0; i < HF_FLEET_CLIENTS_MAX; i++) {
        if (fleet->clients[i] == NULL)
            continue;
        who[count] = i;
        fds[count++] =
            (struct pollfd){.fd = fleet->clients[i]->fd, .events = POLLIN};
    }
    *came = false;
    if (poll(fds, count, TURN_MS) < 0)
        return errno == EINTR ? HF_EXIT_GOOD
                              : fail_sys(fleet, "socket", "wait for clients");
    for (nfds_t i = 1; i < count; i++) {
        if (fds[i].revents == 0 || serve(fleet, fleet->clients[who[i]]))
            continue;
        client_free(fleet->clients[who[i]]);
        fleet->clients[who[i]] = NULL;
    }
    *came = (fds[0].revents & POLLIN) != 0;
    return HF_EXIT_GOOD;
}
