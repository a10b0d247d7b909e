#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A signer for a fleet: an account here whose key is in another process, which
# knows who asks, reads what it signs, and writes down each signature. REQ
# CLI-17, CLI-23.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs jq python3
export PEBBLE_WFE_NONCEREJECT=15
sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
echo 'a passphrase' >"$tmp/pass"
mkdir "$tmp/run"

account() { # STATE COMMAND ARGUMENT...
    state=$tmp/$1
    shift
    case $1 in
    show) run account "$@" ;;
    *) run account "$@" --ca-bundle "$PEBBLE_CA" ;;
    esac
}

logged() { # PATTERN WHAT
    grep -qE -- "$1" "$tmp/log" || not_ok "$2: the log has no $1"
}

member() { # STATE MEMBER
    jq -r ".$2" "$tmp/$1/accounts/default/account.json"
}

serve() { # ARGUMENT...
    end $pids
    "$HOLDFAST" account serve-signer --state-dir "$tmp/home" \
        --socket "$tmp/run/signer" "$@" >"$tmp/log" 2>&1 </dev/null &
    pids=$!
    await listens "$tmp/run/signer"
}

: >"$tmp/log"
account home create --directory "$PEBBLE_DIRECTORY" --agree-tos \
    --passphrase-file "$tmp/pass"
judge 'an account' 0 'created account'
account fleet create --signer "$tmp/run/signer"
judge 'no signer there' 1 'No such file'
serve
account fleet create --signer "$tmp/run/signer" --plaintext
judge 'a signer and options for a key' 64 'there already'
account fleet create --signer "$tmp/run/signer"
judge 'take its account' 0 "account $(member home url)"
[ "$(member fleet signer)" = "$tmp/run/signer" ] || not_ok 'no signer noted'
[ -z "$(find "$tmp/fleet" -name '*.pem')" ] || not_ok 'a key came along'
logged "uid $(id -u) pid [0-9]+ signed fetch $(member home url)" 'the proof'
account fleet check
judge 'check by the signer' 0 'valid'
account fleet show
judge 'show' 0 "$tmp/run/signer"
account fleet public
judge 'public by the signer' 0 '"accountUrl"'

# What changes or ends the account is not signed.
account fleet rollover
judge 'no key change from afar' 1 'the key is not here'
account fleet deactivate --confirm "$(member home url)"
judge 'no deactivation from afar' 1 'orders and challenges only'
logged 'refused other .*: this signer signs orders' 'the refusal'
account fleet check
judge 'and nothing has happened' 0 'valid'

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
judge 'and it still serves' 0 'valid'

# The key is changed where it is, and the signer serves the new one.
account home rollover
judge 'a key change at home' 0 'the key was changed'
account fleet check
judge 'check by the new key' 0 'valid'
[ "$(member fleet thumbprint)" = "$(member home thumbprint)" ] ||
    not_ok 'the new thumbprint is not noted'

# Who may ask.
serve --allow-uid 4242 --allow-gid 4242
account fleet check
judge 'another user' 1 'refuses to talk to us'
logged "uid $(id -u) pid [0-9]+ refused connection: neither" 'the visit'
as() { # UID GID: is it greeted?
    setpriv --reuid "$1" --clear-groups --regid "$2" /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
sys.exit(not s.recv(65536))' "$tmp/run/signer"
}
chmod 755 "$tmp" "$tmp/run"
if [ "$(id -u)" = 0 ] && [ -x /usr/bin/python3 ] &&
    setpriv --reuid 4242 --clear-groups --regid 4242 test -x "$tmp/run"; then
    as 4242 4243 || not_ok 'a user that may'
    as 4243 4242 || not_ok 'a group that may'
    ! as 4243 4243 2>/dev/null || not_ok 'somebody who may not'
fi >/dev/null

# With leave it signs all of it; and whose account it is must stay.
serve --allow-rekey --json
account fleet deactivate --confirm "$(member home url)"
judge 'deactivation from afar, allowed' 0 'deactivated'
jq -e 'select(.what == "other" and .signed)' <"$tmp/log" >"$tmp/out" ||
    not_ok 'the log in JSON'
[ -s "$tmp/out" ] || not_ok 'the log in JSON does not have it'
end $pids
[ ! -e "$tmp/run/signer" ] || not_ok 'the socket stays'
exit $failed
