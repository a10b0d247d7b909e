/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ACME server says, from the directory to the chain. The input is cut
 * at NULs; the first part is the directory, each further one a reply: its
 * first octet chooses the status, the rest is the body.
 */
#include <assert.h>
#include <stdlib.h>

#include "acme/order_engine.h"
#include "acme/renewal_info.h"
#include "acme/retry_after.h"

#define TURNS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hf_span part(struct hf_span *rest)
{
    struct hf_span head = hf_span_cut(rest, hf_span_find(*rest, '\0'));

    (void)hf_span_skip(rest, '\0');
    return head;
}

static struct hf_http_reply next_reply(struct hf_span *rest)
{
    static const int statuses[] = {200, 201, 400, 403, 429, 500, 0, 302};
    struct hf_http_reply reply = {.location = HF_SPAN("https://ca.example/1")};
    struct hf_span body = part(rest);
    unsigned char first = body.len == 0 ? 0 : (unsigned char)body.ptr[0];

    if (body.len > 0)
        (void)hf_span_cut(&body, 1);
    reply.status = statuses[first & 7];
    if (reply.status == 0) {
        reply.failure = HF_HTTP_SILENT;
        reply.reason = "closed";
    }
    reply.body = body;
    if ((first & 8) != 0)
        reply.retry_after = body;
    if ((first & 16) != 0) {
        reply.links[0] = (struct hf_http_link){body, HF_SPAN("alternate")};
        reply.link_count = 1;
    }
    return reply;
}

/* Whatever comes, the machine ends: by itself, or when time is up. */
static void run(struct hf_order_engine *engine, struct hf_span rest)
{
    struct hf_instant now = {.ms = 0, .at = 1790000000};
    struct hf_order_result result;
    struct hf_order_step step;

    for (int turn = 0;; turn++) {
        hf_order_next(engine, now, &step);
        if (step.need == HF_ORDER_END)
            break;
        assert(turn < TURNS_MAX * 4);
        if (step.need == HF_ORDER_WAIT) {
            assert(step.wake_ms > now.ms);
            now.ms = turn > TURNS_MAX ? 1000000 : step.wake_ms;
        } else if (step.need == HF_ORDER_CHOOSE) {
            if (step.authz->challenge_count > 0)
                hf_order_chosen(engine, step.index,
                                step.authz->challenge_count - 1);
            else
                hf_order_declined(engine, step.index, HF_SPAN("none"));
        } else {
            struct hf_called called = {.reply = next_reply(&rest)};

            hf_order_called(engine, step.ticket, &called, now);
        }
    }
    hf_order_result(engine, &result);
    assert(result.failure == HF_ORDER_GOOD || result.text.len > 0);
    for (size_t i = 0; i < result.text.len; i++)
        assert(result.text.ptr[i] == '\n' ||
               (result.text.ptr[i] >= ' ' && result.text.ptr[i] <= '~'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hf_span names[] = {HF_SPAN_INIT("a.example")};
    struct hf_order_wish wish = {.dns = names,
                                 .dns_count = 1,
                                 .alternates = true,
                                 .give_up_at_ms = 600000};
    struct hf_span rest = {(const char *)data, size};
    struct hf_directory directory;
    struct hf_account_object account;
    struct hf_renewal_info info;
    struct hf_order_engine *engine;

    if (hf_account_object_read(rest, &account, NULL) == HF_OK)
        hf_account_object_clear(&account);
    if (hf_renewal_info_read(rest, &info, NULL) == HF_OK)
        assert(info.start_at < info.end_at);
    (void)hf_retry_after_s(rest, 1790000000);
    if (hf_directory_read(part(&rest), &directory, NULL) != HF_OK)
        return 0;
    if (hf_order_engine_new(&directory, &wish, &engine, NULL) != HF_OK)
        abort();
    run(engine, rest);
    hf_order_engine_free(engine);
    hf_directory_clear(&directory);
    return 0;
}
