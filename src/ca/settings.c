/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/settings.h"

bool hf_ca_settings_cut(const struct hf_ca_settings *settings,
                        struct hf_span *url)
{
    const struct hf_span *base = &settings->base;

    for (size_t i = 0; i <= settings->former_count; i++) {
        if (i > 0)
            base = &settings->former[i - 1];
        if (hf_span_starts(*url, *base) && url->len > base->len &&
            url->ptr[base->len] == '/') {
            (void)hf_span_cut(url, base->len);
            return true;
        }
    }
    return false;
}
