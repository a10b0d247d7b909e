#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""http_liar.py CA_DIR: HTTPS servers that do what servers should not.

The path of a request says how it is answered; see ANSWERS. Each kind of server
has a port of its own; when all listen, one line `KIND=PORT` is printed for
each. GET /count tells how many connections the server has accepted, GET
/posts how many POSTs have come.
"""

import pathlib
import socket
import ssl
import sys
import threading
import time

OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json; charset=utf-8\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BODY = b"Content-Length: 2\r\n\r\n{}"


class Gone(Exception):
    """The client hung up, or the server does."""


class Connection:
    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.pending = b""

    def receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.pending += data

    def request(self):
        """Method, path and body of the next request."""
        while b"\r\n\r\n" not in self.pending:
            self.receive()
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(self.pending) < length:
            self.receive()
        body, self.pending = self.pending[:length], self.pending[length:]
        method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
        if method == "POST":
            self.server.posts += 1
        return method, path, head, body

    def send(self, *parts):
        self.sock.sendall(b"".join(parts))

    def forever(self, piece):
        while True:
            self.send(piece)

    def hang(self):
        while True:
            self.receive()


def ok(c, *_):
    c.send(OK, JSON, BODY)


def reply(*parts):
    """An answer of fixed octets, after which the connection stays open."""
    return lambda c, *_: c.send(*parts)


def last(*parts):
    """The same, but it is closed."""
    def answer(c, *_):
        c.send(*parts)
        raise Gone
    return answer


def hanging(*parts):
    def answer(c, *_):
        c.send(*parts)
        c.hang()
    return answer


def endless(head, piece):
    def answer(c, *_):
        c.send(head)
        c.forever(piece)
    return answer


def number(name):
    def answer(c, *_):
        text = str(getattr(c.server, name)).encode()
        c.send(OK, b"Content-Length: %d\r\n\r\n" % len(text), text)
    return answer


def echo(c, method, path, head, body):
    text = head + b"\n" + body
    c.send(OK, b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
           % len(text), text)


def drip(c, *_):
    for octet in OK + JSON + BODY:
        c.send(bytes([octet]))
        time.sleep(0.1)


def slow(c, *_):
    time.sleep(0.2)
    ok(c)


def then(*parts):
    """Answers this request well, and the next one on this connection with
    these octets and the end."""
    def answer(c, *_):
        ok(c)
        c.request()
        c.send(*parts)
        raise Gone
    return answer


def late(c, *_):
    ok(c)
    time.sleep(0.05)
    c.send(OK, b"Content-Length: 5\r\n\r\nwrong")


def close_idle(c, *_):
    ok(c)
    time.sleep(0.05)
    raise Gone


BIG = b"x" * 65536
ANSWERS = {
    "/ok": ok, "/echo": echo, "/count": number("connections"),
    "/posts": number("posts"), "/slow": slow,
    "/head": reply(OK, b"Content-Length: 77\r\n\r\n"),
    "/head-body": reply(OK, b"Content-Length: 2\r\n\r\n{}"),
    "/fields": reply(
        b"HTTP/1.1 201 Created\r\nReplay-Nonce: abc-_\r\nRetry-After: Fri, 31 "
        b"Dec 1999 23:59:59 GMT\r\nLocation: /acct/1\r\nLink: <a>;rel=up, <b>; "
        b"title=\"x,y\"; rel=\"alternate\"\r\nlink: <c>; rel=index\r\n"
        b"content-type:\tapplication/Pem-Certificate-Chain ;x=y\r\n", BODY),
    "/folded": reply(OK, b"Content-Type: text/plain;\r\n charset=utf-8\r\n",
                     BODY),
    "/chunked": reply(OK, JSON, CHUNKED,
                      b"\r\n1\r\n{\r\n01\r\n}\r\n0\r\nA: b\r\n\r\n"),
    "/until-close": last(OK, JSON, b"\r\n{}"),
    "/http10": last(b"HTTP/1.0 200 OK\r\n", JSON, BODY),
    "/http10-open": reply(b"HTTP/1.0 200 OK\r\n", JSON, BODY),
    "/says-close": reply(OK, JSON, b"Connection: keep, Close\r\n", BODY),
    "/closes": last(OK, JSON, b"Connection: close\r\n", BODY),
    "/no-content": reply(b"HTTP/1.1 204 None\r\n\r\n"),
    "/no-type": reply(OK, BODY),
    "/redirect": reply(b"HTTP/1.1 302 Found\r\nLocation: /ok\r\n"
                       b"Content-Length: 0\r\n\r\n"),
    "/unavailable": reply(b"HTTP/1.1 503 Not now\r\nRetry-After: 3\r\n"
                          b"Content-Type: text/html\r\n", BODY),
    # no reply in time
    "/hang": hanging(b""), "/hang-header": hanging(OK, b"Content-"),
    "/hang-body": hanging(OK, b"Content-Length: 2\r\n\r\n{"),
    "/hang-chunk": hanging(OK, CHUNKED, b"\r\n2\r\n{"),
    "/drip": drip,
    # cut off
    "/silent": last(b""), "/cut-header": last(OK, b"Content-"),
    "/cut-body": last(OK, b"Content-Length: 100\r\n\r\n{"),
    "/cut-chunk": last(OK, CHUNKED, b"\r\n2\r\n{"),
    "/cut-chunks": last(OK, CHUNKED, b"\r\n1\r\n{\r\n"),
    # too large
    "/big": endless(OK + b"Content-Length: 104857600\r\n\r\n", BIG),
    "/big-close": endless(OK + b"\r\n", BIG),
    "/big-chunked": endless(OK + CHUNKED + b"\r\n", b"10000\r\n%b\r\n" % BIG),
    "/big-chunk": endless(OK + CHUNKED + b"\r\n6400000\r\n", BIG),
    "/big-trailer": endless(OK + CHUNKED + b"\r\n0\r\n", b"A: b\r\n" * 1000),
    "/big-size": endless(OK + CHUNKED + b"\r\n", b"0" * 65536),
    "/big-header": endless(OK, b"A: b\r\n" * 1000),
    "/big-line": endless(OK + b"A: ", BIG),
    "/big-status": endless(b"HTTP/1.1 200 ", BIG),
    "/huge-length": reply(OK, b"Content-Length: 99999999999999999999\r\n\r\n"),
    # nonsense
    "/ssh": last(b"SSH-2.0-OpenSSH\r\n"),
    "/empty-lines": last(b"\r\n\r\n\r\n"),
    "/http2": last(b"HTTP/2.0 200 OK\r\n", BODY),
    "/status-99": last(b"HTTP/1.1 99 Odd\r\n", BODY),
    "/status-600": last(b"HTTP/1.1 600 Odd\r\n", BODY),
    "/status-word": last(b"HTTP/1.1 OK\r\n", BODY),
    "/no-colon": last(OK, b"Content-Type\r\n", BODY),
    "/name-blank": last(OK, b"Content-Length : 2\r\n", BODY),
    "/name-odd": last(OK, b"A(b): c\r\n", BODY),
    "/control": last(OK, b"A: b\x1b[31m\r\n", BODY),
    "/nonce-odd": last(OK, b"Replay-Nonce: \xc3\xa9\r\n", BODY),
    "/nonce-long": last(OK, b"Replay-Nonce: " + b"a" * 2049 + b"\r\n", BODY),
    "/length-twice": last(OK, b"Content-Length: 2\r\nContent-Length: 3\r\n"
                          b"\r\n{}"),
    "/length-plus": last(OK, b"Content-Length: +2\r\n\r\n{}"),
    "/length-minus": last(OK, b"Content-Length: -2\r\n\r\n{}"),
    "/length-word": last(OK, b"Content-Length: two\r\n\r\n{}"),
    "/length-list": last(OK, b"Content-Length: 2, 2\r\n\r\n{}"),
    "/length-none": last(OK, b"Content-Length:\r\n\r\n{}"),
    "/length-chunked": last(OK, CHUNKED, b"Content-Length: 2\r\n\r\n"
                            b"2\r\n{}\r\n0\r\n\r\n"),
    "/coding-odd": last(OK, b"Transfer-Encoding: gzip, chunked\r\n\r\n"
                        b"2\r\n{}\r\n0\r\n\r\n"),
    "/chunk-word": last(OK, CHUNKED, b"\r\ntwo\r\n{}\r\n0\r\n\r\n"),
    "/chunk-minus": last(OK, CHUNKED, b"\r\n-2\r\n{}\r\n0\r\n\r\n"),
    # Lawful, but evhttp does not read it and nobody sends it.
    "/chunk-extension": last(OK, CHUNKED, b"\r\n2;x=y\r\n{}\r\n0\r\n\r\n"),
    "/gzip": last(OK, b"Content-Encoding: gzip\r\n", BODY),
    "/continue": hanging(b"HTTP/1.1 100 Continue\r\n\r\n", OK, JSON, BODY),
    "/early": hanging(b"HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n", OK, BODY),
    # more than was asked for
    "/extra": reply(OK, JSON, BODY, OK, b"Content-Length: 5\r\n\r\nwrong"),
    "/late": late, "/close-idle": close_idle,
    # the next request on this connection fails
    "/slam": then(b""), "/slam-half": then(OK, b"Content-"),
}


class Server:
    def __init__(self, wrap):
        self.wrap = wrap
        self.connections = 0
        self.posts = 0
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.sock.accept()
            self.connections += 1
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        try:
            c = Connection(self, self.wrap(sock))
            while True:
                request = c.request()
                ANSWERS[request[1]](c, *request)
        except (Gone, OSError):
            pass
        finally:
            sock.close()


def tls(directory, name, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / f"{name}.pem",
                            directory / f"{name}.key")
    for option, value in options.items():
        setattr(context, option, value)
    if options.get("maximum_version") == ssl.TLSVersion.TLSv1_1:
        context.set_ciphers("ALL:@SECLEVEL=0")

    def wrap(sock):
        wrapped = context.wrap_socket(sock, server_side=True)
        # One that breaks off does so without a farewell.
        wrapped.settimeout(60)
        return wrapped
    return wrap


def mute(sock):
    time.sleep(60)
    raise Gone


def hang_up(sock):
    sock.recv(1)
    raise Gone


def main():
    directory = pathlib.Path(sys.argv[1])
    version = ssl.TLSVersion
    servers = {
        "good": tls(directory, "good"),
        "second": tls(directory, "good"),
        "tls12": tls(directory, "good", maximum_version=version.TLSv1_2),
        "tls11": tls(directory, "good", minimum_version=version.TLSv1,
                     maximum_version=version.TLSv1_1),
        "other": tls(directory, "other"),
        "expired": tls(directory, "expired"),
        "untrusted": tls(directory, "untrusted"),
        "plain": lambda sock: sock,
        "mute": mute,
        "hang_up": hang_up,
    }
    for name, wrap in servers.items():
        print(f"{name}={Server(wrap).sock.getsockname()[1]}")
    sys.stdout.flush()
    threading.Event().wait()


main()
