#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An account's life at a server that somebody else wrote: making it with every
# kind of passphrase, looking at it, checking it, changing its key, being
# robbed of it, handing out its public half, ending it. REQ CLI-17, CLI-19,
# CLI-23, CLI-38, CLI-39, CLI-41, ACCT-11, RECORD-27.
set -eu

for program in jq openssl python3 strace; do
    command -v "$program" >/dev/null || {
        echo "skipped: $program is missing"
        exit 77
    }
done
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
between=
failed=0

cleanup() {
    [ -z "$between" ] || kill "$between" 2>/dev/null || true
    sh "$here/pebble.sh" stop "$tmp/pebble"
    sh "$here/pebble.sh" stop "$tmp/eab"
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

umask 077
export PEBBLE_WFE_NONCEREJECT=15
sh "$here/pebble.sh" start "$tmp/eab" eab=yes
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/eab/env"
eab_directory=$PEBBLE_DIRECTORY
eab_ca=$PEBBLE_CA
sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
directory=$PEBBLE_DIRECTORY
ca=$PEBBLE_CA
state=$tmp/state
echo 'a passphrase' >"$tmp/pass"

# Without a terminal, so that nothing can be asked.
account() { # COMMAND ARGUMENT...
    word=$1
    shift
    case $word in
    list | show) set -- --state-dir "$state" "$@" ;;
    *) set -- --state-dir "$state" --ca-bundle "$ca" "$@" ;;
    esac
    said=0
    setsid -w "$HOLDFAST" account "$word" "$@" >"$tmp/out" 2>"$tmp/err" \
        </dev/null || said=$?
}

create() { # NAME ARGUMENT...
    name=$1
    shift
    account create --account "$name" --directory "$directory" --agree-tos "$@"
}

not_ok() {
    echo "not ok - $1"
    sed 's/^/    /' "$tmp/out" "$tmp/err" | tail -8
    failed=1
}

# The last command ended with the status $1, and what it said contains $2.
expect() { # STATUS TEXT WHAT
    if [ "$said" = "$1" ] && cat "$tmp/out" "$tmp/err" | grep -qF -- "$2"; then
        echo "ok - $3"
    else
        not_ok "$3: status $said, wanted $1 and '$2'"
    fi
}

member() { # NAME MEMBER
    jq -r ".$2" "$state/accounts/$1/account.json"
}

key_files() { # NAME
    find "$state/accounts/$1" -name '*key-*' | wc -l
}

# ---- making ----

cd "$tmp"
create file --passphrase-file pass --contact owner@example.com
cd /
expect 0 'created account https://localhost' 'create, passphrase in a file'
[ "$(member file passphraseFile)" = "$tmp/pass" ] ||
    not_ok 'the file of the passphrase is not remembered by its whole path'
grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$state"/accounts/file/key-*.pem ||
    not_ok 'the key is not encrypted'
[ -z "$(find "$state" -perm /077)" ] || not_ok 'others may look at our files'

CREDENTIALS_DIRECTORY=$tmp create credential --passphrase-credential pass
expect 0 'created account' 'create, passphrase in a credential'
account check --account credential
expect 1 'LoadCredential=' 'check without the credential'
CREDENTIALS_DIRECTORY=$tmp account check --account credential
expect 0 'valid' 'check with the credential'

create command --passphrase-command "cat '$tmp/pass'" --key-type rsa2048
expect 0 'created account' 'create, passphrase from a command, RSA'
account check --account command
expect 0 'valid' 'check, passphrase from a command'
create failing --passphrase-command 'echo no; exit 3'
expect 1 'the command that should tell the passphrase failed' 'its command fails'

create plain --plaintext --key-type ed25519
expect 1 'the CA refused: bad' 'create, a kind of key that the CA does not take'
create plain --plaintext --key-type p384
expect 0 'created account' 'create, plain, after that'
[ "$(key_files plain)" = 1 ] || not_ok 'the refused key is still there'
create both --plaintext --passphrase-file "$tmp/pass"
expect 64 'one place only' 'create, plain and with a passphrase'
create nobody
expect 1 'there is no terminal to ask at' 'create, nobody to ask'
create nobody --passphrase-file passphrase
expect 1 'No such file' 'create, passphrase in a missing file'
create file --passphrase-file "$tmp/pass"
expect 1 'there is such an account already' 'create, a name that is taken'
create ../x --plaintext
expect 64 "account's name has" 'create, a name that leads elsewhere'
account create --account terms --plaintext --directory "$directory"
expect 1 'without agreement there is no account' 'create, terms refused'
[ ! -e "$state/accounts/terms/account.json" ] || not_ok 'and yet there is one'

echo "$PEBBLE_EAB_KEY" >"$tmp/eab-key"
echo AAAA >"$tmp/bad-key"
ca=$eab_ca
directory=$eab_directory
create eab --plaintext
expect 1 'this CA wants an external account' 'create without a binding'
create eab --plaintext --eab-kid kid-1 --eab-key-file "$tmp/bad-key"
expect 1 'refused' 'create with a binding by another key'
create eab --plaintext --eab-kid kid-1 --eab-key-file "$tmp/eab-key"
expect 0 'created account' 'create with a binding'
account check --account eab
expect 0 'valid' 'and it works'
ca=$PEBBLE_CA
directory=$PEBBLE_DIRECTORY

# ---- looking ----

account list
expect 0 'command  valid  https://' 'list'
[ "$(wc -l <"$tmp/out")" = 5 ] || not_ok 'five accounts are not five lines'
account list --json
expect 0 '"name":"file"' 'list, JSON'
account show --account file
expect 0 "$tmp/pass" 'show'
account show --account ghost
expect 1 'no such account here' 'show what is not there'
# A traced process cannot look for its own leaks (make dev).
ASAN_OPTIONS=detect_leaks=0 \
    strace -f -o "$tmp/trace" "$HOLDFAST" account show --state-dir "$state" \
    --account file --json >"$tmp/out"
if grep -qE '^[0-9]+ +(socket|connect|clone|fork|vfork)' "$tmp/trace"; then
    not_ok 'show speaks to somebody'
fi

# ---- the contact ----

account update --account file
expect 64 'give either' 'update, nothing'
account update --account file --contact nobody
expect 64 'no mail address' 'update, no address'
account update --account file --contact other@example.com
expect 0 'the CA writes to mailto:other@example.com' 'update'
account show --account file
expect 0 'mailto:other@example.com' 'which show knows'
account update --account file --no-contact --json
expect 0 '"contact":null' 'update, none any more'
[ "$(member file contact)" = null ] || not_ok 'there is a contact'

# ---- files that others may read ----

chmod 640 "$state"/accounts/plain/key-*.pem
account check --account plain
expect 1 'others on this machine may read or change it' 'a key that others read'
chmod 600 "$state"/accounts/plain/key-*.pem
chmod 604 "$state/accounts/plain/account.json"
account show --account plain
expect 1 'others on this machine may read or change it' 'account.json, too'
chmod 600 "$state/accounts/plain/account.json"
chmod 644 "$tmp/pass"
account check --account file
expect 1 'others on this machine may read or change it' 'a passphrase, too'
chmod 600 "$tmp/pass"

# ---- changing the key ----

url=$(member file url)
for kind in '' --key-type=p384 --key-type=rsa2048; do
    before=$(member file thumbprint)
    # shellcheck disable=SC2086 # none or one
    account rollover --account file $kind
    expect 0 'the key was changed' "rollover $kind"
    [ "$(member file thumbprint)" != "$before" ] &&
        [ "$(member file 'prior[0]')" = "$before" ] &&
        [ "$(key_files file)" = 1 ] && [ "$(member file next)" = null ] ||
        not_ok 'what is left is not the new key alone'
done
account check --account file
expect 0 'valid' 'check after three'
[ "$(member file url)" = "$url" ] || not_ok 'the URL has changed'
account rollover --account plain
expect 0 'the key was changed' 'rollover of a plain key'

account public --account file
expect 0 '"accountUrl":"'"$url"'"' 'public'
! grep -qE 'PRIVATE|"(d|p|q)"' "$tmp/out" || not_ok 'public says too much'
jq -e . <"$tmp/out" >/dev/null || not_ok 'public is no JSON'

# ---- a key that was changed behind our back ----

cp -r "$state" "$tmp/thief"
mine=$state
state=$tmp/thief
account rollover --account command
expect 0 'the key was changed' 'somebody else changes the key'
state=$mine
account check --account command
expect 2 'somebody changed its key' 'and check raises the alarm'
account show --account command
expect 0 'refused' 'which show remembers'
account public --account command
expect 2 'nothing is handed out' 'and nothing is handed out'
account rollover --account command
expect 1 'refused' 'nor is the key changed'
account check --account command
expect 2 'somebody changed its key' 'and check raises the alarm again'

# ---- two at once ----

flock "$state/accounts.lock" sh -c 'echo $$ >"$1"; sleep 5' - \
    "$state/accounts.lock" &
holder=$!
until flock -n "$state/accounts.lock" true; [ $? = 1 ]; do sleep 0.02; done
sleep 0.1
account check --account file --wait 0
expect 75 "process $(cat "$state/accounts.lock") is at work" 'who has the lock'
kill "$holder" 2>/dev/null || true
wait "$holder" 2>/dev/null || true

before=$(member file thumbprint)
pids=
for n in 1 2 3; do
    "$HOLDFAST" account rollover --state-dir "$state" --account file \
        --ca-bundle "$ca" --wait 60 >"$tmp/rollover.$n" 2>&1 &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid" || not_ok 'one of three rollovers at once failed'
done
[ "$(member file 'prior[2]')" = "$before" ] && [ "$(key_files file)" = 1 ] ||
    not_ok 'three rollovers at once are not three, one after the other'
account check --account file
expect 0 'valid' 'three rollovers at once'

# ---- something goes wrong between the request and the answer ----

port=${directory#https://localhost:}
python3 "$here/acme_between.py" "${port%/dir}" "$tmp/pebble/tls.pem" \
    "$tmp/pebble/tls.key" "$ca" "$tmp/plan" >"$tmp/port" &
between=$!
until [ -s "$tmp/port" ]; do sleep 0.05; done
directory=https://localhost:$(cat "$tmp/port")/dir

# One command, killed when the request for $2 has met with the action $1.
killed() { # ACTION PART COMMAND ARGUMENT...
    rm -f "$tmp/plan.done"
    echo "$2 $1" >"$tmp/plan"
    shift 2
    "$HOLDFAST" account "$@" --state-dir "$state" --ca-bundle "$ca" \
        >"$tmp/out" 2>"$tmp/err" </dev/null &
    victim=$!
    tries=200
    until [ -e "$tmp/plan.done" ] || [ $((tries -= 1)) = 0 ]; do
        sleep 0.05
    done
    kill -9 $victim
    wait $victim 2>/dev/null || true
    [ -e "$tmp/plan.done" ] || not_ok "$*: no such request"
}

for action in hang eat; do
    killed $action sign-me-up create --account torn.$action --plaintext \
        --agree-tos --directory "$directory"
    account list
    expect 0 'its making was interrupted' "create, killed ($action)"
    made='created account'
    [ $action = eat ] || made='the CA knew this key already'
    create torn.$action --plaintext
    expect 0 "$made" "create again ($action)"
    account check --account torn.$action
    expect 0 'valid' "and check"
    [ "$(key_files torn.$action)" = 1 ] || not_ok 'a key is left over'
done

create torn --passphrase-file "$tmp/pass"
expect 0 'created' 'an account to tear at'
for action in hang eat; do
    before=$(member torn thumbprint)
    killed $action rollover rollover --account torn
    [ "$(member torn next)" != null ] || not_ok 'no key to come'
    account show --account torn
    expect 0 'interrupted' "rollover, killed ($action)"
    account check --account torn
    expect 0 'valid' "and the next command goes on"
    now=$(member torn thumbprint)
    case $action in
    hang) [ "$now" != "$before" ] || not_ok 'the CA has the new key' ;;
    eat) [ "$now" = "$before" ] || not_ok 'the CA has the old key' ;;
    esac
    [ "$(member torn next)" = null ] || not_ok 'still a key to come'
done

echo 'my-account terms' >"$tmp/plan"
account update --account torn --contact new@example.com
expect 1 'agree there: https://ca.example/agree/1' 'terms that have changed'
account update --account torn --contact new@example.com
expect 0 'mailto:new@example.com' 'and once they are agreed to'

echo 'rollover 500' >"$tmp/plan"
account rollover --account torn
expect 1 'whether the key was changed is not known' 'rollover, 500'
account rollover --account torn
expect 0 'the key was changed' 'and the next command goes on'
# The repetition by somebody between us, or by ourselves, is refused: that must
# not cost us the key that the first request made the account's.
for action in twice cut; do
    echo "rollover $action" >"$tmp/plan"
    account rollover --account torn
    expect 0 'the key was changed' "rollover, $action"
    account check --account torn
    expect 0 'valid' 'and the account is still ours'
    [ "$(key_files torn)" = 1 ] || not_ok 'a key is left over'
done

# The account is not valid, though its key is its key.
echo 'my-account swap "valid"=>"revoked"' >"$tmp/plan"
account check --account torn
expect 2 'not valid any more' 'an account that the CA calls revoked'
echo 'my-account swap "valid"=>"revoked"' >"$tmp/plan"
account public --account torn
expect 2 'nothing is handed out' 'of which nothing is handed out'
mkdir -p "$tmp/uacme/private"
openssl genrsa -traditional -out "$tmp/uacme/private/key.pem" 2048 2>/dev/null
account import uacme "$tmp/uacme" --account foreign --plaintext \
    --directory "$directory"
expect 1 'accountDoesNotExist' 'import, a key without an account'
cp -r "$state/accounts/torn.hang" "$tmp/foreign"
cp "$tmp"/foreign/key-*.pem "$tmp/uacme/private/key.pem"
echo 'my-account swap "valid"=>"revoked"' >"$tmp/plan"
account import uacme "$tmp/uacme" --account foreign --plaintext \
    --directory "$directory"
expect 2 'nothing was written down' 'import, an account that is revoked'
[ ! -e "$state/accounts/foreign" ] || not_ok 'something was written down'
account import uacme "$tmp/uacme" --account foreign --plaintext \
    --directory "$directory"
expect 0 "$(member torn.hang url)" 'import, of a key alone'

# Neither key is accepted: both stay.
killed hang rollover rollover --account torn
cp -r "$state" "$tmp/thief2"
mine=$state
state=$tmp/thief2
account rollover --account torn
expect 0 'the key was changed' 'the thief finishes our change, and one more'
state=$mine
account check --account torn
expect 2 'somebody changed its key' 'then check raises the alarm'
[ "$(key_files torn)" = 2 ] && [ "$(member torn next)" != null ] ||
    not_ok 'a key was thrown away'

# ---- the end ----

directory=$PEBBLE_DIRECTORY
url=$(member plain url)
account deactivate --account plain
expect 1 'nothing was done' 'deactivate, nobody to confirm it'
account deactivate --account plain --confirm "$url/"
expect 64 "wants the account's URL" 'deactivate, another URL'
account check --account plain
expect 0 'valid' 'and nothing has happened'
account deactivate --account plain --confirm "$url"
expect 0 'deactivated' 'deactivate'
account check --account plain
expect 2 'deactivated' 'check afterwards'
account public --account plain
expect 2 'nothing is handed out' 'public afterwards'
account rollover --account plain
expect 1 'refused' 'rollover afterwards'

exit $failed
