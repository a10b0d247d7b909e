#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast audit` on zone files against real parsers: random zones, written
# in every way that is allowed, and whoever else reads them finds the same
# persist records, no fewer and no more. SEEDS says how many zones (20).
set -eu

here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
seeds=${SEEDS:-20}
parsers=

if command -v named-compilezone >/dev/null; then
    parsers="$parsers bind"
fi
# shellcheck disable=SC2046 # flags are words
if pkg-config --exists libzscanner 2>/dev/null &&
    ${CC:-cc} -O1 -o "$tmp/zscanner" "$SRC/bench/zscanner_floor.c" \
        $(pkg-config --cflags --libs libzscanner) 2>"$tmp/err"; then
    parsers="$parsers knot"
fi
if command -v ldns-read-zone >/dev/null; then
    parsers="$parsers ldns"
fi
[ -n "$parsers" ] || {
    echo "skipped: neither named-compilezone, libzscanner nor ldns-read-zone"
    exit 77
}

dump() { # parser zone: what it finds, to $tmp/dump; false: it refuses
    case $1 in
    bind)
        named-compilezone -i none -k ignore -n ignore -r ignore -m ignore \
            -M ignore -S ignore -W ignore -q -s full -o "$tmp/dump" test \
            "$2" >"$tmp/err" 2>&1
        ;;
    knot)
        "$tmp/zscanner" --dump "$2" test. >"$tmp/dump" 2>"$tmp/err"
        grep -q '^0 errors' "$tmp/err"
        ;;
    ldns) ldns-read-zone "$2" >"$tmp/dump" 2>"$tmp/err" ;;
    esac
}

compared=0
for seed in $(seq "$seeds"); do
    crlf=
    generate=
    [ $((seed % 5)) -ne 0 ] || crlf=crlf
    [ $((seed % 4)) -ne 0 ] || generate=generate
    python3 "$here/zone_random.py" "$seed" 400 $crlf $generate >"$tmp/zone"
    "$HOLDFAST" audit --format json --origin test "$tmp/zone" \
        >"$tmp/json" 2>"$tmp/said" || true # findings, that is
    if [ -s "$tmp/said" ]; then
        echo "not ok - seed $seed: a good zone has unreadable lines"
        cat "$tmp/said"
        exit 1
    fi
    for parser in $parsers; do
        dump "$parser" "$tmp/zone" || {
            # Knot has neither CR LF nor $GENERATE; ldns stops at what it
            # dislikes, and so does BIND, but there is nothing.
            [ "$parser" != bind ] || {
                echo "not ok - seed $seed: BIND refuses the zone"
                cat "$tmp/err"
                exit 1
            }
            continue
        }
        python3 "$here/zone_compare.py" "$tmp/json" "$tmp/dump" \
            >"$tmp/diff" || {
            echo "not ok - seed $seed, against $parser"
            head -20 "$tmp/diff"
            exit 1
        }
        compared=$((compared + 1))
    done
done
echo "ok - $seeds zones, $compared comparisons with:$parsers"
