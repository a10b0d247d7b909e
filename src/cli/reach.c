/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reach.h"

#include <unistd.h>

static void put_item(struct hf_buf *out, struct hf_span item)
{
    hf_buf_put(out, item);
    hf_buf_putc(out, '\0');
}

enum hf_err hf_reach_gather(struct hf_span tcti, const struct hf_span *holes,
                            size_t hole_count, struct hf_reach_room *room,
                            struct hf_key_reach *out, struct hf_why *why)
{
    hf_buf_init_grow(&room->environment, HF_KEY_ENVIRONMENT_MAX);
    hf_buf_init_grow(&room->holes, HF_KEY_HOLES_TEXT_MAX);
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++)
        put_item(&room->environment, hf_span_str(environ[i]));
    for (size_t i = 0; i < hole_count; i++)
        put_item(&room->holes, holes[i]);
    if (room->environment.full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "the environment has more than 65,535 octets: run this "
                       "with less");
    if (room->holes.full)
        return hf_fail(why, HF_ELIMIT, 0, "--token-allow: too long");
    *out = (struct hf_key_reach){
        .tcti = tcti,
        .holes = hf_buf_span(&room->holes),
        .environment = hf_buf_span(&room->environment),
    };
    return HF_OK;
}

void hf_reach_clear(struct hf_reach_room *room)
{
    hf_buf_clear(&room->environment);
    hf_buf_clear(&room->holes);
}
