/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plugin.h -- parts of this program that are files of their own, so that only
 * the process that wants one carries it and the libraries below it.
 */
#pragma once

/*
 * The symbol of this name in the shared object `file`, which is looked for
 * beside this program (so it is where it was built), then where it was
 * installed to, seen from this program's own folder. It must belong to root or
 * to the owner of this program, and no more people may write it than that. NULL
 * when there is none. Once loaded it stays.
 */
void *hf_plugin_find(const char *file, const char *symbol);
