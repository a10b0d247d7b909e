#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random zone files that real servers load, written in every way that RFC
1035 allows: relative names, changing origins, owners left out, parentheses,
comments with anything in them, escapes, generic data, CR LF. With `generate`
also $GENERATE, which only BIND reads.

    zone_random.py SEED RECORDS [crlf] [generate]
"""

import random
import sys

LABELS = ("_validation-persist", "_ip-validation-persist")


def recase(rng, text):
    return "".join(rng.choice((c.lower(), c.upper())) for c in text)


def escape_label(rng, label):
    out = ""
    for c in label:
        way = rng.random()
        if way < 0.04:
            out += f"\\{ord(c):03d}"
        elif way < 0.06 and not c.isdigit():
            out += "\\" + c
        else:
            out += c
    return out


def comment(rng):
    if rng.random() < 0.85:
        return ""
    return " ;" + "".join(
        rng.choice('ab "();\\$_@\t') for _ in range(rng.randrange(12))
    ) + rng.choice(("", " _validation-persist.c. 1 TXT c", '"'))


def string(rng):
    octets = [rng.randrange(33, 127) for _ in range(rng.randrange(1, 40))]
    quoted = rng.random() < 0.7
    out = ""
    for o in octets:
        c = chr(o)
        if rng.random() < 0.03:
            out += f"\\{rng.randrange(256):03d}"
        elif c in '"\\' or (not quoted and c in ';()@$'):
            out += "\\" + c
        elif rng.random() < 0.02 and not c.isdigit():
            out += "\\" + c
        else:
            out += c
    if quoted and rng.random() < 0.3:
        out += rng.choice(("; a=b", " (x", ") y", "  "))
    return f'"{out}"' if quoted else out


class Zone:
    def __init__(self, seed, generates):
        self.rng = random.Random(seed)
        self.generates = generates
        self.origin = "test."
        self.owner = None

    def blank(self):
        return self.rng.choice((" ", "\t", "  ", " \t"))

    def name(self, depth=2):
        rng = self.rng
        labels = [f"n{rng.randrange(40)}" for _ in range(rng.randrange(depth))]
        way = rng.random()
        if way < 0.45:
            labels.insert(0, recase(rng, rng.choice(LABELS)))
        elif way < 0.5:
            labels.insert(0, "*")
        elif way < 0.6:
            labels.insert(0, rng.choice(("_validation-persistx", "_dmarc",
                                         "x_validation-persist")))
        if not labels:
            return "@"
        text = ".".join(escape_label(rng, x) for x in labels)
        if rng.random() < 0.4:
            text += "." + self.origin
        return text

    def rdata(self):
        rng = self.rng
        way = rng.random()
        if way < 0.15:
            return "A", [f"192.0.2.{rng.randrange(256)}"]
        if way < 0.2:
            return "AAAA", ["2001:db8::1"]
        if way < 0.25:
            return "MX", ["10", "mail.test."]
        if way < 0.33:
            value = bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
            wire = bytes([len(value)]) + value
            digits = wire.hex()
            cut = 2 * rng.randrange(len(wire) + 1)
            words = [w for w in (digits[:cut], digits[cut:]) if w]
            return rng.choice(("TXT", "TYPE16")), ["\\#", str(len(wire))] + words
        return "TXT", [string(rng) for _ in range(rng.randrange(1, 4))]

    def template(self, start):
        rng = self.rng
        out = ""
        for _ in range(rng.randrange(1, 4)):
            base = rng.choice("doxXnN")
            low = -start if base in "nN" else -9
            offset = rng.choice(("", "+")) + str(rng.randrange(300))
            if rng.random() < 0.3:
                offset = str(rng.randrange(low, 1))
            width = rng.randrange(8)
            out += rng.choice((
                "$", "$", "$$", "\\$", "${" + offset + "}",
                "${" + f"{offset},{width}" + "}",
                "${" + f"{offset},{width},{base}" + "}")) + rng.choice("xyz-")
        return out + "e"

    def generate(self):
        rng = self.rng
        start = rng.randrange(300)
        span = f"{start}-{start + rng.randrange(12)}"
        if rng.random() < 0.3:
            span += f"/{rng.randrange(1, 5)}"
        owner = rng.choice(LABELS + ("x", "*")) + "." + self.template(start)
        fields = [rng.choice(("60", "1h", "")), rng.choice(("IN", "in", ""))]
        if rng.random() < 0.5:
            fields.reverse()
        if rng.random() < 0.15:
            fields += ["A", "192.0.2.$" if start < 240 else "192.0.2.1"]
        else:
            data = self.template(start)
            fields += [recase(rng, "TXT"), rng.choice((
                data, f'"{data}"', f'"{data} b {data}"', f'"( {data} )"',
                f'"{data} ; c"', f'"\\"{data}; a={data}\\""',
                f'"\\"a\\" {data}"', data + "\\ " + data))]
        words = [x for x in ["$GENERATE", span, owner] + fields if x]
        return self.blank().join(words) + comment(rng)

    def entry(self):
        rng = self.rng
        if self.generates and rng.random() < 0.1:
            return self.generate()
        if rng.random() < 0.12:
            return rng.choice(("", "   ", ";", "\t; (", '; "x', " ; _v"))
        if rng.random() < 0.05:
            self.origin = rng.choice(("test.", "sub.test.",
                                      "_validation-persist.o.test."))
            return f"$ORIGIN {self.origin}{comment(rng)}"
        if rng.random() < 0.02:
            return f"$TTL {rng.choice(('300', '1h', '2d'))}"
        kind, words = self.rdata()
        owner = self.name()
        if self.owner is not None and rng.random() < 0.25:
            owner = ""
        else:
            self.owner = owner
        head = [rng.choice(("60", "1h", "7")), rng.choice(("IN", "in"))]
        if rng.random() < 0.5:
            head.reverse()
        fields = head + [recase(rng, kind)] + words
        if owner == "" and rng.random() < 0.3:
            fields.insert(0, "(")
            fields.append(")")
            return self.blank() + self.fold(fields, 1)
        opened = rng.random() < 0.25
        if opened:
            at = rng.randrange(len(head) + 2)
            fields.insert(at, "(")
            fields.append(")")
        return owner + self.blank() + self.fold(fields, 0)

    def fold(self, fields, _):
        rng = self.rng
        out = ""
        depth = 0
        for i, field in enumerate(fields):
            depth += field == "("
            if field == ")":
                depth -= 1
            out += field
            if i + 1 == len(fields):
                break
            if depth > 0 and rng.random() < 0.25:
                out += comment(rng) + "\n" + rng.choice(("", " ", "\t"))
                if out.endswith("\n"):
                    out += " "
            else:
                out += self.blank()
        return out + rng.choice(("", " ")) + comment(rng)


def main():
    zone = Zone(int(sys.argv[1]), "generate" in sys.argv[3:])
    lines = [
        "$ORIGIN test.",
        "$TTL 300",
        "@ 60 IN SOA ns1.test. admin.test. ( 1 2 3",
        "  4 5 )",
        "@ 60 IN NS ns1.test.",
        "ns1.test. 60 IN A 192.0.2.53",
    ]
    lines += [zone.entry() for _ in range(int(sys.argv[2]))]
    end = "\r\n" if "crlf" in sys.argv[3:] else "\n"
    text = "\n".join(lines) + "\n"
    sys.stdout.buffer.write(text.replace("\n", end).encode("latin-1"))


main()
