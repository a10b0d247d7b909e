#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write data/cas.json as a C table: cas-to-c.py cas.json cas_table.c"""
import json
import sys

TEXTS = [("name", "name"), ("title", "title"), ("state", "state"),
         ("directory", "directory"), ("staging", "staging"),
         ("draft", "draft"), ("prefix", "prefix"),
         ("accountUrl", "account_url"), ("limits", "limits"),
         ("note", "note"), ("asOf", "as_of")]
KNOWN = {None: "HF_KNOWN_NOT", False: "HF_KNOWN_NO", True: "HF_KNOWN_YES"}


def literal(text):
    # JSON and C agree on the escapes of printable ASCII.
    return "NULL" if text is None else json.dumps(text)


def entry(ca):
    lines = [f"        .{field} = {literal(ca[key])},"
             for key, field in TEXTS]
    for key in ("parents", "reuses"):
        lines.append(f"        .{key} = {KNOWN[ca[key]]},")
    names = ", ".join(literal(name) for name in ca["issuers"])
    lines.append(f"        .issuer_count = {len(ca['issuers'])},")
    lines.append(f"        .issuers = {{{names}}},")
    return "    {\n" + "\n".join(lines) + "\n    },\n"


def main():
    with open(sys.argv[1], encoding="ascii") as source:
        cas = json.load(source)["cas"]
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write("/* SPDX-License-Identifier: Apache-2.0 */\n"
                  "/* Made from data/cas.json; change that file. */\n"
                  '#include "cli/cas_table.h"\n\n'
                  "const struct hf_ca_entry hf_ca_table[] = {\n")
        out.writelines(entry(ca) for ca in cas)
        out.write("};\n\nconst size_t hf_ca_table_count = "
                  f"{len(cas)};\n")


main()
