#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Durable rows through the store, one, ten and a hundred in a transaction, in
# turn with the least that can be done: SQLite's own calls, and pgbench with the
# same statements prepared. The figure is CPU time of the client, which others on
# the machine do not change; how many a second, which is up to the disk and the
# server, stands in the text for both. See bench/run for the environment.
set -eu

rounds=3
tmp=$(mktemp -d)
chmod 755 "$tmp"
spend=$BUILD/bench/bench-spend
# shellcheck source=bench/figures.sh
. "$SRC/bench/figures.sh"
# shellcheck source=tests/peer/pg.sh
. "$SRC/tests/peer/pg.sh"

server=
cleanup() {
    [ -z "$server" ] || pg_kill "$server"
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

mkdir "$tmp/bin"
cp "$BUILD/bench/bench-store-load" "$BUILD/bench/bench-store-floor" "$tmp/bin"
[ ! -e "$BUILD/holdfast-postgresql.so" ] ||
    cp "$BUILD/holdfast-postgresql.so" "$tmp/bin"
load=$tmp/bin/bench-store-load
floor=$tmp/bin/bench-store-floor

# Rows that take a second or two.
rows_of() { # BATCH
    case $1 in
    1) echo 1000 ;;
    10) echo 5000 ;;
    *) echo 20000 ;;
    esac
}

# figure ENGINE BATCH ROWS PEER GOAL: of the lines in ours and floor.
figure() {
    awk -v engine="$1" -v batch="$2" -v count="$3" -v peer="$4" \
        -v goal="$5" -v ours="$(least "$tmp/ours" 2)" \
        -v floor="$(least "$tmp/floor" 2)" \
        -v wall="$(least "$tmp/ours" 1)" \
        -v floor_wall="$(least "$tmp/floor" 1)" \
        -v rows="$BENCH_ROWS" 'BEGIN {
        name = engine ", " batch " in a transaction"
        printf "%s: %.0f rows/s, %.0f transactions/s; %s %.0f rows/s\n",
            name, count / wall * 1e6, count / batch / wall * 1e6, peer,
            count / floor_wall * 1e6
        printf "%s\t%.1f us CPU a row\t%s %.1f us\t%.2f\tat most %s x\t%s\n",
            name, ours / count, peer, floor / count, ours / floor, goal,
            ours <= goal * floor ? "met" : "MISSED" >>rows
    }'
}

bench_sqlite() { # BATCH
    count=$(rows_of "$1")
    : >"$tmp/ours"
    : >"$tmp/floor"
    for round in $(seq $rounds); do
        "$spend" 1 "$tmp/said.ours" "$load" "$tmp/$1.$round.ours" "$count" \
            "$1" >>"$tmp/ours"
        "$spend" 1 "$tmp/said.floor" "$floor" "$tmp/$1.$round.floor" "$count" \
            "$1" >>"$tmp/floor"
        cmp "$tmp/said.ours" "$tmp/said.floor"
        rm -f "$tmp/$1.$round".*
    done
    figure SQLite "$1" "$count" 'its own calls' 1.15
}

# A transaction of pgbench's, with the same statements.
script() { # BATCH
    echo BEGIN\;
    for _ in $(seq "$1"); do
        echo "INSERT INTO load (id, parent, body) SELECT nextval('ids')," \
            "7, repeat('x', 400);"
    done
    echo COMMIT\;
}

bench_postgresql() { # BATCH
    count=$(rows_of "$1")
    script "$1" >"$tmp/script"
    : >"$tmp/ours"
    : >"$tmp/floor"
    for _ in $(seq $rounds); do
        pg_sql "$port" 'TRUNCATE load'
        "$spend" 1 "$tmp/said.ours" "$load" "$url" "$count" "$1" >>"$tmp/ours"
        pg_sql "$port" 'TRUNCATE load'
        PGOPTIONS='-c default_transaction_isolation=serializable' \
            "$spend" 1 "$tmp/said.floor" "$pg_bin/pgbench" -n -M prepared \
            -f "$tmp/script" -t $((count / $1)) -h "$tmp/pg" -p "$port" \
            -U holdfast holdfast >>"$tmp/floor" 2>"$tmp/pgbench"
    done
    figure PostgreSQL "$1" "$count" pgbench 1
}

for batch in 1 10 100; do
    bench_sqlite $batch
done

if ! pg_find || [ ! -e "$tmp/bin/holdfast-postgresql.so" ]; then
    echo "PostgreSQL is not here, or holdfast was built without it"
    exit 0
fi
port=$(python3 "$SRC/tests/peer/ports.py" free 1)
pg_make "$tmp/pg"
echo 'fsync = on' >>"$tmp/pg/postgresql.conf"
pg_run "$tmp/pg" "$port"
server=$tmp/pg
url="postgresql://holdfast@/holdfast?host=$tmp/pg&port=$port"
"$load" "$url" 1 1 >"$tmp/said"
pg_sql "$port" 'CREATE SEQUENCE ids CACHE 1000'
for batch in 1 10 100; do
    bench_postgresql $batch
done
