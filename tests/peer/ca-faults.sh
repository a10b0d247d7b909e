#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The disk and the process fail `holdfast ca init`, and whoever writes a log of
# evidence, at every call that changes the disk: the first, the second, and so
# on until a run gets through (faults.c). Whatever happens, there is no CA or a
# whole one, and of the log nothing is lost that was told of.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/hit.sh
. "$here/hit.sh"
export FAULT_REMOVALS=yes

is_said() { # KIND WHAT
    ! was_killed "$1" "$2" || return 0
    # Only that who holds a lock cannot be written there is no failure.
    [ $status = 0 ] ||
        grep -q -e "$(wanted_of "$1")" -e 'kernel said no' "$tmp/err" ||
        not_ok "$2: nothing is said of it"
}

init() { # KIND AT
    hit "$1" "$2" "$HOLDFAST" ca init --name Example --plaintext \
        --state-dir "$tmp/new"
}

torn_init() { # KIND AT
    init "$1" "$2"
    was_hit || return 0
    what="init, $1 $2, $(grep '^fault' "$tmp/err")"
    is_said "$1" "$what"
    had=$([ ! -e "$tmp/new/ca" ] || cat "$tmp/new/ca/root.pem")
    init none 0
    [ $status = 0 ] || grep -q 'there is a CA already' "$tmp/err" ||
        not_ok "$what: init again"
    [ -z "$had" ] || [ "$had" = "$(cat "$tmp/new/ca/root.pem")" ] ||
        not_ok "$what: a CA was overwritten"
    openssl verify -CAfile "$tmp/new/ca/root.pem" "$tmp/new/ca/issuer.pem" \
        >"$tmp/out" 2>&1 || not_ok "$what: openssl verify"
    for name in root issuer; do
        [ "$(openssl pkey -in "$tmp/new/ca/$name.key" -pubout)" = "$(openssl \
            x509 -in "$tmp/new/ca/$name.pem" -noout -pubkey)" ] ||
            not_ok "$what: $name.key"
    done
    hit none 0 "$HOLDFAST" ca audit verify --state-dir "$tmp/new"
    grep -q 'last entry is 1:' "$tmp/out" || not_ok "$what: its log"
    rm -r "$tmp/new"
    return 1
}

torn_log() { # KIND AT
    mkdir -p "$tmp/log"
    hit "$1" "$2" "$ISSUER_ASK" log "$tmp/log" 18
    was_hit || return 0
    what="log, $1 $2, $(grep '^fault' "$tmp/err")"
    is_said "$1" "$what"
    sed 's/^/--entry=/' "$tmp/out" >"$tmp/told"
    hit none 0 "$ISSUER_ASK" log "$tmp/log" 3
    [ $status = 0 ] || not_ok "$what: it does not go on"
    # shellcheck disable=SC2046 # a word each
    hit none 0 "$HOLDFAST" ca audit verify --folder "$tmp/log" \
        $(cat "$tmp/told")
    [ $status = 0 ] || not_ok "$what: audit verify"
    rm -r "$tmp/log"
    return 1
}

every_call() { # COMMAND KIND CALLS
    n=1
    until "torn_$1" "$2" $n || [ $n = 80 ]; do
        n=$((n + 1))
    done
    rm -rf "$tmp/new" "$tmp/log"
    [ $n -gt "$3" ] || not_ok "$1, $2: only $((n - 1)) calls were hit"
    [ $n -lt 80 ] || not_ok "$1, $2: it never gets through"
    echo "$1, $2: $((n - 1)) calls"
}

all_of() { # KIND
    tmp=$tmp/$1
    mkdir "$tmp"
    every_call init "$1" 20
    every_call log "$1" 10
    exit $failed
}

side_by_side all_of eio enospc kill tear
exit $failed
