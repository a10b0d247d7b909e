#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The process that has a CA's key: what it signs is read by openssl(1) and
# certtool(1), with its key in a file and in a PKCS #11 token (SoftHSM's), and
# all that it signed is in the log of evidence, also when it is killed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/softhsm.sh
. "$here/softhsm.sh"
needs openssl certtool

cd "$tmp"
echo 'a passphrase' >pass
openssl ecparam -name prime256v1 -genkey -noout -out leaf.key 2>log
openssl pkey -in leaf.key -pubout -outform DER -out leaf.spki

# The chain of leaf.der, and list.der, as both programs see them.
verify() { # WHAT CA
    openssl x509 -inform DER -in leaf.der -out leaf.pem
    openssl crl -inform DER -in list.der -out list.pem 2>log
    cat leaf.pem "$2/issuer.pem" "$2/root.pem" >chain.pem
    check "$1: openssl verifies the leaf" openssl verify -x509_strict \
        -purpose sslserver -verify_hostname host.example \
        -CAfile "$2/root.pem" -untrusted "$2/issuer.pem" leaf.pem
    check "$1: and its form" openssl asn1parse -strictpem -in leaf.pem \
        -noout
    # certtool wants to see what it is about.
    certtool --verify-chain --infile chain.pem >out 2>err ||
        not_ok "$1: certtool verifies the chain"
    grep -q 'Chain verification output: Verified' out ||
        not_ok "$1: certtool verifies the chain"
    certtool --crl-info --infile list.pem >out 2>err ||
        not_ok "$1: certtool reads the list"
    certtool --verify-crl --load-ca-certificate "$2/issuer.pem" \
        --infile list.pem >out 2>err || not_ok "$1: certtool verifies the list"
    grep -q 'Verified' out || not_ok "$1: certtool verifies the list"
    check "$1: openssl verifies the list" sh -c \
        "openssl crl -in list.pem -CAfile '$2/issuer.pem' -noout 2>&1 |
            grep -q 'verify OK'"
}

# ---- a key in a file ----

expect 'a CA' 0 'made a CA' ca init --name Example --passphrase-file pass
check 'it issues' "$ISSUER_ASK" issue "$state/ca" 'a passphrase' leaf.spki 20
check 'it lists' "$ISSUER_ASK" list "$state/ca" 'a passphrase' 1000
verify 'a file' "$state/ca"
check 'a hundred thousand' "$ISSUER_ASK" list "$state/ca" 'a passphrase' 100000
[ "$(openssl crl -inform DER -in list.der -noout -text | grep -c Serial)" = \
    100000 ] || not_ok 'openssl counts the entries of the list'

# ---- killed while it works ----

has_told() { # LINES
    [ "$(wc -l <told)" -ge "$1" ]
}

# What it has told of is in the log, wherever it is cut.
for count in 1 2 3; do
    "$ISSUER_ASK" issue "$state/ca" 'a passphrase' leaf.spki 20000 >told 2>err &
    asking=$!
    await has_told $((count * 300))
    pkill -KILL -P $asking || not_ok 'there is no issuer to kill'
    wait $asking && not_ok 'nobody heard that it was killed'
    # The last line may be cut.
    sed '$d' told | cut -d ' ' -f 1 | tail -n 50 | sed 's/^/--entry=/' >entries
    # shellcheck disable=SC2046 # a word each
    expect "killed, the ${count}th time" 0 'the log is whole' \
        ca audit verify $(cat entries)
    check 'it goes on' "$ISSUER_ASK" issue "$state/ca" 'a passphrase' \
        leaf.spki 1
done
serial=$(openssl x509 -inform DER -in leaf.der -noout -serial | cut -d = -f 2)
expect 'the evidence of a certificate' 0 '"name":"host.example"' \
    ca audit show --serial "$serial"

# ---- a key in a token ----

if softhsm_is_there; then
    softhsm_begin
    softhsm_token ca 1234
    # What speaks to tokens is looked for beside the program.
    mkdir ask
    cp "$ISSUER_ASK" "$BUILD/holdfast-pkcs11.so" ask
    ISSUER_ASK=$tmp/ask/issuer_ask
    echo 1234 >pin
    state=$tmp/token
    uri="pkcs11:token=ca;object=issuing?module-path=$module"
    expect 'a CA with its key in a token' 0 'made a CA' ca init --name Token \
        --root-passphrase-file pass --key "$uri" --make-key \
        --passphrase-file pin \
        --token-allow "$tmp/tokens"
    grep -q 'PKCS#11' "$state/ca/issuer.key" ||
        not_ok 'issuer.key is no note of a token'
    check 'the token issues' "$ISSUER_ASK" issue "$state/ca" 1234 leaf.spki 3 \
        "$tmp/tokens"
    check 'the token lists' "$ISSUER_ASK" list "$state/ca" 1234 10 \
        "$tmp/tokens"
    verify 'a token' "$state/ca"
fi
exit $failed
