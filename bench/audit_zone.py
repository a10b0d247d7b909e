#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a zone file of N domains, eleven records each, one of them a persist
record: 181818 domains make the two million records of the audit benchmark."""

import sys

KINDS = (
    "ca.example; accounturi=https://ca.example/acme/acct/{n}",
    "ca.example; accounturi=https://ca.example/acme/acct/{n}; policy=wildcard",
    "ca.example; accounturi=https://ca.example/acme/acct/{n}; "
    "persistUntil={until}",
    "other-ca.example; accounturi=https://other-ca.example/v2/{n}; "
    "policy=wildcard; persistUntil={until}",
)


def main():
    domains = int(sys.argv[1])
    out = sys.stdout
    out.write(
        "$ORIGIN test.\n$TTL 3600\n"
        "test. 3600 IN SOA ns1.test. hostmaster.test. ( 1 7200 900\n"
        "    1209600 300 )\n"
        "test. 3600 IN NS ns1.test.\ntest. 3600 IN NS ns2.test.\n"
        "ns1.test. 3600 IN A 192.0.2.1\nns2.test. 3600 IN A 192.0.2.2\n"
        'test. 3600 IN TXT "v=spf1 -all"\n'
    )
    for i in range(domains):
        d = f"d{i:07d}.test."
        value = KINDS[i % 4].format(n=i % 997, until=1790000000 + i)
        out.write(
            f"{d} 300 IN NS ns1.{d}\n{d} 300 IN NS ns2.{d}\n"
            f"{d} 300 IN A 192.0.2.{i % 256}\n"
            f"{d} 300 IN AAAA 2001:db8::{i % 65536:x}\n"
            f"ns1.{d} 300 IN A 198.51.100.{i % 256}\n"
            f"ns2.{d} 300 IN A 203.0.113.{i % 256}\n"
            f"www.{d} 300 IN A 192.0.2.{i % 256}\n"
            f"www.{d} 300 IN AAAA 2001:db8:1::{i % 65536:x}\n"
            f'{d} 300 IN TXT "v=spf1 include:_spf.test ~all"\n'
            f'_dmarc.{d} 300 IN TXT "v=DMARC1; p=reject"\n'
            f'_validation-persist.{d} 300 IN TXT "{value}"\n'
        )


main()
