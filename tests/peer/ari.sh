#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Renewals when the CA wants them (RFC 9773), with Pebble, whose windows its
# management interface sets: what it says in Retry-After is obeyed from one run
# to the next, a window is neither anticipated nor missed, and the order says
# which certificate it replaces. REQ CLI-35.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"

PEBBLE_VA_ALWAYS_VALID=1 sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"

# asks WHAT STATUS QUESTIONS COMMAND...: and how often the CA was asked.
asks() {
    what=$1
    want="status $2, asked $3 times"
    before=$(asked)
    shift 3
    run "$@" --ca-bundle "$PEBBLE_CA"
    got="status $status, asked $(($(asked) - before)) times"
    [ "$got" = "$want" ] && ok "$what" || not_ok "$what: $got, wanted $want"
}

asked() { # so far, about renewals
    grep -c 'GET /draft-ietf-acme-ari' "$tmp/pebble/log" || true
}

# window FROM TO: for the certificate that is there, in seconds from now.
window() {
    jq -n --rawfile cert "$state/live/a.example/cert.pem" \
        --argjson from "$1" --argjson to "$2" '{Certificate: $cert,
        ARIResponse: ({suggestedWindow: {start: (now + $from | todate),
            end: (now + $to | todate)}} | tostring)}' |
        curl -sSf --cacert "$PEBBLE_CA" -d @- \
            "$PEBBLE_MANAGE/set-renewal-info/"
}

hour=3600
day=86400
asks 'an account' 0 0 account create --plaintext --agree-tos \
    --directory "$PEBBLE_DIRECTORY"
asks 'a certificate' 0 0 cert issue --no-check a.example

# ---- Retry-After: six hours, says Pebble ----

asks 'the CA is asked when' 2 1 cert renew --no-check
asks 'and not again' 2 0 cert renew --no-check
window -$((2 * hour)) -$hour
asks 'before the time it said, whatever it would say' 2 0 \
    cert renew --no-check --now +5h
asks 'then it is: the window was moved into the past' 0 1 \
    cert renew --no-check --now +7h --dry-run

# ---- a window to come ----

window $((2 * day)) $((3 * day))
asks 'before the window' 2 1 cert renew --no-check --now +14h
asks 'before the window, a day later' 2 1 cert renew --no-check --now +38h
asks 'at its end' 0 1 cert renew --no-check --now +3d --dry-run
renew_at=$(sed -n 's/.*"renewAt":\([0-9]*\).*/\1/p' \
    "$state/renewal/a.example.json")
from_now=$((${renew_at:-0} - $(date +%s)))
[ $from_now -gt $((2 * day - hour)) ] && [ $from_now -lt $((3 * day)) ] &&
    ok 'a moment inside the window was chosen, and kept' ||
    not_ok "chosen: $from_now seconds from now"

# ---- the order ----

asks 'inside the window it is renewed' 0 1 cert renew --no-check --now +3d
check 'the order says what it replaces' \
    grep -q 'is a replacement of' "$tmp/pebble/log"
exit $failed
