#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The disk and the process fail `holdfast scan` and `holdfast audit` at every
# call that writes: the first, the second, and so on until a run gets through
# (faults.c). What went wrong is said, and what is left is a whole report or
# something from which --resume ends with the octets of a run that was left
# alone.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/servers.sh
. "$here/servers.sh"

# At this rate a few names last for two marks of the journal, and all of them
# for four. So that it does not take hours, cases run side by side.
all=2400
few=900
rate=600
together=12
kinds='eio enospc kill tear'

awk -v n=$all 'BEGIN {
    print "$ORIGIN test.\n$TTL 3600"
    print "@ SOA ns hostmaster 1 7200 900 1209600 300\n@ NS ns"
    print "ns A 127.0.0.1"
    for (i = 1; i <= n; i++)
        print "_validation-persist.d" i " TXT \"ca.example;" \
            " accounturi=https://ca.example/acct/" i "\""
}' >"$tmp/zone"
seq -f 'd%.0f.test' $all >"$tmp/all"
head -n $few "$tmp/all" >"$tmp/few"

port=$(python3 "$here/ports.py" free)
mkdir "$tmp/nsd"
run_nsd "$tmp/nsd" "$port" test "$tmp/zone"
await serves 127.0.0.1 "$port" test

not_ok() {
    echo "not ok - $1"
    sed 's/^/    /' "$2" | tail -5
}

# holdfast FAULT_KIND FAULT_AT ARGUMENT...: messages in $err, and $status.
holdfast() {
    export FAULT_KIND="$1" FAULT_AT="$2"
    shift 2
    status=0
    LD_PRELOAD=$FAULTS "$HOLDFAST" "$@" --now 1790000000 2>"$err" || status=$?
}

was_hit() {
    grep -q '^fault' "$err"
}

# Did the last run, which was hit, end as it should, and say why?
is_said() { # DIRECTORY TEXT
    case $FAULT_KIND in
    eio) wanted="1 $1/[a-z]*: .*Input/output error" ;;
    enospc) wanted="1 $1/[a-z]*: .*No space left on device" ;;
    *) wanted='137 ' ;;
    esac
    [ "$status" = "${wanted%% *}" ] && grep -q "${wanted#* }" "$err" || {
        not_ok "$2: status $status, wanted $wanted" "$err"
        false
    }
}

scan() { # NAMES DIRECTORY FAULT_KIND FAULT_AT ARGUMENT...
    input=$1 files=$2 kind=$3 at=$4
    shift 4
    # A busy machine drops packets, and this is not about that.
    holdfast "$kind" "$at" scan --server "127.0.0.1@$port" --retries 10 \
        --format json --output "$files/part" --resume "$files/journal" "$@" "$tmp/$input"
}

# What a scan must leave when it says that it is done.
is_whole() { # DIRECTORY TEXT
    [ "$status" = "$whole_status" ] && [ "$(ls -A "$1")" = part ] &&
        cmp "$1/part" "$tmp/whole.$input/part" >>"$err" 2>&1 || {
        ls -A "$1" >>"$err"
        not_ok "$2: status $status, and not what a whole run leaves" "$err"
        false
    }
}

# One fault, and then none: what is lost is made up for.
scan_once() { # FAULT_KIND FAULT_AT
    mkdir "$tmp/$1.$2"
    err=$tmp/$1.$2.err
    scan few "$tmp/$1.$2" "$1" "$2" --rate $rate
    if ! was_hit; then
        is_whole "$tmp/$1.$2" "$1 $2, not hit" && : >"$tmp/$1.through"
        return
    fi
    what="$1 $2, $(grep '^fault' "$err")"
    is_said "$tmp/$1.$2" "scan, $what" || return
    scan few "$tmp/$1.$2" none 0
    is_whole "$tmp/$1.$2" "scan, $what, resumed" &&
        echo "ok - scan, $what" && rm -r "$tmp/$1.$2"
}

# Every run is hit, about when it has put its own mark behind another's.
scan_chain() { # FAULT_KIND
    mkdir "$tmp/chain.$1"
    err=$tmp/chain.$1.err
    n=9
    until [ $n -gt 9 ] && ! was_hit; do
        n=$((n + 1))
        scan all "$tmp/chain.$1" "$1" $n --rate $rate
        ! was_hit || is_said "$tmp/chain.$1" "chain, $1 $n" || return
    done
    is_whole "$tmp/chain.$1" "chain, $1 $n" &&
        echo "ok - scan, $1 from 10 to $n, one run after the other"
}

# in_background COMMAND...: what it says and whether it is well, later.
in_background() {
    if "$@" >"$tmp/said.$(echo "$*" | tr ' ' .)" 2>&1; then
        :
    else
        : >"$tmp/failed"
    fi &
    cases="$cases $!"
}

# shellcheck disable=SC2086 # a list of numbers
wait_for_cases() {
    wait $cases
    cases=
    cat "$tmp"/said.* | tee -a "$tmp/log"
    rm "$tmp"/said.*
}

err=$tmp/whole.err
for input in few all; do
    mkdir "$tmp/whole.$input"
    scan $input "$tmp/whole.$input" none 0
    whole_status=$status
    grep -c '"status":"found"' "$tmp/whole.$input/part" >>"$err" || true
    [ "$(tail -n 1 "$err")" = "$(wc -l <"$tmp/$input")" ] || {
        not_ok "a run that is left alone" "$err"
        exit 1
    }
done

cases=
for kind in $kinds; do
    in_background scan_chain "$kind"
done
for kind in $kinds; do
    n=0
    while [ ! -e "$tmp/$kind.through" ] && [ $n -lt 200 ]; do
        for _ in $(seq $together); do
            n=$((n + 1))
            in_background scan_once "$kind" $n
        done
        wait_for_cases
    done
    # Two marks of the journal are ten calls, results and summary some more.
    hits=$(grep -c "^ok - scan, $kind [0-9]*, fault" "$tmp/log" || true)
    [ "$hits" -gt 12 ] || {
        not_ok "scan, $kind: only $hits calls were hit" "$err"
        failed=1
    }
done

# ---- audit ----

audit() { # FAULT_KIND FAULT_AT
    holdfast "$1" "$2" audit --format html --output "$tmp/audit/report" \
        --origin test "$tmp/zone"
}

# The report is old or new, and nothing stands beside it.
is_old_or_new() { # TEXT
    ! [ "$(cat "$tmp/audit/report")" = old ] || return 0
    cmp -s "$tmp/audit/report" "$tmp/new" || {
        not_ok "$1: the report is neither old nor new" "$err"
        false
    }
}

# Who was killed cannot clean up, but who failed can.
is_tidy() { # TEXT
    [ "$status" = 137 ] || [ "$(ls -A "$tmp/audit")" = report ] || {
        not_ok "$1: something was left behind" "$err"
        false
    }
}

audit_after_fault() { # TEXT
    what="$1, $(grep '^fault' "$err")"
    is_said "$tmp/audit" "$what" && is_old_or_new "$what" &&
        is_tidy "$what" || return
    audit none 0
    [ "$(ls -A "$tmp/audit")" = report ] &&
        cmp "$tmp/audit/report" "$tmp/new" >>"$err" 2>&1 || {
        not_ok "$what: the next run" "$err"
        return 1
    }
    echo "ok - $what"
}

mkdir "$tmp/audit"
err=$tmp/audit.err
audit none 0
cp "$tmp/audit/report" "$tmp/new"
for kind in $kinds; do
    n=0
    hit=true
    while $hit; do
        n=$((n + 1))
        echo old >"$tmp/audit/report"
        audit "$kind" $n
        was_hit || hit=false
        ! $hit || audit_after_fault "audit, $kind $n" || failed=1
    done
    [ $n -gt 4 ] && cmp -s "$tmp/audit/report" "$tmp/new" || {
        not_ok "audit, $kind: a run that was not hit" "$err"
        failed=1
    }
done

[ ! -e "$tmp/failed" ] || failed=1
exit $failed
