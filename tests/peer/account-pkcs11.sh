#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An account whose key is in a PKCS #11 token (SoftHSM's): used there, made
# there, changed to and from there; a certificate by it; and what goes wrong.
# REQ CLI-17, CLI-23, CLI-39.
set -eu

module=/usr/lib/softhsm/libsofthsm2.so
for need in "$BUILD/holdfast-pkcs11.so" "$module" /usr/bin/pkcs11-tool; do
    [ -e "$need" ] || {
        echo "skipped: $need is missing"
        exit 77
    }
done
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
state=$tmp/state
failed=0
said=0
# shellcheck disable=SC1091 # beside this one
. "$here/hardware.sh"
trap 'hardware_stop; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
umask 077
hardware_start

mkdir "$tmp/tokens"
cat >"$tmp/softhsm2.conf" <<END
directories.tokendir = $tmp/tokens
objectstore.backend = file
log.level = ERROR
END
export SOFTHSM2_CONF="$tmp/softhsm2.conf"
pin=48151623
echo "$pin" >"$tmp/pin"
echo 1234 >"$tmp/bad-pin"
softhsm2-util --init-token --free --label main --so-pin 5678 --pin "$pin" \
    >"$tmp/log"

tool() {
    pkcs11-tool --module "$module" --token-label main --login --pin "$pin" \
        "$@" >"$tmp/log" 2>&1 || not_ok "pkcs11-tool $*"
}

tool --keypairgen --key-type EC:prime256v1 --label mine --id 01
tool --keypairgen --key-type rsa:2048 --label big --id 02
mine="pkcs11:token=main;object=mine?module-path=$module"
by_pin="--passphrase-file $tmp/pin"
files="--token-allow $tmp/tokens"

# ---- a key that is there ----

# shellcheck disable=SC2086 # options are words, here and below
{
create here --key "$mine" $by_pin
expect 1 '--token-allow must name' 'create, with no way to the files of the token'
create here --key "$mine" --passphrase-file "$tmp/bad-pin" $files
expect 1 'the PIN of the token is wrong' 'create, another PIN'
create here --key "$mine" $files
expect 1 'the token wants a PIN' 'create, no PIN and nobody to ask'
create here --key "$mine&pin-value=$pin" $files
expect 1 'a PIN in a URI is seen by everybody' 'create, the PIN in the URI'
create here --key "$mine&pin-source=|cat" $files
expect 1 'a command' 'create, a command as pin-source'
create here --key 'pkcs11:token=main' $by_pin $files
expect 1 'names no key' 'create, no key named'
create here --key 'https://ca.example' $by_pin
expect 64 "a URI that begins" 'create, another URI'
create here --key "$mine" $by_pin --plaintext
expect 64 'in no file' 'create, plain and with a PIN'
create here --key "$mine" --plaintext
expect 64 'in no file' 'create, plain'
create here --key "$mine" --key-type p384 $by_pin
expect 64 'has a type' 'create, another kind'
create here --make-key $by_pin
expect 64 'goes with --key pkcs11:' 'create, a key to make nowhere'
create here --key "$mine" $by_pin --token-allow tokens
expect 64 'an absolute path' 'create, a relative hole'
[ ! -e "$state/accounts/here/account.json" ] || not_ok 'there is an account'

create here --key "$mine" $by_pin $files
}
expect 0 'created account' 'create, by a key that is there'
account show --account here
expect 0 'key in token  pkcs11:' 'show'
account show --account here --json
[ "$(jq -r .key "$tmp/out")" = pkcs11 ] &&
    jq -r .keyUri "$tmp/out" | grep -q 'object=mine' ||
    not_ok 'show, JSON'
account list
expect 0 '  pkcs11' 'list'
holds_no_secret "$pin"
account check --account here
expect 0 'valid' 'check'
account public --account here
expect 0 '"accountUrl"' 'public'
account export --account here lego "$tmp/lego" --contact a@example.com
expect 1 'does not let it out' 'export'
account create --account here --directory "$PEBBLE_DIRECTORY" --agree-tos \
    --key "$mine&pin-source=file:$tmp/pin" --token-allow "$tmp/tokens"
expect 1 'there is such an account' 'create, a name that is taken'
create again --key "$mine&pin-source=file:$tmp/pin" \
    --token-allow "$tmp/tokens"
expect 0 'the CA knew this key' 'the same key again, PIN from its pin-source'
[ "$(member again url)" = "$(member here url)" ] || not_ok 'another account'
[ "$(member again passphraseFile)" = "$tmp/pin" ] || not_ok 'no pin-source kept'

# ---- what it is good for ----

publish here
issues 'a certificate by the key in the token' issue www.shop.example \
    --account here --name first
issues 'and its renewal' renew --force first
serve here
create fleet --signer "$tmp/signer"
[ "$said" = 64 ] || not_ok 'options for a key beside a signer'
account create --account fleet --signer "$tmp/signer"
expect 0 "account $(member here url)" 'the account of a signer'
account check --account fleet
expect 0 'valid' 'signed for by the token'

# ---- changing it ----

account rollover --account here --key "$mine"
expect 1 'which the account has already' 'rollover to the same key'
account rollover --account here
expect 0 'the key was changed' 'rollover, made in the same token'
tool --list-objects --type privkey
grep -q 'never extractable' "$tmp/log" || not_ok 'a key that can be taken out'
account check --account here
expect 0 'valid' 'and check'
# The process that serves notices.
account check --account fleet
expect 0 'valid' 'and the signer has the new key'
account rollover --account here \
    --key "pkcs11:token=main;object=big?module-path=$module"
expect 0 'the key was changed' 'rollover, to another key that is there'
account check --account here
expect 0 'valid' 'and check'
account rollover --account here --key file
expect 1 'there is no terminal to ask at' 'rollover to a file, no passphrase'
[ "$(member here next)" = null ] || not_ok 'a key to come'
echo 'a passphrase' >"$tmp/pass"
account rollover --account here --key file --next-passphrase-file "$tmp/pass"
expect 0 'the key was changed' 'rollover to a file'
grep -q 'BEGIN ENCRYPTED' "$state"/accounts/here/key-*.pem ||
    not_ok 'it is not encrypted'
[ "$(member here passphraseFile)" = "$tmp/pass" ] || not_ok 'its passphrase'
account check --account here
expect 0 'valid' 'and check'
account rollover --account here --key "$mine" --make-key \
    --next-passphrase-file "$tmp/pin"
expect 1 'the token has such a key already' 'rollover to a name that is taken'
for kind in p256 p384 rsa2048; do
    account rollover --account here --make-key --key-type $kind \
        --key "pkcs11:token=main;object=made-$kind?module-path=$module" \
        --next-passphrase-file "$tmp/pin"
    expect 0 'the key was changed' "rollover, $kind made in the token"
done
[ "$(member here passphraseFile)" = "$tmp/pin" ] &&
    [ "$(member here nextPassphraseFile)" = null ] || not_ok 'its PIN'
[ "$(key_files here)" = 1 ] || not_ok 'key files are left over'
account check --account here
expect 0 'valid' 'and check'
issues 'and a renewal' renew --force first
holds_no_secret "$pin"

# ---- what is not as it was ----

create twin --key "pkcs11:token=main;object=twin?module-path=$module" \
    --make-key --passphrase-file "$tmp/pin" --token-allow "$tmp/tokens"
expect 0 'created account' 'create, a key made in the token'
id=$(account show --account twin --json && jq -r .keyUri "$tmp/out" |
    sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g')
tool --delete-object --type privkey --id "$id"
account check --account twin
expect 1 'no private key that this PKCS #11 URI means' 'the key is gone'
tool --delete-object --type pubkey --id "$id"
tool --keypairgen --key-type EC:prime256v1 --label twin --id "$id"
account check --account twin
expect 1 'another key now' 'another key in its place'
cp "$tmp/bad-pin" "$tmp/pin"
account check --account here
expect 1 'the PIN of the token is wrong' 'the PIN was changed'
echo "$pin" >"$tmp/pin"
mv "$tmp/tokens" "$tmp/elsewhere"
mkdir "$tmp/tokens"
account check --account here
expect 1 'the token of this PKCS #11 URI is not there' 'the token is gone'
rmdir "$tmp/tokens"
mv "$tmp/elsewhere" "$tmp/tokens"

account deactivate --account here --confirm "$(member here url)"
expect 0 'deactivated' 'deactivate'
exit $failed
