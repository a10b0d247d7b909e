# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# hit.sh -- a command that the disk or the process fails (faults.c), to be
# sourced after verdict.sh.
#
#   hit KIND AT COMMAND...  its end is $status, what it said in $tmp/out and err
#   was_hit                 did it come as far as the fault?
#   was_killed KIND WHAT    is the fault one that kills it? Then it has to have
#                           been killed.
#   wanted_of KIND          what the system says of the fault

hit() {
    export FAULT_KIND="$1" FAULT_AT="$2"
    shift 2
    status=0
    LD_PRELOAD=$FAULTS "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
}

was_hit() {
    grep -q '^fault' "$tmp/err"
}

was_killed() {
    case $1 in
    kill | tear) [ "$status" = 137 ] || not_ok "$2: status $status" ;;
    *) return 1 ;;
    esac
}

wanted_of() {
    case $1 in
    eio) echo 'Input/output error' ;;
    enospc) echo 'No space left on device' ;;
    esac
}
