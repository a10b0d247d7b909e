# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# knot_zone.sh -- the zone shop.example as Knot serves it, to be sourced after
# verdict.sh.
#
#   knot_zone                   what Knot's configuration says of it: updates
#                               are taken with a key, which is in $secret and
#                               $tmp/zone.key
#   knot_zone_text [RECORD...]  what stands in it: these lines beside its apex
#                               and ns1

knot_zone() {
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

knot_zone_text() {
    cat <<'END'
$ORIGIN shop.example.
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
END
    [ $# -eq 0 ] || printf '%s\n' "$@"
}
