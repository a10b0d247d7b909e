# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# verdict.sh -- the beginning, the verdicts and the end of a test, to be
# sourced. Whoever sources it has set $here to this folder.
#
#   needs PROGRAM|FILE...   or the test is skipped; skip WHY: it is
#   run COMMAND...          holdfast, with the state folder of this test, and
#                           without a terminal: its end is $status, what it
#                           said in $tmp/out and err
#   judge WHAT STATUS PATTERN
#                           what was run last ended like this, and the pattern
#                           is in what it said, its blanks and line ends made
#                           one
#   expect WHAT STATUS PATTERN COMMAND...
#                           run it, and judge
#   trace OPTION...         strace
#   said PATTERN            is it in what was said?
#   check WHAT COMMAND...   the command succeeds
#   side_by_side FUNCTION WORD...
#                           for each word, in a process of its own, which ends
#                           with $failed
#   ok WHAT; not_ok WHAT    the verdict; $failed is what the test ends with
#
# There are $tmp and $state. Everything ends with the test: Pebble and Knot in
# $tmp/pebble and $tmp/tree, the processes in $pids, and what at_end ends.

# shellcheck source=tests/peer/await.sh
. "$here/await.sh"
tmp=$(mktemp -d)
state=$tmp/state
pids=
failed=0
umask 077
# What whoever runs the tests has is not for them.
unset CREDENTIALS_DIRECTORY TPM2TOOLS_TCTI http_proxy https_proxy all_proxy \
    HTTP_PROXY HTTPS_PROXY ALL_PROXY

at_end() {
    :
}

# shellcheck disable=SC2086,SC2317 # a list of numbers; called by the trap
clean_up() {
    at_end
    end $pids
    sh "$here/pebble.sh" stop "$tmp/pebble"
    sh "$here/tree.sh" stop "$tmp/tree"
    wait
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

skip() {
    echo "skipped: $1"
    exit 77
}

needs() {
    for need in "$@"; do
        command -v "$need" >/dev/null || [ -e "$need" ] ||
            skip "$need is missing"
    done
}

ok() {
    echo "ok - $1"
}

not_ok() {
    echo "not ok - $1"
    cat "$tmp/out" "$tmp/err" 2>/dev/null | cut -c1-300 | tail -30 |
        sed 's/^/    /'
    failed=1
}

check() {
    what=$1
    shift
    if "$@"; then ok "$what"; else not_ok "$what"; fi
}

side_by_side() {
    function=$1
    shift
    jobs=
    for word in "$@"; do
        ("$function" "$word") &
        jobs="$jobs $!"
    done
    for job in $jobs; do
        wait "$job" || failed=1
    done
}

run() {
    status=0
    setsid -w "$HOLDFAST" "$@" --state-dir "$state" >"$tmp/out" 2>"$tmp/err" \
        </dev/null || status=$?
}

# A traced process cannot look for its own leaks (make dev).
trace() {
    ASAN_OPTIONS=detect_leaks=0 strace "$@"
}

said() {
    { echo && cat "$tmp/out" "$tmp/err"; } | tr -s ' \n' ' ' | grep -q -e "$1"
}

judge() {
    if [ "$status" = "$2" ] && said "$3"; then
        ok "$1"
    else
        echo "status $status, wanted $2; $3" >>"$tmp/err"
        not_ok "$1"
    fi
}

expect() {
    what=$1
    want=$2
    pattern=$3
    shift 3
    run "$@"
    judge "$what" "$want" "$pattern"
}
