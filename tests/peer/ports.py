# SPDX-License-Identifier: Apache-2.0
"""Loopback addresses and ports for servers.

ports.py free [COUNT]  -- COUNT ports that nobody has, over UDP and TCP, on
                          any address that a test listens at; one a line
ports.py pair          -- such a port, behind which comes another
ports.py ipv6          -- exit status 0 when there is a ::1

PORTS in the environment, "FIRST END", says whose they may be: tests that run
side by side have other ones each.
"""
import os
import random
import socket
import sys

PLACES = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET, "127.0.0.2"),
    (socket.AF_INET, "127.0.0.3"),
    (socket.AF_INET6, "::1"),
)
KINDS = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


def is_free(family, host, port):
    for kind in KINDS:
        try:
            with socket.socket(family, kind) as sock:
                sock.bind((host, port))
        except OSError:
            return False
    return True


# Below what kernels give to those who ask for any port: a client's socket
# cannot take one of these before the server does.
def free(places, row=1):
    """The first of so many in a row."""
    first, end = map(int, os.environ.get("PORTS", "10240 32768").split())
    while True:
        port = random.randrange(first, end - row)
        if all(is_free(family, host, port + i)
               for family, host in places for i in range(row)):
            return port


def main():
    has_ipv6 = is_free(socket.AF_INET6, "::1", 0)
    if sys.argv[1] == "ipv6":
        sys.exit(0 if has_ipv6 else 1)
    places = PLACES if has_ipv6 else PLACES[:-1]
    if sys.argv[1] == "pair":
        print(free(places, 2))
        return
    ports = set()
    while len(ports) < int((sys.argv[2:] or [1])[0]):
        ports.add(free(places))
    print(*ports, sep="\n")


main()
