# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# client.sh -- a CA of our own that is killed and started, and a client of it
# that goes step by step; to be sourced after house.sh and streams.sh.
#
#   serve [OPTION...]   be the CA, with the options in $store, until it answers
#   strike              kill -9, all of its processes at once
#   prove NAME          an order of the client 1, which has entered the name, up
#                       to the request; $order is its URL
#   issue NAME          all of it; $serial of the certificate
#   revoke              the one that was issued last
#   is_listed SERIAL    does a list of revoked certificates have it?

serves_again() {
    curl -sf "$watch/health" >"$tmp/health" 2>/dev/null
}

serve() { # [OPTION...]
    # shellcheck disable=SC2086 # options
    house_serve --failures 0 --looks 0 $store "$@"
    await serves_again
}

# Keeper, front, resolver, prober, issuer.
strike() {
    env kill -9 -- "-$house_pid"
    wait "$house_pid" 2>/dev/null || true
}

prove() { # NAME
    say 1 order "$1.shop.example" >"$tmp/out"
    order=$(jq -r .url "$tmp/out")
    say 1 challenge "$order" >"$tmp/out"
}

issue() { # NAME
    prove "$1"
    say 1 finalize "$order" >"$tmp/out"
    certificate=$(jq -r .body.certificate "$tmp/out")
    serial=${certificate##*/}
    jq -e '.body.status == "valid"' "$tmp/out" >/dev/null ||
        not_ok "issue $1"
}

revoke() {
    say 1 revoke "$certificate" >"$tmp/out"
    jq -e '.code == 200' "$tmp/out" >/dev/null || not_ok "revoke $serial"
}

is_listed() { # SERIAL
    for shard in 0 1 2 3 4 5 6 7; do
        curl -s --cacert "$house/ca/root.pem" \
            "https://localhost:$house_port/crl/$shard.crl" |
            openssl crl -inform DER -noout -text 2>/dev/null
    done | grep -q "Serial Number: $(echo "$1" | tr a-f A-F)"
}
