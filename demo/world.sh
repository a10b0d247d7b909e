#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# world.sh -- the servers of the demo: the small Internet of tests/peer/tree.sh
# and in it two zones of ours, served by the same Knot.
#
#   world.sh start DIR     build and serve; settings in DIR/env
#   world.sh stop DIR      stop them all, and wait until they are gone
#
#   shop.example        signed by Knot as it changes
#   customers.example   100,000 names, signed by Knot as it answers
#
# Both take updates and give transfers to whoever has the key in DIR/zone.key.
# Unbound stands in front of them and validates nothing: holdfast does. After
# `. DIR/env` the shell has WORLD_KNOT and WORLD_RESOLVER, both address@port,
# and WORLD_PORT.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
peer=$here/../tests/peer
# shellcheck source=tests/peer/await.sh
. "$peer/await.sh"

head_of() {
    cat <<END_OF_HEAD
\$ORIGIN $1.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
END_OF_HEAD
}

# What somebody forgot in the zone, years ago.
leftovers() {
    cat <<'END_OF_ZONE'
_validation-persist.c00001 TXT "ca.example; accounturi=https://ca.example/acct/123; persistUntil=1700000000"
_validation-persist.c00002 TXT "ca.example; accounturi=https://ca.example/acct/7; policy=wildcard"
_validation-persist.c00003 TXT "old-ca.example; accounturi=https://old-ca.example/a/1; policy=wildcard"
_validation-persist.c00004 TXT "ca.example; accounturi=https://ca.example/acct/123; policy wildcard"
_validation-persist.c00005 CNAME panel-of-2019
END_OF_ZONE
}

make_zones() {
    {
        head_of shop.example
        echo '@ CAA 0 issue "ca.example"'
        echo 'www A 192.0.2.1'
    } >"$dir/shop.example.zone"
    {
        head_of customers.example
        awk 'BEGIN {for (i = 0; i < 100000; i++)
            printf "c%05d A 192.0.2.%d\n", i, i % 256}'
        leftovers
    } >"$dir/customers.example.zone"
}

# Knot makes the keys, and says what the parent has to say about them.
make_keys() {
    for zone in shop customers; do
        keymgr --dir "$dir/tree/knot/keys" "$zone.example." generate \
            algorithm=ecdsap256sha256 ksk=yes zsk=yes >/dev/null
        keymgr --dir "$dir/tree/knot/keys" "$zone.example." ds |
            grep ' 13 2 ' >"$dir/tree/keys/$zone.example.ds"
    done
    keymgr -t zone-key hmac-sha256 >"$dir/tsig.conf"
    sed -n 's/^# //p' "$dir/tsig.conf" >"$dir/zone.key"
    chmod 600 "$dir/zone.key" "$dir/tsig.conf"
}

knot_conf() {
    cat "$dir/tsig.conf"
    cat <<END_OF_CONF
acl:
  - id: owner
    key: zone-key
    action: [update, transfer]
policy:
  - id: ours
    manual: on
    single-type-signing: on
mod-onlinesign:
  - id: ours
    policy: ours
zone:
  - domain: shop.example.
    file: $dir/shop.example.zone
    acl: owner
    dnssec-signing: on
    dnssec-policy: ours
  - domain: customers.example.
    file: $dir/customers.example.zone
    acl: owner
    module: mod-onlinesign/ours
    journal-content: changes
END_OF_CONF
}

# TREE_OPTIONS has a stub for each zone; so has Unbound. It remembers no
# absence: the demo asks, publishes and asks again.
unbound_conf() {
    cat <<END_OF_CONF
server:
    interface: 127.0.0.3@$TREE_PORT
    port: $TREE_PORT
    do-ip6: no
    num-threads: 1
    module-config: "iterator"
    do-not-query-localhost: no
    cache-max-negative-ttl: 0
    chroot: ""
    username: ""
    directory: "$dir"
    pidfile: ""
    use-syslog: no
    logfile: "$dir/unbound.log"
    root-hints: ""
remote-control:
    control-enable: no
END_OF_CONF
    for word in $TREE_OPTIONS; do
        case $word in
        *=127.0.0.1@*)
            printf 'stub-zone:\n    name: "%s"\n    stub-addr: %s\n' \
                "${word%%=*}" "${word#*=}"
            ;;
        esac
    done
}

start() {
    mkdir -p "$dir/tree/keys" "$dir/tree/knot/keys"
    make_zones &
    make_keys
    knot_conf >"$dir/ours.conf"
    wait
    TREE_CONF=$dir/ours.conf "$peer/tree.sh" start "$dir/tree" shop.example= \
        customers.example=
    # shellcheck disable=SC1091 # made a line above
    . "$dir/tree/env"
    unbound_conf >"$dir/unbound.conf"
    unbound -d -c "$dir/unbound.conf" >"$dir/unbound.out" 2>&1 &
    echo $! >>"$dir/tree/pids"
    cat >"$dir/env" <<END_OF_ENV
WORLD_KNOT=$TREE_SERVER
WORLD_RESOLVER=127.0.0.3@$TREE_PORT
WORLD_PORT=$TREE_PORT
END_OF_ENV
    cp "$TREE_ANCHOR" "$dir/root.ds"
    cp "$TREE_SUFFIXES" "$dir/suffixes"
    await serves 127.0.0.3 "$TREE_PORT" shop.example customers.example
}

[ $# -eq 2 ] || {
    echo "usage: world.sh start DIR | stop DIR" >&2
    exit 64
}
mkdir -p "$2"
dir=$(cd "$2" && pwd)
case $1 in
start) start ;;
stop) "$peer/tree.sh" stop "$dir/tree" ;;
*) exit 64 ;;
esac
