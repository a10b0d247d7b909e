#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The story of cert.sh with everything in a configuration file, so that the
# commands are bare; against Pebble and a zone at Knot.
#
# REQ CLI-40.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/shop.sh
. "$here/shop.sh"
needs knotd kdig jq openssl
shop_open

# ---- the file ----

# The options of tree.sh as keys; one that is given twice is a list.
keys_of() {
    echo "$@" | tr ' ' '\n' | sed -n '/^--/{s/^--//;N;s/\n/ /;p;}' |
        awk '{ list[$1] = list[$1] (list[$1] ? ", " : "") "\"" $2 "\"" }
            END { for (key in list) printf "%s = {%s}\n", key, list[key] }'
}

config=$tmp/holdfast.conf
echo 'a secret' >"$tmp/passphrase"
# shellcheck disable=SC2086 # options are words
{
    echo "state-dir = \"$state\""
    echo "ca-bundle = \"$PEBBLE_CA\""
    keys_of $TREE_OPTIONS
    cat <<END
ca ours {
    directory = "https://localhost:1/dir"
    issuer = "ca.example"
    staging = "ours-test"
}
ca ours-test { directory = "$PEBBLE_DIRECTORY" issuer = "ca.example" }
account default {
    directory = "$PEBBLE_DIRECTORY"
    agree-tos = yes
    contact = "hostmaster@shop.example"
    passphrase-file = "$tmp/passphrase"
    key-type = "p384"
}
account staging { ca = "ours" agree-tos = yes plaintext = yes }
publisher knot {
    server = "127.0.0.1@$TREE_PORT"
    tsig-file = "$tmp/zone.key"
    authoritative-port = $TREE_PORT
}
zone shop.example {
    publisher = "knot"
    account = "default"
    draft = "01"
    force = yes
}
END
} >"$config"
certificates() { # NAMES KEY-TYPE: of the certificate www
    sed '/^certificate/,$d' "$config" >"$config.new"
    cat >>"$config.new" <<END
certificate www {
    names = {$1}
    key-type = "$2"
    pre-hook = "echo pre >>$tmp/hooks"
    deploy-hook = 'echo "\$RENEWED_DOMAINS" >>$tmp/hooks'
}
certificate mail.shop.example {
    account = "default"
    must-staple = no
    pre-hook = "echo pre >>$tmp/hooks"
}
END
    mv "$config.new" "$config"
}
certificates '"www.shop.example", "shop.example"' p256

# Bare commands: not even the state folder.
run() {
    status=0
    "$HOLDFAST" "$@" --config "$config" >"$tmp/out" 2>"$tmp/err" || status=$?
}

silent() {
    [ ! -s "$tmp/out" ] && [ ! -s "$tmp/err" ] && ok "$1" || not_ok "$1"
}

key_of() { # NAME: the curve of the certificate's key
    openssl x509 -noout -text -in "$state/live/$1/cert.pem" |
        sed -n 's/.*NIST CURVE: //p'
}

expect 'nothing is wrong' 0 'nothing is wrong' config check "$config"

# ---- account, records, certificates ----

expect 'an account' 0 'created account' account create
"$HOLDFAST" account show --json --config "$config" >"$tmp/out"
jq -e '.contact == "mailto:hostmaster@shop.example"' "$tmp/out" >/dev/null &&
    grep -q 'BEGIN ENCRYPTED' "$state"/accounts/default/key-*.pem &&
    ok 'with the contact and the passphrase of its section' ||
    not_ok 'not as its section says'
expect 'a second one of that name is none' 1 'already' account create
expect 'records' 0 '2 of 2\|1 of 1' record publish www.shop.example \
    shop.example mail.shop.example
expect 'certificates' 0 'mail.shop.example: issued' cert issue
grep -q '^www: issued' "$tmp/out" && ok 'both of them' || not_ok 'one only'
[ "$(cat "$tmp/hooks")" = 'pre
www.shop.example shop.example' ] && ok 'with its hooks' ||
    not_ok "hooks: $(cat "$tmp/hooks")"
[ "$(key_of www)" = P-256 ] && ok 'its key' || not_ok 'another key'
expect 'they are there' 2 '' cert issue
silent 'and nothing is said'
[ "$(wc -l <"$tmp/hooks")" = 2 ] && ok 'nor run' || not_ok 'hooks ran'
before=$(openssl x509 -noout -serial -in "$state/live/www/cert.pem")
expect 'one by its name' 0 '^ www: issued' cert issue www
[ "$(openssl x509 -noout -serial -in "$state/live/www/cert.pem")" != "$before" ] &&
    ok 'anew' || not_ok 'the same'
expect 'one that is in no file' 0 '^ alone: issued' cert issue \
    www.shop.example --name alone

# ---- the file changes ----

rm "$tmp/zone.key"
certificates '"shop.example", "www.shop.example"' p384
expect 'the same names in another order' 2 '' cert issue
expect 'renew as the file says now' 0 'www: issued' cert renew --force
[ "$(key_of www)" = P-384 ] && [ "$(key_of alone)" = P-256 ] &&
    ok 'the others as they were issued' || not_ok 'the key of a renewal'
certificates '"www.shop.example"' p384
expect 'other names' 0 'www: issued' cert issue
grep -q mail "$tmp/out" && not_ok 'too many' || ok 'and only that one'
certificates '"www.shop.example", "new.shop.example"' p384
expect 'a name without a record' 2 'nothing was ordered' cert issue
certificates '"www.shop.example"' p384
echo 'certificate two { names = "www.shop.example" }' >>"$config"
expect 'a new one' 0 'two: issued' cert issue
expect 'nothing is due' 2 '' cert renew
silent 'and nothing is said of renewals'

# ---- for trying out ----

cat >"$tmp/zone.key" <<END
key "zone-key" { algorithm hmac-sha256; secret "$secret"; };
END
chmod 600 "$tmp/zone.key"
before=$(openssl x509 -noout -serial -in "$state/live/www/cert.pem")
expect 'an account for tests' 0 'created account' account create --staging
"$HOLDFAST" account show --account staging --json --config "$config" |
    jq -e '.ca == "ours-test"' >/dev/null && ok 'at the twin of the CA' ||
    not_ok 'at another CA'
expect 'by another account there is no record' 2 'nothing was ordered' \
    cert issue www --staging
expect 'a record of it' 0 '' record publish www.shop.example --account staging
expect 'a certificate for tests' 0 'www-staging: issued' cert issue www \
    --staging
[ "$(openssl x509 -noout -serial -in "$state/live/www/cert.pem")" = "$before" ] &&
    ok 'beside the real one' || not_ok 'in place of the real one'
expect 'a certificate for tests that is in no file' 0 \
    'www.shop.example-staging: issued' cert issue www.shop.example --staging
expect 'which is renewed as it was issued' 0 'www-staging: issued' cert renew \
    --force www-staging
[ "$(kdig +short @127.0.0.1 -p "$TREE_PORT" \
    _validation-persist.www.shop.example TXT | wc -l)" = 2 ] &&
    ok 'two accounts, two records' || not_ok 'the records'

# ---- the end ----

expect 'unpublish by number' 0 'removed' record unpublish 1
[ "$(kdig +short @127.0.0.1 -p "$TREE_PORT" \
    _validation-persist.www.shop.example TXT | wc -l)" = 1 ] &&
    ok 'one record is gone' || not_ok 'the record is there'
exit $failed
