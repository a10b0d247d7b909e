/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/listen.h"
#include "net/server_fixed.h"
#include "net/server_msg.h"
#include "net/server_worker.h"
#include "net/tls_pair.h"
#include "os/clock.h"
#include "os/fail.h"

#define START_MS   10000
#define RESTART_MS 1000 /* the shortest life after which there is another */
#define OUT_MAX    ((size_t)256 << 20)
#define IN_MAX     ((size_t)256 << 10) /* and one request */
#define ID_BITS    48

const char *const hf_server_count_names[HF_SERVER_COUNTS] = {
    [HF_SERVER_OPEN] = "open",
    [HF_SERVER_UNANSWERED] = "unanswered",
    [HF_SERVER_CONNECTED] = "connected",
    [HF_SERVER_CROWDED] = "crowded",
    [HF_SERVER_HANDSHAKES] = "handshakes",
    [HF_SERVER_RESUMED] = "resumed",
    [HF_SERVER_TLS_FAILED] = "tls_failed",
    [HF_SERVER_REQUESTS] = "requests",
    [HF_SERVER_FIXED] = "fixed",
    [HF_SERVER_MALFORMED] = "malformed",
    [HF_SERVER_SLOW] = "slow",
    [HF_SERVER_NO_LENGTH] = "no_length",
    [HF_SERVER_LONG_BODY] = "long_body",
    [HF_SERVER_EXPECTATION] = "expectation",
    [HF_SERVER_LONG_HEADER] = "long_header",
    [HF_SERVER_LATE] = "late",
    [HF_SERVER_UNKNOWN_VERSION] = "unknown_version",
    [HF_SERVER_LEFT] = "left",
    [HF_SERVER_REPLACED] = "replaced",
};

struct hf_server_front {
    struct hf_role role;
    struct hf_buf config; /* its first frame, for another one; has the key */
    struct hf_server_config kept; /* numbers of it */
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    struct hf_listen listeners[HF_SERVER_PLACES_MAX];
    int gifts[HF_SERVER_PLACES_MAX];
    int ready; /* a descriptor that can always be read */
    struct hf_buf client_ca;
    struct hf_server_fixed_table *fixed;
    size_t taken;      /* octets of role.in that were polled */
    size_t unanswered; /* requests */
    uint16_t life;     /* of the front: how many were before it */
    int64_t began_at_ms;
    bool lent;    /* requests among them that are not dropped yet */
    bool has_key; /* it is, or was, in role.out */
    bool gone;    /* the front; another one is not there yet */
    bool draining;
    bool drained;
    uint64_t before[HF_SERVER_COUNTS]; /* what earlier fronts counted */
    uint64_t counts[HF_SERVER_COUNTS]; /* and this one, too */
};

/* ---- the process ---- */

static enum hf_err no_memory(struct hf_why *why)
{
    return hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

/* The key went over, and need not stay where it was put for that. */
static void forget_key(struct hf_server_front *front)
{
    if (!front->has_key || front->role.out.len > 0)
        return;
    hf_buf_clear_wiped(&front->role.out);
    hf_buf_init_grow(&front->role.out, OUT_MAX);
    front->has_key = false;
}

static void tell_fixed(struct hf_server_front *front)
{
    for (size_t i = 0; i < front->fixed->count; i++) {
        const struct hf_server_fixed *row = &front->fixed->rows[i];

        hf_server_put_fix(&front->role.out, row->target, &row->reply);
    }
}

static enum hf_err front_start(struct hf_server_front *front,
                               struct hf_why *why)
{
    const struct hf_role_plan plan = {.word = HF_SERVER_ROLE,
                                      .config = hf_buf_span(&front->config),
                                      .wait_ms = START_MS,
                                      .greetings = hf_server_greetings,
                                      .greeting_count = HF_SERVER_STARTS};
    enum hf_err err;

    if (hf_buf_reserve(&front->role.out, front->config.len) == NULL)
        return no_memory(why);
    front->began_at_ms = hf_clock_ms();
    front->has_key = true;
    err = hf_role_open(&front->role, &plan, why);
    forget_key(front);
    if (err != HF_OK)
        return err;
    front->gone = false;
    tell_fixed(front);
    if (front->draining)
        hf_server_put_word(&front->role.out, HF_SERVER_DRAIN);
    return HF_OK;
}

/* It died or talks nonsense: nothing that it said counts any more. */
static void front_end(struct hf_server_front *front)
{
    hf_role_end(&front->role);
    front->gone = true;
    front->taken = 0;
    front->unanswered = 0;
    front->life++;
    front->counts[HF_SERVER_OPEN] = 0;
    front->counts[HF_SERVER_UNANSWERED] = 0;
    front->counts[HF_SERVER_REPLACED]++;
    memcpy(front->before, front->counts, sizeof(front->before));
    front->drained = front->drained || front->draining;
}

/* Another one, unless the last one lived so short that it would be a storm, or
 * what it said is still looked at. */
static enum hf_err front_replace(struct hf_server_front *front,
                                 struct hf_why *why)
{
    if (front->drained || front->lent ||
        hf_clock_ms() < front->began_at_ms + RESTART_MS)
        return HF_OK;
    return front_start(front, why);
}

/* ---- frames that come ---- */

static bool take_request(struct hf_server_front *front, struct hf_span body,
                         struct hf_server_request *out)
{
    if (front->unanswered == front->kept.window ||
        !hf_server_take_request(body, front->kept.body_max, out) ||
        out->place >= front->kept.place_count)
        return false;
    front->unanswered++;
    front->lent = true;
    out->id |= (uint64_t)front->life << ID_BITS;
    return true;
}

static bool take_counters(struct hf_server_front *front, struct hf_span body)
{
    uint64_t counts[HF_SERVER_COUNTS];

    if (!hf_server_take_counters(body, counts))
        return false;
    for (size_t i = 0; i < HF_SERVER_COUNTS; i++)
        front->counts[i] = front->before[i] + counts[i];
    return true;
}

/* False when it is nonsense. */
static bool take_frame(struct hf_server_front *front,
                       const struct hf_frame *frame,
                       struct hf_server_request *out, bool *got)
{
    switch (frame->kind) {
    case HF_SERVER_REQUEST:
        *got = take_request(front, frame->body, out);
        return *got;
    case HF_SERVER_COUNTERS:
        return take_counters(front, frame->body);
    case HF_SERVER_DRAINED:
        front->drained = front->draining;
        return front->draining && frame->body.len == 0;
    default:
        return false;
    }
}

/* The next request of what came in. False when the front talks nonsense. */
static bool next_request(struct hf_server_front *front,
                         struct hf_server_request *out, bool *got)
{
    struct hf_span rest = hf_buf_span(&front->role.in);
    bool more = true;

    *got = false;
    (void)hf_span_cut(&rest, front->taken);
    while (more && !*got) {
        struct hf_frame frame;

        if (hf_frame_cut(&rest, front->role.frame_max, &frame, &more, NULL) !=
                HF_OK ||
            (more && !take_frame(front, &frame, out, got)))
            return false;
        front->taken = front->role.in.len - rest.len;
    }
    return true;
}

/* Octets in both directions, as far as they go now. */
static enum hf_err move(struct hf_server_front *front, bool *alive,
                        struct hf_why *why)
{
    enum hf_err err = hf_role_wait(&front->role, 0, alive, why);

    forget_key(front);
    return err;
}

void hf_server_drop(struct hf_server_front *front)
{
    struct hf_span rest = hf_buf_span(&front->role.in);

    (void)hf_span_cut(&rest, front->taken);
    hf_role_consume(&front->role.in, rest);
    front->taken = 0;
    front->lent = false;
}

enum hf_err hf_server_poll(struct hf_server_front *front,
                           struct hf_server_request *out, bool *got,
                           struct hf_why *why)
{
    bool alive = true;
    enum hf_err err = HF_OK;

    *got = false;
    if (front->gone)
        err = front_replace(front, why);
    if (err != HF_OK || front->gone)
        return err;
    alive = next_request(front, out, got);
    /* What was polled stays where it is until it is dropped. */
    if (alive && !*got && !front->lent) {
        hf_server_drop(front);
        err = move(front, &alive, why);
        if (err != HF_OK)
            return err;
        alive = alive && next_request(front, out, got);
    }
    if (!alive)
        front_end(front);
    return HF_OK;
}

/* ---- frames that go ---- */

/* The octets from `from` on do not fit: as if they had not been said. */
static enum hf_err unsay(struct hf_server_front *front, size_t from,
                         struct hf_why *why)
{
    struct hf_buf *out = &front->role.out;

    if (!out->full)
        return HF_OK;
    out->full = false;
    out->len = from;
    return hf_fail(why, HF_ENOMEM, 0, "HTTP server: no room for a reply");
}

static enum hf_err check_reply(const struct hf_server_reply *reply,
                               struct hf_why *why)
{
    if (reply->body.len > HF_SERVER_REPLY_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "HTTP server: reply too large");
    if (!hf_server_reply_is_good(reply))
        return hf_fail(why, HF_EINVAL, 0,
                       "HTTP server: a status or a field of the reply that "
                       "cannot be sent");
    return HF_OK;
}

enum hf_err hf_server_answer(struct hf_server_front *front, uint64_t id,
                             const struct hf_server_reply *reply,
                             struct hf_why *why)
{
    size_t from = front->role.out.len;
    enum hf_err err = check_reply(reply, why);

    if (err != HF_OK)
        return err;
    if (front->gone || id >> ID_BITS != front->life)
        return HF_OK; /* with the front that asked went the client */
    hf_server_put_answer(&front->role.out, id & HF_SERVER_ID_MAX, reply);
    err = unsay(front, from, why);
    if (err == HF_OK)
        front->unanswered--;
    return err;
}

void hf_server_flush(struct hf_server_front *front)
{
    if (front->gone || front->role.out.len == 0)
        return;
    /* Not hf_role_wait(): it would read, too, and move what was polled. */
    if (!hf_role_flush(&front->role))
        front_end(front);
    forget_key(front);
}

bool hf_server_is_behind(const struct hf_server_front *front)
{
    return !front->gone && front->role.out.len > 0;
}

enum hf_err hf_server_fix(struct hf_server_front *front, struct hf_span target,
                          const struct hf_server_reply *reply,
                          struct hf_why *why)
{
    struct hf_buf frame;
    enum hf_err err = reply == NULL ? HF_OK : check_reply(reply, why);
    struct hf_span body;

    if (err != HF_OK)
        return err;
    hf_buf_init_grow(&frame, HF_FRAME_HEAD + HF_SERVER_ANSWER_MAX);
    hf_server_put_fix(&frame, target, reply);
    if (frame.full) {
        hf_buf_clear(&frame);
        return no_memory(why);
    }
    body = hf_buf_span(&frame);
    (void)hf_span_cut(&body, HF_FRAME_HEAD + 1);
    err = hf_server_fixed_obey(front->fixed, body, why);
    if (err == HF_OK && !front->gone)
        hf_buf_put(&front->role.out, hf_buf_span(&frame));
    hf_buf_clear(&frame);
    return err;
}

/* ---- certificates, and the end ---- */

static enum hf_err check_pair(const struct hf_server_config *config,
                              struct hf_why *why)
{
    struct hf_tls_pair pair = {0};
    enum hf_err err;

    if (config->certificate.len > HF_SERVER_PEM_MAX ||
        config->key.len > HF_SERVER_PEM_MAX ||
        config->client_ca.len > HF_SERVER_PEM_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "certificate or key is too large");
    err = hf_tls_pair_read(config->certificate, config->key, &pair, why);
    hf_tls_pair_clear(&pair);
    return err;
}

/* The first frame for this and every later front. */
static enum hf_err keep_config(struct hf_server_front *front,
                               const struct hf_server_config *config,
                               struct hf_why *why)
{
    struct hf_buf frame;

    /* In one piece, so that growing leaves no secret behind. */
    hf_buf_init_grow(&frame, HF_SERVER_CONFIG_MAX);
    if (hf_buf_reserve(&frame, HF_SERVER_CONFIG_MAX) == NULL)
        return no_memory(why);
    hf_server_put_config(&frame, config);
    hf_buf_clear_wiped(&front->config);
    front->config = frame;
    return HF_OK;
}

enum hf_err hf_server_reload(struct hf_server_front *front,
                             struct hf_span certificate, struct hf_span key,
                             struct hf_why *why)
{
    struct hf_server_config config = front->kept;
    struct hf_buf *out = &front->role.out;
    enum hf_err err;

    config.certificate = certificate;
    config.key = key;
    err = check_pair(&config, why);
    if (err == HF_OK && hf_buf_reserve(out, HF_SERVER_CONFIG_MAX) == NULL) {
        out->full = false;
        err = no_memory(why);
    }
    if (err == HF_OK)
        err = keep_config(front, &config, why);
    if (err != HF_OK || front->gone)
        return err;
    front->has_key = true;
    hf_server_put_reload(out, certificate, key);
    hf_server_flush(front);
    return HF_OK;
}

void hf_server_drain(struct hf_server_front *front)
{
    if (front->draining)
        return;
    front->draining = true;
    front->drained = front->gone;
    for (size_t i = 0; i < front->kept.place_count; i++)
        hf_listen_close(&front->listeners[i]);
    hf_server_put_word(&front->role.out, HF_SERVER_DRAIN);
    hf_server_flush(front);
}

bool hf_server_is_drained(const struct hf_server_front *front)
{
    return front->drained;
}

/* ---- start ---- */

static size_t or_else(size_t value, size_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static int64_t or_ms(int64_t value, int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

/* Whatever was left out is there. */
static enum hf_err complete(struct hf_server_config *config, struct hf_why *why)
{
    config->body_max = or_else(config->body_max, (size_t)64 << 10);
    config->header_max = or_else(config->header_max, (size_t)16 << 10);
    config->connections = or_else(config->connections, 10000);
    config->per_address = or_else(config->per_address, 100);
    config->window = or_else(config->window, 256);
    config->handshake_ms = or_ms(config->handshake_ms, 10000);
    config->request_ms = or_ms(config->request_ms, 20000);
    config->idle_ms = or_ms(config->idle_ms, 60000);
    config->answer_ms = or_ms(config->answer_ms, 30000);
    config->retry_after_s =
        (unsigned)or_else(config->retry_after_s, 5); /* it was unsigned */
    if (config->place_count == 0 ||
        config->place_count > HF_SERVER_PLACES_MAX ||
        config->body_max > HF_SERVER_BODY_LIMIT ||
        config->header_max > HF_SERVER_HEADER_LIMIT ||
        config->connections > HF_SERVER_CONNECTIONS_MAX ||
        config->per_address > HF_SERVER_CONNECTIONS_MAX ||
        config->window > HF_SERVER_WINDOW_MAX ||
        config->handshake_ms > INT32_MAX || config->request_ms > INT32_MAX ||
        config->idle_ms > INT32_MAX || config->answer_ms > INT32_MAX ||
        config->retry_after_s > INT32_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "HTTP server: a limit is too large, or there is nowhere "
                       "to listen");
    return HF_OK;
}

static enum hf_err open_places(struct hf_server_front *front,
                               const struct hf_server_config *config,
                               struct hf_why *why)
{
    int handed = 0;

    for (size_t i = 0; i < config->place_count; i++) {
        struct hf_listen *listener = &front->listeners[i];
        enum hf_err err = hf_listen_open(config->places[i].address,
                                         &config->handed, listener, why);

        if (err != HF_OK)
            return err;
        if (config->places[i].plain && !listener->is_local)
            return hf_fail(why, HF_EINVAL, 0,
                           "HTTP without TLS is for this machine only: "
                           "127.0.0.0/8, ::1 and Unix sockets");
        front->gifts[i] = listener->fd;
        front->places[i].plain = config->places[i].plain;
        handed += listener->is_handed;
    }
    if (handed < config->handed.count)
        return hf_fail(why, HF_EINVAL, 0,
                       "the service manager has a socket for us that is none "
                       "of these: ListenStream= in its unit must be an address "
                       "that is listened at, and be there once");
    return HF_OK;
}

/* What later fronts are told, too. */
static enum hf_err keep(struct hf_server_front *front,
                        const struct hf_server_config *config,
                        struct hf_why *why)
{
    hf_buf_init_grow(&front->client_ca, HF_SERVER_PEM_MAX);
    hf_buf_put(&front->client_ca, config->client_ca);
    front->fixed = hf_alloc(1, sizeof(*front->fixed));
    if (front->client_ca.full || front->fixed == NULL)
        return no_memory(why);
    front->kept = *config;
    front->kept.places = front->places;
    front->kept.client_ca = hf_buf_span(&front->client_ca);
    front->kept.certificate = front->kept.key = (struct hf_span){0};
    return HF_OK;
}

static bool wants_tls(const struct hf_server_config *config)
{
    for (size_t i = 0; i < config->place_count; i++)
        if (!config->places[i].plain)
            return true;
    return false;
}

static enum hf_err build(struct hf_server_front *front,
                         const struct hf_server_config *config,
                         struct hf_why *why)
{
    struct hf_role *role = &front->role;
    enum hf_err err = HF_OK;

    hf_role_init(role, HF_SERVER_REQUEST_MAX(config->body_max), OUT_MAX);
    hf_buf_init_grow(&role->in, IN_MAX + HF_FRAME_HEAD + role->frame_max);
    front->ready = eventfd(1, EFD_CLOEXEC);
    if (front->ready < 0)
        return hf_fail_sys(why, errno, "make a descriptor");
    role->is_patient = true; /* whoever drains was asked to stop before */
    role->gifts = front->gifts;
    role->gift_count = config->place_count;
    if (wants_tls(config))
        err = check_pair(config, why);
    if (err == HF_OK)
        err = open_places(front, config, why);
    if (err == HF_OK)
        err = keep(front, config, why);
    if (err == HF_OK)
        err = keep_config(front, config, why);
    if (err == HF_OK && hf_buf_reserve(&role->in, IN_MAX) == NULL)
        err = no_memory(why);
    return err == HF_OK ? front_start(front, why) : err;
}

enum hf_err hf_server_new(const struct hf_server_config *config,
                          struct hf_server_front **out, struct hf_why *why)
{
    struct hf_server_config whole = *config;
    struct hf_server_front *front;
    enum hf_err err = complete(&whole, why);

    if (err != HF_OK)
        return err;
    front = hf_alloc(1, sizeof(*front));
    if (front == NULL)
        return no_memory(why);
    front->ready = -1;
    for (size_t i = 0; i < HF_SERVER_PLACES_MAX; i++)
        front->listeners[i].fd = -1;
    err = build(front, &whole, why);
    if (err == HF_OK)
        *out = front;
    else
        hf_server_free(front);
    return err;
}

uint16_t hf_server_port(const struct hf_server_front *front, size_t place)
{
    return front->listeners[place].port;
}

/* A whole frame came in already, which the kernel knows nothing of. */
static bool has_frame(const struct hf_server_front *front)
{
    struct hf_span rest = hf_buf_span(&front->role.in);
    struct hf_frame frame;
    bool more = false;

    (void)hf_span_cut(&rest, front->taken);
    return hf_frame_cut(&rest, front->role.frame_max, &frame, &more, NULL) !=
               HF_OK ||
           more;
}

int hf_server_fd(const struct hf_server_front *front)
{
    if (front->gone)
        return -1;
    return has_frame(front) ? front->ready : front->role.fd;
}

const uint64_t *hf_server_counters(const struct hf_server_front *front)
{
    return front->counts;
}

void hf_server_free(struct hf_server_front *front)
{
    if (front == NULL)
        return;
    hf_role_clear(&front->role);
    if (front->ready >= 0)
        (void)close(front->ready);
    hf_buf_clear_wiped(&front->config);
    hf_buf_clear(&front->client_ca);
    if (front->fixed != NULL)
        hf_server_fixed_clear(front->fixed);
    hf_free(front->fixed);
    for (size_t i = 0; i < HF_SERVER_PLACES_MAX; i++)
        hf_listen_close(&front->listeners[i]);
    hf_free(front);
}
