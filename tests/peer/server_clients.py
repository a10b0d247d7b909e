#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""server_clients.py CERT KEY CERT2 KEY2: clients of the HTTP server that are
slow, wrong, rude, or very many. Each case has a server of its own, which is
$SERVER_PLAY. Prints what went wrong; exit status 1 when something did.
"""

import os
import re
import resource
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

CERT, KEY, CERT2, KEY2 = sys.argv[1:5]
PATIENCE = 30  # seconds until whatever should happen counts as not happening
failures = []


def check(good, text):
    if not good:
        failures.append(text)
        print(f"FAILED: {text}", flush=True)


class Server:
    """One with TLS at port `tls` and without at `plain`."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [os.environ["SERVER_PLAY"], "--cert", CERT, "--key", KEY, *options,
             "127.0.0.1@0", "+127.0.0.1@0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lines = [self.process.stdout.readline().strip() for _ in range(3)]
        if lines[2] != "ready":
            sys.exit(f"server_play: {lines}")
        self.tls, self.plain = int(lines[0]), int(lines[1])

    def say(self, command):
        print(command, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def counters(self):
        return {key: int(value) for key, value in
                (pair.split("=") for pair in self.say("counters").split())}

    def reaches(self, **wanted):
        """Do these counters come? They are told four times a second."""
        return until(lambda: all(self.counters()[key] == value
                                 for key, value in wanted.items()))

    def front(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path) as file:
            return int(file.read().split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        check(self.process.wait(PATIENCE) == 0, "server_play ended badly")


def until(condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def trusting(*certs):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for cert in certs:
        made.load_verify_locations(cert)
    return made


BOTH = trusting(CERT, CERT2)


def connect(port, tls=False):
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    return BOTH.wrap_socket(sock, server_hostname="localhost") \
        if tls else sock


def read_all(sock):
    data = b""
    try:
        while part := sock.recv(65536):
            data += part
    except (ConnectionResetError, ssl.SSLError):
        data += b"<reset>"
    return data


def read_reply(file, head=False):
    """Status, fields and body; (0, {}, b"") at the end of the connection."""
    line = file.readline()
    if not line:
        return 0, {}, b""
    fields = {}
    while (field := file.readline()) not in (b"\r\n", b""):
        name, value = field.decode().rstrip("\r\n").split(": ", 1)
        fields[name.lower()] = value
    length = 0 if head else int(fields.get("content-length", 0))
    return int(line.split()[1]), fields, file.read(length)


def request(method, target, body=b"", *fields):
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *fields]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def ask(sock, *parts):
    sock.sendall(request(*parts))
    return read_reply(sock.makefile("rb"))


# ---- what requests may look like ----

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
SHAPES = [
    (400, POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
    (400, POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"),
    (400, POST + b"Content-Length: 5, 5\r\n\r\nabcde"),
    (400, POST + b"Content-Length: +5\r\n\r\nabcde"),
    (400, POST + b"Content-Length: 0x5\r\n\r\nabcde"),
    (400, POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n" + HIDDEN),
    (400, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n"
        b"0\r\n\r\n" + HIDDEN),
    (411, POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN),
    (411, POST + b"Transfer-Encoding: xchunked\r\n\r\n" + HIDDEN),
    (400, POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + HIDDEN),
    (400, POST + b"Transfer-Encoding : chunked\r\n\r\n" + HIDDEN),
    (400, POST + b"Content-Length : 40\r\n\r\n" + HIDDEN),
    (400, POST + b" Content-Length: 40\r\n\r\n" + HIDDEN),
    (400, POST + b"X: y\r\n Content-Length: 40\r\n\r\n" + HIDDEN),
    (400, POST + b"X: y\nContent-Length: 40\r\n\r\n" + HIDDEN),
    (400, POST + b"X: y\rContent-Length: 40\r\n\r\n" + HIDDEN),
    (400, GET + b"X: y\n\n" + HIDDEN),
    (400, GET + b"X: y\r\n\n" + HIDDEN),
    (400, GET + b"Host: b\r\n\r\n"),
    (400, b"GET /x HTTP/1.1\r\n\r\n"),
    (400, b"GET /x HTTP/1.1\nHost: a\n\n"),
    (400, GET + b"X: \0\r\n\r\n"),
    (400, b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
    (400, b"GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    (400, b"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    (400, b"GET /x\r\n\r\n"),
    (400, b"\r\n\r\n" + GET + b"\r\n"),
    (400, b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
    (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    (413, POST + b"Content-Length: 65537\r\n\r\n"),
    (413, POST + b"Content-Length: 99999999999999999999\r\n\r\n"),
    (417, POST + b"Expect: 201-created\r\nContent-Length: 1\r\n\r\na"),
    (431, GET + b"X: " + b"y" * 20000 + b"\r\n\r\n"),
    (431, b"GET /" + b"y" * 20000),
    (431, GET + b"a:b\r\n" * 101 + b"\r\n"),
]


def shapes(server, tls):
    for status, octets in SHAPES:
        with connect(server.tls if tls else server.plain, tls) as sock:
            sock.sendall(octets)
            said = read_all(sock)
        check(said.startswith(b"HTTP/1.1 %d " % status) and
              b"\r\nConnection: close\r\n" in said and
              len(re.findall(rb"HTTP/1.1 \d", said)) == 1,
              f"{octets[:70]} (TLS: {tls}): {said[:60]}, not {status}")


def wrong_requests():
    with Server() as server:
        for tls in (False, True):
            shapes(server, tls)
        # None of them was handed over, and each is counted once.
        wanted = {}
        names = {400: "malformed", 411: "no_length", 413: "long_body",
                 417: "expectation", 431: "long_header",
                 505: "unknown_version"}
        for status, _ in SHAPES:
            wanted[names[status]] = wanted.get(names[status], 0) + 2
        check(server.reaches(requests=0, open=0, **wanted),
              f"counters: {server.counters()}, not {wanted}")


def odd_but_good():
    rows = [
        b"\r\n" + GET + b"\r\n",
        b"GET http://a/x HTTP/1.1\r\nHost: A\r\n\r\n",
        b"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /x HTTP/1.1\r\nhost:a\r\nX:\r\nY: \xff\r\n\r\n",
        b"GET /x HTTP/1.0\r\n\r\n",
        b"GET /x HTTP/1.7\r\nHost: a\r\n\r\n",
    ]
    with Server() as server:
        for octets in rows:
            with connect(server.plain) as sock:
                sock.sendall(octets)
                status, fields, body = read_reply(sock.makefile("rb"))
            check(status == 200 and b" /x host=" in body,
                  f"{octets}: {status} {body}")
            check(("connection" in fields) == (b"HTTP/1.0" in octets),
                  f"{octets}: {fields}")


# ---- connections ----

def check_pipe(file, times):
    for _ in range(times):
        status, _, body = read_reply(file)
        check(status == 200 and body.startswith(b"{"), f"/fixed: {status} {body[:60]}")
        status, _, body = read_reply(file)
        check(body.startswith(b"POST /a ") and b"body=3" in body, f"/a: {body}")
        status, fields, body = read_reply(file, head=True)
        check(int(fields["content-length"]) > 300, f"HEAD: {fields}")
        status, fields, body = read_reply(file)
        check(status == 201 and fields["replay-nonce"] == "abc",
              f"/fields: {status} {fields}")
        status, _, body = read_reply(file)
        check(len(body) == 1 << 20, f"/fixed-large: {len(body)}")


def pipelines():
    block = (request("GET", "/fixed") + request("POST", "/a", b"b\r\n") +
             request("HEAD", "/directory") + request("GET", "/fields") +
             request("GET", "/fixed-large"))
    with Server() as server:
        for tls in (False, True):
            with connect(server.tls if tls else server.plain, tls) as sock:
                sender = threading.Thread(target=sock.sendall,
                                          args=(block * 20,))
                sender.start()
                check_pipe(sock.makefile("rb"), 20)
                sender.join()
        # And octet by octet.
        with connect(server.plain) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in block:
                sock.sendall(bytes([octet]))
            check_pipe(sock.makefile("rb"), 1)


def ends():
    with Server() as server:
        with connect(server.plain) as sock:
            sock.sendall(request("GET", "/fixed", b"", "Connection: close") +
                         request("GET", "/fixed"))
            said = read_all(sock)
            check(said.count(b"HTTP/1.1 200") == 1 and b"<reset>" not in said,
                  f"after close: {said[-60:]}")
        # Who says no more may still listen.
        with connect(server.plain) as sock:
            sock.sendall(request("GET", "/directory"))
            sock.shutdown(socket.SHUT_WR)
            check(read_all(sock).startswith(b"HTTP/1.1 200"), "half-closed")
        with connect(server.plain) as sock:
            sock.sendall(request("HEAD", "/large", b"", "Connection: close"))
            said = read_all(sock)
            check(b"Content-Length: 1048576\r\n" in said and
                  said.endswith(b"\r\n\r\n"), f"HEAD: {said[-60:]}")


def bodies():
    with Server("--body-max", "1000") as server:
        with connect(server.plain) as sock:
            check(b"body=1000" in ask(sock, "POST", "/", b"x" * 1000)[2],
                  "a body of the greatest length")
            sock.sendall(request("POST", "/", b"x" * 1001))
            check(read_reply(sock.makefile("rb"))[0] == 413, "one octet more")
        with connect(server.plain) as sock:
            file = sock.makefile("rb")
            sock.sendall(POST + b"Content-Length: 3\r\n"
                         b"Expect: 100-continue\r\n\r\n")
            check(file.readline() + file.readline() ==
                  b"HTTP/1.1 100 Continue\r\n\r\n", "no 100")
            sock.sendall(b"abc")
            check(b"body=3" in read_reply(file)[2], "after 100")
            sock.sendall(POST + b"Content-Length: 3000\r\n"
                         b"Expect: 100-continue\r\n\r\n")
            check(read_reply(file)[0] == 413, "100 for what is too long")
        # Who sends on and on hears the refusal nevertheless.
        with connect(server.plain) as sock:
            sock.sendall(POST + b"Content-Length: 2000000\r\n\r\n" +
                         b"x" * 2000000)
            check(read_all(sock).startswith(b"HTTP/1.1 413"), "a long sender")


# ---- time ----

def slow():
    with Server("--answer", "1000") as server:
        with connect(server.plain) as sock:
            sock.sendall(request("GET", "/silent"))
            status, fields, _ = read_reply(sock.makefile("rb"))
        check(status == 503 and fields["retry-after"] == "5",
              f"no answer: {status} {fields}")
        check(server.reaches(late=1, open=0, unanswered=1), "it was late")
        check(server.say("speak") == "spoke 1", "a late answer")
        check(server.reaches(unanswered=0), "it counts as one")
        with connect(server.plain) as sock:
            check(ask(sock, "GET", "/")[0] == 200, "after a late one")
    with Server("--request", "1000", "--idle", "1500", "--handshake",
                "1000") as server:
        idle = connect(server.plain)
        mute = connect(server.tls)
        half = connect(server.tls)
        half.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        drip = connect(server.plain)
        said = b""
        drip.settimeout(0.1)
        for octet in GET + b"X: " + b"y" * 400:
            try:
                drip.sendall(bytes([octet]))
                said = drip.recv(4096)
                break
            except TimeoutError:
                continue
        check(said.startswith(b"HTTP/1.1 408"), f"slowloris: {said}")
        check(read_all(idle) == b"", "idle")
        check(read_all(mute) in (b"", b"<reset>"), "no handshake")
        check(read_all(half) in (b"", b"<reset>"), "half a handshake")
        for sock in (idle, mute, half, drip):
            sock.close()
        check(server.reaches(open=0, slow=1, tls_failed=2),
              f"slow: {server.counters()}")
        with connect(server.tls, True) as sock:
            check(ask(sock, "GET", "/")[0] == 200, "after slow ones")


def leave(sock):
    """At once, as when a program is killed."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def leavers():
    with Server() as server:
        left = 0
        for tls in (False, True):
            socks = [connect(server.tls if tls else server.plain, tls)
                     for _ in range(20)]
            for sock in socks:
                sock.sendall(request("GET", "/silent"))
            check(server.reaches(unanswered=20), "they ask")
            for sock in socks[:10]:
                sock.close()
            for sock in socks[10:]:
                leave(sock)
            # Of those that close only the end of what they say is seen.
            check(until(lambda: server.counters()["left"] >= left + 10),
                  f"left: {server.counters()}")
            left = server.counters()["left"]
            check(server.say("speak") == "spoke 20", "they are answered")
            check(server.reaches(unanswered=0, open=0),
                  f"nobody is left: {server.counters()}")
        # Who has the place of one who left does not get his answer.
        sock = connect(server.plain)
        sock.sendall(request("GET", "/silent"))
        check(server.reaches(unanswered=1), "one asks")
        leave(sock)
        check(server.reaches(open=0), "and leaves")
        with connect(server.plain) as sock:
            sock.sendall(request("GET", "/silent"))
            check(server.reaches(unanswered=2), "another one asks")
            check(server.say("speak") == "spoke 2", "both are answered")
            check(read_reply(sock.makefile("rb"))[2] == b"1",
                  "the answer to somebody else")
        # In the middle of a reply, and of a handshake.
        for _ in range(20):
            sock = connect(server.plain)
            sock.sendall(request("GET", "/large") * 3)
            sock.recv(100)
            leave(sock)
            sock = connect(server.tls)
            sock.sendall(b"\x16\x03\x01\x02\x00\x01")
            leave(sock)
        check(server.reaches(open=0), "after large ones")
        with connect(server.tls, True) as sock:
            check(ask(sock, "GET", "/")[0] == 200, "after leavers")


# ---- many ----

def windows():
    with Server("--window", "4") as server:
        socks = [connect(server.plain) for _ in range(20)]
        for sock in socks:
            sock.sendall(request("GET", "/silent"))
        check(server.reaches(open=20, unanswered=4), "window")
        spoken = 0

        def all_spoken():
            nonlocal spoken
            now = int(server.say("speak").split()[1])
            check(now <= 4, f"{now} at once")
            spoken += now
            return spoken == 20
        check(until(all_spoken), f"spoken: {spoken}")
        for sock in socks:
            check(read_reply(sock.makefile("rb"))[0] == 200, "window")
            sock.close()


def crowds():
    with Server("--per-address", "5") as server:
        socks = [connect(server.plain) for _ in range(5)]
        check(ask(socks[4], "GET", "/")[0] == 200, "the fifth")
        with connect(server.plain) as sock:
            check(read_all(sock) in (b"", b"<reset>"), "the sixth")
        check(server.reaches(open=5, crowded=1), f"{server.counters()}")
        socks.pop().close()
        check(server.reaches(open=4), "one has gone")
        socks.append(connect(server.plain))
        check(ask(socks[4], "GET", "/")[0] == 200, "another fifth")
        for sock in socks:
            sock.close()
    with Server("--connections", "10") as server:
        socks = [connect(server.plain) for _ in range(15)]
        for sock in socks:
            sock.sendall(request("GET", "/"))
        # Ten are served; when they idle, room is made for the others.
        for sock in socks:
            check(read_reply(sock.makefile("rb"))[0] == 200, "full house")
            sock.close()


def memory_kb(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


def ten_thousand():
    wanted = 10000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit < wanted + 100:
        print(f"only {limit} descriptors: fewer connections")
        wanted = limit - 100
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with Server("--per-address", "20000", "--connections",
                str(wanted + 2000)) as server:
        before = memory_kb(server.front())
        socks = [connect(server.plain) for _ in range(wanted - 1000)]
        for _ in range(1000):
            socks.append(connect(server.tls, True))
        check(server.reaches(open=wanted), f"{server.counters()}")
        for sock in (socks[0], socks[-1]):
            check(ask(sock, "GET", "/directory")[0] == 200, "one of many")
        with connect(server.tls, True) as sock:
            check(ask(sock, "GET", "/directory")[0] == 200, "beside many")
        print(f"{wanted} idle connections, 1000 of them TLS: "
              f"{memory_kb(server.front()) - before} kB")
        for sock in socks:
            sock.close()
        check(server.reaches(open=0), "all of them gone")


# ---- changes ----

class Load:
    """Clients that ask without end, on connections kept and new ones."""

    def __init__(self, server, threads=4):
        self.server, self.over, self.count = server, False, 0
        self.threads = [threading.Thread(target=self.run, args=(i,))
                        for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        sock = None
        try:
            while not self.over:
                if sock is None or number % 2:
                    sock = connect(self.server.tls, True)
                check(ask(sock, "GET", "/directory")[0] == 200, "under load")
                self.count += 1
        except OSError as error:
            check(False, f"under load: {error}")

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join()


def peer_cert(server):
    with connect(server.tls, True) as sock:
        return sock.getpeercert(True)


def reloads():
    with Server() as server:
        kept = connect(server.tls, True)
        check(ask(kept, "GET", "/")[0] == 200, "before")
        first = peer_cert(server)
        load = Load(server)
        for _ in range(10):
            check(server.say(f"reload {CERT2} {KEY2}") == "reloaded", "reload")
            check(until(lambda: peer_cert(server) != first), "new certificate")
            check(server.say(f"reload {CERT} {KEY}") == "reloaded", "back")
            check(until(lambda: peer_cert(server) == first), "old certificate")
        check("not that of the certificate" in
              server.say(f"reload {CERT} {KEY2}"), "a strange key")
        check("no private key" in server.say(f"reload {CERT} {CERT}"),
              "no key")
        check("no certificate" in server.say(f"reload {KEY} {KEY}"),
              "no certificate")
        load.stop()
        check(load.count > 20, f"only {load.count} requests under load")
        check(ask(kept, "GET", "/")[0] == 200, "a connection of old")
        kept.close()
        check(peer_cert(server) == first, "after bad ones")


def drains():
    with Server() as server:
        idle = connect(server.plain)
        busy = connect(server.tls, True)
        check(ask(idle, "GET", "/")[0] == 200, "idle")
        busy.sendall(request("GET", "/silent"))
        check(server.reaches(unanswered=1), "busy")
        check(server.say("drain") == "draining", "drain")
        check(read_all(idle) == b"", "what is idle is closed")
        try:
            connect(server.plain).close()
            check(False, "still listens")
        except ConnectionRefusedError:
            pass
        check(server.say("speak") == "spoke 1", "what is under way")
        status, fields, _ = read_reply(busy.makefile("rb"))
        check(status == 200 and fields["connection"] == "close",
              f"the last reply: {status} {fields}")
        check(server.process.stdout.readline().strip() == "drained", "drained")
        idle.close()
        busy.close()


def crashes():
    with Server() as server:
        asked = connect(server.plain)
        asked.sendall(request("GET", "/silent"))
        check(server.reaches(unanswered=1), "asked")
        for count in (1, 2):
            old = server.front()
            server.say("crash")
            # Whoever comes now waits in the kernel's queue.
            with connect(server.tls, True) as sock:
                check(ask(sock, "GET", "/fixed")[0] == 200, "after a crash")
            check(server.front() != old, "another front")
            check(server.reaches(replaced=count), f"{server.counters()}")
        check(read_all(asked) in (b"", b"<reset>"), "its client knows")
        check(server.say("speak") == "spoke 1", "the old request")
        asked.close()
        with connect(server.plain) as sock:
            check(ask(sock, "GET", "/directory")[0] == 200, "and goes on")


def main():
    only = sys.argv[5:]
    for case in (wrong_requests, odd_but_good, pipelines, ends, bodies, slow,
                 leavers, windows, crowds, ten_thousand, reloads, drains,
                 crashes):
        if only and case.__name__ not in only:
            continue
        started = time.monotonic()
        print(case.__name__.replace("_", " "), end=": ", flush=True)
        try:
            case()
        except (OSError, ssl.SSLError, IndexError) as error:
            check(False, f"{case.__name__}: {error!r}")
        print(f"{time.monotonic() - started:.1f} s", flush=True)
    sys.exit(1 if failures else 0)


main()
