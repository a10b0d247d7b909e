#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A name server for transfers that lies, between a client and an honest one.

    transfer_liar.py PORT SERVERPORT MODE

MODE is cut (the connection ends before the last message), hang (it stops
there instead), flip (one bit of the last message), repeat (the first message
of an earlier transfer), or old (an answer of its own, signed with the key of
the test as of an hour ago). Prints "ready" when it listens.
"""

import base64
import hashlib
import hmac
import socket
import struct
import sys
import time

SECRET = base64.b64decode("c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")


def receive(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def message_from(sock):
    return receive(sock, struct.unpack(">H", receive(sock, 2))[0])


def send(sock, message):
    sock.sendall(struct.pack(">H", len(message)) + message)


def after_name(message, at):
    while message[at] and message[at] < 0xC0:
        at += 1 + message[at]
    return at + (2 if message[at] else 1)


def is_last(message):
    """Does it end with the SOA record, as a transfer does, or refuse?"""
    kind = None
    questions, answers = struct.unpack(">2H", message[4:8])
    at = 12
    for _ in range(questions):
        at = after_name(message, at) + 4
    for _ in range(answers):
        at = after_name(message, at)
        kind, length = struct.unpack(">H6xH", message[at:at + 10])
        at += 10 + length
    return kind in (None, 6)


def fetch(port, request):
    """All messages of the honest answer."""
    found = []
    with socket.create_connection(("127.0.0.1", port)) as server:
        send(server, request)
        while not found or not is_last(found[-1]):
            found.append(message_from(server))
    return found


def name(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".")
                    if x) + b"\0"


def record(owner, kind, rdata):
    return name(owner) + struct.pack(">HHIH", kind, 1, 60, len(rdata)) + rdata


def old_answer(request):
    """A complete transfer, signed well, but as of an hour ago."""
    soa = record("example", 6, name("ns") * 2 + struct.pack(">5I", 9, 1, 1, 1, 1))
    txt = record("_validation-persist.example", 16, b"\1x")
    question = name("example") + struct.pack(">HH", 252, 1)
    message = request[:2] + struct.pack(">5H", 0x8400, 1, 3, 0, 0) + question
    message += soa + txt + soa
    mac = request[-38:-6]
    timers = struct.pack(">HIH", 0, int(time.time()) - 3600, 300)
    variables = name("k1") + struct.pack(">HI", 255, 0) + name("hmac-sha256")
    variables += timers + struct.pack(">HH", 0, 0)
    code = hmac.new(SECRET, struct.pack(">H", 32) + mac + message + variables,
                    hashlib.sha256).digest()
    rdata = name("hmac-sha256") + timers + struct.pack(">H", 32) + code
    rdata += request[:2] + struct.pack(">HH", 0, 0)
    message += name("k1") + struct.pack(">HHIH", 250, 255, 0, len(rdata)) + rdata
    return message[:11] + b"\1" + message[12:]


def lie(client, port, mode, memory):
    request = message_from(client)
    if mode == "old":
        send(client, old_answer(request))
        return
    answers = fetch(port, request)
    if mode == "repeat":
        memory.append(answers)
        answers = memory[0]
        answers = [request[:2] + x[2:] for x in answers]
    if mode == "flip":
        last = bytearray(answers[-1])
        last[len(last) // 2] ^= 1
        answers[-1] = bytes(last)
    for message in answers if mode in ("flip", "repeat") else answers[:-1]:
        send(client, message)
    if mode in ("cut", "hang") and len(answers) == 1:
        send_part = struct.pack(">H", len(answers[0])) + answers[0][:100]
        client.sendall(send_part)
    if mode == "hang":
        client.recv(1)  # until the other side goes away


def main():
    port, server, mode = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    memory = []
    with socket.create_server(("127.0.0.1", port)) as listener:
        print("ready", flush=True)
        while True:
            client, _ = listener.accept()
            with client:
                try:
                    lie(client, server, mode, memory)
                except (EOFError, OSError):
                    pass


main()
