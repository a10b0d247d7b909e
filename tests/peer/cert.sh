#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The whole story, with a CA that somebody else wrote (Pebble, which refuses
# nonces and shuffles challenges) and a zone at Knot: an account, records by
# signed update, certificates, renewals without the key of the zone, a key
# change, revocation, the end of the account.
#
# REQ CLI-20, CLI-21, CLI-28, CLI-30, CLI-32, CLI-34, CLI-35, CHAL-09, REUSE-13.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/shop.sh
. "$here/shop.sh"
needs knotd kdig jq openssl
export PEBBLE_WFE_NONCEREJECT=15
shop_open 'www A 127.0.0.1' 'closed CAA 0 issue "other-ca.example"' \
    '_validation-persist TXT "other-ca.example; accounturi=https://other-ca.example/9"'

serial_of() {
    openssl x509 -noout -serial -in "$state/live/$1/cert.pem"
}

# So far, to the CA. One that is asked again, for it was not ready yet or did
# not like the nonce, counts once.
requests() {
    sed -n 's/.* \([A-Z]* [^ ]*\) -> calling handler.*/\1/p' \
        "$tmp/pebble/log" | uniq | wc -l
}

# ---- the account, and the records ----

# shellcheck disable=SC2086
expect 'an account' 0 'created account' account create --plaintext \
    --directory "$PEBBLE_DIRECTORY" --agree-tos $ca
url=$("$HOLDFAST" account show --json --state-dir "$state" | jq -r .url)

cert 'no record: nothing is ordered, the record is told' 2 \
    "accounturi=$url.*nothing was ordered" issue www.shop.example
[ "$(grep -c 'POST /order-plz' "$tmp/pebble/log")" = 0 ] ||
    not_ok 'an order was placed'

# shellcheck disable=SC2086
expect 'a record from the account, without a network' 0 \
    "_validation-persist.www.shop.example. .*accounturi=$url" \
    record make www.shop.example --account default --draft 01 --force
# The directory shows no prefix, so the draft must be said: REQ CLI-03.
expect 'a draft is not guessed' 64 'draft' record make www.shop.example \
    --account default --force
publish="--draft 01 --server 127.0.0.1@$TREE_PORT --tsig-file $tmp/zone.key --force
    --authoritative-port $TREE_PORT $(echo "$TREE_OPTIONS" |
    sed 's/--suffix-list [^ ]*//; s/--authoritative-port [^ ]*//')"
# shellcheck disable=SC2086
expect 'publish an exact one' 0 '' record publish www.shop.example \
    --account default $publish
# shellcheck disable=SC2086
expect 'publish a wildcard' 0 '' record publish '*.shop.example' \
    --account default $publish
[ "$(kdig +short @127.0.0.1 -p "$TREE_PORT" _validation-persist.shop.example \
    TXT | wc -l)" = 2 ] && ok 'the record of the other CA is still there' ||
    not_ok 'the record of the other CA is gone'
# One that was taken away again: what the register says of it then.
# shellcheck disable=SC2086
expect 'publish one more' 0 '' record publish gone.shop.example \
    --account default $publish
# shellcheck disable=SC2046,SC2086
expect 'and take it away' 0 '' record unpublish gone.shop.example \
    $(echo "$publish" | sed 's/--draft 01//; s/--force//')

# From here on nobody has the key of the zone.
rm "$tmp/zone.key"
zone_serial=$(kdig +short @127.0.0.1 -p "$TREE_PORT" shop.example SOA)

# ---- certificates ----

# shellcheck disable=SC2086
expect 'check, for the account' 0 'would validate' check www.shop.example \
    --account default $TREE_OPTIONS
cert 'issue' 0 'www.shop.example: issued' issue www.shop.example
cert 'issue a wildcard and its base' 0 'wild: issued' issue \
    '*.shop.example' shop.example --name wild --key-type p384
cert 'a profile that the CA does not offer' 1 \
    'tls: the CA does not offer this profile. It offers.* shortlived' \
    issue www.shop.example --name short --profile tls
cert 'one that it offers' 0 'short: issued' issue www.shop.example \
    --name short --profile shortlived
cert 'one that would be nice' 0 'short: issued' issue www.shop.example \
    --name short --preferred-profile tls
cert 'and is there' 0 'short: issued' issue www.shop.example \
    --name short --preferred-profile shortlived
openssl x509 -noout -checkend 604800 -in "$state/live/short/cert.pem" \
    >"$tmp/out" 2>"$tmp/err" && not_ok 'the profile was not asked for' ||
    ok 'it is short-lived'
rm -r "$state/renewal/short.json" "$state/live/short" "$state/archive/short"
cert 'CAA forbids' 2 'caa\|CAA' issue closed.shop.example
cert 'a name that has no record' 2 'no-record' issue www.shop.example \
    mail.shop.example
cert 'what became of its record' 2 \
    'likely cause: record [0-9]* of the register was taken away' issue \
    gone.shop.example
[ "$(serial_of wild | wc -l)" = 1 ] &&
    openssl x509 -noout -ext subjectAltName -in "$state/live/wild/cert.pem" |
    grep -q 'DNS:\*.shop.example, DNS:shop.example' &&
    ok 'its names' || not_ok 'its names'
"$HTTP_ASK" --ca "$PEBBLE_CA" --body "$PEBBLE_MANAGE/roots/0" |
    sed -n '/BEGIN/,/END/p' >"$tmp/root.pem"
openssl verify -CAfile "$tmp/root.pem" -untrusted \
    "$state/live/www.shop.example/chain.pem" \
    "$state/live/www.shop.example/cert.pem" >"$tmp/out" 2>"$tmp/err" &&
    ok 'openssl trusts the chain' || not_ok 'openssl trusts the chain'
[ "$(stat -L -c %a "$state/live/www.shop.example/privkey.pem")" = 600 ] &&
    ok 'the key is its owner'"'"'s' || not_ok 'mode of the key'

# ---- renewals, without DNS ----

cert 'nothing is due' 2 '' renew
[ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ] && ok 'and nothing is said' ||
    not_ok 'something is said'
cert 'due by time, and only told' 0 'www.shop.example: due' renew \
    --now +80d --dry-run
before=$(serial_of www.shop.example)
cert 'renew' 0 'issued' renew --force www.shop.example
[ "$(serial_of www.shop.example)" != "$before" ] && ok 'another certificate' ||
    not_ok 'the same certificate'
cert 'renew again' 0 'issued' renew --force
[ "$(kdig +short @127.0.0.1 -p "$TREE_PORT" shop.example SOA)" = \
    "$zone_serial" ] && ok 'the zone has not changed' ||
    not_ok 'the zone has changed'
before=$(requests)
cert 'renew once more' 0 'issued' renew --force www.shop.example
count=$(($(requests) - before))
check "$count requests are enough" [ "$count" -le 8 ]
[ -e "$state/archive/www.shop.example/cert1.pem" ] &&
    [ -e "$state/archive/www.shop.example/cert4.pem" ] &&
    ok 'the archive keeps them all' || not_ok 'archive'

# ---- two at once ----

# shellcheck disable=SC2086
for i in 1 2 3 4; do
    "$HOLDFAST" cert renew --force www.shop.example --state-dir "$state" $ca \
        --wait 60 $TREE_OPTIONS >"$tmp/out.$i" 2>"$tmp/err.$i" &
    pids="${pids-} $!"
done
status=0
for pid in $pids; do
    wait "$pid" || status=1
done
cat "$tmp"/out.* >"$tmp/out"
cat "$tmp"/err.* >"$tmp/err"
[ $status = 0 ] && [ "$(grep -c issued "$tmp/out")" = 4 ] &&
    ok 'four renewals at once take turns' || not_ok 'four renewals at once'
openssl x509 -noout -pubkey -in "$state/live/www.shop.example/cert.pem" \
    >"$tmp/certified"
openssl pkey -pubout -in "$state/live/www.shop.example/privkey.pem" \
    >"$tmp/held"
cmp -s "$tmp/certified" "$tmp/held" && ok 'key and certificate are a pair' ||
    not_ok 'key and certificate are no pair'
# A lock that somebody else has: who, and not for ever.
exec 9>>"$state/certificates.lock"
flock -n 9
cert 'another process is at work' 75 'at work on the certificates' renew \
    --force www.shop.example --wait 0
exec 9>&-

# ---- a new key, and the same records ----

# shellcheck disable=SC2086
expect 'rollover' 0 'the key was changed' account rollover $ca
cert 'renew after the rollover' 0 'issued' renew --force www.shop.example
expect 'list' 0 'wild until .*www.shop.example until' cert list
expect 'show' 0 'shop.example.*renewal\|shop.example.*serial' cert show wild

# ---- the end ----

# shellcheck disable=SC2086
expect 'revoke' 0 'revoked: serial' cert revoke wild $ca --reason superseded
# shellcheck disable=SC2086
expect 'revoke by its own key' 0 'revoked: serial' cert revoke \
    www.shop.example $ca --cert-key "$state/live/www.shop.example/privkey.pem"
# shellcheck disable=SC2086
expect 'revoke twice' 0 'already' cert revoke wild $ca
# shellcheck disable=SC2086
expect 'deactivate' 0 'deactivated' account deactivate --confirm "$url" $ca
cert 'nothing more by this account' 1 'refused\|unauthorized' renew --force \
    www.shop.example
exit $failed
