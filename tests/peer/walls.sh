#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every process of a command that faces the network is behind a wall: each has
# entered a Landlock rule set and loaded a seccomp filter, and none does with
# --sandbox=off. What the walls keep in is tests/unit/test_wall.c's business.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs strace python3

# Somebody who takes connections and packets, and says nothing.
python3 - >"$tmp/port" <<'END' &
import signal, socket
tcp = socket.create_server(("127.0.0.1", 0))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(tcp.getsockname())
print(tcp.getsockname()[1], flush=True)
signal.pause()
END
pids=$!
await test -s "$tmp/port"
at="127.0.0.1@$(cat "$tmp/port")"

watch() { # ARGUMENT...
    rm -f "$tmp"/trace.*
    # A file for each: in one, a call may end lines after it began.
    trace -ff -qq -ttt -e trace=execve,landlock_restrict_self,seccomp \
        -o "$tmp/trace" "$HOLDFAST" "$@" >"$tmp/out" 2>&1 || true
}

# How many processes of this program there were, and how many built a wall.
count() {
    awk '
        / = 0$/ && /execve\(/ { ours[FILENAME] = 1 }
        / = 0$/ && /landlock_restrict_self\(/ { files[FILENAME] = 1 }
        / = 0$/ && /seccomp\(SECCOMP_SET_MODE_FILTER/ { calls[FILENAME] = 1 }
        END {
            for (pid in ours) { all++; good += files[pid] && calls[pid] }
            print all + 0, good + 0
        }' "$tmp"/trace.*
}

walled() { # ARGUMENT...
    watch "$@"
    count
}

# Who has the key was started before the one that started it built its wall.
early() {
    awk '
        /execve\(/ && /"_signer"/ { key = $1 }
        /execve\(/ && !/"_/ { main[FILENAME] = 1 }
        /landlock_restrict_self\(/ && main[FILENAME] { wall = $1 }
        END { print (key > 0 && wall > 0 && key < wall ? "before" : "after") }
    ' "$tmp"/trace.*
}

is() { # WHAT GOT WANTED
    if [ "$2" = "$3" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1: $2, wanted $3"
        tail -n 5 "$tmp/out" | sed 's/^/    /'
        failed=1
    fi
}

sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
state="--state-dir $tmp/state"
ca="--ca-bundle $PEBBLE_CA"
# shellcheck disable=SC2086 # words
"$HOLDFAST" account create $state $ca --directory "$PEBBLE_DIRECTORY" \
    --agree-tos --plaintext >"$tmp/out" 2>&1 || is create "$?" 0
# shellcheck disable=SC2086 # words
"$HOLDFAST" account create $state $ca --directory "$PEBBLE_DIRECTORY" \
    --agree-tos --account told --passphrase-command 'echo secret' \
    >"$tmp/out" 2>&1 || is create "$?" 0
# shellcheck disable=SC2086 # words
"$HOLDFAST" account export $state certbot "$tmp/certbot" >"$tmp/out" 2>&1 ||
    is export "$?" 0
# shellcheck disable=SC2086 # words
"$HOLDFAST" account serve-signer $state --socket "$tmp/signer" \
    >"$tmp/log" 2>&1 &
pids="$pids $!"
await listens "$tmp/signer"

# Besides the command: a resolver; an updater; an HTTP client and a signer. And
# what runs programs, with a program or two, all of them without walls.
check="check --forward $at --deadline 5 example.com"
ad="check --resolver $at --deadline 5 example.com"
record="--issuer ca.example --draft 01 --account-url https://ca.example/1 \
--wait 0 $state example.com"
publish="record publish --server $at --timeout 5 $record"
hook="record publish --hook exec:true $record"
account="account check $state $ca"
create="account create $state $ca --account another --plaintext --agree-tos \
--directory $PEBBLE_DIRECTORY"
issue="cert issue $state $ca --no-check example.com"
import="account import certbot $tmp/certbot $state $ca --account another \
--plaintext"
attach="account create $state $ca --account another --signer $tmp/signer"
list="record list --check $state --forward $at --resolver-timeout 1"
dns="--method dns-01 --dns-hook exec:true --dns-wait 0"
# shellcheck disable=SC2086 # words
while read -r count walls command; do
    is "${command%% --*}" "$(walled $command)" "$count $walls"
    rm -rf "$tmp/state/accounts/another" # to be created once more
    is "${command%% --*}, no walls" "$(walled $command --sandbox=off)" \
        "$count 0"
done <<EOF
2 2 $check
2 2 $ad
2 2 $publish
3 1 $hook
3 3 $account
3 3 account update $state $ca --no-contact
4 4 account rollover $state $ca --next-plaintext
3 3 $create
3 3 $import
2 2 $attach
2 2 $list
3 3 $issue
3 3 cert revoke $state $ca --file $PEBBLE_CA
6 3 $issue $dns
5 3 $issue --account told
1 1 cert renew $state
EOF

# The signer, while it serves: who has the key, and itself.
serve() { # ARGUMENT...
    rm -f "$tmp/served"
    watch account serve-signer --state-dir "$tmp/state" \
        --socket "$tmp/served" "$@" &
    tracer=$!
    await listens "$tmp/served"
    # It says who it is only when it is ready to serve.
    # shellcheck disable=SC2086 # words
    "$HOLDFAST" account create $state $ca --account served \
        --signer "$tmp/served" >"$tmp/out" 2>&1 || true
    rm -rf "$tmp/state/accounts/served"
    server=$(grep -l '"serve-signer"' "$tmp"/trace.*)
    kill "${server##*.}"
    wait "$tracer"
    count
}
is 'account serve-signer' "$(serve)" '2 2'
is 'account serve-signer, no walls' "$(serve --sandbox=off)" '2 0'

# With a key in a token its process comes first, and is not behind our wall.
module=/usr/lib/softhsm/libsofthsm2.so
[ -e "$BUILD/holdfast-pkcs11.so" ] && [ -e "$module" ] || exit $failed
mkdir "$tmp/tokens"
cat >"$tmp/softhsm2.conf" <<END
directories.tokendir = $tmp/tokens
objectstore.backend = file
END
export SOFTHSM2_CONF="$tmp/softhsm2.conf"
(umask 077 && echo 48151623 >"$tmp/pin")
softhsm2-util --init-token --free --label main --so-pin 5678 --pin 48151623 \
    >"$tmp/out"
# shellcheck disable=SC2086 # words
{
    "$HOLDFAST" account create $state $ca --account token --agree-tos \
        --directory "$PEBBLE_DIRECTORY" --passphrase-file "$tmp/pin" \
        --key "pkcs11:token=main;object=own?module-path=$module" --make-key \
        --token-allow "$tmp/tokens" >"$tmp/out" 2>&1 || is token "$?" 0
    is 'cert issue, a key in a token' "$(walled $issue --account token)" '3 3'
    is 'its process' "$(early)" before
    is 'cert issue, a key in a file' \
        "$(walled $issue)" '3 3'
    is 'its process' "$(early)" after
}

exit $failed
