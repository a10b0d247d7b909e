#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The CA's validator against a small Internet: standing records, dns-01 and
# CAA in signed, broken and aliased zones of Knot; http-01 from a web server;
# tls-alpn-01 from OpenSSL (REQ VAL-01, VAL-30, VAL-31, VAL-33, VAL-34, VAL-50,
# VAL-53, VAL-58, SCOPE-06, SCOPE-11). Each line of a table is a question, and
# what the validator has to say.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs knotd ldns-signzone openssl "$VALIDATE_ASK"

THUMBPRINT=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
# shellcheck disable=SC2046 # three numbers
set -- $(python3 "$here/ports.py" free 3)
http=$1 tls=$2 nobody=$3

hash_of() { # in hexadecimal, of the key authorization of token $1
    printf '%s.%s' "$1" "$THUMBPRINT" | openssl dgst -sha256 -r | cut -c1-64
}

base64url_of() {
    printf '%s.%s' "$1" "$THUMBPRINT" | openssl dgst -sha256 -binary |
        openssl base64 | tr '+/' '-_' | tr -d '='
}

cat >"$tmp/web.zone" <<END
\$ORIGIN web.example.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
@ A 127.0.0.1
other A 127.0.0.1
alpn A 127.0.0.1
six AAAA ::ffff:127.0.0.1
public A 192.0.2.1
_acme-challenge TXT "another one"
_acme-challenge TXT "$(base64url_of good)"
forbids A 127.0.0.1
forbids CAA 0 issue "ca.example; validationmethods=dns-persist-01"
END
sh "$here/tree.sh" start "$tmp/tree" "web.example=$tmp/web.zone"
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"

python3 "$here/validate_web.py" "$http" "$THUMBPRINT" >"$tmp/web.log" 2>&1 &
pids="$pids $!"

cat >"$tmp/alpn.conf" <<END
[req]
distinguished_name = name
x509_extensions = alpn
prompt = no
[name]
CN = alpn
[alpn]
subjectAltName = DNS:alpn.web.example
1.3.6.1.5.5.7.1.31 = critical,DER:0420$(hash_of good)
END
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
    -config "$tmp/alpn.conf" -keyout "$tmp/alpn.key" -out "$tmp/alpn.pem" \
    2>"$tmp/req.log"
openssl s_server -accept "127.0.0.1:$tls" -cert "$tmp/alpn.pem" \
    -key "$tmp/alpn.key" -alpn acme-tls/1 -quiet </dev/zero \
    >"$tmp/tls.log" 2>&1 &
pids="$pids $!"
await listens "$http"
await listens "$tls"

# shellcheck disable=SC2086 # options
ask() { # [OPTION...] < questions
    "$VALIDATE_ASK" $TREE_OPTIONS --http-port "$http" --tls-port "$tls" "$@"
}

# Lines "QUESTION = ANSWER" on standard input, all asked at once.
table() { # WHAT [OPTION...]
    what=$1
    shift
    sed 's/ *= .*//' >"$tmp/questions" <"$tmp/table"
    sed 's/.* = //' >"$tmp/wanted" <"$tmp/table"
    ask "$@" <"$tmp/questions" >"$tmp/got" 2>"$tmp/err" || cat "$tmp/err"
    if cmp -s "$tmp/wanted" "$tmp/got"; then
        ok "$what"
    else
        paste -d'|' "$tmp/questions" "$tmp/wanted" "$tmp/got" |
            awk -F'|' '$2 != $3 { print "# " $1 ": " $3 ", not " $2 }'
        not_ok "$what"
    fi
}

cat >"$tmp/table" <<'END'
dns-persist-01 good.example = valid ok good.example
dns-persist-01 *.good.example = valid ok good.example
dns-persist-01 a.b.c.good.example = valid ok good.example
dns-persist-01 *.a.good.example = valid ok good.example
dns-persist-01 www.good.example = valid ok www.good.example
dns-persist-01 hashed.good.example = valid ok hashed.good.example
dns-persist-01 spelt.good.example = valid ok spelt.good.example
dns-persist-01 nsec3.example = valid ok nsec3.example
dns-persist-01 www.nsec3.example = unauthorized policy-required
dns-persist-01 *.nsec3.example = unauthorized policy-required
dns-persist-01 unsigned.example = valid ok unsigned.example
dns-persist-01 many.unsigned.example = valid ok many.unsigned.example
dns-persist-01 bogus.example = dns dnssec-bogus
dns-persist-01 expired.example = dns dnssec-bogus
dns-persist-01 one.alias.example = valid ok one.alias.example
dns-persist-01 two.alias.example = valid ok two.alias.example
dns-persist-01 loop.alias.example = dns dns-failure
dns-persist-01 dangling.alias.example = unauthorized no-record
dns-persist-01 bogus.alias.example = dns dnssec-bogus
dns-persist-01 alias.example = unauthorized no-record
dns-persist-01 x.txt.wild.example = valid ok x.txt.wild.example
dns-persist-01 stop.txt.wild.example = valid ok txt.wild.example
dns-persist-01 large.big.example = valid ok large.big.example
dns-persist-01 long.big.example = valid ok long.big.example
dns-persist-01 split.big.example = valid ok split.big.example
dns-persist-01 octets.big.example = valid ok octets.big.example
dns-persist-01 caa-other.good.example = caa caa-no-matching-issuer
dns-persist-01 caa-two.good.example = caa caa-no-matching-issuer
dns-persist-01 caa-method.good.example = caa caa-method
dns-persist-01 caa-critical.good.example = caa caa-critical-unknown
dns-persist-01 caa-alias.good.example = caa caa-no-matching-issuer
dns-persist-01 caa-fails.alias.example = dns dnssec-bogus
caa good.example = valid ok
caa caa-other.good.example = caa caa-no-matching-issuer
caa nsec3.example = valid ok
caa bogus.example = dns dnssec-bogus
dns-01 web.example good = valid ok
dns-01 *.web.example good = valid ok
dns-01 web.example bad = incorrectResponse wrong-value
dns-01 nsec3.example good = unauthorized no-record
dns-01 bogus.example good = dns dnssec-bogus
END
table 'standing records, dns-01 and CAA'

cat >"$tmp/table" <<'END'
http-01 web.example good = valid ok
http-01 web.example spaced = valid ok
http-01 web.example wrong = incorrectResponse wrong-value
http-01 web.example missing = unauthorized http-status
http-01 web.example long = incorrectResponse bad-reply
http-01 web.example moved = valid ok
http-01 web.example here = valid ok
http-01 web.example round = connection too-many-redirects
http-01 web.example home = incorrectResponse bad-port
http-01 web.example away = incorrectResponse bad-redirect
http-01 forbids.web.example good = caa caa-method
http-01 gone.web.example good = dns no-address
http-01 bogus.example good = dns dnssec-bogus
http-01 127.0.0.1 good = valid ok
tls-alpn-01 alpn.web.example good = valid ok
tls-alpn-01 alpn.web.example bad = incorrectResponse wrong-value
tls-alpn-01 web.example good = incorrectResponse alpn-names
tls-alpn-01 127.0.0.1 good = incorrectResponse alpn-names
http-01 169.254.169.254 good = unauthorized private-address
tls-alpn-01 fe80::1 good = unauthorized private-address
END
table 'http-01 and tls-alpn-01' --private

cat >"$tmp/table" <<'END'
http-01 web.example good = unauthorized private-address
http-01 127.0.0.1 good = unauthorized private-address
tls-alpn-01 alpn.web.example good = unauthorized private-address
END
table 'nothing of this machine, unless it is allowed'

cat >"$tmp/table" <<'END'
http-01 web.example good = connection connection
tls-alpn-01 alpn.web.example good = connection connection
END
table 'nobody listens' --private --http-port "$nobody" --tls-port "$nobody"

cat >"$tmp/table" <<'END'
tls-alpn-01 alpn.web.example good = tls tls
END
table 'a server without TLS' --private --tls-port "$http"

# Evidence: what was asked, what was seen, and how sure that is.
echo dns-persist-01 x.txt.wild.example | ask --evidence >"$tmp/evidence"
python3 - "$tmp/evidence" <<'END' && ok evidence || not_ok evidence
import json
import sys

seen = json.load(open(sys.argv[1]))
answer = seen["views"][0]["answers"][0]
assert seen["section"] == "3.2.2.4.22" and seen["outcome"] == "valid"
assert answer["synthesised"] and answer["security"] == "secure"
# REQ VAL-35: it is forgotten before its TTL says so, and that is told.
assert answer["ttl"] == 300, answer
assert answer["records"][0]["text"].startswith("ca.example; accounturi=")
assert answer["records"][0]["reason"] == "ok"
assert seen["relied"]["form"] == "raw"
assert seen["views"][1]["method"] == "caa"
END

exit $failed
