#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Ending what a CA remembers of validations, at a CA that uses every
# authorization again while it can (Pebble). REQ CLI-38.
set -eu

command -v jq >/dev/null || {
    echo 'skipped: jq is missing'
    exit 77
}
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
failed=0

cleanup() {
    sh "$here/pebble.sh" stop "$tmp/pebble"
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

umask 077
PEBBLE_WFE_NONCEREJECT=15 PEBBLE_AUTHZREUSE=100 PEBBLE_VA_ALWAYS_VALID=1 \
    sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"

expect() { # WHAT STATUS PATTERN COMMAND...
    what=$1
    want=$2
    pattern=$3
    shift 3
    status=0
    "$HOLDFAST" "$@" --state-dir "$tmp/state" --ca-bundle "$PEBBLE_CA" \
        >"$tmp/out" 2>"$tmp/err" || status=$?
    if [ "$status" = "$want" ] && grep -q -e "$pattern" "$tmp/out" "$tmp/err"
    then
        echo "ok - $what"
    else
        echo "not ok - $what: status $status, wanted $want"
        sed 's/^/    /' "$tmp/out" "$tmp/err"
        failed=1
    fi
}

validations() {
    grep -c 'set VALID by completed challenge' "$tmp/pebble/log" || true
}

issue() { # WHAT COUNT: an order that takes so many validations
    before=$(validations)
    expect "$1" 0 'issued' cert issue a.example '*.a.example' --no-check \
        --issuer ca.example
    count=$(($(validations) - before))
    [ "$count" = "$2" ] || {
        echo "not ok - $1: $count validations, wanted $2"
        failed=1
    }
}

expect 'an account' 0 'created account' account create --plaintext \
    --directory "$PEBBLE_DIRECTORY" --agree-tos
issue 'both names are validated' 2
issue 'and not again' 0
expect 'a wildcard is a name of its own' 0 '^\*\.a\.example: ended' \
    account deauthorize '*.A.Example'
issue 'the other one still stands' 1
expect 'several, some of them unknown' 0 '"name":"a.example"' account \
    deauthorize --json a.example '*.a.example' b.example
[ "$(jq -r 'select(.ended) | "\(.wildcard) \(.name)"' "$tmp/out" | sort)" = \
    "$(printf 'false a.example\ntrue a.example')" ] || {
    echo 'not ok - which ones were ended'
    failed=1
}
issue 'the CA looks at both again' 2
expect 'an address' 0 '127.0.0.1: there was nothing' account deauthorize '[127.0.0.1]'
expect 'a name that is none' 64 'a..example' account deauthorize a..example
exit $failed
