# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# figures.sh -- what more than one benchmark makes of the lines of spend (wall
# clock and CPU in microseconds, peak memory in kB). Sourced; wants rounds, tmp
# and spend.

median() { # of column $2 of the file $1
    sort -n -k "$2,$2" "$1" | awk -v n="$2" '{all[NR] = $n}
        END {print all[int((NR + 1) / 2)]}'
}

# Other work on the machine only ever adds: the least of the medians counts.
least() {
    sort -n -k "$2,$2" "$1" | head -n 1 | cut -d ' ' -f "$2"
}

measure_start() { # NAME COMMAND...
    name=$1
    shift
    : >"$tmp/ours"
    : >"$tmp/true"
    for _ in $(seq $rounds); do
        "$spend" 20 /dev/null "$@" >>"$tmp/ours"
        "$spend" 20 /dev/null /bin/true >>"$tmp/true"
    done
    awk -v name="$name" -v wall="$(least "$tmp/ours" 1)" \
        -v cpu="$(least "$tmp/ours" 2)" -v bare="$(least "$tmp/true" 2)" \
        -v rows="$BENCH_ROWS" 'BEGIN {
        printf "%s, start to end: %.2f ms CPU (%.2f ms); /bin/true %.2f ms " \
            "CPU\n", name, cpu / 1e3, wall / 1e3, bare / 1e3
        printf "%s, start to end\t%.2f ms CPU\t/bin/true %.2f ms\t%.2f\t" \
            "under 5 ms\t%s\n", name, cpu / 1e3, bare / 1e3, cpu / bare,
            cpu < 5e3 ? "met" : "MISSED" >>rows
    }'
}
