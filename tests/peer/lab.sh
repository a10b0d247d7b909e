#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast lab` as somebody uses it who sits before it: lines come one after
# another, another ACME client gets a certificate meanwhile, and nothing is left
# when it ends, or is ended.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs curl certbot openssl

TMPDIR=$tmp
export TMPDIR
mkfifo "$tmp/lines"

begin() {
    "$HOLDFAST" lab <"$tmp/lines" >"$tmp/out" 2>"$tmp/err" &
    lab_pid=$!
    pids="$pids $lab_pid"
    exec 3>"$tmp/lines"
    await grep -q "^'help' lists" "$tmp/out"
    root=$(sed -n 's/^  trust  *//p' "$tmp/out")
    directory=$(sed -n 's/^  directory  *//p' "$tmp/out")
}

nothing_left() {
    [ -z "$(find "$tmp" -maxdepth 1 -name 'holdfast-lab-*')" ] &&
        ! pgrep -f "$tmp/holdfast-lab-" >/dev/null
}

begin
check 'curl finds the CA as it was told' \
    curl -sS --cacert "$root" -o "$tmp/directory" "$directory"
check 'which is one of draft -02' grep -q accountHashPrefix "$tmp/directory"
status=0
REQUESTS_CA_BUNDLE=$root certbot certonly --standalone --http-01-port 5002 \
    --server "$directory" -d www.shop.example --agree-tos --non-interactive \
    --register-unsafely-without-email --config-dir "$tmp/certbot" \
    --work-dir "$tmp/certbot" --logs-dir "$tmp/certbot" \
    >"$tmp/certbot.out" 2>&1 || status=$?
[ "$status" = 0 ] || cat "$tmp/certbot.out"
check 'certbot gets a certificate by http-01' [ "$status" = 0 ]
check 'of that CA' openssl verify -CAfile "$root" -untrusted \
    "$tmp/certbot/live/www.shop.example/chain.pem" \
    "$tmp/certbot/live/www.shop.example/cert.pem"

{
    echo 'holdfast record publish --account shop www.shop.example'
    echo 'holdfast cert issue --account shop www.shop.example'
    echo 'no such verb'
    echo 'state'
} >&3
await grep -q '^the clock is ahead' "$tmp/out"
check 'our client gets one by its record' \
    grep -q 'www.shop.example: issued, until' "$tmp/out"
check 'a line that is wrong is told, and it goes on' \
    grep -q 'the verbs are: zone' "$tmp/err"
check 'it says what there is' grep -q '^p5 serves' "$tmp/out"
printf 'quit\nsay "too late"\n' >&3
status=0
wait $lab_pid || status=$?
exec 3>&-
check 'quit ends it' [ "$status" = 0 ]
check 'with what stands behind it undone' [ "$(grep -c 'too late' "$tmp/out")" = 0 ]
check 'and nothing is left' nothing_left

begin
kill $lab_pid
status=0
wait $lab_pid || status=$?
exec 3>&-
check 'a signal ends it, too' [ "$status" = 0 ]
check 'with nothing left' nothing_left

begin
folder=$(dirname "$(dirname "$(dirname "$root")")")
kill -9 $lab_pid
exec 3>&-
alone() {
    ! pgrep -f "$folder" >/dev/null
}
await alone
check 'killed, it takes its programs along' alone
rm -rf "$folder"
exit $failed
