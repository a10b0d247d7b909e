#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""acme_between.py PORT CERTIFICATE KEY CA PLAN: stands in front of the ACME
server at PORT of localhost, prints its own port, and spoils one request.

PLAN is a file that may come at any time: "PART ACTION [ARGUMENT]". The first
request whose path contains PART takes it away and meets with ACTION; PLAN.done
says when that has happened. All others pass.

  cut     the server does it, and the connection is closed without an answer
  hang    the server does it, and no answer ever comes
  eat     the server does not hear of it, and no answer ever comes
  twice   the server gets it two times; the second answer counts
  500     the server does it, and something in between says 500
  swap OLD=>NEW    the answer has NEW for OLD
  double KEY       the list KEY of the answer has all its members twice
  head NAME=VALUE  the answer has this field instead of its own
  half    half of the answer comes, and is called the whole
  huge    100 MB come
  html    the answer is a page that says all is well
  terms   the server does not hear of it: first its new terms (RFC 8555, 7.3.3)
"""

import http.client
import http.server
import json
import os
import ssl
import sys
import threading

upstream, certificate, key, ca, plan = sys.argv[1:]
trust = ssl.create_default_context(cafile=ca)
# Pebble's CA lacks an extension that Python 3.13 insists on.
trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
lock = threading.Lock()
TERMS = b"""{"type": "urn:ietf:params:acme:error:userActionRequired",
 "detail": "the terms have changed",
 "instance": "https://ca.example/agree/1"}"""


def take_plan(path):
    """The action, its argument, and the whole plan to be put back."""
    try:
        planned = open(plan).read()
        part, action, *rest = planned.strip().split(" ", 2)
    except (FileNotFoundError, ValueError):
        return None, None, None
    if part not in path:
        return None, None, None
    os.remove(plan)
    return action, rest[0] if rest else "", planned


def spoil(action, argument, fields, content):
    """What comes instead of these fields and this content."""
    if action == "swap":
        old, new = argument.encode().split(b"=>")
        content = content.replace(old, new)
    elif action == "double":
        answer = json.loads(content)
        answer[argument] *= 2
        content = json.dumps(answer).encode()
    elif action == "head":
        name, value = argument.split("=", 1)
        fields = [(n, v) for n, v in fields if n.lower() != name.lower()]
        fields.append((name, value))
    elif action == "half":
        content = content[:len(content) // 2]
    elif action == "huge":
        content = b"[" + b" " * 100_000_000 + b"]"
    elif action == "html":
        fields = [("Content-Type", "text/html")]
        content = b"<html><title>200</title>All is well.</html>"
    return fields, content


class Between(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self, body):
        server = http.client.HTTPSConnection("localhost", int(upstream),
                                             context=trust, timeout=20)
        server.putrequest(self.command, self.path, skip_host=True,
                          skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "connection":
                server.putheader(name, value)
        server.endheaders(body)
        answer = server.getresponse()
        return answer, answer.read()

    def reply(self, status, headers, body):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding",
                                    "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def pass_on(self, body):
        """What is to be done with the answer, and the answer."""
        action, argument, planned = take_plan(self.path)
        if action in ("eat", "terms"):
            return action, argument, None, b""
        answer, content = self.forward(body)
        # Pebble refuses some nonces: then it has done nothing yet.
        if action is not None and b"badNonce" in content:
            with open(plan, "w") as file:
                file.write(planned)
            action = None
        if action == "twice":
            answer, content = self.forward(body)
        return action, argument, answer, content

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # One at a time: while it is not known whether this is the request
        # that the plan is for, another one would pass it by.
        with lock:
            action, argument, answer, content = self.pass_on(body)
        if action is not None:
            open(plan + ".done", "w").close()
        if action in ("hang", "eat"):
            self.connection.recv(1)  # until the other side goes away
        if action in ("cut", "hang", "eat"):
            self.close_connection = True
            return
        if action == "500":
            self.reply(500, [], b"")
            return
        if action == "terms":
            self.reply(403, [("Content-Type", "application/problem+json")],
                       TERMS)
            return
        self.reply(answer.status, *spoil(action, argument,
                                         answer.getheaders(), content))

    do_GET = do_HEAD = do_POST = serve

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Between)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
