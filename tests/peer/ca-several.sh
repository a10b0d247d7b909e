#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two processes that are one CA: one PostgreSQL, a state folder for each, and
# before them a balancer that gives every request to another one. Clients
# notice nothing: no nonce is refused. One is killed in the middle: the other
# goes on, and takes up what it had under way. Then a balancer of connections.
#
# REQ REUSE-14, VAL-28.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
# shellcheck source=tests/peer/pg.sh
. "$here/pg.sh"
# shellcheck source=tests/peer/streams.sh
. "$here/streams.sh"
# shellcheck source=tests/peer/crowd.sh
. "$here/crowd.sh"
acme_sh=$(dirname "$BUILD")/peers/acme.sh/usr/share/acme.sh/acme.sh
needs certbot lego haproxy knotd knsupdate jq curl openssl python3 "$acme_sh"
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'
pg_find || skip 'PostgreSQL is not installed'
base=

at_end() {
    [ -z "$base" ] || pg_kill "$tmp/$base"
}

# ---- a database, two folders, a balancer ----

house_open '* A 127.0.0.1'
# shellcheck disable=SC2046 # five numbers
set -- $(python3 "$here/ports.py" free 5)
pg_port=$1 one_port=$2 two_port=$3 one_watch=$4 two_watch=$5
chmod 711 "$tmp" # programs of another user go into it
umask 022
pg_make "$tmp/base"
pg_run "$tmp/base" "$pg_port"
umask 077
base=base
house_found --plaintext
# The second one has the CA's key, and a log of evidence of its own.
second=$tmp/second
mkdir -p "$second/ca/evidence"
cp "$house/ca/root.pem" "$house/ca/issuer.pem" "$house/ca/issuer.key" \
    "$second/ca"

store="postgresql://holdfast@127.0.0.1:$pg_port/holdfast?sslmode=disable"
serve_one() {
    house_serve_from "$house" "$one_port" "$one_watch" --store "$store"
    one_pid=$house_pid
}
serve_two() {
    house_serve_from "$second" "$two_port" "$two_watch" --store "$store"
    two_pid=$house_pid
}
count_at() { # WATCH-PORT PATTERN
    curl -s "http://127.0.0.1:$1/metrics" | sed -n "s/^holdfast_ca_$2 //p"
}
knows_of_another() { # WATCH-PORT
    [ "$(count_at "$1" alone)" = 0 ]
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -addext keyUsage=critical,digitalSignature,keyCertSign \
    -keyout "$tmp/balancer.key" -out "$tmp/balancer.crt" 2>"$tmp/err"
cat "$tmp/balancer.crt" "$tmp/balancer.key" >"$tmp/balancer.pem"
trust=$tmp/trust.pem
cat "$house/ca/root.pem" "$tmp/balancer.crt" >"$trust"
ca="--ca-bundle $trust"

balance() { # http|tcp: requests, or connections
    ends=
    [ "$1" = tcp ] || ends="ssl verify required ca-file $house/ca/root.pem
verifyhost localhost sni str(localhost)"
    cat >"$tmp/haproxy.conf" <<END
defaults
    mode $1
    balance roundrobin
    timeout connect 10s
    timeout check 10s # a machine may be busy; who is gone refuses at once
    timeout client 60s
    timeout server 60s
frontend ca
    bind 127.0.0.1:$house_port$([ "$1" = tcp ] ||
        echo " ssl crt $tmp/balancer.pem alpn http/1.1")
    default_backend keepers
backend keepers
    option httpchk GET /health
    option redispatch
    default-server check inter 200ms fall 1 rise 1 on-marked-down shutdown-sessions
    server one 127.0.0.1:$one_port port $one_watch $(echo "$ends" | tr '\n' ' ')
    server two 127.0.0.1:$two_port port $two_watch $(echo "$ends" | tr '\n' ' ')
END
    haproxy -db -f "$tmp/haproxy.conf" >"$tmp/haproxy.log" 2>&1 &
    balancer=$!
    pids="$pids $balancer"
    await listens "$house_port"
}

serve_one
serve_two
balance http
await knows_of_another "$one_watch"
await knows_of_another "$two_watch"

# ---- every request at another one ----

# shellcheck disable=SC2086 # options are words
expect 'an account' 0 'created account' account create --plaintext \
    --directory "$directory" --agree-tos $ca
# shellcheck disable=SC2046,SC2086
expect 'publish' 0 '' record publish www.shop.example --account default \
    --server "127.0.0.1@$TREE_PORT" --tsig-file "$tmp/zone.key" --force \
    --authoritative-port "$TREE_PORT" $(echo "$TREE_OPTIONS" |
    sed 's/--suffix-list [^ ]*//; s/--authoritative-port [^ ]*//')
# shellcheck disable=SC2086
expect 'our client' 0 'www.shop.example: issued' cert issue www.shop.example \
    $ca $TREE_OPTIONS
export REQUESTS_CA_BUNDLE="$trust" LEGO_CA_CERTIFICATES="$trust"
check 'certbot' sh -c 'certbot certonly --standalone --agree-tos -n \
    --register-unsafely-without-email --http-01-address 127.0.0.1 \
    --http-01-port "$2" -d cb.shop.example --server "$3" \
    --config-dir "$1/certbot" --work-dir "$1/cb-work" --logs-dir "$1/cb-logs" \
    >"$1/out" 2>"$1/err"' - "$tmp" "$http_port" "$directory"
check 'lego' sh -c 'lego --path "$1/lego" --server "$3" --accept-tos \
    --email owner@shop.example --domains lego.shop.example --http \
    --http.port "127.0.0.1:$2" run >"$1/out" 2>"$1/err"' - \
    "$tmp" "$http_port" "$directory"
mkdir -p "$tmp/web/.well-known/acme-challenge"
python3 -m http.server -b 127.0.0.1 -d "$tmp/web" "$http_port" \
    >"$tmp/web.log" 2>&1 &
web=$!
pids="$pids $web"
await listens "$http_port"
acme_sh_run() {
    (umask 022 && TMPDIR=$tmp sh "$acme_sh" --home "$tmp/acme.sh" \
        --config-home "$tmp/acme.sh" --server "$directory" \
        --ca-bundle "$trust" "$@") >"$tmp/out" 2>"$tmp/err"
}
check 'acme.sh, an account' acme_sh_run --register-account \
    -m owner@shop.example
check 'acme.sh' acme_sh_run --issue -d sh.shop.example -w "$tmp/web"
end "$web"

crowd_join all "$directory" "$trust" 8
crowd_round all whole 8 200 600
check 'a crowd, each order well' [ "$orders $wrong" = '200 0' ]
refused='requests_total{problem="badNonce",status="400"}'
check 'no nonce was refused' [ "$(count_at "$one_watch" "$refused") $(
    count_at "$two_watch" "$refused")" = '0 0' ]
check 'both were asked' [ "$(count_at "$one_watch" certificates_issued_total)" \
    -gt 20 -a "$(count_at "$two_watch" certificates_issued_total)" -gt 20 ]

# Whoever fails fails at both (REQ VAL-28): ten times an hour.
say few account >"$tmp/out"
tries=0
while [ "$tries" -lt 15 ]; do
    say few order none.shop.example >"$tmp/out"
    say few challenge "$(jq -r .url "$tmp/out")" >"$tmp/out"
    ! jq -e '.code == 429' "$tmp/out" >/dev/null || break
    tries=$((tries + 1))
done
check 'they count failures together' [ "$tries" = 10 ]

# Both say the same of who does what.
tells_all() { # STATE
    "$HOLDFAST" ca status --state-dir "$1" >"$tmp/out" 2>"$tmp/err" || true
    grep -q '^leases name chores, holder [^ ]*/ca, fence 1, until 2' \
        "$tmp/out" && [ "$(grep -c '^keepers name [^ ]*/ca, since 2' \
        "$tmp/out")" = 2 ]
}
check 'one tells who holds the lease, and who serves' tells_all "$house"
check 'and so does the other' tells_all "$second"

# ---- one of them is killed ----

accounts
begin 3000
await said_more_than 10
# Whoever has this challenge waits for a web server that says nothing.
python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(3000)' "$http_port" &
silent=$!
pids="$pids $silent"
await listens "$http_port"
say slow account >"$tmp/out"
say slow order slow.shop.example >"$tmp/slow.json"
challenge=$(jq -r '.authorizations[0].challenges[] |
    select(.type == "http-01") | .url' "$tmp/slow.json")
say slow post "$challenge" '{}' >"$tmp/out"
slow_id=$(jq -r '.body.authorizations[0]' "$tmp/slow.json" | sed 's|.*/||')
slow() { # COLUMN
    pg_sql "$pg_port" "SELECT $1 FROM authz WHERE id = $slow_id"
}
check 'one of them is at it' [ "$(slow status)" = processing ]
whose=$(pg_sql "$pg_port" "SELECT name FROM keeper WHERE id = $(slow busy_by)")
before=$(slow busy_by)
case $whose in
*:$second/ca) killed=$two_pid left=$one_watch again=serve_two ;;
*) killed=$one_pid left=$two_watch again=serve_one ;;
esac
env kill -9 -- "-$killed"
wait "$killed" 2>/dev/null || true
await said_more_than $(($(said_so_many) + 10))
ok 'the other one goes on'
other_has_it() {
    [ "$(slow busy_by)" != "$before" ] || [ "$(slow status)" != processing ]
}
await other_has_it
ok 'and takes up what was under way'
end "$silent"
$again
await knows_of_another "$left"

# ---- every connection at another one ----

end "$balancer"
balance tcp
trust=$house/ca/root.pem
await said_more_than $(($(said_so_many) + 10))
ok 'a balancer of connections'
# One ends in order: its clients go on at the other.
kill "$two_pid"
status=0
wait "$two_pid" || status=$?
check 'one ends in order' [ "$status" = 0 ]
await said_more_than $(($(said_so_many) + 10))
ok 'and nobody waits for it'
# shellcheck disable=SC2086 # numbers
end $streams
await nothing_is_under_way
serve_two

# ---- what was kept ----

judge_rows 'two of them'
expect 'the log of the first' 0 '' ca audit verify --folder "$house/ca/evidence"
expect 'the log of the second' 0 '' ca audit verify \
    --folder "$second/ca/evidence"
for folder in "$house" "$second"; do
    "$HOLDFAST" ca audit show --state-dir "$folder" --kind issue --json \
        >"$tmp/issued"
    grep -o '"serial":"[0-9A-Fa-f]*"' "$tmp/issued" | cut -d '"' -f 4 |
        tr a-f A-F | sort >"$tmp/logged"
    pg_sql "$pg_port" "SELECT upper(serial) FROM certificate
        WHERE log LIKE '%:$folder/ca'" | sort >"$tmp/a"
    comm -23 "$tmp/a" "$tmp/logged" >"$tmp/out"
    check "each has what its certificates say" [ -s "$tmp/a" -a ! -s "$tmp/out" ]
done
check 'no certificate is of nobody' [ "$(pg_sql "$pg_port" "SELECT count(*)
    FROM certificate WHERE log NOT LIKE '%:$house/ca' AND
    log NOT LIKE '%:$second/ca'")" = 0 ]
serial=$(pg_sql "$pg_port" "SELECT serial FROM certificate
    WHERE revoked_at IS NULL ORDER BY serial LIMIT 1")
expect 'the operator revokes' 0 'revoked' ca cert revoke "$serial" \
    --store "$store"
crl=$(pg_sql "$pg_port" "SELECT shard FROM certificate
    WHERE serial = '$serial'")
listed() {
    curl -s --cacert "$trust" "${directory%directory}crl/$crl.crl" >"$tmp/crl" &&
        openssl crl -inform DER -in "$tmp/crl" -noout -text 2>/dev/null |
        grep -qi "Serial Number: $serial"
}
await listed
ok 'one of them makes the list'
end "$one_pid" "$two_pid"
check 'who ended is gone' [ "$(pg_sql "$pg_port" \
    'SELECT count(*) FROM keeper')" = 0 ]
exit $failed
