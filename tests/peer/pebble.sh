#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# pebble.sh -- an ACME server on loopback: Pebble (tools/peers) with HTTPS
# certificates of a CA made for the occasion.
#
#   pebble.sh start DIR [dns=ADDRESS:PORT] [issuer=NAME] [eab=yes] [retry=S]
#   pebble.sh stop DIR
#
# `start` ends with 77 when Pebble is missing. After `. DIR/env` the shell has
# PEBBLE_DIRECTORY (a URL at localhost), PEBBLE_MANAGE (the management
# interface; PEBBLE_MANAGE/roots/0 is the CA of what it issues), PEBBLE_CA (the
# CA of its HTTPS), PEBBLE_HTTP_PORT and PEBBLE_TLS_PORT (where it validates).
#
# `dns` is the resolver that it validates with, `issuer` its name in records
# (ca.example). With eab=yes an account needs kid-1 with PEBBLE_EAB_KEY. `retry`
# is what it says in Retry-After; 0 is the default here. What Pebble reads from its
# environment it gets from ours: PEBBLE_WFE_NONCEREJECT and PEBBLE_AUTHZREUSE
# (percent, 0 here, which it takes for 1), PEBBLE_VA_NOSLEEP (1 here), PEBBLE_VA_ALWAYS_VALID, ...
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/await.sh
. "$here/await.sh"
EAB_KEY=zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W

make_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -days 30 -subj '/CN=test CA' -keyout "$dir/ca.key" -out "$dir/ca.pem"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj /CN=localhost -keyout "$dir/tls.key" -out "$dir/tls.csr"
    echo 'subjectAltName=DNS:localhost,IP:127.0.0.1' >"$dir/tls.ext"
    openssl x509 -req -in "$dir/tls.csr" -CA "$dir/ca.pem" \
        -CAkey "$dir/ca.key" -days 30 -extfile "$dir/tls.ext" \
        -out "$dir/tls.pem"
}

config() {
    cat <<END
{"pebble": {
    "listenAddress": "127.0.0.1:$listen",
    "managementListenAddress": "127.0.0.1:$manage",
    "certificate": "$dir/tls.pem",
    "privateKey": "$dir/tls.key",
    "httpPort": $http,
    "tlsPort": $tls,
    "ocspResponderURL": "",
    "externalAccountBindingRequired": $eab,
    "externalAccountMACKeys": {"kid-1": "$EAB_KEY"},
    "caaIdentities": ["$issuer"],
    "domainBlocklist": ["blocked.example"],
    "retryAfter": {"authz": $retry, "order": $retry},
    "keyAlgorithm": "ecdsa",
    "profiles": {
        "default": {"description": "90 days", "validityPeriod": 7776000},
        "shortlived": {"description": "6 days", "validityPeriod": 518400}
    }
}}
END
}

start() {
    program=$(dirname "$BUILD")/peers/pebble/usr/bin/pebble
    if ! [ -x "$program" ]; then
        echo "Pebble is missing; tools/peers $(dirname "$BUILD")/peers" >&2
        exit 77
    fi
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    eab=false
    issuer=ca.example
    retry=0
    for word in "$@"; do
        case $word in
        dns=*) dns=${word#dns=} ;;
        issuer=*) issuer=${word#issuer=} ;;
        eab=yes) eab=true ;;
        retry=*) retry=${word#retry=} ;;
        *)
            echo "pebble.sh: no such option: $word" >&2
            exit 64
            ;;
        esac
    done
    read -r listen manage http tls <<END
$(python3 "$here/ports.py" free 4 | xargs)
END
    make_certificates 2>"$dir/openssl.log" || {
        cat "$dir/openssl.log" >&2
        exit 1
    }
    config >"$dir/config.json"
    PEBBLE_VA_NOSLEEP=${PEBBLE_VA_NOSLEEP-1} \
        PEBBLE_WFE_NONCEREJECT=${PEBBLE_WFE_NONCEREJECT-0} \
        PEBBLE_AUTHZREUSE=${PEBBLE_AUTHZREUSE-0} \
        "$program" -config "$dir/config.json" \
        ${dns:+-dnsserver "$dns"} >"$dir/log" 2>&1 &
    echo $! >"$dir/pid"
    cat >"$dir/env" <<END
PEBBLE_DIRECTORY=https://localhost:$listen/dir
PEBBLE_MANAGE=https://localhost:$manage
PEBBLE_CA=$dir/ca.pem
PEBBLE_HTTP_PORT=$http
PEBBLE_TLS_PORT=$tls
PEBBLE_EAB_KEY=$EAB_KEY
END
    await listens "$listen"
    await listens "$manage"
}

stop() {
    [ -f "$dir/pid" ] || return 0
    end "$(cat "$dir/pid")"
    rm -f "$dir/pid"
}

[ $# -ge 2 ] || {
    echo "usage: pebble.sh start DIR [OPTION...] | stop DIR" >&2
    exit 64
}
what=$1
dir=$2
shift 2
case $what in
start) start "$@" ;;
stop) stop ;;
*) exit 64 ;;
esac
