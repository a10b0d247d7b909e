/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.h -- parts of this program that are files of their own, so that only
 * the process that wants one carries it and the libraries below it: shared
 * objects, and the programs of roles (role.h).
 *
 * A part is looked for beside this program (so it is where it was built), then
 * where it was installed to, seen from this program's own folder. It must
 * belong to root or to the owner of this program, and no more people may write
 * it than that.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/span.h"

/* The symbol of this name in a shared object; NULL when there is none. Once
 * loaded it stays. */
void *hf_plugin_find(const char *file, const char *symbol);

/*
 * The path of a program, in `room` of `size` with a NUL; false when there is
 * none. Who could put another there before it is executed owns the folder, and
 * this program in it.
 */
bool hf_plugin_path(struct hf_span file, char *room, size_t size);
