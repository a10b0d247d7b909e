#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A signer for a fleet: an account here whose key is in another process, which
# knows who asks, reads what it signs, and writes down each signature. REQ
# CLI-17, CLI-23.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
signer=
failed=0

cleanup() {
    [ -z "$signer" ] || kill "$signer" 2>/dev/null || true
    sh "$here/pebble.sh" stop "$tmp/pebble"
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

umask 077
export PEBBLE_WFE_NONCEREJECT=15
sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
echo 'a passphrase' >"$tmp/pass"
mkdir "$tmp/run"

account() { # STATE COMMAND ARGUMENT...
    folder=$tmp/$1
    word=$2
    shift 2
    said=0
    [ "$word" = show ] || set -- --ca-bundle "$PEBBLE_CA" "$@"
    "$HOLDFAST" account "$word" --state-dir "$folder" "$@" \
        >"$tmp/out" 2>"$tmp/err" </dev/null || said=$?
}

not_ok() {
    echo "not ok - $1"
    sed 's/^/    /' "$tmp/out" "$tmp/err" "$tmp/log" | tail -12
    failed=1
}

expect() { # STATUS TEXT WHAT
    if [ "$said" = "$1" ] && cat "$tmp/out" "$tmp/err" | grep -qF -- "$2"; then
        echo "ok - $3"
    else
        not_ok "$3: status $said, wanted $1 and '$2'"
    fi
}

logged() { # PATTERN WHAT
    grep -qE -- "$1" "$tmp/log" || not_ok "$2: the log has no $1"
}

member() { # STATE MEMBER
    jq -r ".$2" "$tmp/$1/accounts/default/account.json"
}

serve() { # ARGUMENT...
    [ -z "$signer" ] || {
        kill "$signer"
        wait "$signer" || true
    }
    "$HOLDFAST" account serve-signer --state-dir "$tmp/home" \
        --socket "$tmp/run/signer" "$@" >"$tmp/log" 2>&1 </dev/null &
    signer=$!
    tries=200
    until [ -S "$tmp/run/signer" ] || [ $((tries -= 1)) = 0 ]; do
        sleep 0.02
    done
    # Until it listens, too.
    sleep 0.1
}

: >"$tmp/log"
account home create --directory "$PEBBLE_DIRECTORY" --agree-tos \
    --passphrase-file "$tmp/pass"
expect 0 'created account' 'an account'
account fleet create --signer "$tmp/run/signer"
expect 1 'No such file' 'no signer there'
serve
account fleet create --signer "$tmp/run/signer" --plaintext
expect 64 'there already' 'a signer and options for a key'
account fleet create --signer "$tmp/run/signer"
expect 0 "account $(member home url)" 'take its account'
[ "$(member fleet signer)" = "$tmp/run/signer" ] || not_ok 'no signer noted'
[ -z "$(find "$tmp/fleet" -name '*.pem')" ] || not_ok 'a key came along'
logged "uid $(id -u) pid [0-9]+ signed fetch $(member home url)" 'the proof'
account fleet check
expect 0 'valid' 'check by the signer'
account fleet show
expect 0 "$tmp/run/signer" 'show'
account fleet public
expect 0 '"accountUrl"' 'public by the signer'

# What changes or ends the account is not signed.
account fleet rollover
expect 1 'the key is not here' 'no key change from afar'
account fleet deactivate --confirm "$(member home url)"
expect 1 'orders and challenges only' 'no deactivation from afar'
logged 'refused other .*: this signer signs orders' 'the refusal'
account fleet check
expect 0 'valid' 'and nothing has happened'

# Octets that are no request, and frames that are none.
python3 - "$tmp/run/signer" <<'END' || not_ok 'it signs anything'
import socket, struct, sys
def ask(frame, size=None):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(10)
    head = s.recv(65536)
    assert head[4] == 4, head
    s.sendall(struct.pack(">I", len(frame) if size is None else size) + frame)
    try:
        return s.recv(65536)
    except ConnectionResetError:
        return b""
assert ask(b"\x03hello")[4] == 6            # FAILED
assert ask(b"\x03e30.e30")[4] == 6
assert ask(b"\x01\x00\x00\x00\x00\x00") == b""  # OPEN is for others
assert ask(b"\x03", 0) == b""
assert ask(b"\x03", 1 << 30) == b""
silent = [socket.socket(socket.AF_UNIX) for _ in range(70)]
for s in silent:
    s.connect(sys.argv[1])
END
logged 'refused octets: ' 'octets'
account fleet check
expect 0 'valid' 'and it still serves'

# The key is changed where it is, and the signer serves the new one.
account home rollover
expect 0 'the key was changed' 'a key change at home'
account fleet check
expect 0 'valid' 'check by the new key'
[ "$(member fleet thumbprint)" = "$(member home thumbprint)" ] ||
    not_ok 'the new thumbprint is not noted'

# Who may ask.
serve --allow-uid 4242 --allow-gid 4242
account fleet check
expect 1 'refuses to talk to us' 'another user'
logged "uid $(id -u) pid [0-9]+ refused connection: neither" 'the visit'
as() { # UID GID: is it greeted?
    setpriv --reuid "$1" --clear-groups --regid "$2" /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
sys.exit(not s.recv(65536))' "$tmp/run/signer"
}
if [ "$(id -u)" = 0 ] && [ -x /usr/bin/python3 ] && command -v setpriv; then
    chmod 755 "$tmp" "$tmp/run"
    as 4242 4243 || not_ok 'a user that may'
    as 4243 4242 || not_ok 'a group that may'
    ! as 4243 4243 2>/dev/null || not_ok 'somebody who may not'
fi >/dev/null

# With leave it signs all of it; and whose account it is must stay.
serve --allow-rekey --json
account fleet deactivate --confirm "$(member home url)"
expect 0 'deactivated' 'deactivation from afar, allowed'
jq -e 'select(.what == "other" and .signed)' <"$tmp/log" >"$tmp/out" ||
    not_ok 'the log in JSON'
[ -s "$tmp/out" ] || not_ok 'the log in JSON does not have it'
kill "$signer"
wait "$signer" || true
signer=
[ ! -e "$tmp/run/signer" ] || not_ok 'the socket stays'
exit $failed
