/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/contact.h"

enum hf_exit hf_contact_read(const struct hf_cli *cli, char *room,
                             struct hf_span *out)
{
    struct hf_span mail = hf_span_str(hf_cli_value(cli, "contact", NULL));
    struct hf_buf contact;

    *out = (struct hf_span){0};
    if (!hf_cli_has(cli, "contact"))
        return HF_EXIT_GOOD;
    hf_buf_init(&contact, room, HF_CONTACT_MAX);
    if (!hf_span_starts(mail, HF_SPAN("mailto:")))
        hf_buf_puts(&contact, "mailto:");
    hf_buf_put(&contact, mail);
    if (contact.full || hf_span_find(mail, '@') == mail.len)
        return hf_cli_usage(cli, mail, "no mail address");
    *out = hf_buf_span(&contact);
    return HF_EXIT_GOOD;
}
