#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Certificates from a server that breaks off, lies, hangs and never stops: what
# stands between Pebble and us spoils one answer of one order. Each time the
# order ends with a sentence, the certificate that there was is untouched, and
# the next order succeeds. Many of these brought other clients down, hung them
# or deceived them: see each.
#
# REQ CLI-02, CLI-29, CLI-31, CLI-34.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/shop.sh
. "$here/shop.sh"
needs knotd jq openssl python3

export PEBBLE_WFE_NONCEREJECT=15
shop_open

# ---- what is between us and the CA ----

port=${PEBBLE_DIRECTORY#https://localhost:}
python3 "$here/acme_between.py" "${port%/dir}" "$tmp/pebble/tls.pem" \
    "$tmp/pebble/tls.key" "$PEBBLE_CA" "$tmp/plan" >"$tmp/port" &
pids=$!
await test -s "$tmp/port"
directory=https://localhost:$(cat "$tmp/port")/dir

# Names that were not validated yet: Pebble remembers once in a hundred times
# what it was told to forget, and then there is no challenge to spoil.
n=0
# shellcheck disable=SC2086 # options are words
issue() { # [OPTION...]
    n=$((n + 1))
    run cert issue "n$n.shop.example" "*.n$n.shop.example" --name shop \
        --ca-bundle "$PEBBLE_CA" --profile default "$@" $TREE_OPTIONS
}

serial() {
    openssl x509 -noout -serial -in "$state/live/shop/cert.pem"
}

spoil() { # WHAT STATUS PATTERN PLAN
    what=$1
    want=$2
    pattern=$3
    before=$(serial)
    rm -f "$tmp/plan.done"
    echo "$4" >"$tmp/plan"
    shift 4
    issue "$@"
    judge "$what" "$want" "$pattern"
    [ -e "$tmp/plan.done" ] || not_ok "$what: no such request"
    [ "$want" = 0 ] || [ "$(serial)" = "$before" ] ||
        not_ok "$what: the certificate was touched"
}

run account create --plaintext --directory "$directory" --agree-tos \
    --ca-bundle "$PEBBLE_CA"
judge 'an account' 0 'created account'
# An end that has not come yet is no other record, and a renewal needs no option
# to say it again (lego compares the two for equality).
# shellcheck disable=SC2046 # options are words
run record publish $(seq -f '*.n%g.shop.example' 40) --account default \
    --draft 01 --until +30d --server "127.0.0.1@$TREE_PORT" \
    --tsig-file "$tmp/zone.key" --force --authoritative-port "$TREE_PORT" \
    $(echo "$TREE_OPTIONS" |
        sed 's/--suffix-list [^ ]*//; s/--authoritative-port [^ ]*//')
judge 'records with an end' 0 ''
issue
judge 'the certificate to keep' 0 'shop: issued'

# ---- objects that are not as they should be ----

spoil 'an order without authorizations (HAProxy crashed)' 1 'order' \
    'order-plz swap "authorizations"=>"authorisations"' --order-timeout 5
spoil 'an order of nothing' 1 'order' 'order-plz half'
spoil 'a page instead of an order' 1 'order' 'order-plz html'
spoil 'an order of 100 MB' 1 'order' 'order-plz huge'
spoil 'an order without an answer' 1 'order' 'order-plz hang' --timeout 5
spoil 'an order sent to somewhere else' 1 'order' \
    'order-plz swap finalize-order=>nowhere'
spoil 'an authorization twice' 1 'the CA asks twice for it' \
    'order-plz double authorizations' --method dns-01 \
    --dns-hook exec:/bin/true --dns-wait 0
spoil 'an authorization that is a page' 1 'authorization cannot be read' \
    'authZ html'
spoil 'half an authorization' 1 'authorization cannot be read' 'authZ half'
spoil 'an authorization of another name' 1 'not ordered' \
    'authZ swap shop.example=>evil.example'
spoil 'a challenge without its type' 1 'no dns-persist-01' \
    'authZ swap dns-persist-01=>dns-persist-99'
# uacme and HAProxy stumbled over challenges without a token before theirs.
spoil 'challenges without a token' 0 'issued' 'authZ swap "token"=>"nothing"'
spoil 'a challenge of another issuer' 1 'shop.example' \
    'authZ swap "ca.example"=>"other.example"'
# lego and Posh-ACME took the account from the challenge.
spoil 'a challenge for the account of somebody else' 1 'shop.example' \
    'authZ swap "issuer-domain-names"=>"accounturi":"https://ca.example/9","issuer-domain-names"'
# What is in between gives up before the CA does.
spoil 'an answer to a challenge that is lost' 0 'issued' 'chalZ 500'
spoil 'a finalization that is lost' 0 'issued' 'finalize-order 500'
# HAProxy waited as long as a server said.
spoil 'come back in the year 5000' 1 'in time' \
    'chalZ head Retry-After=999999999' --order-timeout 10
spoil 'a finalization without an answer' 0 'issued' 'finalize-order hang' \
    --timeout 5
spoil 'half a finalization' 1 'order' 'finalize-order half'
spoil 'a certificate that is a page' 1 'certificate' 'certZ html'
# HAProxy read beyond its end.
spoil 'half a certificate' 1 'certificate' 'certZ half'
spoil 'a certificate of 100 MB' 1 'certificate' 'certZ huge'
spoil 'a certificate without an answer' 0 'issued' 'certZ cut'
# Content-Type with a charset: tiny compared the whole of it.
spoil 'a chain with a charset' 0 'issued' \
    'certZ head Content-Type=application/pem-certificate-chain; charset=utf-8'

# ---- a directory that changes ----

forget() {
    rm -rf "$state/directories"
}

forget
spoil 'a directory that is a page' 1 '/dir: .*is not JSON' 'dir html'
forget
# The key signs for its CA's server only.
spoil 'a directory that sends us to another server' 1 'newOrder\|origin\|server' \
    "dir swap https://localhost=>https://127.0.0.1" --no-check \
    --issuer ca.example
forget
spoil 'a directory of another issuer' 2 'other.example' \
    'dir swap "ca.example"=>"other.example"'
forget
issue
judge 'and after all that' 0 'issued'
exit $failed
