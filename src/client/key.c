/* SPDX-License-Identifier: Apache-2.0 */
#include "client/key.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client/key_worker.h"
#include "crypto/key_note.h"
#include "os/clock.h"
#include "os/fail.h"

#define READY_MS    30000 /* unlocking takes a tenth of a second, at most one */
#define HARDWARE_MS 120000 /* it may make a key, or have a pad for the PIN */
#define SIGN_MS     30000
#define FAREWELL_MS 2000
#define FRAME_EXTRA 64 /* octets around the texts of the first frame */
#define FRAME_MAX   (2 * HF_KEY_PEM_MAX + 2 * HF_KEY_ENVIRONMENT_MAX)

struct hf_key {
    struct hf_role role; /* pid 0: a socket, and somebody else's process */
    bool in_hardware;
    bool waits;
    unsigned owners;
    bool is_ready;             /* then this is known of it: */
    struct hf_key_ready known; /* without functions */
    char said[HF_KEY_SAID_MAX + 1];
};

static enum hf_err make(struct hf_key **out, struct hf_why *why)
{
    struct hf_key *key = hf_alloc(1, sizeof(*key));

    if (key == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    key->owners = 1;
    hf_role_init(&key->role, HF_KEY_REPLY_MAX, 0);
    *out = key;
    return HF_OK;
}

/* Hardware is given up in good order, as far as that is quick: what stays in
 * a TPM takes room, and a token wants to be logged out of. */
static void say_farewell(const struct hf_key *key)
{
    struct pollfd pfd = {.fd = key->role.fd, .events = POLLIN};
    int64_t until_ms = hf_clock_ms() + FAREWELL_MS;
    char unwanted[256];
    ssize_t n = 1;

    (void)shutdown(key->role.fd, SHUT_WR);
    while (n > 0 && hf_clock_ms() < until_ms)
        if (poll(&pfd, 1, FAREWELL_MS) > 0)
            n = recv(key->role.fd, unwanted, sizeof(unwanted), MSG_DONTWAIT);
}

void hf_key_free(struct hf_key *key)
{
    if (key == NULL || --key->owners > 0)
        return;
    if (key->in_hardware && key->role.pid != 0)
        say_farewell(key);
    if (key->role.pid == 0 && key->role.fd >= 0)
        (void)close(key->role.fd);
    hf_role_end(&key->role);
    hf_buf_clear_wiped(&key->role.in);
    hf_role_clear(&key->role);
    hf_free(key);
}

/* What its frame needs at most: room that is not asked for need not be wiped.
 */
static size_t room_for(const struct hf_key_want *want)
{
    return FRAME_EXTRA + want->origin.len + want->passphrase.len +
           want->reach.tcti.len + want->reach.holes.len +
           want->reach.environment.len + want->seal.len + want->pem.len;
}

/* In one piece, so that growing leaves no secret behind. */
static bool frame_init(struct hf_buf *frame, size_t room)
{
    hf_buf_init_grow(frame, room);
    return hf_buf_reserve(frame, room) != NULL;
}

static enum hf_err send_wiped(struct hf_key *key, struct hf_buf *frame,
                              struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (!hf_role_send(key->role.fd, hf_buf_span(frame)))
        err = hf_fail(why, HF_EPEER, 0, "the process for the key has ended");
    hf_buf_clear_wiped(frame);
    return err;
}

enum hf_err hf_key_start(const struct hf_key_want *want, struct hf_key **out,
                         struct hf_why *why)
{
    const size_t room = room_for(want);
    struct hf_key *key = NULL;
    struct hf_buf frame = {0};
    enum hf_err err = make(&key, why);

    if (err != HF_OK)
        return err;
    key->in_hardware = hf_key_home_of(want->pem) != HF_HOME_FILE;
    key->waits = want->waits;
    if (room > FRAME_MAX)
        err = hf_fail(why, HF_ELIMIT, 0, "the key file is too large");
    else if (!frame_init(&frame, room))
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_key_put_want(&frame, want);
    if (err == HF_OK && frame.full)
        err = hf_fail(why, HF_ELIMIT, 0, "the key file is too large");
    if (err == HF_OK)
        err = hf_role_start(&key->role, HF_KEY_ROLE, why);
    if (err == HF_OK)
        err = send_wiped(key, &frame, why);
    hf_buf_clear_wiped(&frame);
    if (err == HF_OK)
        *out = key;
    else
        hf_key_free(key);
    return err;
}

enum hf_err hf_key_unlock(struct hf_key *key, struct hf_span passphrase,
                          struct hf_why *why)
{
    struct hf_buf frame;

    if (!key->waits)
        return HF_OK;
    key->waits = false;
    if (!frame_init(&frame, FRAME_EXTRA + passphrase.len))
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_key_put(&frame, HF_KEY_UNLOCK, passphrase);
    return send_wiped(key, &frame, why);
}

bool hf_key_waits(const struct hf_key *key)
{
    return key->waits;
}

struct hf_key *hf_key_share(struct hf_key *key)
{
    key->owners++;
    return key;
}

enum hf_err hf_key_connect(const char *path, struct hf_key **out,
                           struct hf_why *why)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int n = snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    struct hf_key *key = NULL;
    enum hf_err err;

    if (n < 0 || (size_t)n >= sizeof(at.sun_path))
        return hf_fail(why, HF_ELIMIT, 0, "a socket's path has 107 octets");
    err = make(&key, why);
    if (err != HF_OK)
        return err;
    key->role.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (key->role.fd < 0)
        err = hf_fail_sys(why, errno, "make a socket");
    else if (connect(key->role.fd, (struct sockaddr *)&at, sizeof(at)) != 0)
        err = hf_fail_sys(why, errno, "connect to the signer");
    if (err == HF_OK)
        *out = key;
    else
        hf_key_free(key);
    return err;
}

/* ---- asking it ---- */

/* The next frame, of the kind `wanted`, or the failure that it tells of. */
static enum hf_err await(struct hf_key *key, int64_t wait_ms,
                         enum hf_key_frame wanted, struct hf_frame *frame,
                         struct hf_why *why)
{
    enum hf_err err =
        hf_role_await(&key->role, hf_clock_ms() + wait_ms, frame, why);

    if (err == HF_EPEER)
        return hf_fail(why, HF_EPEER, 0,
                       "whoever has the key has ended, refuses to talk to us, "
                       "or does not answer");
    if (err != HF_OK || frame->kind == wanted)
        return err;
    err = hf_key_read_failed(frame, key->said, why);
    hf_role_drop(&key->role, frame);
    return err;
}

static enum hf_err sign(void *state, struct hf_span data, struct hf_buf *out,
                        struct hf_why *why)
{
    struct hf_key *key = state;
    struct hf_frame frame = {0};
    size_t before = out->len;
    struct hf_buf question;
    enum hf_err err;
    bool sent;

    /* What came with READY has been taken, or never will be. */
    hf_buf_reset(&key->role.in);
    if (data.len > HF_KEY_SIGN_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too much to sign");
    hf_buf_init_grow(&question, HF_KEY_SIGN_MAX + HF_FRAME_HEAD + 1);
    hf_key_put(&question, HF_KEY_SIGN, data);
    sent = !question.full && hf_role_send(key->role.fd, hf_buf_span(&question));
    hf_buf_clear(&question);
    if (!sent)
        return hf_fail(why, HF_EPEER, 0,
                       "whoever has the key does not take what is to be "
                       "signed");
    err = await(key, SIGN_MS, HF_KEY_SIGNED, &frame, why);
    if (err != HF_OK)
        return err;
    if (frame.body.len <= HF_SIGNATURE_MAX)
        hf_buf_put(out, frame.body);
    if (frame.body.len == 0 || out->len == before)
        err = hf_fail(why, HF_ELIMIT, 0, "no room for the signature");
    hf_role_drop(&key->role, &frame);
    return err;
}

static void free_state(void *state)
{
    hf_key_free(state);
}

static enum hf_err hear_ready(struct hf_key *key, struct hf_key_ready *out,
                              struct hf_why *why)
{
    struct hf_frame frame = {0};
    enum hf_err err = await(key, key->in_hardware ? HARDWARE_MS : READY_MS,
                            HF_KEY_READY, &frame, why);

    if (err == HF_OK)
        err = hf_key_read_ready(&frame, out, why);
    if (err != HF_OK)
        return err;
    key->is_ready = true;
    key->known =
        (struct hf_key_ready){.signer = out->signer, .kind = out->kind};
    return HF_OK;
}

enum hf_err hf_key_ready(struct hf_key *key, struct hf_key_ready *out,
                         struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (key->is_ready)
        *out = key->known;
    else
        err = hear_ready(key, out, why);
    if (err != HF_OK)
        return err;
    out->signer.sign = sign;
    out->signer.free = free_state;
    out->signer.state = key;
    return HF_OK;
}
