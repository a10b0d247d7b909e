#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Chromium and certificates of our own CA: a page that is served with one is
# shown when the root is trusted, whose name constraints allow the name; it is
# refused without the root, and under another name.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
needs chromium certutil openssl

house_open '* A 127.0.0.1'
house_found --plaintext --permit shop.example --permit 127.0.0.0/8 \
    --permit localhost
house_serve
# shellcheck disable=SC2086 # options are words
expect 'an account' 0 'created account' account create --plaintext \
    --directory "$directory" --agree-tos $ca
# shellcheck disable=SC2086
for type in p256 p384 rsa2048; do
    expect "a certificate, $type" 0 "$type: issued" cert issue \
        www.shop.example --name "$type" --key-type "$type" --method http-01 \
        --http-port "$http_port" --http-address 127.0.0.1 $ca $TREE_OPTIONS
done

# Whom a browser trusts is in its user's home; each has one.
home() { # NAME [ROOT]
    mkdir -p "$tmp/$1/.pki/nssdb"
    certutil -d "sql:$tmp/$1/.pki/nssdb" -N --empty-password
    [ $# = 1 ] || certutil -d "sql:$tmp/$1/.pki/nssdb" -A -n root -t C,, -i "$2"
}
home trusts "$house/ca/root.pem"
home knows-nobody

visit() { # HOME HOST
    HOME=$tmp/$1 XDG_CONFIG_HOME=$tmp/$1 XDG_CACHE_HOME=$tmp/$1 \
        timeout 120 chromium --headless --no-sandbox --disable-gpu \
        --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync \
        --user-data-dir="$(mktemp -d "$tmp/$1/profile.XXXXXX")" \
        --host-resolver-rules='MAP * 127.0.0.1' --dump-dom \
        "https://$2:$port/page.html" >"$tmp/out" 2>"$tmp/err" || true
}
shows() {
    visit "$@" && grep -q 'the page of the shop' "$tmp/out"
}
refuses() { # ERROR HOME HOST
    error=$1
    shift
    ! shows "$@" && grep -q "ERR_CERT_$error" "$tmp/err"
}

echo '<title>shop</title><p>the page of the shop</p>' >"$tmp/page.html"
port=$(python3 "$here/ports.py" free 1)
for type in p256 p384 rsa2048; do
    live=$state/live/$type
    (cd "$tmp" && exec openssl s_server -accept "127.0.0.1:$port" -WWW \
        -cert "$live/cert.pem" -key "$live/privkey.pem" \
        -cert_chain "$live/chain.pem") >"$tmp/server.log" 2>&1 &
    server=$!
    pids="$pids $server"
    await listens "$port"
    check "$type: the page is shown" shows trusts www.shop.example
    check "$type: not under another name" refuses COMMON_NAME_INVALID trusts \
        other.shop.example
    check "$type: not without the root" refuses AUTHORITY_INVALID \
        knows-nobody www.shop.example
    end "$server"
done
house_close
exit $failed
