#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What our CA remembers of DNS it forgets in a minute, though the TTL of a record
# is a day: one that was removed authorizes nobody after that (REQ VAL-35).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
# shellcheck source=tests/peer/streams.sh
. "$here/streams.sh"
needs jq knsupdate python3
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'

house_open
house_found --plaintext
house_serve --looks 0 # it is asked until the answer is another

update() { # LINE: to the zone
    printf '%s\n' "server 127.0.0.1 $TREE_PORT" 'zone shop.example.' "$1" send |
        knsupdate -y "hmac-sha256:zone-key:$secret"
}
owner=_validation-persist.gone.shop.example.

say a account >"$tmp/out"
say a order gone.shop.example >"$tmp/out"
update "add $owner 86400 TXT \"$(jq -r '.authorizations[0].challenges[] |
    select(.type == "dns-persist-01") |
    "ca.example; accounturi=" + .accounturi' "$tmp/out")\""
say a challenge "$(jq -r .url "$tmp/out")" >"$tmp/out"
check 'a record of a day' jq -e '.body.status == "valid"' "$tmp/out"
update "del $owner TXT"

# Each order is looked at anew: what it makes is given back.
is_refused() {
    say a order gone.shop.example >"$tmp/out"
    ! jq -e '.body.status == "pending"' "$tmp/out" >"$tmp/jq" || return 0
    say a post "$(jq -r '.body.authorizations[0]' "$tmp/out")" \
        '{"status": "deactivated"}' >"$tmp/jq"
    return 1
}
is_refused || ok 'it is remembered'
await is_refused
ok 'it is forgotten'
say a challenge "$(jq -r .url "$tmp/out")" >"$tmp/out"
check 'the reason' jq -e '[.. | .reason? // empty] | index("no-record") != null' \
    "$tmp/out"
house_close
check 'it ends in order' [ "$status" = 0 ]
exit $failed
