/* SPDX-License-Identifier: Apache-2.0 */
/* report_page.h -- the parts of a report, between report*.c only. */
#pragma once

#include "cli/report.h"

/* What stands before the first result: a CSV header, the head of a page. */
void hf_page_open(const struct hf_page *page, struct hf_buf *out);

/* What stands after the last: the summary, unless CSV, and the end. */
void hf_page_close(const struct hf_page *page, const struct hf_tally *tally,
                   struct hf_buf *out);

/* Text of a stranger for each surrounding: HTML, Markdown cell, CSV field. */
void hf_page_put_html(struct hf_buf *out, struct hf_span text);
void hf_page_put_markdown(struct hf_buf *out, struct hf_span text);
void hf_page_put_csv(struct hf_buf *out, struct hf_span text);
