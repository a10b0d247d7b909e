# SPDX-License-Identifier: Apache-2.0
"""validate_web.py PORT THUMBPRINT: a web server with http-01 challenges.

The token is what to do: good, spaced, wrong, long; moved, here, round, home
and away are redirects; whatever else is 404.
"""
import http.server
import sys

PORT, THUMBPRINT = int(sys.argv[1]), sys.argv[2]
MOVES = {
    "moved": f"http://other.web.example:{PORT}/there/moved",
    "here": "/there/here",
    "round": "/.well-known/acme-challenge/round",
    "home": "http://web.example:1/there",
    "away": "gopher://web.example/",
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        where, _, token = self.path.rpartition("/")
        body, status = f"{token}.{THUMBPRINT}".encode(), 200
        if where == "/.well-known/acme-challenge" and token in MOVES:
            status, body = 302, b""
        elif token == "wrong":
            body = b"something else"
        elif token == "spaced":
            body += b" \r\n"
        elif token == "long":
            body += b" " * 100000
        elif token not in ("good", "moved", "here"):
            status = 404
        self.send_response(status)
        if status == 302:
            self.send_header("Location", MOVES[token])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True


Server(("127.0.0.1", PORT), Handler).serve_forever()
