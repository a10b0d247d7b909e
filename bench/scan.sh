#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a scan costs a name: `holdfast scan` with JSON output, in turn with a
# bare sendmmsg()/recvmmsg() loop and with dnsperf, all of the same NSD on
# another core. massdns is not in Debian; where it was measured it cost 2.3
# times the bare loop. HF_BENCH_NAMES (1,000,000) names of mixed lengths, every
# tenth with a record. See bench/run for the environment.
set -eu

rounds=7
names=${HF_BENCH_NAMES:-1000000}
tmp=$(mktemp -d)
nsd=
spend=$BUILD/bench/bench-spend
floor=$BUILD/bench/bench-scan-floor

# shellcheck disable=SC2317 # called by the trap
cleanup() {
    [ -z "$nsd" ] || kill "$nsd" 2>/dev/null || true
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

for tool in nsd kdig; do
    command -v $tool >/dev/null || {
        echo "scan: no $tool, nothing measured (tools/deps test)"
        exit 0
    }
done

# The server on the last core, the client on the first, when there are two.
server=
client=
if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
    server="taskset -c $(($(nproc) - 1))"
    client="taskset -c 0"
fi

port=$(python3 "$SRC/tests/peer/ports.py" free)

echo "making a zone for $names names"
awk -v n="$names" -v zone="$tmp/zone" -v list="$tmp/sorted" 'BEGIN {
    srand(7)
    print "$ORIGIN test.\n$TTL 3600" >zone
    print "@ SOA ns hostmaster 1 7200 900 1209600 300\n@ NS ns" >zone
    print "ns A 127.0.0.1" >zone
    letters = "abcdefghijklmnopqrstuvwxyz"
    for (i = 0; i < n; i++) {
        name = sprintf("%06x", i)
        for (k = int(2 + 14 * rand() * rand()); k > 0; k--)
            name = substr(letters, 1 + int(26 * rand()), 1) name
        print rand() "\t" name ".test" >list
        if (i % 10 == 0)
            printf "_validation-persist.%s TXT \"ca.example; accounturi=" \
                "https://ca.example/acct/%07d; policy=wildcard; " \
                "persistUntil=1999999999\"\n", name, i >zone
    }
}'
sort "$tmp/sorted" | cut -f 2 >"$tmp/names"
rm "$tmp/sorted"
sed 's/.*/_validation-persist.& TXT/' "$tmp/names" >"$tmp/queries"
cat >"$tmp/nsd.conf" <<END
server:
    ip-address: 127.0.0.1@$port
    zonesdir: "$tmp"
    database: ""
    pidfile: ""
    xfrdfile: "$tmp/nsd.xfrd"
    zonelistfile: "$tmp/nsd.zones"
    logfile: "$tmp/nsd.log"
    username: ""
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: test
    zonefile: zone
END
$server nsd -d -c "$tmp/nsd.conf" &
nsd=$!
for _ in $(seq 600); do
    kdig +timeout=1 +retry=0 +short "@127.0.0.1" -p "$port" ns.test A \
        2>/dev/null | grep -q 127 && break
    sleep 0.1
done

ours() {
    # shellcheck disable=SC2086 # words
    "$spend" 1 "$tmp/ours.out" $client "$HOLDFAST" scan --json \
        --now 1790000000 --server "127.0.0.1@$port" "$tmp/names"
}
# A window that the receive buffer of a server holds: no losses.
bare() {
    # shellcheck disable=SC2086 # words
    "$spend" 1 "$tmp/bare.out" $client "$floor" "$tmp/names" "$port" 200
}
dnsperf_run() {
    # shellcheck disable=SC2086 # words
    "$spend" 1 "$tmp/dnsperf.out" $client dnsperf -s 127.0.0.1 -p "$port" \
        -d "$tmp/queries" -n 1 -c 4 -q 200 -T 1
}

# Outputs first: a fast wrong answer is worth nothing.
check() {
    want=$(((names + 9) / 10))
    found=$(grep -c '"status":"found"' "$tmp/ours.out")
    absent=$(grep -c '"status":"absent"' "$tmp/ours.out" || true)
    bare=$(sed -n 's/^data \([0-9]*\) .*/\1/p' "$tmp/bare.out")
    if [ "$found" != $want ] || [ "$absent" != $((names - want)) ] ||
        [ "$bare" -gt $want ] || [ "$bare" -lt $((want - want / 100)) ]; then
        echo "found $found, absent $absent, bare loop $bare of $want" >&2
        exit 1
    fi
}

ours >"$tmp/warm"
bare >"$tmp/warm"
check
: >"$tmp/pairs"
for _ in $(seq $rounds); do
    a=$(ours)
    b=$(bare)
    d='0 0 0'
    if command -v dnsperf >/dev/null; then
        d=$(dnsperf_run)
    fi
    echo "$a $b $d" >>"$tmp/pairs"
done
check

awk -v names="$names" -v rows="$BENCH_ROWS" '
function median(list, n,   i, k, t) {
    for (i = 2; i <= n; i++)
        for (k = i; k > 1 && list[k] < list[k - 1]; k--) {
            t = list[k]; list[k] = list[k - 1]; list[k - 1] = t
        }
    return list[int((n + 1) / 2)]
}
{
    wall[NR] = $1; us[NR] = $2 / names; rss[NR] = $3; floor[NR] = $5 / names
    ratio[NR] = $2 / $5
    perf[NR] = $8 / names
    share[NR] = $8 > 0 ? $2 / $8 : 0
}
END {
    u = median(us, NR); f = median(floor, NR); r = median(ratio, NR)
    p = median(perf, NR); s = median(share, NR); m = median(rss, NR) / 1e3
    w = median(wall, NR) / 1e6
    printf "scan, %d names: %.2f us CPU a name (%.1f s, %.1f MB); bare loop " \
        "%.2f us, ratio %.2f (%.2f to %.2f)\n", names, u, w, m, f, r,
        ratio[1], ratio[NR]
    printf "scan a name\t%.2f us CPU\tbare loop %.2f us\t%.2f\tat most 1.4\t%s\n",
        u, f, r, r <= 1.4 ? "met" : "MISSED" >>rows
    if (p > 0) {
        printf "dnsperf, which writes nothing: %.2f us, ratio %.2f\n", p, s
        printf "scan a name\t%.2f us CPU\tdnsperf %.2f us\t%.2f\t-\t-\n",
            u, p, s >>rows
    }
    printf "scan, memory\t%.1f MB\t-\t-\tunder 64 MB\t%s\n", m,
        m < 64 ? "met" : "MISSED" >>rows
}' "$tmp/pairs"
