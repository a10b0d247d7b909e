/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_read.h -- what libevent's lenient reader let through, read strictly.
 *
 * evhttp takes two lengths, a length with a sign, blanks in names and any
 * octet in values. Whoever disagrees with it about where a reply ends can slip
 * a reply of his own into the connection: such headers are refused.
 */
#pragma once

#include <event2/http.h>

#include "net/http.h"

/* The header of a reply, as soon as it is there; a body of more than
 * `body_max` octets need not be waited for. HF_HTTP_REPLIED when it is good. */
enum hf_http_failure hf_http_check_header(struct evhttp_request *req,
                                          enum hf_http_method method,
                                          size_t body_max);

/* May the connection serve again? */
bool hf_http_keeps_open(struct evhttp_request *req);

/*
 * Status and fields, borrowed from `req`; not the body. HF_HTTP_BAD_FIELD when
 * a field of interest is not what it should be.
 */
enum hf_http_failure hf_http_take_fields(struct evhttp_request *req,
                                         struct hf_http_reply *out);
