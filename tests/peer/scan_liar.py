# SPDX-License-Identifier: Apache-2.0
"""A hostile name server: silent, or full of answers to other questions.

scan_liar.py black-hole|liar  -- prints its port on 127.0.0.1, then serves.
"""
import socket
import sys

TXT = b"\x0bca.example;"
RECORD = b"\xc0\x0c\0\x10\0\1\0\0\0\x3c\0" + bytes([len(TXT)]) + TXT


def lies(query):
    """Answers that are wrong in one place each."""
    end = query.index(b"\0", 12) + 5
    question = query[12:end]
    flags = b"\x85\x80\0\1\0\1\0\0\0\0"
    other_id = bytes([query[0] ^ 1]) + query[1:2]
    swapped = bytes(
        c ^ 0x20 if chr(c).isalpha() and c > 63 else c for c in question
    )
    shifted = bytes([question[0]]) + b"x" + question[2:]
    yield other_id + flags + question + RECORD
    yield query[:2] + flags + shifted + RECORD
    yield query[:2] + flags + question[:-3] + b"\x01\0\1" + RECORD
    yield query[:2] + b"\x05\x80\0\1\0\1\0\0\0\0" + question + RECORD
    yield query[:2] + flags + question[:-1]
    yield query[:1]
    yield query[:2] + flags + swapped + RECORD


def main():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    print(server.getsockname()[1], flush=True)
    while True:
        query, client = server.recvfrom(4096)
        if sys.argv[1] == "black-hole":
            continue
        end = query.index(b"\0", 12) + 5
        true = query[:2] + b"\x85\x80\0\1\0\1\0\0\0\0" + query[12:end] + RECORD
        stranger.sendto(true, client)  # right, but from another port
        for lie in lies(query):
            server.sendto(lie, client)


main()
