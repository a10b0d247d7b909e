#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The store on real PostgreSQL servers: the unit tests that it passes on SQLite;
# what it makes of a server that breaks off; and two servers of which the first
# is killed while a writer is at work: it goes on at the second by itself, and
# what it was told is kept is there.
set -eu

here=$(dirname "$0")
tmp=$(mktemp -d)
chmod 755 "$tmp"
# shellcheck source=tests/peer/await.sh
. "$here/await.sh"
# shellcheck source=tests/peer/pg.sh
. "$here/pg.sh"
pg_find || {
    echo "skipped: PostgreSQL is not installed"
    exit 77
}
if [ ! -e "$BUILD/holdfast-postgresql.so" ] ||
    [ ! -e "$BUILD/tests/peer/store_breaks" ]; then
    echo "skipped: built without PostgreSQL, or without tests"
    exit 77
fi

running=
writer=
cleanup() {
    [ -z "$writer" ] || kill "$writer" || true
    for server in $running; do
        pg_kill "$server"
    done
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

fail() {
    echo "not ok - $1"
    tail -n 20 "$tmp"/*/log "$tmp/writer.err" || true
    exit 1
}

# shellcheck disable=SC2046 # a list of numbers
set -- $(python3 "$here/ports.py" free 2)
one=$1 two=$2
running="$tmp/one"
pg_make "$tmp/one"
pg_run "$tmp/one" "$one"

# The plug-in is looked for beside the program.
mkdir "$tmp/bin"
cp "$BUILD/holdfast-postgresql.so" "$BUILD/tests/unit/test_store" \
    "$BUILD/tests/peer/store_breaks" "$BUILD/tests/peer/store_writer" "$tmp/bin"

# On the network, and by a socket, where no certificate is asked for.
tcp=postgresql://holdfast@127.0.0.1:$one/holdfast
socket="postgresql://holdfast@/holdfast?host=$tmp/one&port=$one"
STORE_SQL="$pg_bin/psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $one \
-U holdfast -c"
export STORE_SQL
STORE_URL="$tcp?sslmode=disable" "$tmp/bin/test_store"
for noun in lease ca_engine ca_order ca_finalize ca_subdomains seat reconcile \
    revocation revoked; do
    cp "$BUILD/tests/unit/test_$noun" "$tmp/bin"
    STORE_URL=$socket "$tmp/bin/test_$noun"
done
STORE_URL=$socket STORE_URL_STRICT=$tcp STORE_URL_ALONE="$socket&$pg_sync" \
    "$tmp/bin/store_breaks"

# Kept is what the standby has, too.
running="$running $tmp/two"
pg_follow "$tmp/two" "$two" "$one"
pg_sql "$one" 'DROP SCHEMA public CASCADE' >"$tmp/psql" 2>&1
pg_sql "$one" 'CREATE SCHEMA public'

count=3000
hosts="127.0.0.1:$one,127.0.0.1:$two"
"$tmp/bin/store_writer" \
    "postgresql://holdfast@$hosts/holdfast?sslmode=disable&$pg_sync" $count \
    >"$tmp/written" 2>"$tmp/writer.err" &
writer=$!

# It may not have begun: there is no file, then.
has_written() { # COUNT
    [ -e "$tmp/written" ] && [ "$(wc -l <"$tmp/written")" -ge "$1" ]
}

await has_written 500
pg_kill "$tmp/one"
running="$tmp/two"
pg_promote "$tmp/two"
wait $writer || fail "the writer gave up"
writer=
seq $count | cmp - "$tmp/written" || fail "the writer skipped something"
pg_sql "$two" 'SELECT number FROM written ORDER BY number' >"$tmp/found"
cmp "$tmp/written" "$tmp/found" || fail "what was kept is not there"
[ "$(pg_sql "$two" 'SELECT pg_is_in_recovery()')" = f ] ||
    fail "the second server is not the first one now"
echo "ok - $count kept; the first server was killed after 500"
