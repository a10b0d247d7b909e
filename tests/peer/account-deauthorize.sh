#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Ending what a CA remembers of validations, at a CA that uses every
# authorization again while it can (Pebble). REQ CLI-38.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs jq
PEBBLE_WFE_NONCEREJECT=15 PEBBLE_AUTHZREUSE=100 PEBBLE_VA_ALWAYS_VALID=1 \
    sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"

ca="--ca-bundle $PEBBLE_CA"

validations() {
    grep -c 'set VALID by completed challenge' "$tmp/pebble/log" || true
}

issue() { # WHAT COUNT: an order that takes so many validations
    before=$(validations)
    expect "$1" 0 'issued' cert issue a.example '*.a.example' --no-check \
        --issuer ca.example $ca
    count=$(($(validations) - before))
    [ "$count" = "$2" ] || not_ok "$1: $count validations, wanted $2"
}

expect 'an account' 0 'created account' account create --plaintext \
    --directory "$PEBBLE_DIRECTORY" --agree-tos $ca
issue 'both names are validated' 2
issue 'and not again' 0
expect 'a wildcard is a name of its own' 0 ' \*\.a\.example: ended' \
    account deauthorize '*.A.Example' $ca
issue 'the other one still stands' 1
expect 'several, some of them unknown' 0 '"name":"a.example"' account \
    deauthorize --json a.example '*.a.example' b.example $ca
[ "$(jq -r 'select(.ended) | "\(.wildcard) \(.name)"' "$tmp/out" | sort)" = \
    "$(printf 'false a.example\ntrue a.example')" ] ||
    not_ok 'which ones were ended'
issue 'the CA looks at both again' 2
expect 'an address' 0 '127.0.0.1: there was nothing' \
    account deauthorize '[127.0.0.1]' $ca
expect 'a name that is none' 64 'a..example' account deauthorize a..example \
    $ca
exit $failed
