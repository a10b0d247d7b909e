#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our own CA over PostgreSQL loses its database and gets an older copy back:
# pg_dump while clients order and revoke, more of both, the database is dropped,
# pg_restore, `ca doctor --repair`. No certificate and no revocation that anybody
# was told of is missing, none is there twice, and it serves on.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
# shellcheck source=tests/peer/streams.sh
. "$here/streams.sh"
# shellcheck source=tests/peer/client.sh
. "$here/client.sh"
# shellcheck source=tests/peer/pg.sh
. "$here/pg.sh"
needs knotd knsupdate jq curl python3 openssl
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'
pg_find || skip 'PostgreSQL is not installed'
database=

at_end() {
    [ -z "$database" ] || pg_kill "$tmp/$database"
}

# ---- words ----

told() { # PATTERN: serial numbers of what clients were told
    sed -n "s/^$1 //p" "$tmp"/said.? "$tmp/told" | tr A-F a-f | sort
}

listed() { # all lists of revoked certificates
    for shard in 0 1 2 3 4 5 6 7; do
        curl -s --cacert "$house/ca/root.pem" \
            "https://localhost:$house_port/crl/$shard.crl" |
            openssl crl -inform DER -noout -text 2>/dev/null
    done | sed -n 's/^ *Serial Number: //p' | tr A-F a-f | sort
}

all_are_listed() {
    told revoked >"$tmp/a"
    listed >"$tmp/b"
    [ -z "$(comm -23 "$tmp/a" "$tmp/b")" ]
}

in_table() { # CONDITION
    rows "SELECT lower(serial) FROM certificate WHERE $1" | sort
}

# Whatever clients were told, and the log has, is in the table once.
judge_copy() { # WHAT
    in_table true >"$tmp/b"
    told 'certificate [^ ]*' >"$tmp/a"
    check "$1: no certificate is lost" [ -z "$(comm -23 "$tmp/a" "$tmp/b")" ]
    "$HOLDFAST" ca audit show --state-dir "$house" --kind issue --json |
        jq -r 'select(.body.order | startswith("https:")) | .body.serial' |
        sort >"$tmp/a"
    check "$1: it has what the log has, each once" cmp "$tmp/a" "$tmp/b"
    told revoked >"$tmp/a"
    in_table 'revoked_at IS NOT NULL' >"$tmp/b"
    check "$1: no revocation is lost" [ -z "$(comm -23 "$tmp/a" "$tmp/b")" ]
    # Nobody revokes what nobody asked to be revoked, but for what a client
    # asked for and was not answered.
    in_table "revoked_at IS NOT NULL AND reason NOT IN (4, 5)" >"$tmp/b"
    check "$1: at most one more of each client" [ \
        "$(comm -13 "$tmp/a" "$tmp/b" | wc -l)" -le 3 ]
    check "$1: all are there whole" [ "$(in_table 'length(der) = 0 AND
        revoked_at IS NULL')" = '' ]
}

doctor() { # WHAT STATUS PATTERN [OPTION...]
    what=$1 want=$2 pattern=$3
    shift 3
    # shellcheck disable=SC2086 # options
    expect "$what" "$want" "$pattern" ca doctor $store "$@"
}

# ---- a CA, and a copy of its database under load ----

house_open
chmod 711 "$tmp" # programs of another user go into it
# shellcheck disable=SC2046 # a number
set -- $(python3 "$here/ports.py" free 1)
pg_port=$1
umask 022 # what they read there
pg_make "$tmp/one"
printf '%s\n' "synchronous_standby_names = ''" 'fsync = on' \
    >>"$tmp/one/postgresql.conf"
pg_run "$tmp/one" "$pg_port"
umask 077
database=one
store="--store postgresql://holdfast@127.0.0.1:$pg_port/holdfast?sslmode=disable"
state=$house
house_found --plaintext
: >"$tmp/told"
serve
accounts
begin 3000
await said_more_than 5
"$pg_bin/pg_dump" -Fc -h 127.0.0.1 -p "$pg_port" -U holdfast \
    -f "$tmp/copy" holdfast
copied=$(said_so_many)
await said_more_than $((copied + 15))
# shellcheck disable=SC2086 # numbers
end $streams
# One of which we know that it is newer, and good, and one that is revoked.
prove 1
say 1 finalize "$order" >"$tmp/out"
certificate=$(jq -r .body.certificate "$tmp/out")
newer=${certificate##*/}
echo "certificate $order $newer" >>"$tmp/told"
say 1 order 1.shop.example >"$tmp/out"
order=$(jq -r .url "$tmp/out")
say 1 challenge "$order" >"$tmp/out"
say 1 finalize "$order" >"$tmp/out"
certificate=$(jq -r .body.certificate "$tmp/out")
revoke
gone=${certificate##*/}
printf '%s\n' "certificate $order $gone" "revoked $gone" >>"$tmp/told"
await all_are_listed
ok 'all that was revoked is on a list'
judge_copy 'before'
strike

# ---- it is lost, and put back ----

pg_sql "$pg_port" 'DROP DATABASE holdfast' postgres
pg_sql "$pg_port" 'CREATE DATABASE holdfast' postgres
"$pg_bin/pg_restore" --exit-on-error -h 127.0.0.1 -p "$pg_port" -U holdfast \
    -d holdfast "$tmp/copy"
check 'the copy is an older one' [ -n "$(in_table true |
    comm -13 - "$tmp/a")" ]
doctor 'what is missing is told' 2 'the tables are an older copy'
said "$newer: it is in the log and not in the tables" ||
    not_ok 'one of them by its serial number'
check 'nothing is changed by that' [ -z "$(in_table true |
    grep -e "$newer" -e "$gone")" ]
doctor 'it is put back' 0 "$newer: .* good until it is revoked" --repair
said 'which the log has as revoked, were good in the tables: they are' ||
    not_ok 'and so are revocations'
said 'all is well' || not_ok 'then all is well'
doctor 'it is there' 0 'all is well'
judge_copy 'after'
# shellcheck disable=SC2086 # options
expect 'when it was revoked is as it was' 0 'revoked .*reason 0' \
    ca cert show "$gone" $store

# ---- it serves on ----

serve
await all_are_listed
ok 'all that was revoked is on a list again'
say 1 get "${directory%/directory}/cert/$newer" >"$tmp/out"
jq -r .body "$tmp/out" | openssl x509 -noout -serial >"$tmp/serial" ||
    not_ok 'no certificate'
check 'its account gets what is newer' grep -qi "=$newer\$" "$tmp/serial"
certificate=${directory%/directory}/cert/$newer
revoke
echo "revoked $newer" >>"$tmp/told"
await all_are_listed
ok 'and may revoke it'
cat "$tmp"/said.? >>"$tmp/told" # which others take the place of
begin 3000
await said_more_than 9
# shellcheck disable=SC2086 # numbers
end $streams
await nothing_is_under_way
await all_are_listed
judge_copy 'later'
doctor 'all is well' 0 'published: the lists at the URLs'
said 'all is well' || not_ok 'all is well'
house_close
exit $failed
