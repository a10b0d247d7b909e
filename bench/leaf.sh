#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Making a certificate, beside OpenSSL's own way and the signature alone, and a
# list of 100,000 revoked ones.
set -eu

"$BUILD/bench/bench-leaf" | awk -v rows="$BENCH_ROWS" '
function row(name, figure, limit, ratio, goal, met) {
    printf "%s\t%s\t%s\t%.2f\t%s\t%s\n", name, figure, limit, ratio, goal,
        met ? "met" : "MISSED" >>rows
}
{
    printf "a certificate: %s us, linting %s us; by OpenSSL %s us; its " \
        "signature alone %s us\n", $1, $4, $2, $3
    printf "a list of 100,000 revoked certificates: %s ms\n", $5
    row("make a certificate", $1 " us", "its signature " $3 " us", $1 / $3,
        "1.5", $1 <= 1.5 * $3)
    row("make a certificate", $1 " us", "OpenSSL " $2 " us", $1 / $2, "0.2",
        $1 <= 0.2 * $2)
    row("list 100,000 revoked", $5 " ms", "-", $5 / 100, "100 ms", $5 <= 100)
}'
