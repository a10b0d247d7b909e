#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The HTTP server and real clients: curl, openssl, wrk where it is installed,
# and, in server_clients.py, those that are slow, wrong, rude, or very many.
set -eu

here=$(dirname "$0")
tmp=$(mktemp -d)
failed=0

cleanup() {
    exec 3>&- || true
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

complain() {
    echo "$*"
    failed=1
}

# certificate NAME SUBJECT: a self-signed one for localhost.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout "$tmp/$1.key" -out "$tmp/$1.pem" -days 30 -subj "/CN=$2" \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>"$tmp/openssl.log"
}
certificate one one
certificate two two
certificate client 'a client'
certificate stranger 'a stranger'

echo 'wrong, slow, rude and many clients'
python3 "$here/server_clients.py" "$tmp/one.pem" "$tmp/one.key" \
    "$tmp/two.pem" "$tmp/two.key" || failed=1

# start OPTION...: one at $tls and $plain and a Unix socket.
start() {
    [ ! -p "$tmp/hold" ] || stop
    mkfifo "$tmp/hold"
    : >"$tmp/said"
    "$SERVER_PLAY" --cert "$tmp/one.pem" --key "$tmp/one.key" "$@" \
        127.0.0.1@0 +127.0.0.1@0 "+unix:$tmp/socket" <"$tmp/hold" \
        >"$tmp/said" &
    exec 3>"$tmp/hold"
    tries=0
    until grep -q ready "$tmp/said"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || {
            cat "$tmp/said"
            exit 1
        }
        sleep 0.05
    done
    tls=$(sed -n 1p "$tmp/said")
    plain=$(sed -n 2p "$tmp/said")
}
stop() {
    exec 3>&-
    wait
    rm "$tmp/hold"
    [ ! -e "$tmp/socket" ] || complain 'the Unix socket is left behind'
}

# says PATTERN COMMAND...: on standard output or error.
says() {
    pattern=$1
    shift
    "$@" >"$tmp/out" 2>&1 </dev/null || true
    # shellcheck disable=SC2254 # it is a pattern
    case $(tr '\r\n' '  ' <"$tmp/out") in
    $pattern) ;;
    *)
        complain "not $pattern: $*"
        tail -n 5 "$tmp/out"
        ;;
    esac
}
curl_tls() {
    curl -sS --max-time 60 --cacert "$tmp/one.pem" "$@"
}
handshake() {
    openssl s_client -connect "127.0.0.1:$tls" -servername localhost \
        -CAfile "$tmp/one.pem" "$@"
}

echo curl
start
says '*newNonce*' curl_tls "https://localhost:$tls/fixed"
says '*newNonce*' curl_tls --http2 "https://localhost:$tls/directory"
says '*HTTP/1.1 200 OK*Date: *GMT *GET /a*peer=127.0.0.1*' \
    curl -sSi --http2 "http://127.0.0.1:$plain/a"
says '*HTTP/1.1 200*' curl -sSI "http://127.0.0.1:$plain/large"
says '*PUT /a*' curl_tls -X PUT "https://localhost:$tls/a"
says '*GET /a host=x*peer= client= place=2*' \
    curl -sS --unix-socket "$tmp/socket" http://x/a
head -c 60000 /dev/zero >"$tmp/body"
says '*POST /a*body=60000*' curl_tls --data-binary "@$tmp/body" \
    -H 'Expect: 100-continue' "https://localhost:$tls/a"
says '*a body must have a Content-Length*' curl_tls --data-binary x \
    -H 'Transfer-Encoding: chunked' "https://localhost:$tls/a"
curl_tls -v "https://localhost:$tls/[1-5]" >"$tmp/out" 2>"$tmp/err"
[ "$(grep -c 'Re-using existing ' "$tmp/err")" -eq 4 ] ||
    complain 'the connection is not used again'
! curl -sSi "http://127.0.0.1:$plain/a" | grep -qi '^server:' ||
    complain 'it says what it is'

echo TLS
says '*New, TLSv1.3, Cipher is*' handshake
says '*New, TLSv1.2, Cipher is*' handshake -tls1_2
says '*alert*' handshake -tls1_1 -cipher DEFAULT:@SECLEVEL=0
says '*alert*' handshake -tls1_2 -cipher AES128-GCM-SHA256
says '*ALPN protocol: http/1.1*' handshake -alpn h2,http/1.1
says '*alert no application protocol*' handshake -alpn h2
says '*No ALPN negotiated*' handshake
says '*No client certificate CA names sent*' handshake
for version in -tls1_2 -tls1_3; do
    printf 'GET / HTTP/1.0\r\n\r\n' | handshake $version -ign_eof \
        -sess_out "$tmp/session" >"$tmp/out" 2>&1
    says '*Reused, TLSv1.*' handshake $version -sess_in "$tmp/session"
done
says '*no peer certificate*' openssl s_client -connect "127.0.0.1:$plain"

echo 'client certificates'
fingerprint=$(openssl x509 -in "$tmp/client.pem" -noout -fingerprint -sha256 |
    sed 's/.*=//; s/://g' | tr A-F a-f)
by() {
    curl_tls --cert "$tmp/$1.pem" --key "$tmp/$1.key" "$2"
}
# Whoever sends a request finds the connection gone, and may not see why.
stranger() {
    handshake -ign_eof -cert "$tmp/stranger.pem" -key "$tmp/stranger.key"
}
says '*client= *' by client "https://localhost:$tls/"
start --client-ca "$tmp/client.pem"
says "*client=$fingerprint *" by client "https://localhost:$tls/"
says '*client= *' curl_tls "https://localhost:$tls/"
says '*unknown ca*' stranger
says '*Acceptable client certificate CA names*a client*' handshake
start --client-ca "$tmp/client.pem" --require
says "*client=$fingerprint *" by client "https://localhost:$tls/"
says '*certificate required*' handshake -ign_eof
says '*unknown ca*' stranger

echo 'where it listens'
says 'error: *is for this machine only*' "$SERVER_PLAY" +0.0.0.0@0
says 'error: *ADDRESS@PORT*' "$SERVER_PLAY" +localhost@80
says 'error: another program*' "$SERVER_PLAY" "+127.0.0.1@$plain"
says 'error: another program*' "$SERVER_PLAY" "+unix:$tmp/socket"
says 'error: *not one of this machine*' "$SERVER_PLAY" --cert "$tmp/one.pem" \
    --key "$tmp/one.key" 192.0.2.1@0
says 'error: *no certificate*' "$SERVER_PLAY" 127.0.0.1@0
says 'error: *not that of the certificate*' "$SERVER_PLAY" \
    --cert "$tmp/one.pem" --key "$tmp/two.key" 127.0.0.1@0

if command -v wrk >/dev/null; then
    echo wrk
    start --window 16
    for url in "https://localhost:$tls/directory" \
        "https://localhost:$tls/fixed" "http://localhost:$plain/large"; do
        wrk -t 2 -c 64 -d 2s --timeout 60s "$url" >"$tmp/out"
        ! grep -E 'Socket errors|Non-2xx' "$tmp/out" || complain "wrk: $url"
    done
fi
stop
exit $failed
