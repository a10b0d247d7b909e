#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The disk and the process fail `holdfast account create` and `rollover`, also
# into a token, at every call that changes the disk: the first, the second, and
# so on until a run gets through (faults.c). Whatever happens, the next command
# goes on, and the account works. REQ CLI-39.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/hit.sh
. "$here/hit.sh"
# shellcheck source=tests/peer/softhsm.sh
. "$here/softhsm.sh"
export FAULT_REMOVALS=yes
sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"

# account KIND AT STATE COMMAND ARGUMENT...: $status, messages in $tmp/err.
account() {
    kind=$1
    at=$2
    folder=$3
    word=$4
    shift 4
    hit "$kind" "$at" "$HOLDFAST" account "$word" --state-dir "$folder" \
        --ca-bundle "$PEBBLE_CA" "$@"
}

create() { # KIND AT STATE
    account "$@" create --directory "$PEBBLE_DIRECTORY" --agree-tos \
        --passphrase-file "$tmp/pass"
}

# Did a command that was hit end as it should? What cannot be removed, and a
# directory that cannot be remembered, is told, and no failure.
is_said() { # KIND WHAT
    ! was_killed "$1" "$2" || return 0
    [ $status = 1 ] || grep -q -e '^fault: unlink' -e '/dir: ' "$tmp/err" ||
        not_ok "$2: status $status"
    # A file that is written anew is removed first if it is there, which it
    # need not be.
    grep -q -e "$(wanted_of "$1")" -e '^fault: unlink' "$tmp/err" ||
        not_ok "$2: nothing is said of it"
}

# The account in $1 is valid, and of its key and files there is one.
works() { # STATE WHAT
    account none 0 "$1" check
    [ $status = 0 ] && grep -q 'valid, and' "$tmp/out" || not_ok "$2: check"
    jq -e '.next == null' "$1/accounts/default/account.json" >/dev/null ||
        not_ok "$2: a key to come"
}

is_tidy() { # STATE WHAT
    [ "$(ls -A "$1/accounts/default" | wc -l)" = 2 ] ||
        not_ok "$2: $(ls -A "$1/accounts/default")"
}

torn_create() { # KIND AT
    create "$1" "$2" "$tmp/new"
    was_hit || return 0
    what="create, $1 $2, $(grep '^fault' "$tmp/err")"
    is_said "$1" "$what"
    create none 0 "$tmp/new"
    [ $status = 0 ] || grep -q 'there is such an account' "$tmp/err" ||
        not_ok "$what: create again"
    account none 0 "$tmp/new" rollover
    [ $status = 0 ] || not_ok "$what: rollover"
    is_tidy "$tmp/new" "$what"
    rm -r "$tmp/new"
    return 1
}

torn_rollover() { # KIND AT
    account "$1" "$2" "$tmp/state" rollover
    was_hit || return 0
    what="rollover, $1 $2, $(grep '^fault' "$tmp/err")"
    is_said "$1" "$what"
    works "$tmp/state" "$what"
    return 1
}

# From a file into a token, and back when that was done.
torn_token() { # KIND AT
    account "$1" "$2" "$tmp/state" rollover --make-key \
        --key "pkcs11:token=main?module-path=$module" \
        --token-allow "$tmp/tokens" --next-passphrase-file "$tmp/pin"
    was_hit || return 0
    what="rollover to a token, $1 $2, $(grep '^fault' "$tmp/err")"
    is_said "$1" "$what"
    works "$tmp/state" "$what"
    account none 0 "$tmp/state" rollover --key file \
        --next-passphrase-file "$tmp/pass"
    [ $status = 0 ] || not_ok "$what: back to a file"
    return 1
}

every_call() { # COMMAND KIND
    n=1
    until "torn_$1" "$2" $n || [ $n = 60 ]; do
        n=$((n + 1))
    done
    rm -rf "$tmp/new"
    # Two files written and one replaced are ten calls and more.
    [ $n -gt 10 ] || not_ok "$1, $2: only $((n - 1)) calls were hit"
    echo "$1, $2: $((n - 1)) calls"
}

# All that is done to the disk by one kind of fault, in a folder of its own.
all_of() { # KIND
    tmp=$tmp/$1
    mkdir "$tmp"
    echo 'a passphrase' >"$tmp/pass"
    create none 0 "$tmp/state"
    # From here on the CA's directory is remembered: that it cannot be would be
    # said, and no failure.
    works "$tmp/state" 'a run that is left alone'
    every_call create "$1"
    every_call rollover "$1"
    # What fails does not depend on where the new key is: two kinds are enough.
    if softhsm_is_there && { [ "$1" = kill ] || [ "$1" = eio ]; }; then
        softhsm_begin
        softhsm_token main 1234
        echo 1234 >"$tmp/pin"
        every_call token "$1"
    fi
    works "$tmp/state" "$1"
    account none 0 "$tmp/state" rollover
    is_tidy "$tmp/state" "$1, at the end"
    exit $failed
}

side_by_side all_of eio enospc kill tear
exit $failed
