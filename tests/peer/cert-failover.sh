#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two CAs that somebody else wrote, and certificates from the second one when
# the first is the reason that it gives none: it is down, it refuses, or the
# record is for the other account. Always the first one first. What goes wrong
# here does not go to the next one.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs knotd jq openssl
at_end() {
    sh "$here/pebble.sh" stop "$tmp/one"
    sh "$here/pebble.sh" stop "$tmp/two"
}

start() { # CA: Pebble in a folder of that name, and an account
    sh "$here/pebble.sh" start "$tmp/$1" "issuer=$1.example"
    # shellcheck disable=SC1090 # made by pebble.sh
    . "$tmp/$1/env"
    bundles="${bundles-} --ca-bundle $PEBBLE_CA"
    # shellcheck disable=SC2086 # options are words
    expect "account $1" 0 'created account' account create --account "$1" \
        --plaintext --agree-tos --directory "$PEBBLE_DIRECTORY" $bundles
}

# shellcheck disable=SC2086 # options are words
cert() { # COMMAND ARGUMENT...
    run cert "$@" $bundles ${eyes---no-check}
}

issued_by() { # NAME ACCOUNT
    "$HOLDFAST" cert show "$1" --json --state-dir "$state" |
        jq -e --arg account "$2" '.account == $account' >/dev/null ||
        not_ok "$1 was not issued by $2"
}

orders() { # at CA $1, so far
    grep -c 'POST /order-plz' "$tmp/$1/log" || true
}

export PEBBLE_VA_ALWAYS_VALID=1
start one
start two

# ---- both are well ----

cert issue a.example --account one --account two
judge 'issue, by the first' 0 'a.example: issued'
issued_by a.example one
[ "$(orders two)" = 0 ] || not_ok 'the second CA was asked, too'

# ---- a record for the second account only ----

url=$("$HOLDFAST" account show --account two --json --state-dir "$state" |
    jq -r .url)
cat >"$tmp/zone" <<END
\$ORIGIN shop.example.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
_validation-persist.www TXT "two.example; accounturi=$url"
END
sh "$here/tree.sh" start "$tmp/tree" "shop.example=$tmp/zone"
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"
eyes=$TREE_OPTIONS
count=$(orders one)
cert issue www.shop.example --account one --account two
judge 'the record is for the other account' 0 \
    'www.shop.example: nothing from account one; now by account two'
issued_by www.shop.example two
[ "$(orders one)" = "$count" ] || not_ok 'the first was asked in vain'
cert issue other.shop.example --account one --account two
judge 'no record for either' 2 'nothing was ordered'
unset eyes
rm -r "$state/renewal/www.shop.example.json"

# ---- the first refuses ----

cert issue blocked.example --account one
judge 'it refuses this name' 1 'forbidden'
! grep -q 'now by account' "$tmp/err" || not_ok 'there is no other account'
cert issue blocked.example --account one --account two
judge 'refused by both, in one sentence each' 1 \
    'blocked.example: nothing from account one; now by account two'
[ "$(grep -c 'is a forbidden domain' "$tmp/err")" = 2 ] ||
    not_ok 'what both have said'
url=$("$HOLDFAST" account show --account one --json --state-dir "$state" |
    jq -r .url)
# shellcheck disable=SC2086 # options are words
expect 'deactivate' 0 'deactivated' account deactivate --account one \
    --confirm "$url" $bundles
cert renew --force
judge 'renew, refused by the first' 0 \
    'a.example: nothing from account one; now by account two'
issued_by a.example two
# The second knows nothing of the certificate that the first has issued.
! grep -q '"replaces"' "$tmp/two/log" || not_ok 'a foreign "replaces"'
count=$(orders one)
cert renew --force
judge 'and the first is asked again at each renewal' 0 'now by account two'
[ "$(orders one)" -gt "$count" ] || not_ok 'the first was not asked'
cert issue here.example --account one --account two
judge 'a second certificate of both' 0 'here.example: issued'

# ---- the first is down ----

sh "$here/pebble.sh" stop "$tmp/one"
cert renew --force
judge 'renew, the first is down' 0 \
    'a.example: nothing from account one; now by account two'
[ "$(grep -c 'now by account two' "$tmp/err")" = 2 ] ||
    not_ok 'not for both certificates'
# Without the memory of its directory nothing of it is known.
rm -f "$state"/directories/*
cert issue b.example --account one --account two
judge 'issue, the first is down and forgotten' 0 \
    'b.example: nothing from account one; now by account two'
issued_by b.example two
cert issue c.example --account one
judge 'no other account' 1 'cannot be reached'

# ---- what goes wrong here ----

cert issue d.example --account two --account nobody
judge 'an account that is not needed need not be there' 0 'issued'
cert issue d.example --account nobody --account two
judge 'one that is needed must be' 1 'no such account'
! grep -q 'now by account' "$tmp/err" || not_ok 'the next one does not help'
cert issue e.example --account two --account two
judge 'twice the same' 64 'given twice'

exit $failed
