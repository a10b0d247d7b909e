#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# An account whose key is in a PKCS #11 token (SoftHSM's): used there, made
# there, changed to and from there; a certificate by it; and what goes wrong.
# REQ CLI-17, CLI-23, CLI-39.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/hardware.sh
. "$here/hardware.sh"
# shellcheck source=tests/peer/softhsm.sh
. "$here/softhsm.sh"
needs "$BUILD/holdfast-pkcs11.so" "$module" pkcs11-tool
hardware_start

softhsm_begin
pin=48151623
echo "$pin" >"$tmp/pin"
echo 1234 >"$tmp/bad-pin"
softhsm_token main "$pin"

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
judge 'create, with no way to the files of the token' 1 \
    '--token-allow must name'
create here --key "$mine" --passphrase-file "$tmp/bad-pin" $files
judge 'create, another PIN' 1 'the PIN of the token is wrong'
create here --key "$mine" $files
judge 'create, no PIN and nobody to ask' 1 'the token wants a PIN'
create here --key "$mine&pin-value=$pin" $files
judge 'create, the PIN in the URI' 1 'a PIN in a URI is seen by everybody'
create here --key "$mine&pin-source=|cat" $files
judge 'create, a command as pin-source' 1 'a command'
create here --key 'pkcs11:token=main' $by_pin $files
judge 'create, no key named' 1 'names no key'
create here --key 'https://ca.example' $by_pin
judge 'create, another URI' 64 "a URI that begins"
create here --key "$mine" $by_pin --plaintext
judge 'create, plain and with a PIN' 64 'in no file'
create here --key "$mine" --plaintext
judge 'create, plain' 64 'in no file'
create here --key "$mine" --key-type p384 $by_pin
judge 'create, another kind' 64 'has a type'
create here --make-key $by_pin
judge 'create, a key to make nowhere' 64 'goes with --key pkcs11:'
create here --key "$mine" $by_pin --token-allow tokens
judge 'create, a relative hole' 64 'an absolute path'
[ ! -e "$state/accounts/here/account.json" ] || not_ok 'there is an account'

create here --key "$mine" $by_pin $files
}
judge 'create, by a key that is there' 0 'created account'
account show --account here
judge 'show' 0 'key in token pkcs11:'
account show --account here --json
[ "$(jq -r .key "$tmp/out")" = pkcs11 ] &&
    jq -r .keyUri "$tmp/out" | grep -q 'object=mine' ||
    not_ok 'show, JSON'
account list
judge 'list' 0 ' pkcs11'
holds_no_secret "$pin"
account check --account here
judge 'check' 0 'valid'
account public --account here
judge 'public' 0 '"accountUrl"'
account export --account here lego "$tmp/lego" --contact a@example.com
judge 'export' 1 'does not let it out'
account create --account here --directory "$PEBBLE_DIRECTORY" --agree-tos \
    --key "$mine&pin-source=file:$tmp/pin" --token-allow "$tmp/tokens"
judge 'create, a name that is taken' 1 'there is such an account'
create again --key "$mine&pin-source=file:$tmp/pin" \
    --token-allow "$tmp/tokens"
judge 'the same key again, PIN from its pin-source' 0 'the CA knew this key'
[ "$(member again url)" = "$(member here url)" ] || not_ok 'another account'
[ "$(member again passphraseFile)" = "$tmp/pin" ] || not_ok 'no pin-source kept'

# ---- what it is good for ----

publish here
issues 'a certificate by the key in the token' issue www.shop.example \
    --account here --name first
issues 'and its renewal' renew --force first
serve here
create fleet --signer "$tmp/signer"
[ "$status" = 64 ] || not_ok 'options for a key beside a signer'
account create --account fleet --signer "$tmp/signer"
judge 'the account of a signer' 0 "account $(member here url)"
account check --account fleet
judge 'signed for by the token' 0 'valid'

# ---- changing it ----

account rollover --account here --key "$mine"
judge 'rollover to the same key' 1 'which the account has already'
account rollover --account here
judge 'rollover, made in the same token' 0 'the key was changed'
tool --list-objects --type privkey
grep -q 'never extractable' "$tmp/log" || not_ok 'a key that can be taken out'
account check --account here
judge 'and check' 0 'valid'
# The process that serves notices.
account check --account fleet
judge 'and the signer has the new key' 0 'valid'
account rollover --account here \
    --key "pkcs11:token=main;object=big?module-path=$module"
judge 'rollover, to another key that is there' 0 'the key was changed'
account check --account here
judge 'and check' 0 'valid'
account rollover --account here --key file
judge 'rollover to a file, no passphrase' 1 'there is no terminal to ask at'
[ "$(member here next)" = null ] || not_ok 'a key to come'
echo 'a passphrase' >"$tmp/pass"
account rollover --account here --key file --next-passphrase-file "$tmp/pass"
judge 'rollover to a file' 0 'the key was changed'
grep -q 'BEGIN ENCRYPTED' "$state"/accounts/here/key-*.pem ||
    not_ok 'it is not encrypted'
[ "$(member here passphraseFile)" = "$tmp/pass" ] || not_ok 'its passphrase'
account check --account here
judge 'and check' 0 'valid'
account rollover --account here --key "$mine" --make-key \
    --next-passphrase-file "$tmp/pin"
judge 'rollover to a name that is taken' 1 'the token has such a key already'
for kind in p256 p384 rsa2048; do
    account rollover --account here --make-key --key-type $kind \
        --key "pkcs11:token=main;object=made-$kind?module-path=$module" \
        --next-passphrase-file "$tmp/pin"
    judge "rollover, $kind made in the token" 0 'the key was changed'
done
[ "$(member here passphraseFile)" = "$tmp/pin" ] &&
    [ "$(member here nextPassphraseFile)" = null ] || not_ok 'its PIN'
[ "$(key_files here)" = 1 ] || not_ok 'key files are left over'
account check --account here
judge 'and check' 0 'valid'
issues 'and a renewal' renew --force first
holds_no_secret "$pin"

# ---- what is not as it was ----

create twin --key "pkcs11:token=main;object=twin?module-path=$module" \
    --make-key --passphrase-file "$tmp/pin" --token-allow "$tmp/tokens"
judge 'create, a key made in the token' 0 'created account'
id=$(account show --account twin --json && jq -r .keyUri "$tmp/out" |
    sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g')
tool --delete-object --type privkey --id "$id"
account check --account twin
judge 'the key is gone' 1 'no private key that this PKCS #11 URI means'
tool --delete-object --type pubkey --id "$id"
tool --keypairgen --key-type EC:prime256v1 --label twin --id "$id"
account check --account twin
judge 'another key in its place' 1 'another key now'
cp "$tmp/bad-pin" "$tmp/pin"
account check --account here
judge 'the PIN was changed' 1 'the PIN of the token is wrong'
echo "$pin" >"$tmp/pin"
mv "$tmp/tokens" "$tmp/elsewhere"
mkdir "$tmp/tokens"
account check --account here
judge 'the token is gone' 1 'the token of this PKCS #11 URI is not there'
rmdir "$tmp/tokens"
mv "$tmp/elsewhere" "$tmp/tokens"

account deactivate --account here --confirm "$(member here url)"
judge 'deactivate' 0 'deactivated'
exit $failed
