#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The store on real PostgreSQL servers: the unit tests that it passes on SQLite;
# and two servers of which the first is killed while a writer is at work.
set -eu

here=$(dirname "$0")
tmp=$(mktemp -d)
chmod 755 "$tmp"
# shellcheck source=tests/peer/pg.sh
. "$here/pg.sh"
pg_find || {
    echo "skipped: PostgreSQL is not installed"
    exit 77
}
[ -e "$BUILD/holdfast-postgresql.so" ] || {
    echo "skipped: built without PostgreSQL"
    exit 77
}

running=
cleanup() {
    for server in $running; do
        pg_kill "$server"
    done
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# shellcheck disable=SC2046 # a list of numbers
set -- $(python3 "$here/ports.py" free 1)
one=$1
pg_make "$tmp/one"
pg_run "$tmp/one" "$one"
running="$tmp/one"

# The plug-in is looked for beside the program.
mkdir "$tmp/bin"
cp "$BUILD/holdfast-postgresql.so" "$tmp/bin"

run_unit() { # NOUN
    cp "$BUILD/tests/unit/test_$1" "$tmp/bin"
    STORE_URL="postgresql://holdfast@127.0.0.1:$one/holdfast?sslmode=disable" \
    STORE_SQL="$pg_bin/psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 \
-p $one -U holdfast -c" "$tmp/bin/test_$1"
}

run_unit store
run_unit lease
