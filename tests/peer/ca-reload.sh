#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our own CA reads its configuration again on SIGHUP: what is new counts for the
# next request, on connections that are there as well; what has a mistake, or
# takes a new start, changes nothing at all; and under load nobody notices.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
# shellcheck source=tests/peer/crowd.sh
. "$here/crowd.sh"
# shellcheck source=tests/peer/streams.sh
. "$here/streams.sh"
needs curl jq knsupdate openssl python3
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'

house_open
house_found --plaintext
trust=$tmp/trust.pem
: >"$trust"
certify() { # NAME: another certificate for its web server
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -days 7 -subj "/CN=$1" -addext subjectAltName=DNS:localhost \
        -addext keyUsage=critical,digitalSignature,keyCertSign \
        -keyout "$tmp/tls.key" -out "$tmp/tls.crt" 2>"$tmp/err"
    cat "$tmp/tls.crt" >>"$trust"
}
configure() { # [LINE...]
    cat >"$tmp/holdfast.conf" <<END
authority default {
    tls-certificate = "$tmp/tls.crt"
    tls-key = "$tmp/tls.key"
$(printf '    %s\n' "$@")
}
END
}
certify first
configure 'profile = {"a=90d", "b=1h"}'
house_serve --config "$tmp/holdfast.conf" --no-just-in-time
curl_ca() {
    curl -sS --cacert "$trust" "$@"
}

# ---- asking it, and one who asked before ----

heard() {
    grep -c '"event":"\(not_\)\?reloaded"' "$tmp/ca.log" || true
}
heard_more_than() {
    [ "$(heard)" -gt "$1" ]
}
reload() { # reloaded|not_reloaded
    so_far=$(heard)
    kill -HUP "$house_pid"
    await heard_more_than "$so_far"
    grep '"event":"\(not_\)\?reloaded"' "$tmp/ca.log" | tail -n 1 |
        grep -q "\"$1\""
}

# One connection from here to the end: an answer for each line that comes.
mkfifo "$tmp/ask"
python3 -c '
import http.client, json, ssl, sys
kept = http.client.HTTPSConnection("localhost", int(sys.argv[1]),
    context=ssl.create_default_context(cafile=sys.argv[2]), timeout=60)
kept.connect()
kept.auto_open = False
for line in sys.stdin:
    kept.request("GET", "/directory")
    meta = json.loads(kept.getresponse().read())["meta"]
    print(" ".join(meta["profiles"]), meta["externalAccountRequired"],
          flush=True)
' "$house_port" "$trust" <>"$tmp/ask" >"$tmp/kept" 2>&1 &
kept=$!
pids="$pids $kept"
asked=0
answered() {
    runs "$kept" && [ "$(wc -l <"$tmp/kept")" -ge "$asked" ]
}
kept_says() { # WORDS: on the connection that was there before
    runs "$kept" || return 1 # nobody would read it
    echo >"$tmp/ask"
    asked=$((asked + 1))
    await answered
    [ "$(tail -n 1 "$tmp/kept")" = "$1" ]
}
check 'before' kept_says 'a b False'

# ---- what is new ----

configure 'profile = {"a=90d", "c=2h"}' 'external-accounts = yes'
check 'it reads it again' reload reloaded
check 'each line of the log says when' \
    [ "$(grep -c '"event"' "$tmp/ca.log")" = "$(grep -c '"at":"20' "$tmp/ca.log")" ]
check 'a connection that was there hears of it' kept_says 'a c True'
say alone account >"$tmp/out" 2>"$tmp/err" || true
configure 'profile = {"a=90d", "c=2h"}'
check 'and again' reload reloaded
check 'that, too' kept_says 'a c False'

clients=1
accounts
order_with() { # PROFILE
    say 1 post "https://localhost:$house_port/new-order" "{\"profile\":\"$1\",
        \"identifiers\":[{\"type\":\"dns\",\"value\":\"1.shop.example\"}]}" \
        >"$tmp/order"
    jq -e '.code == 201' "$tmp/order" >"$tmp/out"
}
check 'a profile that is new' order_with c
url=$(jq -r .url "$tmp/order")
say 1 challenge "$url" >"$tmp/out"
say 1 finalize "$url" >"$tmp/out"
url=$(jq -r .body.certificate "$tmp/out")
say 1 get "$url" | jq -r .body >"$tmp/leaf.pem"
lives() { # SECONDS: an hour of them is over
    openssl x509 -noout -checkend $(($1 - 3660)) -in "$tmp/leaf.pem" &&
        ! openssl x509 -noout -checkend "$1" -in "$tmp/leaf.pem"
}
check 'the issuer knows it' lives 7200
order_is_refused() {
    ! order_with b
}
check 'and one that is no more' order_is_refused

certify second
check 'another certificate' reload reloaded
subject() {
    openssl s_client -connect "127.0.0.1:$house_port" </dev/null 2>/dev/null |
        openssl x509 -noout -subject -nameopt RFC2253
}
check 'who comes now gets it' [ "$(subject)" = 'subject=CN=second' ]
check 'who was there stays' kept_says 'a c False'

# ---- the operator's commands ----

operator() { # WHAT STATUS PATTERN COMMAND
    what=$1
    want=$2
    pattern=$3
    shift 3
    status=0
    "$HOLDFAST" ca "$@" --state-dir "$house" >"$tmp/out" 2>"$tmp/err" \
        </dev/null || status=$?
    judge "$what" "$want" "$pattern"
}
configure 'profile = {"a=90d", "e=2h"}'
operator 'the operator lets it read again' 0 '"reloaded":true' reload --json
check 'it does' kept_says 'a e False'
configure 'no-such-key = 1'
operator 'and hears when it does not' 2 'reloaded no' reload
configure 'profile = {"a=90d", "c=2h"}'
operator 'and again' 0 'reloaded yes' reload
everything_works() { # its lists of revoked certificates take a moment
    "$HOLDFAST" ca status --state-dir "$house" >"$tmp/out" 2>"$tmp/err" &&
        grep -qx 'everything works' "$tmp/out"
}
await everything_works
operator 'how it is' 0 'store_up yes draining no alone yes chores yes' status
operator 'in JSON' 0 '"certificates_issued":1,' status --json
control=$house/ca/ledger/control
check 'the socket is its owner'\''s alone' [ "$(stat -c %a "$control")" = 600 ]
by_socket() { # METHOD TARGET
    curl -s -o "$tmp/out" -w '%{http_code}' -X "$1" --unix-socket "$control" \
        "http://ca$2"
}
tells() { # EVENT: with the request, the user and the process
    grep -q "\"event\":\"$1\",\"target\":\"/reload\",\"user\":$2,\"process\":[1-9]" \
        "$tmp/ca.log"
}
check 'the log tells who asked' tells asked "$(id -u)"
if [ "$(id -u)" = 0 ]; then
    # A mode that somebody loosened lets nobody else in.
    find "$house" "$tmp" -maxdepth 0 -exec chmod o+x {} +
    chmod o+x "$house/ca" "$house/ca/ledger"
    chmod 666 "$control"
    setpriv --reuid 65534 --regid 65534 --clear-groups curl -s -X POST \
        --unix-socket "$control" http://ca/reload >"$tmp/out" 2>"$tmp/err" ||
        true
    check 'another user may not' grep -q 'refused.*only root, and the user' \
        "$tmp/out"
    check 'and the log tells' tells not_allowed 65534
    chmod 600 "$control"
    chmod o-x "$house/ca" "$house/ca/ledger" "$house" "$tmp"
fi
check 'it serves no ACME there' [ "$(by_socket GET /directory)" = 404 ]
check 'nor commands to whoever watches' [ "$(curl -s -o "$tmp/out" \
    -w '%{http_code}' -X POST "$watch/drain")" = 404 ]
check 'a command is no question' [ "$(by_socket GET /drain)" = 404 ]
check 'it is well' curl -sf -o "$tmp/out" "$watch/health"
check 'and tells whoever asks for no more' curl -sfI -o "$tmp/out" \
    "$watch/health"

# ---- what is wrong ----

refuses() { # WHAT SENTENCE
    lines=$(wc -l <"$tmp/ca.log")
    check "$1" reload not_reloaded
    tail -n +$((lines + 1)) "$tmp/ca.log" >"$tmp/out"
    check "$1: it says why" grep -q "$2" "$tmp/out"
    check "$1: all is as it was" kept_says 'a c False'
}
configure 'profile = {"a=90d", "d=2h"}' 'no-such-key = 1'
refuses 'a mistake' 'holdfast.conf:5: no-such-key'
configure 'profile = {"a=90d", "d"}'
refuses 'a profile that is none' 'a profile is a name'
configure 'profile = {"a=90d", "d=2h"}' 'clock = "+10d"'
refuses 'what takes a new start' 'clock: this cannot become another'
configure 'profile = {"a=90d", "d=2h"}'
cp "$tmp/tls.crt" "$tmp/good.crt"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj /CN=third -keyout "$tmp/third.key" -out "$tmp/tls.crt" 2>"$tmp/err"
refuses 'a certificate of another key' 'tls-certificate'
check 'and its certificate' [ "$(subject)" = 'subject=CN=second' ]
cp "$tmp/good.crt" "$tmp/tls.crt"
rm "$tmp/holdfast.conf"
refuses 'no configuration' 'holdfast.conf'

# ---- under load ----

configure 'profile = {"a=90d", "c=2h"}'
crowd_join all "$directory" "$trust" 8
(
    round=0
    while [ ! -e "$tmp/enough" ]; do
        round=$((round + 1))
        configure 'profile = {"a=90d", "c=2h"}' \
            "failures = $((round % 5 * 700))" "looks = $((round % 3))"
        reload reloaded || tail -n 5 "$tmp/ca.log" >>"$tmp/unwell"
        # A connection that is silent for long is closed.
        kept_says 'a c False' || tail -n 5 "$tmp/kept" >>"$tmp/unwell"
    done
    echo $round >"$tmp/rounds"
) &
reloads=$!
pids="$pids $reloads"
crowd_round all whole 8 300 600
touch "$tmp/enough"
wait "$reloads"
asked=$(wc -l <"$tmp/kept")
check 'no order failed' [ "$orders $wrong" = '300 0' ]
cp "$tmp/unwell" "$tmp/out" 2>/dev/null || true
check "it was read $(cat "$tmp/rounds") times meanwhile" [ \
    "$(cat "$tmp/rounds")" -ge 3 -a ! -e "$tmp/unwell" ]
crowd_leave all
check 'no client was told anything else' [ ! -s "$tmp/all.err" ]
check 'the connection is still there' kept_says 'a c False'
operator 'a balancer is told to go elsewhere' 0 'draining yes' drain
check 'and hears it' [ "$(curl -s -o "$tmp/out" -w '%{http_code}' \
    "$watch/health")" = 503 ]
check 'who comes is served all the same' kept_says 'a c False'
house_close
check 'it ends in order' [ "$status" = 0 ]
check 'and its socket is gone' [ ! -e "$control" ]
operator 'nobody is there' 1 'no CA serves from here' status
exit $failed
