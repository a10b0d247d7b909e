#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""data/sh-to-c.py SCRIPT OUTPUT: the helper of hooks as an array in C.

Octet by octet: a literal of that length is more than C promises.
"""

import sys


def main():
    script, output = sys.argv[1:]
    with open(script, encoding="ascii") as source:
        lines = [line for line in source
                 if line.strip() and not line.lstrip().startswith("#")]
    with open(output, "w", encoding="ascii") as out:
        out.write('#include "client/hook_helper.h"\n\n'
                  "const char hf_hook_helper[] = {\n")
        for line in lines:
            out.write(", ".join(str(ord(c)) for c in line) + ",\n")
        out.write("0};\n")


main()
