#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""acme_say.py FOLDER DIRECTORY CA VERB [WORD]...: one step of an ACME client, so
that a test can do things between two of them.

FOLDER is the client's memory: its key, its account, the keys of its orders.
What the server answers to the last request is printed as one JSON object:
"code", "url" (Location), "wait" (Retry-After), "body".

  account            make a key, and an account for it
  rekey              another key for the account
  end                deactivate the account
  order NAME...      newOrder; of authorizations its reply has the bodies, too
  get URL            POST-as-GET; a certificate is text
  post URL JSON      anything else
  challenge ORDER [TYPE]
                     say of each of its authorizations that is pending that it
                     is ready, and wait until none is
  finalize ORDER     with a new key; wait until it is not processing
  revoke CERT-URL [REASON]
                     as the account
  orders SECONDS NAME
                     order, prove by dns-persist-01 and finalize until the time
                     is over, whatever happens to the server; a line for each
                     thing that it said yes to: "order URL", "certificate URL
                     SERIAL", "revoked SERIAL"
"""

import base64
import hashlib
import http.client
import json
import os
import ssl
import sys
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def write_key(path, key):
    with open(path, "wb") as file:
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))


def read_key(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


def jwk_of(key):
    point = key.public_key().public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": b64(point.x.to_bytes(32, "big")),
            "y": b64(point.y.to_bytes(32, "big"))}



def jws(key, header, payload):
    protected = b64(json.dumps({"alg": "ES256", **header}).encode())
    body = "" if payload is None else b64(json.dumps(payload).encode())
    signature = key.sign(f"{protected}.{body}".encode(),
                         ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(signature)
    return {"protected": protected, "payload": body,
            "signature": b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))}


def csr_of(key, names):
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([])).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]),
            critical=False)
    return b64(builder.sign(key, hashes.SHA256()).public_bytes(
        serialization.Encoding.DER))


class Client:
    def __init__(self, folder, directory, ca):
        self.folder = folder
        self.trust = ssl.create_default_context(cafile=ca)
        self.directory_url = directory
        self.connection = None
        self.nonce = None
        self.key = None
        self.kid = None
        self.answer = None
        self.streams = False
        self.directory = None
        if os.path.exists(f"{folder}/kid"):
            self.key = read_key(f"{folder}/key")
            with open(f"{folder}/kid") as file:
                self.kid = file.read()

    def send(self, method, url, body=None):
        parts = urllib.parse.urlsplit(url)
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                parts.netloc, context=self.trust, timeout=60)
        try:
            self.connection.request(
                method, parts.path, body,
                {"Content-Type": "application/jose+json"} if body else {})
            reply = self.connection.getresponse()
            octets = reply.read()
        except (OSError, http.client.HTTPException):
            self.connection = None
            self.nonce = None
            raise
        self.nonce = reply.headers.get("Replay-Nonce")
        kind = reply.headers.get("Content-Type") or ""
        wait = reply.headers.get("Retry-After")
        self.answer = {
            "code": reply.status, "url": reply.headers.get("Location"),
            "wait": int(wait) if wait else None,
            "body": json.loads(octets) if "json" in kind and octets
            else octets.decode()}
        return self.answer

    def where(self, what):
        if self.directory is None:
            self.directory = self.send("GET", self.directory_url)["body"]
        return self.directory[what]

    def post(self, url, payload=None, key=None, header=None):
        """Signed by the account, or by this key."""
        for _ in range(5):
            if self.nonce is None:
                self.send("HEAD", self.where("newNonce"))
            head = {"nonce": self.nonce, "url": url,
                    **(header or {"kid": self.kid})}
            self.send("POST", url, json.dumps(
                jws(key or self.key, head, payload)))
            if "badNonce" not in str(self.answer["body"])[:100]:
                break
        return self.answer

    def account(self):
        os.makedirs(self.folder, exist_ok=True)
        key = new_key()
        answer = self.post(self.where("newAccount"),
                           {"termsOfServiceAgreed": True}, key,
                           {"jwk": jwk_of(key)})
        self.key, self.kid = key, answer["url"]
        write_key(f"{self.folder}/key", key)
        with open(f"{self.folder}/kid", "w") as file:
            file.write(self.kid)

    def rekey(self):
        key = new_key()
        url = self.where("keyChange")
        inner = jws(key, {"jwk": jwk_of(key), "url": url},
                    {"account": self.kid, "oldKey": jwk_of(self.key)})
        if self.post(url, inner)["code"] == 200:
            write_key(f"{self.folder}/key", key)
            self.key = key

    def end(self):
        self.post(self.kid, {"status": "deactivated"})

    def order(self, *names):
        answer = self.post(self.where("newOrder"), {"identifiers": [
            {"type": "dns", "value": name} for name in names]})
        if answer["code"] == 201:
            answer["authorizations"] = [
                self.post(url)["body"]
                for url in answer["body"]["authorizations"]]
            self.answer = answer
        return answer

    def get(self, url):
        return self.post(url)

    def until(self, url, busy):
        """What it is when it is not that any more; a stream of orders goes on
        with the next one when that takes long."""
        since = time.monotonic()
        while self.post(url)["body"]["status"] in busy:
            if self.streams and time.monotonic() - since > 3:
                raise TimeoutError(url)
            time.sleep(0.05)
        return self.answer

    def challenge(self, order, kind="dns-persist-01"):
        refused = None
        for url in self.post(order)["body"]["authorizations"]:
            authz = self.post(url)["body"]
            if authz["status"] != "pending":
                continue
            ready = self.post([c["url"] for c in authz["challenges"]
                               if c["type"] == kind][0], {})
            if ready["code"] != 200:
                refused = ready
                continue
            authz = self.until(url, ("pending",))
        self.answer = refused or self.answer
        return self.answer

    def finalize(self, order):
        wanted = self.post(order)["body"]
        if "finalize" not in wanted:
            return self.answer
        key = new_key()
        names = [name["value"] for name in wanted["identifiers"]]
        answer = self.post(wanted["finalize"], {"csr": csr_of(key, names)})
        if answer["code"] == 200:
            self.until(order, ("processing",))
        return self.answer

    def revoke(self, url, reason="0"):
        pem = self.post(url)["body"]
        der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(
            serialization.Encoding.DER)
        return self.post(self.where("revokeCert"),
                         {"certificate": b64(der), "reason": int(reason)})

    # ---- a stream of orders ----

    def try_order(self, name, number):
        order = self.order(name)
        if order["code"] != 201:
            return
        url = order["url"]
        print("order", url, flush=True)
        if order["body"]["status"] == "pending":
            self.challenge(url)
        done = self.finalize(url)["body"]
        if done.get("status") != "valid":
            return
        pem = self.post(done["certificate"])["body"]
        serial = x509.load_pem_x509_certificate(pem.encode()).serial_number
        print("certificate", url, f"{serial:x}", flush=True)
        if number % 3 == 0 and self.revoke(done["certificate"])["code"] == 200:
            print("revoked", f"{serial:x}", flush=True)

    def orders(self, seconds, name):
        until = time.monotonic() + float(seconds)
        number = 0
        self.streams = True
        while time.monotonic() < until:
            number += 1
            try:
                self.try_order(name, number)
            except (OSError, http.client.HTTPException, KeyError, TypeError):
                time.sleep(0.05)  # it is away, or its answer was no good
        self.answer = {"code": 0}


folder, directory, ca, verb, *words = sys.argv[1:]
client = Client(folder, directory, ca)
if verb == "post":
    client.post(words[0], json.loads(words[1]))
else:
    getattr(client, verb)(*words)
if verb != "orders":
    print(json.dumps(client.answer))
