/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast.h -- all of libholdfast: the law of standing domain authorization
 * (draft-ietf-acme-dns-persist -00, -01, -02 and BR 3.2.2.4.22).
 */
#pragma once

/* IWYU pragma: begin_exports */
#include "holdfast/buf.h"
#include "holdfast/caa.h"
#include "holdfast/challenge.h"
#include "holdfast/client.h"
#include "holdfast/diff.h"
#include "holdfast/digest.h"
#include "holdfast/err.h"
#include "holdfast/grant.h"
#include "holdfast/hashed_uri.h"
#include "holdfast/idna.h"
#include "holdfast/issue_value.h"
#include "holdfast/judge.h"
#include "holdfast/lint.h"
#include "holdfast/mpic.h"
#include "holdfast/name.h"
#include "holdfast/reach.h"
#include "holdfast/reason.h"
#include "holdfast/record.h"
#include "holdfast/reuse.h"
#include "holdfast/span.h"
#include "holdfast/suffix.h"
#include "holdfast/time.h"
#include "holdfast/txt.h"
/* IWYU pragma: end_exports */
