#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""web_files.py PORT FOLDER CERTIFICATE KEY: an ordinary web server, HTTPS on
loopback, of the files in a folder, as people put one before a CA."""

import functools
import http.server
import ssl
import sys

port, folder, certificate, key = sys.argv[1:]
handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                            directory=folder)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
