#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A CA is made: what openssl(1) and certtool(1) think of it, what is refused,
# and its log of evidence when somebody changes it.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

fail() {
    echo "not ok: $*" >&2
    exit 1
}

# run STATUS ARGUMENT...: what is said is in out and err.
run() {
    want=$1
    shift
    got=0
    "$HOLDFAST" ca "$@" >out 2>err </dev/null || got=$?
    [ "$got" -eq "$want" ] || fail "$*: status $got: $(cat out err)"
}

says() { # PATTERN
    cat out err | grep -q -e "$1" || fail "not said: $1; but $(cat out err)"
}

(umask 077 && echo 'a passphrase' >pass && echo 'another' >other)
by="--passphrase-file pass"

# ---- init ----

# shellcheck disable=SC2086 # options are words, here and below
{
run 64 init $by --state-dir none
says 'give the CA a name'
run 64 init $by --state-dir none --name x --country de
says 'two capital letters'
run 64 init $by --state-dir none --name x --permit Corp.example
says 'a domain in lower case'
run 64 init $by --state-dir none --name x --years 6 --root-years 5
says 'cannot outlive'
run 64 init $by --plaintext --state-dir none --name x
says 'one place only'
run 1 init --state-dir none --name x
says 'no terminal to ask at'
[ ! -e none/ca ] || fail 'a CA that was not wanted'

run 0 init $by --root-passphrase-file other --state-dir state --name 'Example' \
    --organization 'Example Ltd' --country DE --permit corp.example \
    --permit 10.0.0.0/8
says 'made a CA in state/ca'
[ ! -e state/ca.new ] || fail 'the draft is still there'
[ "$(stat -c %a state/ca state/ca/*.key state/ca/evidence | sort -u | tr '\n' ' ')" \
    = '600 700 ' ] || fail "others may read: $(ls -lR state)"
cp -r state/ca before
run 1 init $by --state-dir state --name 'Example'
says 'there is a CA already'
diff -r before state/ca || fail 'it was overwritten'
run 0 init --plaintext --state-dir plain --name 'Plain' --key-type rsa2048 \
    --root-key-type ed25519 --json
jq -e '.root == "Plain Root CA" and .issuer == "Plain Issuing CA"' out >/dev/null ||
    fail "JSON: $(cat out)"
[ "$(jq -r .root_sha256 out)" = "$(openssl x509 -in plain/ca/root.pem -outform DER |
    sha256sum | cut -d ' ' -f 1)" ] || fail "the fingerprint is another"
}

# What others read.
for ca in state plain; do
    openssl verify -x509_strict -CAfile $ca/ca/root.pem $ca/ca/issuer.pem \
        >log 2>&1 || fail "openssl verify: $(cat log)"
    for file in root issuer; do
        openssl asn1parse -strictpem -in $ca/ca/$file.pem >log 2>&1 ||
            fail "asn1parse: $(cat log)"
    done
    certtool --verify --load-ca-certificate $ca/ca/root.pem \
        <$ca/ca/issuer.pem >log 2>&1 || fail "certtool: $(cat log)"
done
openssl x509 -in state/ca/issuer.pem -noout -subject -nameopt RFC2253 \
    -ext nameConstraints >log
grep -q 'DNS:corp.example' log && grep -q 'IP:10.0.0.0/255.0.0.0' log &&
    grep -q 'O=Example Ltd' log || fail "openssl x509: $(cat log)"

# The keys are those of the certificates, under their own passphrases.
for pair in root:other issuer:pass; do
    name=${pair%:*}
    [ "$(openssl pkey -in state/ca/$name.key -passin file:"${pair#*:}" -pubout)" \
        = "$(openssl x509 -in state/ca/$name.pem -noout -pubkey)" ] ||
        fail "$name.key is another key"
done
! openssl pkey -in state/ca/root.key -passin file:pass >log 2>&1 ||
    fail 'the root has the passphrase of the issuing CA'

# It is well, though it has never served.
# shellcheck disable=SC2086 # options are words
run 0 doctor $by --root-passphrase-file other --state-dir state
says 'note *database: .*never served'
says 'all is well'

# ---- the log ----

run 0 audit verify --state-dir state
says 'the log is whole; its last entry is 1:'
entry=$(grep -o '1:[0-9a-f]*' out)
run 0 audit verify --state-dir state --entry "$entry"
run 2 audit verify --state-dir state --entry "2:${entry#1:}"
says 'the end of the log is missing: it had 2 entries, and has 1'
run 2 audit verify --state-dir state --entry "1:$(printf x |
    sha256sum | cut -d ' ' -f 1)"
says 'the log was written anew: its entry 1 is another'
run 0 audit head --state-dir state
[ "$(sed -n '1p;2p' out | tr '\n' ' ')" = 'holdfast evidence 1 ' ] ||
    fail "$(cat out)"
cmp -s out state/ca/evidence/head || fail 'the head is another'
cp out head
run 0 audit verify --state-dir state --head head
sed 's/^1$/2/' head >later
run 2 audit verify --state-dir state --head head --head later
says 'later: the end of the log is missing: it had 2 entries, and has 1; the'
echo nothing >later
run 1 audit verify --state-dir state --head later
says 'no head of a log'
head -c 2000 /dev/zero >later
run 1 audit verify --state-dir state --head later
says 'no head of a log'
run 0 audit head --state-dir state --json
[ "$(jq -r .entries out)" = 1 ] || fail "$(cat out)"
sed 's/^1$/2/' head >state/ca/evidence/head
run 2 audit verify --state-dir state
says 'evidence/head: the end of the log is missing'
run 1 serve --state-dir state --url https://localhost:1 --listen 127.0.0.1@0 \
    --passphrase-file pass
says 'the end of the log of evidence is missing'
# shellcheck disable=SC2086 # options are words
run 2 doctor $by --root-passphrase-file other --state-dir state
says 'WRONG *database: .*not that of a new CA'
cp head state/ca/evidence/head
run 1 audit head --state-dir nowhere
run 64 audit verify --state-dir state --entry "${entry}0"
run 0 audit verify --state-dir state --json
[ "$(jq -r '"\(.entries):\(.hash)"' out)" = "$entry" ] || fail "$(cat out)"
run 0 audit show --state-dir state --json
jq -e '.entry == 1 and .kind == "init" and .body.root_sha256' out >/dev/null ||
    fail "$(cat out)"
run 0 audit show --state-dir state --kind issue
[ ! -s out ] || fail "shown: $(cat out)"
run 1 audit verify --state-dir nowhere

# As the manual says.
log=state/ca/evidence/00000000000000000001.log
[ "$(sed 's/,"hash":.*//' $log | head -n 1 | tr -d '\n' | sha256sum |
    cut -d ' ' -f 1)" = "${entry#1:}" ] || fail 'the recipe gives another hash'

printf '{"evidence":2' >>$log
run 0 audit verify --state-dir state
says '13 octets'
sed 's/"init"/"Init"/' before/evidence/*.log >$log
run 2 audit verify --state-dir state
says 'line 1'
sed 's/sha256":"./sha256":"x/' before/evidence/*.log >$log
run 2 audit verify --state-dir state
says 'it was changed'
run 2 audit show --state-dir state

# ---- another time ----

url='--url https://localhost:1 --listen 127.0.0.1@0'
# shellcheck disable=SC2086 # options
{
run 64 serve --state-dir plain $url --clock +1d
says 'for laboratories only'
run 64 serve --state-dir plain $url --internal-names --clock fd:3
says 'no clock of a laboratory'
run 64 serve --state-dir plain $url --internal-names --clock fd:3 3<pass
says 'no clock of a laboratory'
}
echo 'ok: ca'
