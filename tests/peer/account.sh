#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An account's life at a server that somebody else wrote: making it with every
# kind of passphrase, looking at it, checking it, changing its key, being
# robbed of it, handing out its public half, ending it. REQ CLI-17, CLI-19,
# CLI-23, CLI-38, CLI-39, CLI-41, ACCT-11, RECORD-27.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs jq openssl python3 strace
at_end() {
    sh "$here/pebble.sh" stop "$tmp/eab"
}
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
echo 'a passphrase' >"$tmp/pass"

account() { # COMMAND ARGUMENT...
    case $1 in
    list | show) run account "$@" ;;
    *) run account "$@" --ca-bundle "$ca" ;;
    esac
}

create() { # NAME ARGUMENT...
    name=$1
    shift
    account create --account "$name" --directory "$directory" --agree-tos "$@"
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
judge 'create, passphrase in a file' 0 'created account https://localhost'
[ "$(member file passphraseFile)" = "$tmp/pass" ] ||
    not_ok 'the file of the passphrase is not remembered by its whole path'
grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$state"/accounts/file/key-*.pem ||
    not_ok 'the key is not encrypted'
[ -z "$(find "$state" -perm /077)" ] || not_ok 'others may look at our files'

expect 'the CA is not trusted' 1 \
    "$eab_directory: the CA cannot be reached: .* trusted here; --ca-bundle" \
    account create --directory "$eab_directory" --account none
expect 'its roots cannot be read' 1 "create: $tmp/none: HTTP client: a file" \
    account create --directory "$directory" --account none \
    --ca-bundle "$tmp/none"
expect 'nor when it is known' 1 "$(member file url): the certificate" \
    account check --account file
account check --account file --ca-bundle "$eab_ca"
judge 'another root beside it' 0 'valid'

CREDENTIALS_DIRECTORY=$tmp create credential --passphrase-credential pass
judge 'create, passphrase in a credential' 0 'created account'
account check --account credential
judge 'check without the credential' 1 'LoadCredential='
CREDENTIALS_DIRECTORY=$tmp account check --account credential
judge 'check with the credential' 0 'valid'

create command --passphrase-command "cat '$tmp/pass'" --key-type rsa2048
judge 'create, passphrase from a command, RSA' 0 'created account'
account check --account command
judge 'check, passphrase from a command' 0 'valid'
create failing --passphrase-command 'echo no; exit 3'
judge 'its command fails' 1 'the command that should tell the passphrase failed'

create plain --plaintext --key-type ed25519
judge 'create, a kind of key that the CA does not take' 1 'the CA refused: bad'
create plain --plaintext --key-type p384
judge 'create, plain, after that' 0 'created account'
[ "$(key_files plain)" = 1 ] || not_ok 'the refused key is still there'
create both --plaintext --passphrase-file "$tmp/pass"
judge 'create, plain and with a passphrase' 64 'one place only'
create nobody
judge 'create, nobody to ask' 1 'there is no terminal to ask at'
create nobody --passphrase-file passphrase
judge 'create, passphrase in a missing file' 1 'No such file'
create file --passphrase-file "$tmp/pass"
judge 'create, a name that is taken' 1 'there is such an account already'
create ../x --plaintext
judge 'create, a name that leads elsewhere' 64 "account's name has"
account create --account terms --plaintext --directory "$directory"
judge 'create, terms refused' 1 'without agreement there is no account'
[ ! -e "$state/accounts/terms/account.json" ] || not_ok 'and yet there is one'

echo "$PEBBLE_EAB_KEY" >"$tmp/eab-key"
echo AAAA >"$tmp/bad-key"
ca=$eab_ca
directory=$eab_directory
create eab --plaintext
judge 'create without a binding' 1 'this CA wants an external account'
create eab --plaintext --eab-kid kid-1 --eab-key-file "$tmp/bad-key"
judge 'create with a binding by another key' 1 'refused'
create eab --plaintext --eab-kid kid-1 --eab-key-file "$tmp/eab-key"
judge 'create with a binding' 0 'created account'
account check --account eab
judge 'and it works' 0 'valid'
ca=$PEBBLE_CA
directory=$PEBBLE_DIRECTORY

# ---- looking ----

account list
judge 'list' 0 'command valid https://'
[ "$(wc -l <"$tmp/out")" = 5 ] || not_ok 'five accounts are not five lines'
account list --json
judge 'list, JSON' 0 '"name":"file"'
account show --account file
judge 'show' 0 "$tmp/pass"
account show --account ghost
judge 'show what is not there' 1 'no such account here'
trace -f -o "$tmp/trace" "$HOLDFAST" account show --state-dir "$state" \
    --account file --json >"$tmp/out"
if grep -qE '^[0-9]+ +(socket|connect|clone|fork|vfork)' "$tmp/trace"; then
    not_ok 'show speaks to somebody'
fi

# ---- the contact ----

account update --account file
judge 'update, nothing' 64 'give either'
account update --account file --contact nobody
judge 'update, no address' 64 'no mail address'
account update --account file --contact other@example.com
judge 'update' 0 'the CA writes to mailto:other@example.com'
account show --account file
judge 'which show knows' 0 'mailto:other@example.com'
account update --account file --no-contact --json
judge 'update, none any more' 0 '"contact":null'
[ "$(member file contact)" = null ] || not_ok 'there is a contact'

# ---- files that others may read ----

chmod 640 "$state"/accounts/plain/key-*.pem
account check --account plain
judge 'a key that others read' 1 'others on this machine may read or change it'
chmod 600 "$state"/accounts/plain/key-*.pem
chmod 604 "$state/accounts/plain/account.json"
account show --account plain
judge 'account.json, too' 1 'others on this machine may read or change it'
chmod 600 "$state/accounts/plain/account.json"
chmod 644 "$tmp/pass"
account check --account file
judge 'a passphrase, too' 1 'others on this machine may read or change it'
chmod 600 "$tmp/pass"

# ---- changing the key ----

url=$(member file url)
for kind in '' --key-type=p384 --key-type=rsa2048; do
    before=$(member file thumbprint)
    # shellcheck disable=SC2086 # none or one
    account rollover --account file $kind
    judge "rollover $kind" 0 'the key was changed'
    [ "$(member file thumbprint)" != "$before" ] &&
        [ "$(member file 'prior[0]')" = "$before" ] &&
        [ "$(key_files file)" = 1 ] && [ "$(member file next)" = null ] ||
        not_ok 'what is left is not the new key alone'
done
account check --account file
judge 'check after three' 0 'valid'
[ "$(member file url)" = "$url" ] || not_ok 'the URL has changed'
account rollover --account plain
judge 'rollover of a plain key' 0 'the key was changed'

account public --account file
judge 'public' 0 '"accountUrl":"'"$url"'"'
! grep -qE 'PRIVATE|"(d|p|q)"' "$tmp/out" || not_ok 'public says too much'
jq -e . <"$tmp/out" >/dev/null || not_ok 'public is no JSON'

# ---- a key that was changed behind our back ----

cp -r "$state" "$tmp/thief"
mine=$state
state=$tmp/thief
account rollover --account command
judge 'somebody else changes the key' 0 'the key was changed'
state=$mine
account check --account command
judge 'and check raises the alarm' 2 'somebody changed its key'
account show --account command
judge 'which show remembers' 0 'refused'
account public --account command
judge 'and nothing is handed out' 2 'nothing is handed out'
account rollover --account command
judge 'nor is the key changed' 1 'refused'
account check --account command
judge 'and check raises the alarm again' 2 'somebody changed its key'

# ---- two at once ----

exec 9>"$state/accounts.lock"
flock -n 9
echo $$ >&9
account check --account file --wait 0
judge 'who has the lock' 75 "process $$ is at work"
exec 9>&-

before=$(member file thumbprint)
jobs=
for n in 1 2 3; do
    "$HOLDFAST" account rollover --state-dir "$state" --account file \
        --ca-bundle "$ca" --wait 60 >"$tmp/rollover.$n" 2>&1 &
    jobs="$jobs $!"
done
for job in $jobs; do
    wait "$job" || not_ok 'one of three rollovers at once failed'
done
[ "$(member file 'prior[2]')" = "$before" ] && [ "$(key_files file)" = 1 ] ||
    not_ok 'three rollovers at once are not three, one after the other'
account check --account file
judge 'three rollovers at once' 0 'valid'

# ---- something goes wrong between the request and the answer ----

port=${directory#https://localhost:}
python3 "$here/acme_between.py" "${port%/dir}" "$tmp/pebble/tls.pem" \
    "$tmp/pebble/tls.key" "$ca" "$tmp/plan" >"$tmp/port" &
pids=$!
await test -s "$tmp/port"
directory=https://localhost:$(cat "$tmp/port")/dir

# One command, killed when the request for $2 has met with the action $1.
killed() { # ACTION PART COMMAND ARGUMENT...
    rm -f "$tmp/plan.done"
    echo "$2 $1" >"$tmp/plan"
    shift 2
    "$HOLDFAST" account "$@" --state-dir "$state" --ca-bundle "$ca" \
        >"$tmp/out" 2>"$tmp/err" </dev/null &
    victim=$!
    await test -e "$tmp/plan.done"
    kill -9 $victim
    wait $victim 2>/dev/null || true
}

for action in hang eat; do
    killed $action sign-me-up create --account torn.$action --plaintext \
        --agree-tos --directory "$directory"
    account list
    judge "create, killed ($action)" 0 'its making was interrupted'
    made='created account'
    [ $action = eat ] || made='the CA knew this key already'
    create torn.$action --plaintext
    judge "create again ($action)" 0 "$made"
    account check --account torn.$action
    judge "and check" 0 'valid'
    [ "$(key_files torn.$action)" = 1 ] || not_ok 'a key is left over'
done

create torn --passphrase-file "$tmp/pass"
judge 'an account to tear at' 0 'created'
for action in hang eat; do
    before=$(member torn thumbprint)
    killed $action rollover rollover --account torn
    [ "$(member torn next)" != null ] || not_ok 'no key to come'
    account show --account torn
    judge "rollover, killed ($action)" 0 'interrupted'
    account check --account torn
    judge "and the next command goes on" 0 'valid'
    now=$(member torn thumbprint)
    case $action in
    hang) [ "$now" != "$before" ] || not_ok 'the CA has the new key' ;;
    eat) [ "$now" = "$before" ] || not_ok 'the CA has the old key' ;;
    esac
    [ "$(member torn next)" = null ] || not_ok 'still a key to come'
done

echo 'my-account terms' >"$tmp/plan"
account update --account torn --contact new@example.com
judge 'terms that have changed' 1 'agree there: https://ca.example/agree/1'
account update --account torn --contact new@example.com
judge 'and once they are agreed to' 0 'mailto:new@example.com'

echo 'rollover 500' >"$tmp/plan"
account rollover --account torn
judge 'rollover, 500' 1 'whether the key was changed is not known'
account rollover --account torn
judge 'and the next command goes on' 0 'the key was changed'
# The repetition by somebody between us, or by ourselves, is refused: that must
# not cost us the key that the first request made the account's.
for action in twice cut; do
    echo "rollover $action" >"$tmp/plan"
    account rollover --account torn
    judge "rollover, $action" 0 'the key was changed'
    account check --account torn
    judge 'and the account is still ours' 0 'valid'
    [ "$(key_files torn)" = 1 ] || not_ok 'a key is left over'
done

# The account is not valid, though its key is its key.
echo 'my-account swap "valid"=>"revoked"' >"$tmp/plan"
account check --account torn
judge 'an account that the CA calls revoked' 2 'not valid any more'
echo 'my-account swap "valid"=>"revoked"' >"$tmp/plan"
account public --account torn
judge 'of which nothing is handed out' 2 'nothing is handed out'
mkdir -p "$tmp/uacme/private"
openssl genrsa -traditional -out "$tmp/uacme/private/key.pem" 2048 2>/dev/null
account import uacme "$tmp/uacme" --account foreign --plaintext \
    --directory "$directory"
judge 'import, a key without an account' 1 'accountDoesNotExist'
cp -r "$state/accounts/torn.hang" "$tmp/foreign"
cp "$tmp"/foreign/key-*.pem "$tmp/uacme/private/key.pem"
echo 'my-account swap "valid"=>"revoked"' >"$tmp/plan"
account import uacme "$tmp/uacme" --account foreign --plaintext \
    --directory "$directory"
judge 'import, an account that is revoked' 2 'nothing was written down'
[ ! -e "$state/accounts/foreign" ] || not_ok 'something was written down'
account import uacme "$tmp/uacme" --account foreign --plaintext \
    --directory "$directory"
judge 'import, of a key alone' 0 "$(member torn.hang url)"

# Neither key is accepted: both stay.
killed hang rollover rollover --account torn
cp -r "$state" "$tmp/thief2"
mine=$state
state=$tmp/thief2
account rollover --account torn
judge 'the thief finishes our change, and one more' 0 'the key was changed'
state=$mine
account check --account torn
judge 'then check raises the alarm' 2 'somebody changed its key'
[ "$(key_files torn)" = 2 ] && [ "$(member torn next)" != null ] ||
    not_ok 'a key was thrown away'

# ---- the end ----

directory=$PEBBLE_DIRECTORY
url=$(member plain url)
account deactivate --account plain
judge 'deactivate, nobody to confirm it' 1 'nothing was done'
judge 'it says what stays' 1 'already issued stay valid' # REQ ACCT-17
account deactivate --account plain --confirm "$url/"
judge 'deactivate, another URL' 64 "wants the account's URL"
account check --account plain
judge 'and nothing has happened' 0 'valid'
account deactivate --account plain --confirm "$url"
judge 'deactivate' 0 'deactivated'
account check --account plain
judge 'check afterwards' 2 'deactivated'
account public --account plain
judge 'public afterwards' 2 'nothing is handed out'
account rollover --account plain
judge 'rollover afterwards' 1 'refused'

exit $failed
