#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 of our own CA, all of its processes, again and again while clients
# order: whatever it said yes to is still so, nothing is there twice, and what
# was under way comes to its end by itself. On SQLite and on PostgreSQL; then
# PostgreSQL's primary is killed for good, and a disk is full.
#
# REQ REUSE-14.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# A disk that can be full is mounted for ourselves alone.
if [ -z "${CA_CRASH_MOUNTS-}" ] && unshare -m mount --bind / / 2>/dev/null; then
    CA_CRASH_MOUNTS=1 exec unshare -m sh "$here/ca-crash.sh"
fi
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
# shellcheck source=tests/peer/client.sh
. "$here/client.sh"
needs knotd knsupdate jq curl sqlite3 python3
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'
rounds=${CA_CRASHES-8}
one='' two='' small=''

at_end() {
    for server in $one $two; do
        pg_kill "$tmp/$server"
    done
    [ -z "$small" ] || umount -l "$small"
}

house_open

did_more_than() { # EVENTS: of the log of what it does
    [ "$(wc -l <"$tmp/ca.log")" -gt "$1" ]
}

# ---- many deaths ----

judge_log() { # ENGINE
    expect "$1: the log of evidence" 0 '' ca audit verify \
        --folder "$house/ca/evidence"
    "$HOLDFAST" ca audit show --state-dir "$house" --kind issue --json \
        >"$tmp/issued"
    grep -o '"serial":"[0-9A-Fa-f]*"' "$tmp/issued" | cut -d '"' -f 4 |
        tr a-f A-F | sort >"$tmp/a"
    check "$1: it has every certificate" [ \
        -z "$(comm -23 "$tmp/serials" "$tmp/a")" ]
    check "$1: and none twice" [ -z "$(uniq -d "$tmp/a")" ]
    # What was handed out is there whole, for tables that have lost it.
    "$HOLDFAST" ca audit show --state-dir "$house" --kind certificate --json |
        jq -r '"\(.body.entry)"' | sort >"$tmp/b"
    rows "SELECT entry FROM certificate WHERE length(der) > 0" | sort >"$tmp/a"
    check "$1: it has every certificate whole" [ \
        -z "$(comm -23 "$tmp/a" "$tmp/b")" ]
    rows "SELECT entry FROM certificate WHERE length(der) = 0" | sort >"$tmp/a"
    check "$1: and so have the tables" [ -z "$(comm -12 "$tmp/a" "$tmp/b")" ]
}

deaths() { # ENGINE
    serve
    accounts
    begin "$seconds"
    round=0
    while [ $round -lt "$rounds" ]; do
        await said_more_than "$(said_so_many)"
        # Wherever it is, some events later.
        await did_more_than $(($(wc -l <"$tmp/ca.log") + round * 7 % 10))
        strike
        serve
        round=$((round + 1))
    done
    # shellcheck disable=SC2086 # numbers
    end $streams
    strike
    # Also where others may serve from the store: it has the name of the one
    # that died.
    serve
    await nothing_is_under_way
    ok "$1: what was under way is over"
    judge_rows "$1"
    judge_log "$1"
    house_close
    check "$1: it ends in order" [ "$status" = 0 ]
}

seconds=3000
store=''
house_found --plaintext
deaths SQLite

# ---- a full disk ----

refuses() { # with a status that says whose fault it is
    say 1 order 1.shop.example >"$tmp/refused" 2>"$tmp/refused.err" || true
    jq -e '.code == 500 or .code == 503' "$tmp/refused" >"$tmp/jq" 2>&1
}

full_disk() {
    usual=$house
    house=$tmp/small
    mkdir -m 700 "$house"
    mount -t tmpfs -o size=8m,mode=700 tmpfs "$house"
    small=$house
    house_found --plaintext
    serve
    accounts
    begin "$seconds"
    await said_more_than 3
    dd if=/dev/zero of="$house/fill" bs=4k 2>"$tmp/dd" || true
    await refuses
    ok 'a full disk: it says so'
    rm "$house/fill"
    await said_more_than $(($(said_so_many) + 3))
    ok 'there is room: it serves again'
    # shellcheck disable=SC2086 # numbers
    end $streams
    await nothing_is_under_way
    judge_rows 'a full disk'
    judge_log 'a full disk'
    house_close
    house=$usual
}

if [ -n "${CA_CRASH_MOUNTS-}" ]; then
    full_disk
else
    echo "nothing of a full disk: nothing can be mounted here"
fi

# ---- and with PostgreSQL ----

if ! pg_find; then
    echo "nothing of PostgreSQL: it is missing"
    exit $failed
fi
# Programs of another user go into it.
chmod 711 "$tmp"
# shellcheck disable=SC2046 # two numbers
set -- $(python3 "$here/ports.py" free 2)
one_port=$1 two_port=$2
umask 022 # what they read there
pg_make "$tmp/one"
pg_run "$tmp/one" "$one_port"
umask 077
one=one
hosts=127.0.0.1:$one_port,127.0.0.1:$two_port
pg_port=$one_port
store="--store postgresql://holdfast@$hosts/holdfast?sslmode=disable"
deaths PostgreSQL

# The primary dies, and there is a standby that has all of it.
umask 022
pg_follow "$tmp/two" "$two_port" "$one_port"
umask 077
two=two
store="$store&$pg_sync"
serve
accounts
begin "$seconds"
await said_more_than 3
pg_kill "$tmp/one"
one=
pg_promote "$tmp/two"
pg_port=$two_port
await said_more_than $(($(said_so_many) + 3))
ok 'the primary is dead, and it serves'
await serves_again
# shellcheck disable=SC2086 # numbers
end $streams
strike
serve
await nothing_is_under_way
judge_rows 'a standby'
judge_log 'a standby'
house_close
exit $failed
