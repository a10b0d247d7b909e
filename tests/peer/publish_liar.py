#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""publish_liar.py TARGET MODE: between a client and a name server.

Queries go through. Updates are

    swallow   never handed on, and never answered
    mute      handed on, and the answer kept back
    flip      handed on, and one bit of the answer turned over
    race      handed on, but the program RACE is run before the first one

DNS over TCP, to port TARGET of 127.0.0.2 from a port of 127.0.0.1 that its first
line on standard output names; each update that comes is a line more.
"""

import os
import socket
import subprocess
import sys
import threading


def receive(sock):
    head = sock.recv(2, socket.MSG_WAITALL)
    if len(head) < 2:
        return b""
    return sock.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)


def send(sock, message):
    sock.sendall(len(message).to_bytes(2, "big") + message)


def ask(target, message):
    with socket.create_connection(("127.0.0.2", target), 10) as server:
        send(server, message)
        return receive(server)


def serve(client, target, mode):
    while True:
        message = receive(client)
        if not message:
            return
        is_update = (message[2] >> 3) & 15 == 5
        if is_update and mode == "swallow":
            print("update", flush=True)
            continue
        race = os.environ.pop("RACE", None) if is_update else None
        if race:
            subprocess.run([race], check=True)
        answer = ask(target, message)
        if is_update:
            print("update", flush=True)
            if mode == "mute":
                continue
            if mode == "flip":
                answer = answer[:3] + bytes([answer[3] ^ 0x10]) + answer[4:]
        send(client, answer)


def main():
    target, mode = sys.argv[1:]
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, int(target), mode),
                         daemon=True).start()


main()
