#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast audit` of a zone file of two million records, 181,818 of them
# persist records, each judged for one CA and account; beside the bare parse
# of libzscanner, which judges nothing, and beside grep. See bench/run.
set -eu

rounds=7
domains=181818
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

spend=$BUILD/bench/bench-spend
floor=$BUILD/bench/bench-zscanner-floor
zone=$tmp/zone
# shellcheck source=bench/figures.sh
. "$SRC/bench/figures.sh"

python3 "$SRC/bench/audit_zone.py" "$domains" >"$zone"

# spend wants programs that end with 0, and an audit with findings does not.
cat >"$tmp/audit" <<EOF
#!/bin/sh
"$HOLDFAST" audit --issuer ca.example --draft 01 \
    --account-url https://ca.example/acme/acct/1 --now=1790000000 \
    --format csv "\$@" "$zone"
[ \$? -eq 2 ]
EOF
chmod +x "$tmp/audit"
ours() {
    "$spend" 1 "$tmp/ours" "$tmp/audit" --summary
}
ours_in_full() {
    "$spend" 1 "$tmp/full" "$tmp/audit"
}
bare() {
    "$spend" 1 "$tmp/bare" "$floor" "$zone" .
}
search() {
    "$spend" 1 "$tmp/grep" grep -c '^_validation-persist' "$zone"
}

# The same persist records first, then the time they take.
ours >"$tmp/warm"
ours_in_full >"$tmp/warm"
search >"$tmp/warm"
found=$(sed -n 's/^records,all,\([0-9]*\).*/\1/p' "$tmp/ours")
lines=$(grep -c '_validation-persist' "$tmp/full")
known=$(cat "$tmp/grep")
peer=$known
if [ -x "$floor" ]; then
    bare >"$tmp/warm"
    peer=$(sed -n 's/.*, \([0-9]*\) persist.*/\1/p' "$tmp/bare")
fi
if [ "$found" != "$known" ] || [ "$lines" != "$known" ] ||
    [ "$peer" != "$known" ]; then
    echo "persist records: audit $found, its results $lines," \
        "libzscanner $peer, grep $known" >&2
    exit 1
fi
echo "$(stat -c %s "$zone") bytes, $found persist records, the same by all"

for noun in ours full bare grep; do
    : >"$tmp/t.$noun"
done
for _ in $(seq $rounds); do
    ours >>"$tmp/t.ours"
    [ ! -x "$floor" ] || bare >>"$tmp/t.bare"
    search >>"$tmp/t.grep"
    ours_in_full >>"$tmp/t.full"
done

compare() { # NAME OURS PEER GOAL: the median of the pairs' ratios
    paste -d ' ' "$tmp/t.$2" "$tmp/t.$3" | awk '{print $2 / $5}' | sort -n |
        awk -v name="$1" -v peer="$3" -v goal="$4" -v rows="$BENCH_ROWS" \
            -v ours_us="$(median "$tmp/t.$2" 2)" \
            -v peer_us="$(median "$tmp/t.$3" 2)" \
            -v rss="$(median "$tmp/t.$2" 3)" '
        {ratio[NR] = $1}
        END {
            mid = ratio[int((NR + 1) / 2)]
            printf "%s: %.3f s CPU, %.1f MB; %s %.3f s; ratio %.2f " \
                "(%.2f to %.2f)\n", name, ours_us / 1e6, rss / 1e3, peer,
                peer_us / 1e6, mid, ratio[1], ratio[NR]
            printf "%s\t%.3f s, %.1f MB\t%s %.3f s\t%.2f\t%s\t%s\n", name,
                ours_us / 1e6, rss / 1e3, peer, peer_us / 1e6, mid,
                goal == "" ? "-" : "at most " goal,
                goal == "" ? "-" : mid <= goal + 0 ? "met" : "MISSED" >>rows
        }'
}

if [ -x "$floor" ]; then
    compare 'audit 2 M records, counts, against libzscanner' ours bare 0.6
    compare 'audit 2 M records, every result as CSV' full bare ''
fi
compare 'audit 2 M records, counts, against grep -c' ours grep ''
