/* SPDX-License-Identifier: Apache-2.0 */
/* hook_helper.h -- data/acme-sh-helper.sh as a string. */
#pragma once

extern const char hf_hook_helper[];
