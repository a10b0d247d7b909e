/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include <limits.h>

#include "base/alloc.h"

void hf_http_reply_clear(struct hf_http_reply *reply)
{
    hf_free(reply->bytes);
    *reply = (struct hf_http_reply){0};
}

enum hf_err hf_http_submit(struct hf_http *http,
                           const struct hf_http_request *request,
                           uint64_t ticket, struct hf_why *why)
{
    enum hf_err err;

    if (http->under_way >= http->window)
        return hf_fail(why, HF_ELIMIT, 0, "too many requests under way");
    err = http->submit(http->state, request, ticket, why);
    if (err == HF_OK)
        http->under_way++;
    return err;
}

enum hf_err hf_http_poll(struct hf_http *http, int64_t wait_ms,
                         uint64_t *ticket, struct hf_http_reply *out, bool *got,
                         struct hf_why *why)
{
    enum hf_err err;

    *got = false;
    if (http->under_way == 0)
        return HF_OK;
    err = http->poll(http->state, wait_ms, ticket, out, got, why);
    if (err == HF_OK && *got)
        http->under_way--;
    return err;
}

enum hf_err hf_http_ask(struct hf_http *http,
                        const struct hf_http_request *request,
                        struct hf_http_reply *out, struct hf_why *why)
{
    uint64_t ticket = 0;
    bool got = false;
    enum hf_err err = hf_http_submit(http, request, 0, why);

    /* Every request has a deadline of its own: this ends. */
    while (err == HF_OK && !got)
        err = hf_http_poll(http, INT_MAX, &ticket, out, &got, why);
    return err;
}

int hf_http_fd(const struct hf_http *http)
{
    return http->fd(http->state);
}

void hf_http_clear(struct hf_http *http)
{
    if (http->free != NULL)
        http->free(http->state);
    *http = (struct hf_http){0};
}
