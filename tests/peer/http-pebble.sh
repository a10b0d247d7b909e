#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The HTTP client with an ACME server that somebody else wrote: the directory,
# a nonce, an error with a document, over TLS that is verified (REQ CLI-16).
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"

sh "$here/pebble.sh" start "$tmp/pebble" issuer=issuer.example eab=yes retry=7
# shellcheck disable=SC1091 # made by pebble.sh
. "$tmp/pebble/env"
base=${PEBBLE_DIRECTORY%/dir}

# What http_ask says with the options after $2 looks like the pattern $2.
expect() {
    what=$1
    pattern=$2
    shift 2
    said=$("$HTTP_ASK" "$@") || true
    # shellcheck disable=SC2254 # it is a pattern
    case $said in
    $pattern) ;;
    *)
        echo "$what: $said"
        failed=1
        ;;
    esac
}

expect 'directory' '200 application/json *"issuer.example"*"externalAccountRequired": true*"newOrder": "'"$base"'/*' \
    --ca "$PEBBLE_CA" --body "$PEBBLE_DIRECTORY"
expect 'nonce' "200  0 nonce=?* link=index:$PEBBLE_DIRECTORY" \
    --ca "$PEBBLE_CA" --head "$base/nonce-plz"
expect 'error document' '400 application/problem+json * nonce=?*urn:ietf:params:acme:error:malformed*' \
    --ca "$PEBBLE_CA" --body --post '{}' "$base/sign-me-up"
expect 'chain' '200 application/pem-certificate-chain *' \
    --ca "$PEBBLE_CA" "$PEBBLE_MANAGE/roots/0"
expect 'address' '200 application/json *' \
    --ca "$PEBBLE_CA" "https://127.0.0.1:${base##*:}/dir"
expect 'not the CA' 'failure: the certificate of the server is of no CA that is trusted here; *' \
    "$PEBBLE_DIRECTORY"
expect 'plain' 'error *http: is refused' "http://127.0.0.1:${base##*:}/dir"

# The server's log has one line for each request that was read.
before=$(grep -c 'GET /dir' "$tmp/pebble/log")
# shellcheck disable=SC2046 # words are wanted
"$HTTP_ASK" --ca "$PEBBLE_CA" $(printf "$PEBBLE_DIRECTORY\n%.0s" $(seq 30)) >"$tmp/many"
[ "$(grep -c '^200 ' "$tmp/many")" = 30 ] || {
    echo "thirty at once:"
    cat "$tmp/many"
    failed=1
}
[ "$(grep -c 'GET /dir' "$tmp/pebble/log")" = $((before + 30)) ] || {
    echo "thirty requests were not thirty"
    failed=1
}
exit $failed
