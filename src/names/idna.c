/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/idna.h"

#include <idn2.h>

/* A U-label name never needs more UTF-8 than this for 253 octets of A-labels
 * (four octets a character at most, and each costs at least one there). */
#define UTF8_MAX (4 * HF_NAME_MAX)

static bool has_a_label(struct hf_span text)
{
    for (struct hf_span rest = text; rest.len > 0;) {
        struct hf_span label = hf_span_cut(&rest, hf_span_find(rest, '.'));

        if (label.len >= 4 &&
            hf_span_eq_nocase((struct hf_span){label.ptr, 4}, HF_SPAN("xn--")))
            return true;
        (void)hf_span_skip(&rest, '.');
    }
    return false;
}

static bool is_ascii(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] > 0x7f)
            return false;
    return true;
}

/* REQ RECORD-21 */
enum hf_err hf_idna_canonical(struct hf_span text, struct hf_name *out,
                              struct hf_why *why)
{
    char copy[UTF8_MAX + 2];
    char *ascii = NULL;
    enum hf_err err;
    int rc;

    if (is_ascii(text) && !has_a_label(text))
        return hf_name_parse(text, out, why);
    if (text.len >= sizeof(copy) || hf_span_find(text, '\0') < text.len)
        return hf_fail(why, HF_ESYNTAX, text.len, "not a domain name");
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (text.len > 1 && copy[text.len - 1] == '.')
        copy[text.len - 1] = '\0';

    rc = idn2_to_ascii_8z(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_MALLOC)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (rc != IDN2_OK)
        return hf_fail(why, HF_ESYNTAX, 0, idn2_strerror(rc));
    err = hf_name_parse(hf_span_str(ascii), out, why);
    if (err != HF_OK && why != NULL)
        why->at = 0; /* it was an offset in the A-labels */
    idn2_free(ascii);
    return err;
}
