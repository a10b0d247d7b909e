#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Accounts that other clients have made, at the same server: taken over only
# when the CA confirms them, never run as code, left as they are; and back.
# REQ CLI-17.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
acme_sh=$(dirname "$BUILD")/peers/acme.sh/usr/share/acme.sh/acme.sh
needs certbot lego uacme dehydrated curl jq "$acme_sh"
export PEBBLE_VA_ALWAYS_VALID=1
sh "$here/pebble.sh" start "$tmp/pebble"
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
export REQUESTS_CA_BUNDLE="$PEBBLE_CA" LEGO_CA_CERTIFICATES="$PEBBLE_CA"
echo 'a passphrase' >"$tmp/pass"

account() { # COMMAND ARGUMENT...
    case $1 in
    show | export) run account "$@" ;;
    *) run account "$@" --ca-bundle "$PEBBLE_CA" ;;
    esac
}

# ---- the others make accounts ----

run_certbot() { # FOLDER WORD ARGUMENT...
    folder=$1
    shift
    certbot "$@" --config-dir "$folder" --work-dir "$tmp/cb-work" \
        --logs-dir "$tmp/cb-logs" --server "$PEBBLE_DIRECTORY" -n
}
run_lego() { # FOLDER
    lego --path "$1" --server "$PEBBLE_DIRECTORY" --accept-tos \
        --email owner@example.com --domains a.example --http \
        --http.port "127.0.0.1:$PEBBLE_HTTP_PORT" run
}
# Its TLS knows no other roots than those of the system.
run_uacme() {
    cat /etc/ssl/certs/ca-certificates.crt "$PEBBLE_CA" >"$tmp/roots"
    unshare -m sh -c 'mount --bind "$1" /etc/ssl/certs/ca-certificates.crt &&
        shift && exec "$@"' - "$tmp/roots" uacme -a "$PEBBLE_DIRECTORY" \
        -c "$tmp/uacme" -y new owner@example.com
}
run_dehydrated() {
    mkdir "$tmp/dehydrated"
    cat >"$tmp/dehydrated/config" <<END
CA="$PEBBLE_DIRECTORY"
BASEDIR="$tmp/dehydrated"
CONTACT_EMAIL=owner@example.com
CURL_OPTS="--cacert $PEBBLE_CA"
END
    dehydrated --config "$tmp/dehydrated/config" --register --accept-terms
}
run_acme_sh() {
    # It does not remove all of its temporary files.
    TMPDIR=$tmp sh "$acme_sh" --home "$tmp/acme.sh" --config-home "$tmp/acme.sh" \
        --server "$PEBBLE_DIRECTORY" --ca-bundle "$PEBBLE_CA" \
        --register-account -m owner@example.com
}

formats='certbot lego dehydrated acme.sh'
{
    run_certbot "$tmp/certbot" register --agree-tos -m owner@example.com
    run_lego "$tmp/lego"
    run_dehydrated
    run_acme_sh
} >"$tmp/made" 2>&1 || {
    cat "$tmp/made"
    exit 1
}
# Where no mount is allowed, uacme cannot be told to trust this server.
if unshare -m mount --bind / / 2>/dev/null; then
    formats="$formats uacme"
    run_uacme >>"$tmp/made" 2>&1 || {
        cat "$tmp/made"
        exit 1
    }
else
    echo "uacme made no account: nothing can be mounted here"
fi
# acme.sh would run this; we read it.
conf=$(echo "$tmp"/acme.sh/ca/*/*/ca.conf)
echo "touch $tmp/was-run; ACCOUNT_EMAIL=\$(touch $tmp/was-run)" >>"$conf"
(cd "$tmp" && find certbot lego dehydrated acme.sh -type f -exec cksum {} +) |
    sort >"$tmp/before"

# ---- and we take them ----

for format in $formats; do
    case $format in
    lego | uacme) where="--directory $PEBBLE_DIRECTORY" ;;
    *) where= ;;
    esac
    # shellcheck disable=SC2086 # two words or none
    account import "$format" "$tmp/$format" --account "$format" \
        --passphrase-file "$tmp/pass" $where
    judge "import $format" 0 "account https://localhost"
    # Records can be made of it from now on, without a network.
    rm "$state"/directories/*.json ||
        not_ok "what the CA said is not remembered after the import of $format"
    account check --account "$format"
    judge "check $format" 0 'valid'
    ! grep -L ENCRYPTED "$state/accounts/$format"/*.pem | grep . ||
        not_ok "the key of $format is not encrypted"
done
[ ! -e "$tmp/was-run" ] || not_ok 'a file of acme.sh was run'
(cd "$tmp" && find certbot lego dehydrated acme.sh -type f -exec cksum {} +) |
    sort | cmp - "$tmp/before" || not_ok 'a file of another client has changed'

url=$(jq -r .url "$state/accounts/certbot/account.json")
[ "$url" = "$(jq -r .uri "$tmp"/certbot/accounts/*/*/*/regr.json)" ] ||
    not_ok 'it is another account'
account import lego "$tmp/lego" --account other --plaintext
judge 'import lego, and no CA' 64 'which CA it is is not known'
account import certbot "$tmp/certbot" --account certbot --plaintext
judge 'import under a name that is taken' 1 'there is such an account already'
account import certbot "$tmp/lego" --account other --plaintext
judge 'import what is not there' 1 'no account of that client'
account import netscape "$tmp/lego" --account other --plaintext
judge 'import a format that we do not know' 64 'no such format'

# What the CA does not confirm is not taken.
cp -r "$tmp/certbot" "$tmp/liar"
regr=$(echo "$tmp"/liar/accounts/*/*/*/regr.json)
jq --arg url "$(jq -r .url "$state/accounts/acme.sh/account.json")" \
    '.uri = $url' "$regr" >"$tmp/regr" && cp "$tmp/regr" "$regr"
account import certbot "$tmp/liar" --account liar --plaintext
judge "import somebody else's URL" 1 'nothing was written down'
cp -r "$(dirname "$regr")" "$(dirname "$regr")2"
account import certbot "$tmp/liar" --account liar --plaintext
judge 'import of two accounts' 1 'there are several'
mkdir -p "$tmp/unknown/private"
openssl genrsa -out "$tmp/unknown/private/key.pem" 2048 2>"$tmp/err"
account import uacme "$tmp/unknown" --account liar --plaintext \
    --directory "$PEBBLE_DIRECTORY"
judge 'import a key without an account' 1 'accountDoesNotExist'
[ ! -e "$state/accounts/liar" ] || not_ok 'something was written down'
account deactivate --account dehydrated --confirm \
    "$(jq -r .url "$state/accounts/dehydrated/account.json")"
account import dehydrated "$tmp/dehydrated" --account liar --plaintext
judge 'import an account that has ended' 1 'nothing was written down'

# ---- and back ----

account export certbot "$tmp/out-certbot" --account lego
judge 'export to certbot' 0 'not encrypted'
run_certbot "$tmp/out-certbot" show_account >"$tmp/out" 2>&1 || status=1
judge 'certbot uses it' 0 \
    "$(jq -r .url "$state/accounts/lego/account.json")"
account export certbot "$tmp/out-certbot" --account lego
judge 'export over what is there' 1 'is there already'
account export certbot "$tmp/again" --account certbot
[ "$(basename "$tmp"/again/accounts/*/*/*)" = \
    "$(basename "$tmp"/certbot/accounts/*/*/*)" ] ||
    not_ok 'certbot calls it something else'
account export lego "$tmp/out-lego" --account acme.sh
judge 'export to lego without a contact' 64 'give --contact'
for kind in acme.sh certbot; do
    account export lego "$tmp/out-$kind" --account $kind \
        --contact owner@example.com
    judge 'export to lego' 0 'not encrypted'
    accounts=$(grep -c 'POST /sign-me-up' "$tmp/pebble/log")
    run_lego "$tmp/out-$kind" >"$tmp/out" 2>&1 || status=1
    judge 'lego uses it' 0 'Server responded with a certificate'
    [ "$(grep -c 'POST /sign-me-up' "$tmp/pebble/log")" = "$accounts" ] ||
        not_ok 'lego made another account'
done
[ -z "$(find "$tmp"/out-* -perm /077)" ] || not_ok 'others may read the export'
exit $failed
