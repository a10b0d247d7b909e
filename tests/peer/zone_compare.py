#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare `holdfast audit --format json` with what another parser found.

    zone_compare.py AUDIT.json DUMP

DUMP has lines of owner (hex of the wire form, lower case), TTL and RDATA (hex),
as bench/zscanner_floor --dump writes them; or, as named-compilezone does,
zone lines in one column each: "owner TTL IN TXT "..." "...""
"""

import json
import re
import sys


def names_of(wire):
    labels = []
    while wire and wire[0]:
        labels.append(wire[1:1 + wire[0]].decode("latin-1"))
        wire = wire[1 + wire[0]:]
    return ".".join(labels)


def join(rdata):
    out = b""
    while rdata:
        out += rdata[1:1 + rdata[0]]
        rdata = rdata[1 + rdata[0]:]
    return out.decode("latin-1")


def unescape(text):
    return re.sub(
        r"\\(\d\d\d|.)",
        lambda m: chr(int(m[1])) if m[1].isdigit() and len(m[1]) == 3 else m[1],
        text, flags=re.S)


def from_line(line):
    owner, _ttl, _class, kind, data = line.split(None, 4)
    if kind.upper() != "TXT":
        return None
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', data, flags=re.S)
    return (unescape(owner.rstrip(".")).lower(),
            "".join(unescape(s) for s in strings))


def read_dump(path):
    found = set()
    for line in open(path, encoding="latin-1"):
        words = line.split()
        if len(words) >= 2 and re.fullmatch("[0-9a-f]+", words[0]):
            found.add((names_of(bytes.fromhex(words[0])),
                       join(bytes.fromhex(words[2] if words[2:] else ""))))
        elif words[3:4] and words[3].upper() == "TXT":
            record = from_line(line)
            if re.match(r"_(ip-)?validation-persist(\.|$)", record[0]):
                found.add(record)
    return found


def read_audit(path):
    found = set()
    for line in open(path):
        result = json.loads(line)
        if "summary" in result or result["owner"].startswith("*"):
            continue
        for record in result["records"]:
            found.add((unescape(result["owner"]), record["text"]))
    return found


def main():
    ours = read_audit(sys.argv[1])
    theirs = read_dump(sys.argv[2])
    for record in sorted(theirs - ours):
        print("missed:", record)
    for record in sorted(ours - theirs):
        print("invented:", record)
    print(len(theirs), "records")
    sys.exit(ours != theirs)


main()
