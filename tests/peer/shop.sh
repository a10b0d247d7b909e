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

# shellcheck disable=SC2086 # options are words
cert() {
    what=$1
    want=$2
    pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" cert "$@" $ca $TREE_OPTIONS
}
