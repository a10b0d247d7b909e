#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Account keys in a token, SoftHSM's: token_probe opens and signs, OpenSSL
# verifies with the file that the key was imported from. And the wall around
# the process that has such a key. REQ CLI-23
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/softhsm.sh
. "$here/softhsm.sh"
softhsm_is_there || skip 'needs p11-kit when built, and SoftHSM'
probe=$BUILD/tests/peer/token_probe
folder=$BUILD
softhsm_begin

quietly() {
    "$@" >"$tmp/log" 2>&1 || {
        cat "$tmp/log" >&2
        exit 1
    }
}

hsm() {
    quietly softhsm2-util "$@"
}

tool() {
    quietly pkcs11-tool --module "$module" --token-label main --login \
        --pin 1234 "$@"
}

# new LABEL ID OPTION...: a key in the token and in a file.
new() {
    label=$1
    id=$2
    shift 2
    openssl genpkey "$@" -out "$tmp/$label.pem" 2>"$tmp/log"
    hsm --import "$tmp/$label.pem" --token main --label "$label" --id "$id" \
        --pin 1234
}

softhsm_token main 1234
softhsm_token empty 1234
new p256 01 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
new p384 02 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
new rsa 03 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
new ed25519 04 -algorithm ED25519
new p521 05 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
# Two keys of one label.
hsm --import "$tmp/p256.pem" --token main --label twin --id 06 --pin 1234
hsm --import "$tmp/p384.pem" --token main --label twin --id 07 --pin 1234
# One that wants the PIN for each signature, and one beside whose private half
# lies the public half of another.
tool --keypairgen --key-type EC:prime256v1 --label careful --id 08 --always-auth
new mixed 09 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
openssl pkey -in "$tmp/p256.pem" -pubout -outform DER -out "$tmp/p256.der"
tool --delete-object --type pubkey --id 09
tool --write-object "$tmp/p256.der" --type pubkey --id 09
# RSA keys show their public numbers in the private object, too.
tool --delete-object --type pubkey --id 03

# expect PATTERN URI PIN [KEY.pem]
expect() {
    pattern=$1
    shift
    uri=$1
    shift
    case $module$uri in
    *module-path=* | '') ;;
    *\?*) uri="$uri&module-path=$module" ;;
    /*) uri="$uri?module-path=$module" ;;
    esac
    said=$("$probe" "$folder" "$uri" "$@")
    # shellcheck disable=SC2254 # it is a pattern
    case $said in
    $pattern) ;;
    *)
        echo "$1: '$said' is not '$pattern'" >&2
        failed=1
        ;;
    esac
}

thumb='???????????????????????????????????????????'
expect "ES256 $thumb" 'pkcs11:token=main;object=p256' 1234 "$tmp/p256.pem"
expect "ES384 $thumb" 'pkcs11:token=main;object=p384' 1234 "$tmp/p384.pem"
expect "RS256 $thumb" 'pkcs11:token=main;object=rsa' 1234 "$tmp/rsa.pem"
expect "EdDSA $thumb" 'pkcs11:token=main;object=ed25519' 1234 \
    "$tmp/ed25519.pem"
expect "ES256 $thumb" 'pkcs11:token=main;object=careful' 1234
expect '10 *not good under the public key*' 'pkcs11:token=main;id=%09' 1234
# By id, with everything in the URI, with a type that does not matter.
expect "ES256 $thumb" 'pkcs11:token=main;id=%01' 1234 "$tmp/p256.pem"
expect "ES384 $thumb" 'pkcs11:token=main;object=twin;id=%07' 1234 \
    "$tmp/p384.pem"
# A PIN that everybody has seen is not used.
expect '4 a PIN in a URI is seen by everybody*' \
    'pkcs11:token=main;object=rsa;type=public?pin-value=1234' 1234
expect "RS256 $thumb" 'pkcs11:token=main;object=rsa;type=private' 1234 \
    "$tmp/rsa.pem"

expect '4 the PIN of the token is wrong*' 'pkcs11:token=main;object=p256' 1235
expect '4 the token wants a PIN*' 'pkcs11:token=main;object=p256' ''
expect '6 the token has no private key*' 'pkcs11:token=main;object=none' 1234
expect '6 the token has no private key*' 'pkcs11:token=empty;object=p256' 1234
expect '6 the token of this*' 'pkcs11:token=other;object=p256' 1234
expect '4 *means several tokens*' 'pkcs11:object=p256' 1234
expect '4 *means several keys*' 'pkcs11:token=main;object=twin' 1234
expect '4 *kind that ACME has no use for*' 'pkcs11:token=main;object=p521' 1234
expect '4 *names no key*' 'pkcs11:token=main' 1234
expect '4 *fields that are not known*' 'pkcs11:token=main;object=p256;x=1' 1234
expect '4 this is no PKCS #11 URI*' 'pkcs11:token' 1234

# Without a path the modules of p11-kit's configuration are looked at.
mkdir "$tmp/p11"
echo "module: $module" >"$tmp/p11/soft.module"
module=''
expect '6 the token of this*' 'pkcs11:token=other;object=p256' 1234
expect "ES256 $thumb" 'pkcs11:token=main;object=p256' 1234
module=/nowhere.so
expect '6 this PKCS #11 module is not there*' 'pkcs11:token=main;id=%01' 1234
module=
expect '4 the path of a PKCS #11 module is absolute' \
    'pkcs11:token=main;id=%01?module-path=libsofthsm2.so' 1234
folder=$tmp
expect '6 this holdfast was built or installed without*' \
    'pkcs11:token=main;id=%01' 1234

# ---- the wall ----

# The role looks for the shared object beside its own program.
mkdir "$tmp/bin"
cp "$probe" "$BUILD/holdfast-pkcs11.so" "$tmp/bin"
uri="pkcs11:token=main;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so"

climb() { # WANTED HOLE...
    wanted=$1
    shift
    said=$("$tmp/bin/token_probe" climb "$uri" 1234 "$@")
    [ "$said" = "$wanted" ] || {
        echo "behind the wall, $*: '$said', not '$wanted'" >&2
        failed=1
    }
}

climb refused
climb 'sockets end' "$tmp/tokens"
climb 'network sockets end' "$tmp/tokens" network
climb 'read sockets end' "$tmp/tokens" /etc
climb refused "$tmp/tokens" "$tmp/no-such-path"
exit $failed
