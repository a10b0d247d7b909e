#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Validated look-ups, as a CA makes them: HF_BENCH_LOOKUPS (20,000) names of a
# signed zone at Knot, none of them asked for before, by our resolver in its
# process behind its wall, in turn with libunbound in the process that asks. The
# figure is CPU of all processes; how many a second stands in the text for both.
# See bench/run for the environment.
set -eu

rounds=5
here=$SRC/tests/peer
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=bench/figures.sh
. "$SRC/bench/figures.sh"
names=${HF_BENCH_LOOKUPS:-20000}
spend=$BUILD/bench/bench-spend

server=
client=
if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
    server="taskset -c $(($(nproc) - 1))"
    client="taskset -c 0"
fi
mkdir "$tmp/bin"
cp "$BUILD/bench/bench-resolver-load" "$BUILD/bench/bench-resolver-floor" \
    "$BUILD/holdfast-resolver" "$tmp/bin"

# A zone that is signed before it is served; its DS waits for the tree.
sign_zone() { # ZONE
    mkdir -p "$tmp/tree/keys"
    (
        cd "$tmp/tree/keys"
        key=$(ldns-keygen -a ECDSAP256SHA256 -k "$1.")
        mv "$key.ds" "$1.ds"
        ldns-signzone -o "$1." -f "$tmp/$1.signed" "$tmp/$1" "$key"
    )
    printf 'zone:\n  - domain: %s.\n    file: %s\n' "$1" "$tmp/$1.signed"
}

echo "signing a zone of $names names"
awk -v n="$names" -v list="$tmp/names" 'BEGIN {
    print "$ORIGIN load.example.\n$TTL 300"
    print "@ SOA ns1 hostmaster 1 3600 600 86400 300\n@ NS ns1"
    print "ns1 A 127.0.0.1"
    for (i = 0; i < n; i++) {
        printf "_validation-persist.n%d TXT \"ca.example; accounturi=" \
            "https://ca.example/acct/%d; persistUntil=4000000000\"\n", i, i
        print "_validation-persist.n" i ".load.example" >list
    }
}' >"$tmp/load.example"
sign_zone load.example >"$tmp/load.conf"
TREE_CONF=$tmp/load.conf $server sh "$here/tree.sh" start "$tmp/tree" \
    load.example=
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"
set -- "$tmp/names" "$TREE_ANCHOR" .="$TREE_SERVER" example="$TREE_SERVER" \
    load.example="$TREE_SERVER"

: >"$tmp/ours"
: >"$tmp/floor"
for _ in $(seq $rounds); do
    $client "$spend" 1 "$tmp/said.ours" "$tmp/bin/bench-resolver-load" "$@" \
        >>"$tmp/ours"
    $client "$spend" 1 "$tmp/said.floor" "$tmp/bin/bench-resolver-floor" "$@" \
        >>"$tmp/floor"
    cmp "$tmp/said.ours" "$tmp/said.floor"
done
cat "$tmp/said.ours"
grep -q "^$names secure" "$tmp/said.ours"
awk -v count="$names" -v rows="$BENCH_ROWS" \
    -v ours="$(least "$tmp/ours" 2)" -v floor="$(least "$tmp/floor" 2)" \
    -v wall="$(least "$tmp/ours" 1)" -v floor_wall="$(least "$tmp/floor" 1)" \
    'BEGIN {
    name = "a validated look-up"
    printf "%s: %.0f a second; libunbound in the process that asks %.0f\n",
        name, count / wall * 1e6, count / floor_wall * 1e6
    printf "%s\t%.0f us CPU\tlibunbound alone %.0f us\t%.2f\tat most 1.1\t%s\n",
        name, ours / count, floor / count, ours / floor,
        ours <= 1.1 * floor ? "met" : "MISSED" >>rows
}'
