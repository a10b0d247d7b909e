# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# shop.sh -- the world of an ACME client, to be sourced: the zone shop.example at
# Knot, which takes signed updates, and Pebble, which asks it. Whoever sources
# it has set $here to this folder.
#
#   shop_needs PROGRAM...   or the test is skipped
#   shop_open [RECORD...]   begin; lines of the zone beside its apex and ns1
#   run COMMAND...          holdfast, with the state folder of this test: its
#                           end is $status, what it said in $tmp/out and err
#   expect WHAT STATUS PATTERN COMMAND...
#                           run it; the pattern is in what it says, its blanks
#                           and line ends made one
#   cert WHAT STATUS PATTERN SUBCOMMAND...
#                           the same of `cert`, which finds the CA and the zone
#   judge WHAT STATUS PATTERN
#                           the same, of what was run last
#   ok WHAT; not_ok WHAT    the verdict; $failed is what the test ends with
#
# After shop_open there is what tree.sh and pebble.sh say, $state, $ca (options
# that trust the CA's web server), and the key of the zone: $secret, and
# $tmp/zone.key. Everything ends with the test; what else there is to end goes
# into shop_close.

tmp=$(mktemp -d)
state=$tmp/state
failed=0
umask 077

shop_close() {
    :
}

# shellcheck disable=SC2317 # called by the trap
shop_cleanup() {
    shop_close
    sh "$here/pebble.sh" stop "$tmp/pebble"
    sh "$here/tree.sh" stop "$tmp/tree"
    wait
    rm -rf "$tmp"
}
trap shop_cleanup EXIT
trap 'exit 1' INT TERM

shop_needs() {
    for program in "$@"; do
        command -v "$program" >/dev/null || {
            echo "skipped: $program is missing"
            exit 77
        }
    done
}

shop_knot() {
    secret=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0
    echo "key \"zone-key\" { algorithm hmac-sha256; secret \"$secret\"; };" \
        >"$tmp/zone.key"
    cat <<END
key:
  - id: zone-key
    algorithm: hmac-sha256
    secret: $secret
acl:
  - id: signed
    key: zone-key
    action: update
zone:
  - domain: shop.example.
    file: $tmp/shop.example.zone
    journal-content: all
    acl: signed
END
}

shop_open() {
    cat >"$tmp/shop.example.zone" <<'END'
$ORIGIN shop.example.
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
END
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$tmp/shop.example.zone"
    shop_knot >"$tmp/shop.conf"
    TREE_CONF=$tmp/shop.conf sh "$here/tree.sh" start "$tmp/tree" shop.example=
    # shellcheck disable=SC1091 # made by tree.sh
    . "$tmp/tree/env"
    sh "$here/pebble.sh" start "$tmp/pebble" "dns=127.0.0.1:$TREE_PORT"
    # shellcheck disable=SC1091 # made by pebble.sh
    . "$tmp/pebble/env"
    # shellcheck disable=SC2034 # for whoever sources this
    ca="--ca-bundle $PEBBLE_CA"
}

ok() {
    echo "ok - $1"
}

not_ok() {
    echo "not ok - $1"
    sed 's/^/    /' "$tmp/out" "$tmp/err" | cut -c1-300 | head -30
    failed=1
}

run() {
    status=0
    "$HOLDFAST" "$@" --state-dir "$state" >"$tmp/out" 2>"$tmp/err" \
        </dev/null || status=$?
}

said() { # PATTERN
    { echo && cat "$tmp/out" "$tmp/err"; } | tr -s ' \n' ' ' | grep -q -e "$1"
}

judge() {
    if [ "$status" = "$2" ] && said "$3"; then
        ok "$1"
    else
        echo "status $status, wanted $2; $3" >>"$tmp/err"
        not_ok "$1"
    fi
}

expect() {
    what=$1
    want=$2
    pattern=$3
    shift 3
    run "$@"
    judge "$what" "$want" "$pattern"
}

# shellcheck disable=SC2086 # options are words
cert() {
    what=$1
    want=$2
    pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" cert "$@" $ca $TREE_OPTIONS
}
