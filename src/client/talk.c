/* SPDX-License-Identifier: Apache-2.0 */
#include "client/talk.h"

#include "os/clock.h"
#include "os/signals.h"

#define SAID_MAX 4096
#define TYPE_END '\n' /* between the type and the sentence in `said` */

struct hf_instant hf_talk_now(void)
{
    return (struct hf_instant){.ms = hf_clock_ms(), .at = hf_clock_now().s};
}

/* ---- turns ---- */

/* The session may want more than the client takes at a time: it asks for nonces
 * beside its calls. */
static bool has_room(const struct hf_talk *talk)
{
    return talk->http->under_way < talk->http->window;
}

static enum hf_err send_all(struct hf_talk *talk, struct hf_why *why)
{
    struct hf_http_request request;
    uint64_t ticket;

    while (has_room(talk) &&
           hf_session_next(talk->session, hf_talk_now(), &request, &ticket)) {
        enum hf_err err = hf_http_submit(talk->http, &request, ticket, why);

        if (err != HF_OK)
            return err;
    }
    return HF_OK;
}

static int64_t wait_ms_until(const struct hf_talk *talk, int64_t until_ms)
{
    int64_t now_ms = hf_clock_ms();
    int64_t wake_ms =
        has_room(talk) ? hf_session_wake_ms(talk->session) : INT64_MAX;

    if (until_ms < wake_ms)
        wake_ms = until_ms;
    if (wake_ms == INT64_MAX)
        return 1000; /* signals are looked at, then */
    return wake_ms > now_ms ? wake_ms - now_ms : 0;
}

/* One reply, if one comes before it is time for something else. */
static enum hf_err receive(struct hf_talk *talk, int64_t until_ms,
                           struct hf_called *out, bool *got, struct hf_why *why)
{
    int64_t wait_ms = wait_ms_until(talk, until_ms);
    struct hf_http_reply reply;
    bool replied = false;
    uint64_t ticket;
    enum hf_err err;

    if (talk->http->under_way == 0) { /* only the time will tell */
        hf_clock_wait(wait_ms);
        return HF_OK;
    }
    err = hf_http_poll(talk->http, wait_ms, &ticket, &reply, &replied, why);
    if (err == HF_OK && replied)
        *got =
            hf_session_take(talk->session, ticket, &reply, hf_talk_now(), out);
    return err;
}

enum hf_err hf_talk_turn(struct hf_talk *talk, int64_t until_ms,
                         struct hf_called *out, bool *got, struct hf_why *why)
{
    enum hf_err err;

    *got = false;
    do {
        err = send_all(talk, why);
        if (err != HF_OK)
            return err;
        *got = hf_session_ended(talk->session, out);
        if (!*got)
            err = receive(talk, until_ms, out, got, why);
        if (err != HF_OK)
            return err;
        if (!*got && hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    } while (!*got && hf_clock_ms() < until_ms);
    return HF_OK;
}

/* There is no call whose end one could miss. */
enum hf_err hf_talk_foresee(struct hf_talk *talk, struct hf_why *why)
{
    struct hf_called called;
    bool got;

    hf_session_foresee(talk->session);
    return hf_talk_turn(talk, hf_clock_ms(), &called, &got, why);
}

/* ---- calls ---- */

/* What the server said to a call, for people; its type first, for us. */
static void keep_said(struct hf_talk *talk, const struct hf_called *called)
{
    struct hf_problem problem;
    struct json_t *json;

    hf_buf_reset(&talk->said);
    hf_reply_problem(&called->reply, &problem, &json);
    hf_buf_put_escaped(&talk->said, problem.type, 80);
    hf_buf_putc(&talk->said, TYPE_END);
    if (json != NULL)
        hf_problem_put(&talk->said, &problem);
    else if (called->reply.failure != HF_HTTP_REPLIED)
        hf_buf_puts(&talk->said, called->reply.reason);
    else
        hf_buf_put_i64(&talk->said, called->reply.status);
    hf_reply_problem_clear(json);
}

struct hf_span hf_talk_problem(const struct hf_talk *talk)
{
    struct hf_span said = hf_buf_span(&talk->said);

    return hf_span_cut(&said, hf_span_find(said, TYPE_END));
}

struct hf_span hf_talk_said(const struct hf_talk *talk)
{
    struct hf_span said = hf_buf_span(&talk->said);

    (void)hf_span_cut(&said, hf_span_find(said, TYPE_END));
    (void)hf_span_skip(&said, TYPE_END);
    return said;
}

static const char *what_happened(const struct hf_called *called)
{
    if (called->reply.failure != HF_HTTP_REPLIED)
        return "the CA cannot be reached";
    if (called->reply.status >= 300 && called->reply.status < 400)
        return "RFC 8555 6.3: the CA answers with a redirect, and ACME has "
               "none";
    return "the CA refused";
}

enum hf_err hf_talk_call(struct hf_talk *talk, const struct hf_call *call,
                         struct hf_called *out, struct hf_why *why)
{
    struct hf_called called;
    bool got = false;
    enum hf_err err = hf_session_submit(talk->session, call, 0, why);

    hf_buf_reset(&talk->said);
    while (err == HF_OK && !got)
        err = hf_talk_turn(talk, INT64_MAX, &called, &got, why);
    if (err != HF_OK)
        return err;
    if (called.err != HF_OK)
        return hf_fail(why, called.err, 0, called.why.text);
    if (called.reply.status < 200 || called.reply.status > 299) {
        keep_said(talk, &called);
        err = hf_fail(why, HF_EPEER, 0, what_happened(&called));
    }
    if (err == HF_OK && out != NULL)
        *out = called;
    else
        hf_http_reply_clear(&called.reply);
    return err;
}

/* ---- the beginning and the end ---- */

/* The directory is fetched by a session that has none yet. */
static enum hf_err fetch_directory(struct hf_talk *talk, struct hf_span url,
                                   struct hf_why *why)
{
    const struct hf_call call = {.kind = HF_CALL_GET, .url = url};
    struct hf_called called;
    enum hf_err err = hf_talk_call(talk, &call, &called, why);

    if (err != HF_OK)
        return err;
    err = hf_directory_read(called.reply.body, &talk->directory, why);
    hf_http_reply_clear(&called.reply);
    return err;
}

enum hf_err hf_talk_open(struct hf_talk *talk, struct hf_http *http,
                         struct hf_span directory_url, struct hf_span known,
                         const struct hf_signer *signer, struct hf_why *why)
{
    enum hf_err err;

    *talk = (struct hf_talk){.http = http};
    hf_buf_init_grow(&talk->said, SAID_MAX);
    err = hf_session_new(&talk->directory, signer, HF_TALK_PATIENCE_S,
                         &talk->session, why);
    if (err != HF_OK)
        return err;
    if (known.len > 0 &&
        hf_directory_read(known, &talk->directory, why) == HF_OK)
        return HF_OK;
    return fetch_directory(talk, directory_url, why);
}

void hf_talk_close(struct hf_talk *talk)
{
    hf_session_free(talk->session);
    hf_directory_clear(&talk->directory);
    hf_buf_clear(&talk->said);
    *talk = (struct hf_talk){0};
}
