/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/bulk_pace.h"

#define START_WINDOW   256U
#define START_END      1024U /* from here on it grows by the period */
#define HOLD_PERIODS   8
#define SILENT_MAX     64 /* timeouts in a row that mean: nobody is there */
#define DOWN_NS        (2 * HF_SECOND_NS)
#define DOWN_DOUBLINGS 5

void hf_rate_init(struct hf_rate *rate, uint64_t per_second, int64_t now_ns)
{
    *rate = (struct hf_rate){.next_ns = now_ns};
    if (per_second == 0)
        return;
    rate->step_ns = HF_SECOND_NS / (int64_t)per_second;
    if (rate->step_ns == 0)
        rate->step_ns = 1;
    rate->burst_ns = HF_SECOND_NS / 100;
    if (rate->burst_ns < rate->step_ns)
        rate->burst_ns = rate->step_ns;
}

size_t hf_rate_peek(const struct hf_rate *rate, int64_t now_ns, size_t most)
{
    int64_t ahead = now_ns - rate->next_ns + rate->step_ns;
    int64_t count;

    if (rate->step_ns == 0)
        return most;
    if (ahead > rate->burst_ns)
        ahead = rate->burst_ns;
    count = ahead < 0 ? 0 : ahead / rate->step_ns;
    return (size_t)count < most ? (size_t)count : most;
}

void hf_rate_use(struct hf_rate *rate, int64_t now_ns, size_t count)
{
    int64_t earliest = now_ns - rate->burst_ns + rate->step_ns;

    if (rate->step_ns == 0)
        return;
    if (rate->next_ns < earliest)
        rate->next_ns = earliest; /* tokens not used in time are gone */
    rate->next_ns += rate->step_ns * (int64_t)count;
}

int64_t hf_rate_wait(const struct hf_rate *rate, int64_t now_ns)
{
    return rate->step_ns == 0 || rate->next_ns <= now_ns
               ? 0
               : rate->next_ns - now_ns;
}

void hf_pace_init(struct hf_pace *pace, uint64_t per_second, size_t window_max,
                  int64_t now_ns)
{
    *pace = (struct hf_pace){
        .window = window_max < START_WINDOW ? window_max : START_WINDOW,
        .window_max = window_max,
        .starting = true,
        .period_ends = now_ns + HF_SECOND_NS,
    };
    hf_rate_init(&pace->rate, per_second, now_ns);
}

bool hf_pace_is_down(const struct hf_pace *pace, int64_t now_ns)
{
    return now_ns < pace->down_until_ns;
}

size_t hf_pace_room(const struct hf_pace *pace, int64_t now_ns, size_t most)
{
    size_t free =
        pace->in_flight < pace->window ? pace->window - pace->in_flight : 0;

    return hf_rate_peek(&pace->rate, now_ns, free < most ? free : most);
}

void hf_pace_sent(struct hf_pace *pace, int64_t now_ns, size_t count)
{
    pace->in_flight += count;
    hf_rate_use(&pace->rate, now_ns, count);
}

static void end_period(struct hf_pace *pace, int64_t now_ns)
{
    size_t least = pace->window_max < HF_PACE_WINDOW_MIN ? pace->window_max
                                                         : HF_PACE_WINDOW_MIN;

    if (pace->lost > 4 + pace->answered / 256) {
        pace->starting = false;
        pace->window -= pace->window / 4;
        if (pace->window < least)
            pace->window = least;
        pace->hold = HOLD_PERIODS;
    } else if (pace->hold > 0) {
        pace->hold--;
    } else if (pace->answered > pace->window) {
        pace->window += pace->window / 16 + 1;
    }
    if (pace->window > pace->window_max)
        pace->window = pace->window_max;
    pace->answered = 0;
    pace->lost = 0;
    pace->period_ends = now_ns + HF_SECOND_NS;
}

void hf_pace_forget(struct hf_pace *pace)
{
    if (pace->in_flight > 0)
        pace->in_flight--;
}

void hf_pace_answered(struct hf_pace *pace, int64_t now_ns)
{
    hf_pace_forget(pace);
    pace->silent = 0;
    pace->downs = 0;
    pace->down_until_ns = 0;
    pace->answered++;
    if (pace->starting && pace->window < pace->window_max)
        pace->starting = ++pace->window < START_END;
    if (now_ns >= pace->period_ends)
        end_period(pace, now_ns);
}

void hf_pace_lost(struct hf_pace *pace)
{
    pace->lost++;
}

void hf_pace_silent(struct hf_pace *pace, int64_t now_ns)
{
    hf_pace_forget(pace);
    if (++pace->silent < SILENT_MAX)
        return;
    pace->silent = 0;
    pace->down_until_ns = now_ns + (DOWN_NS << pace->downs);
    if (pace->downs < DOWN_DOUBLINGS)
        pace->downs++;
}
