#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The disk and the process fail `holdfast cert renew` and `cert issue` at every
# call that changes the disk: the first, the second, and so on until a run gets
# through (faults.c). Whatever happens, the next `cert renew` ends with a live
# folder that is whole, and the deploy hook was run for what is live, and for
# nothing that is not.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/hit.sh
. "$here/hit.sh"
needs openssl
PEBBLE_VA_ALWAYS_VALID=1 sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
"$HTTP_ASK" --ca "$PEBBLE_CA" --body "$PEBBLE_MANAGE/roots/0" |
    sed -n '/BEGIN/,/END/p' >"$tmp/root.pem"
root=$tmp/root.pem

# cert KIND AT COMMAND ARGUMENT...: $status, messages in $tmp/err.
cert() {
    kind=$1
    at=$2
    shift 2
    hit "$kind" "$at" "$HOLDFAST" cert "$@" --state-dir "$tmp/state" \
        --hook-dir "$tmp/hooks" --no-check --ca-bundle "$PEBBLE_CA"
}

serial_of() { # NAME: of what is live; empty when there is none
    openssl x509 -noout -serial -in "$tmp/state/live/$1/cert.pem" 2>/dev/null |
        cut -d= -f2
}

# Key, certificate and chain in the live folder belong together.
is_whole() { # NAME WHAT
    live=$tmp/state/live/$1
    openssl x509 -noout -pubkey -in "$live/cert.pem" >"$tmp/certified" &&
        openssl pkey -pubout -in "$live/privkey.pem" >"$tmp/held" &&
        cmp -s "$tmp/certified" "$tmp/held" &&
        openssl verify -CAfile "$root" -untrusted "$live/chain.pem" \
            "$live/cert.pem" >/dev/null 2>&1 &&
        cat "$live/cert.pem" "$live/chain.pem" | cmp -s - "$live/fullchain.pem" ||
        not_ok "$2: the live folder is not whole"
}

# Did a command that was hit end as it should?
is_said() { # KIND WHAT
    ! was_killed "$1" "$2" || return 0
    [ $status = 1 ] && grep -q "$(wanted_of "$1")" "$tmp/err" ||
        not_ok "$2: status $status"
}

# The hook was run for what is live, if that is new, and for nothing else.
is_deployed() { # NAME SERIAL-BEFORE WHAT
    now=$(serial_of "$1")
    if [ "$now" = "$2" ]; then
        [ ! -s "$tmp/ran" ] || not_ok "$3: a hook for nothing new"
    elif [ "$(sort -u "$tmp/ran")" != "$now" ]; then
        not_ok "$3: live is $now, and hooks ran for '$(xargs <"$tmp/ran")'"
    fi
}

# The next run makes it good; and then nothing is left to be done.
is_made_good() { # NAME SERIAL-BEFORE WHAT
    cert none 0 renew
    [ $status = 0 ] || [ $status = 2 ] || not_ok "$3: renew, status $status"
    is_whole "$1" "$3"
    is_deployed "$1" "$2" "$3"
    cert none 0 renew
    [ $status = 2 ] || not_ok "$3: and once more, status $status"
}

torn_renew() { # KIND AT
    before=$(serial_of a.example)
    : >"$tmp/ran"
    cert "$1" "$2" renew --force a.example
    was_hit || return 0
    what="renew, $1 $2, $(grep '^fault' "$tmp/err")"
    is_said "$1" "$what"
    is_whole a.example "$what, at once"
    is_made_good a.example "$before" "$what"
    return 1
}

# Nothing may be left of it, or enough to go on.
torn_issue() { # KIND AT
    : >"$tmp/ran"
    cert "$1" "$2" issue b.example
    was_hit || return 0
    what="issue, $1 $2, $(grep '^fault' "$tmp/err")"
    is_said "$1" "$what"
    if [ -e "$tmp/state/renewal/b.example.json" ]; then
        is_made_good b.example '' "$what"
    else
        [ ! -e "$tmp/state/live/b.example" ] || not_ok "$what: live, and forgotten"
        cert none 0 issue b.example
        [ $status = 0 ] || not_ok "$what: issue again"
        is_whole b.example "$what"
        is_deployed b.example '' "$what"
    fi
    rm -rf "$tmp"/state/*/b.example "$tmp/state/renewal/b.example.json"
    return 1
}

every_call() { # COMMAND KIND LEAST
    n=1
    until "torn_$1" "$2" $n || [ $n = 80 ]; do
        n=$((n + 1))
    done
    [ $n -gt "$3" ] && [ $n -lt 80 ] || not_ok "$1, $2: $((n - 1)) calls were hit"
    [ $status = 0 ] || not_ok "$1, $2: a run that is left alone"
    echo "$1, $2: $((n - 1)) calls"
}

# All that is done to the disk by one kind of fault, in a folder of its own.
all_of() { # KIND
    tmp=$tmp/$1
    mkdir -p "$tmp/hooks/deploy"
    cat >"$tmp/hooks/deploy/note" <<END
#!/bin/sh
openssl x509 -noout -serial -in "\$RENEWED_LINEAGE/cert.pem" |
    cut -d= -f2 >>"$tmp/ran"
END
    chmod 700 "$tmp/hooks/deploy/note"
    "$HOLDFAST" account create --plaintext --directory "$PEBBLE_DIRECTORY" \
        --agree-tos --state-dir "$tmp/state" --ca-bundle "$PEBBLE_CA" \
        >"$tmp/out" 2>"$tmp/err" || not_ok 'an account'
    cert none 0 issue a.example
    [ $status = 0 ] || not_ok 'issue'
    # Two replaced files, four written, four links and an exchange.
    every_call renew "$1" 25
    [ "$1" != kill ] || every_call issue "$1" 25
    exit $failed
}

side_by_side all_of eio enospc kill tear
exit $failed
