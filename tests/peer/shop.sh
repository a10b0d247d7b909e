# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# shop.sh -- the world of an ACME client, to be sourced: the zone shop.example at
# Knot, which takes signed updates, and Pebble, which asks it. Whoever sources
# it has set $here to this folder.
#
#   shop_open [RECORD...]   begin; lines of the zone beside its apex and ns1
#   cert WHAT STATUS PATTERN SUBCOMMAND...
#                           expect (verdict.sh) of `cert`, which finds the CA
#                           and the zone
#
# After shop_open there is what tree.sh and pebble.sh say, $ca (options that
# trust the CA's web server), and the key of the zone: $secret, and
# $tmp/zone.key.

# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"

shop_open() {
    knot_zone_text "$@" >"$tmp/shop.example.zone"
    knot_zone >"$tmp/shop.conf"
    TREE_CONF=$tmp/shop.conf sh "$here/tree.sh" start "$tmp/tree" shop.example=
    # shellcheck disable=SC1091 # made by tree.sh
    . "$tmp/tree/env"
    sh "$here/pebble.sh" start "$tmp/pebble" "dns=127.0.0.1:$TREE_PORT"
    # shellcheck disable=SC1091 # made by pebble.sh
    . "$tmp/pebble/env"
    # shellcheck disable=SC2034 # for whoever sources this
    ca="--ca-bundle $PEBBLE_CA"
}

# shellcheck disable=SC2086 # options are words
cert() {
    what=$1
    want=$2
    pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" cert "$@" $ca $TREE_OPTIONS
}
