#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Names that are validated by an ancestor of theirs (RFC 9444): our client tells
# our CA at which parent its record stands, and only then; one that others wrote,
# which knows nothing of it, gets what the account may have.
#
# REQ SCOPE-01, SCOPE-04, SCOPE-12, VAL-50, CLI-13, CLI-31
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
needs certbot curl jq openssl

house_open '* A 127.0.0.1' 'shut CAA 0 issue "other-ca.example"'
house_found --plaintext
house_serve --preset strict --subdomains
root=$house/ca/root.pem
export REQUESTS_CA_BUNDLE="$root"

certbot_run() {
    certbot "$@" --config-dir "$tmp/certbot" --work-dir "$tmp/cb-work" \
        --logs-dir "$tmp/cb-logs" --server "$directory" -n \
        >"$tmp/out" 2>"$tmp/err"
}
# shellcheck disable=SC2086 # options are words
cert() { # WHAT STATUS PATTERN SUBCOMMAND...
    what=$1
    want=$2
    pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" cert "$@" $ca $TREE_OPTIONS
}
# shellcheck disable=SC2046,SC2086
publish() { # WHAT NAME
    expect "$1" 0 '' record publish "$2" --account default \
        --server "127.0.0.1@$TREE_PORT" --tsig-file "$tmp/zone.key" --force \
        --authoritative-port "$TREE_PORT" $(echo "$TREE_OPTIONS" |
            sed 's/--suffix-list [^ ]*//; s/--authoritative-port [^ ]*//')
}
evidence() { # FILTER, of the last certificate
    "$HOLDFAST" ca audit show --state-dir "$house" --kind issue --json |
        tail -n 1 | jq -e ".body.names[0] | $1" >/dev/null
}

# ---- an account of two clients ----

check 'certbot, an account' certbot_run register --agree-tos \
    --register-unsafely-without-email
# shellcheck disable=SC2086
expect 'it is ours, too' 0 '' account import certbot "$tmp/certbot" \
    --account default --plaintext $ca
# shellcheck disable=SC2086
expect 'its CA is known' 0 '' account check $ca
publish 'a record for all below' '*.shop.example'

# ---- our client ----

cert 'what would be ordered' 0 'by dns-persist-01 at shop.example' \
    issue --dry-run a.b.shop.example
cert 'the same for programs' 0 '"ancestorDomain":"shop.example"' \
    issue --dry-run --json a.b.shop.example
cert 'the wildcard needs no ancestor' 0 '"method":"dns-persist-01"}' \
    issue --dry-run --json '*.shop.example' --name wild
cert 'names of several depths' 0 'issued' issue a.b.shop.example \
    '*.c.shop.example' d.shop.example shop.example
check 'by the ancestor' evidence '.name == "a.b.shop.example" and
    .evidence.identifier == {type: "dns", value: "shop.example",
        subdomains: true} and .evidence.relied.adn == "shop.example" and
    .evidence.caa_again.identifier.value == "a.b.shop.example"'
check 'one attempt for them, and one for the name itself' [ "$(grep -c \
    '"event":"validated".*"method":"dns-persist-01"' "$tmp/ca.log")" = 2 ]
cert 'renewed' 0 'issued' renew --force a.b.shop.example
cert 'CAA of one of them' 2 'CAA' issue shut.shop.example

# ---- one that others wrote ----

check 'certbot needs no challenge' certbot_run certonly --standalone \
    --http-01-address 127.0.0.1 --http-01-port "$tls_port" -d cb.shop.example
check 'its certificate' openssl verify -CAfile "$root" \
    -untrusted "$tmp/certbot/live/cb.shop.example/chain.pem" \
    "$tmp/certbot/live/cb.shop.example/cert.pem"
check 'by the ancestor as well' evidence '.name == "cb.shop.example" and
    .evidence.identifier.value == "shop.example"'

# ---- given back, and taken away ----

# shellcheck disable=SC2086
expect 'the CA forgets' 0 'shop.example' account deauthorize \
    e.shop.example $ca
check 'certbot needs one now' sh -c '! "$@"' - certbot certonly --standalone \
    --config-dir "$tmp/certbot" --work-dir "$tmp/cb-work" \
    --logs-dir "$tmp/cb-logs" --server "$directory" -n \
    --http-01-address 127.0.0.1 --http-01-port "$tls_port" -d cf.shop.example
house_close
house_serve --preset strict
cert 'a CA that does not hear of it any more' 1 'stands at a parent' \
    issue f.shop.example
publish 'a record of its own' f.shop.example
cert 'then by that' 0 'issued' issue f.shop.example
check 'which is exact' evidence '.evidence.identifier == {type: "dns",
    value: "f.shop.example"}'
house_close
exit $failed
