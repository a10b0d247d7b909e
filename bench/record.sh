#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the `record` commands cost: 100,000 names through `record make`, beside
# a bare loop that reads, hashes and writes; and how long a command takes from
# start to end, beside /bin/true. Both run on one thread and wait for nothing:
# the figure is CPU time, which others on the machine do not change; the clock
# on the wall stands in the text. See bench/run for the environment.
set -eu

rounds=7
url=https://ca.example/acme/acct/1234567890
prefix=https://ca.example/h/
thumbprint=ynR0SnhXGnI_LXvNGwgL93Xgii3Z2igPUtrNBBeZolc
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

spend=$BUILD/bench/bench-spend
floor=$BUILD/bench/bench-record-floor
# shellcheck source=bench/figures.sh
. "$SRC/bench/figures.sh"

awk 'BEGIN {
    for (i = 0; i < 100000; i++)
        printf "host%d.dept%d.company%d.com\n", i, i % 97, i % 1000
}' >"$tmp/names"

make_raw() {
    "$spend" 1 "$1" "$HOLDFAST" record make --issuer ca.example --draft 01 \
        --account-url "$url" --format zone --file "$tmp/names"
}
make_hashed() {
    "$spend" 1 "$1" "$HOLDFAST" record make --issuer ca.example --draft 02 \
        --account-url "$url" --prefix "$prefix" --thumbprint "$thumbprint" \
        --format zone --file "$tmp/names"
}
floor_raw() {
    "$spend" 1 "$1" "$floor" "$url" <"$tmp/names"
}
floor_hashed() {
    "$spend" 1 "$1" "$floor" "$url" "$prefix" "$thumbprint" <"$tmp/names"
}

measure_make() { # raw or hashed
    "make_$1" "$tmp/ours" >"$tmp/warm"
    "floor_$1" "$tmp/bare" >"$tmp/warm"
    if ! cmp -s "$tmp/ours" "$tmp/bare"; then
        echo "record make ($1) does not write what the bare loop writes" >&2
        diff "$tmp/ours" "$tmp/bare" | head -n 4 >&2 || true
        exit 1
    fi
    : >"$tmp/make"
    : >"$tmp/floor"
    for _ in $(seq $rounds); do
        "make_$1" "$tmp/ours" >>"$tmp/make"
        "floor_$1" "$tmp/bare" >>"$tmp/floor"
    done
    wall=$(median "$tmp/make" 1)
    cpu=$(median "$tmp/make" 2)
    rss=$(median "$tmp/make" 3)
    bare=$(median "$tmp/floor" 2)
    awk -v kind="$1" -v wall="$wall" -v cpu="$cpu" -v rss="$rss" \
        -v bare="$bare" -v rows="$BENCH_ROWS" 'BEGIN {
        printf "record make, 100,000 names, %s: %.3f s, CPU %.2f us a name, " \
            "%.1f MB; bare loop %.2f us a name\n",
            kind, wall / 1e6, cpu / 1e5, rss / 1e3, bare / 1e5
        printf "record make, 100,000 names, %s\t%.3f s CPU\tbare loop %.3f s" \
            "\t%.2f\tunder 1 s\t%s\n", kind, cpu / 1e6, bare / 1e6,
            cpu / bare, cpu < 1e6 ? "met" : "MISSED" >>rows
    }'
}

measure_make raw
measure_make hashed

record="ca.example; accounturi=$url"
printf '_validation-persist.example.com. TXT "%s"\n' "$record" >"$tmp/old"
printf '_validation-persist.example.com. TXT "%s; persistUntil=4000000000"\n' \
    "$record" >"$tmp/new"
measure_start 'record make' "$HOLDFAST" record make --issuer ca.example \
    --draft 01 --account-url "$url" example.com
measure_start 'record parse' "$HOLDFAST" record parse "$record"
measure_start 'record explain' "$HOLDFAST" record explain --name example.com \
    "$record"
measure_start 'record diff' "$HOLDFAST" record diff "$tmp/old" "$tmp/new"
