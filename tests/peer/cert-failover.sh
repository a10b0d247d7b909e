#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two CAs that somebody else wrote, and certificates from the second one when
# the first is the reason that it gives none: it is down, it refuses, or the
# record is for the other account. Always the first one first. What goes wrong
# here does not go to the next one.
set -eu

for program in knotd jq openssl; do
    command -v "$program" >/dev/null || {
        echo "skipped: $program is missing"
        exit 77
    }
done
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
failed=0

cleanup() {
    sh "$here/pebble.sh" stop "$tmp/one"
    sh "$here/pebble.sh" stop "$tmp/two"
    sh "$here/tree.sh" stop "$tmp/tree"
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

umask 077
state=$tmp/state

start() { # CA: Pebble in a folder of that name, and an account
    sh "$here/pebble.sh" start "$tmp/$1" "issuer=$1.example"
    # shellcheck disable=SC1090 # made by pebble.sh
    . "$tmp/$1/env"
    bundles="${bundles-} --ca-bundle $PEBBLE_CA"
    # shellcheck disable=SC2086 # options are words
    "$HOLDFAST" account create --account "$1" --plaintext --agree-tos \
        --directory "$PEBBLE_DIRECTORY" --state-dir "$state" $bundles \
        >"$tmp/out" 2>"$tmp/err" || not_ok "account $1"
}

# shellcheck disable=SC2086 # options are words
cert() { # COMMAND ARGUMENT...
    word=$1
    shift
    case $word in
    show) set -- --state-dir "$state" "$@" ;;
    *) set -- --state-dir "$state" $bundles ${eyes---no-check} "$@" ;;
    esac
    said=0
    "$HOLDFAST" cert "$word" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null ||
        said=$?
}

not_ok() {
    echo "not ok - $1"
    sed 's/^/    /' "$tmp/out" "$tmp/err" | cut -c1-200 | tail -20
    failed=1
}

# The last command ended with the status $1, and what it said contains $2.
expect() { # STATUS TEXT WHAT
    if [ "$said" = "$1" ] &&
        { echo && cat "$tmp/out" "$tmp/err"; } | grep -qF -- "$2"; then
        echo "ok - $3"
    else
        not_ok "$3: status $said, wanted $1 and '$2'"
    fi
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
expect 0 'a.example: issued' 'issue, by the first'
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
expect 0 'www.shop.example: nothing from account one; now by account two' \
    'the record is for the other account'
issued_by www.shop.example two
[ "$(orders one)" = "$count" ] || not_ok 'the first was asked in vain'
cert issue other.shop.example --account one --account two
expect 2 'nothing was ordered' 'no record for either'
unset eyes
rm -r "$state/renewal/www.shop.example.json"

# ---- the first refuses ----

cert issue blocked.example --account one
expect 1 'forbidden' 'it refuses this name'
! grep -q 'now by account' "$tmp/err" || not_ok 'there is no other account'
cert issue blocked.example --account one --account two
expect 1 'blocked.example: nothing from account one; now by account two' \
    'refused by both, in one sentence each'
[ "$(grep -c 'is a forbidden domain' "$tmp/err")" = 2 ] ||
    not_ok 'what both have said'
# shellcheck disable=SC2086
"$HOLDFAST" account deactivate --account one --state-dir "$state" $bundles \
    --confirm "$("$HOLDFAST" account show --account one --json \
        --state-dir "$state" | jq -r .url)" >"$tmp/out" 2>"$tmp/err" ||
    not_ok 'deactivate'
cert renew --force
expect 0 'a.example: nothing from account one; now by account two' \
    'renew, refused by the first'
issued_by a.example two
# The second knows nothing of the certificate that the first has issued.
! grep -q '"replaces"' "$tmp/two/log" || not_ok 'a foreign "replaces"'
count=$(orders one)
cert renew --force
expect 0 'now by account two' 'and the first is asked again at each renewal'
[ "$(orders one)" -gt "$count" ] || not_ok 'the first was not asked'
cert issue here.example --account one --account two
expect 0 'here.example: issued' 'a second certificate of both'

# ---- the first is down ----

sh "$here/pebble.sh" stop "$tmp/one"
cert renew --force
expect 0 'a.example: nothing from account one; now by account two' \
    'renew, the first is down'
[ "$(grep -c 'now by account two' "$tmp/err")" = 2 ] ||
    not_ok 'not for both certificates'
# Without the memory of its directory nothing of it is known.
rm -f "$state"/directories/*
cert issue b.example --account one --account two
expect 0 'b.example: nothing from account one; now by account two' \
    'issue, the first is down and forgotten'
issued_by b.example two
cert issue c.example --account one
expect 1 'cannot be reached' 'no other account'

# ---- what goes wrong here ----

cert issue d.example --account two --account nobody
expect 0 'issued' 'an account that is not needed need not be there'
cert issue d.example --account nobody --account two
expect 1 'no such account' 'one that is needed must be'
! grep -q 'now by account' "$tmp/err" || not_ok 'the next one does not help'
cert issue e.example --account two --account two
expect 64 'given twice' 'twice the same'

exit $failed
