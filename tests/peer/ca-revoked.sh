#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A revocation that anybody was told of outlives the database, though no list
# has it yet: the answer waits for the log of evidence, and from there it comes
# back into an older copy and into an empty database, with its reason and its
# moment. On SQLite and on PostgreSQL.
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
needs knotd knsupdate jq curl sqlite3 python3 prlimit
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'
ttl=3600
database=

at_end() {
    [ -z "$database" ] || pg_kill "$tmp/$database"
}

# ---- words ----

# What is revoked, and what key is known to others.
revocations() {
    rows 'SELECT serial, revoked_at, reason FROM certificate
        WHERE revoked_at IS NOT NULL ORDER BY serial'
    rows 'SELECT count(*) FROM blocked_key'
}

logged() { # SERIAL: how often
    "$HOLDFAST" ca audit show --state-dir "$house" --kind revoke \
        --serial "$1" --json | wc -l
}

issuer() {
    pgrep -s "$house_pid" -f '_issuer$'
}

is_revoked_in_table() { # SERIAL
    [ "$(rows "SELECT count(*) FROM certificate WHERE serial = '$1'
        AND revoked_at IS NOT NULL")" = 1 ]
}

# No list of revoked certificates has ever been signed, for all we know.
lose_lists() {
    rm -f "$house"/ca/evidence/?.crl
}

# shellcheck disable=SC2086 # options
operator() { # WHAT STATUS PATTERN WORD...
    what=$1 want=$2 pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" ca "$@" $store
}

# shellcheck disable=SC2317 # called by name
is_as_before() {
    revocations | cmp - "$tmp/before"
}

# ---- each engine ----

answer_waits() { # ENGINE
    stopped=$(issuer)
    kill -STOP "$stopped"
    say 1 revoke "$certificate" 4 >"$tmp/answer" 2>&1 &
    asker=$!
    await is_revoked_in_table "$serial"
    check "$1: no answer before the log has it" [ ! -s "$tmp/answer" ]
    kill -CONT "$stopped"
    wait $asker
    check "$1: and then there is one" jq -e '.code == 200' "$tmp/answer"
    check "$1: the log has it" [ "$(logged "$serial")" = 1 ]
}

answer_tells() { # ENGINE
    prlimit --pid "$(issuer)" --fsize=0:
    say 1 revoke "$certificate" 5 >"$tmp/answer" 2>&1
    check "$1: a log that cannot be written is said" \
        jq -e '.code == 500 and (.body.detail | test("ask again"))' \
        "$tmp/answer"
    prlimit --pid "$(issuer)" --fsize=unlimited:
    say 1 revoke "$certificate" 5 >"$tmp/answer" 2>&1
    check "$1: asked again, it is revoked" \
        jq -e '.body.type | test("alreadyRevoked")' "$tmp/answer"
    check "$1: and the log has that" [ "$(logged "$serial")" -ge 1 ]
}

# Revoked are: before the copy, by a client, with a stopped and a full issuer,
# and by the operator, while the CA serves and while it does not.
revoke_all() { # ENGINE
    serve
    enter 1 www mail api shop
    issue www
    revoke
    copy_database
    issue mail
    answer_waits "$1"
    issue api
    answer_tells "$1"
    issue shop
    operator "$1: the operator revokes" 0 "revoked $serial" \
        cert revoke "$serial" --reason keyCompromise
    check "$1: the log has it at once" [ "$(logged "$serial")" = 1 ]
    issue www
    spare=$serial
    issue mail # stays good
    serial=$spare
    strike
    operator "$1: and without a CA that serves" 0 "revoked $serial" \
        cert revoke "$serial" --reason superseded
    check "$1: the log has that, too" [ "$(logged "$serial")" = 1 ]
    operator "$1: once is enough" 0 "already_revoked $serial" \
        cert revoke "$serial"
    check "$1: it is there once" [ "$(logged "$serial")" = 1 ]
    revocations >"$tmp/before"
    check "$1: five are revoked" [ "$(grep -c '|' "$tmp/before")" = 5 ]
    lose_lists
}

# The log is another process's, which does not care for it.
operator_waits() { # ENGINE
    exec 9>>"$house/ca/evidence/lock"
    flock 9
    serial=$(rows 'SELECT serial FROM certificate WHERE revoked_at IS NULL
        LIMIT 1')
    operator "$1: a log that is locked is said" 75 \
        'no log of evidence has that yet' cert revoke "$serial"
    exec 9>&-
    operator "$1: and then it is written" 0 'already_revoked' \
        cert revoke "$serial"
    check "$1: the log has it then" [ "$(logged "$serial")" = 1 ]
    revocations >"$tmp/before"
    lose_lists
}

from_a_copy() { # ENGINE
    put_copy_back "$1"
    check "$1: a copy, and what was revoked since" is_as_before
    operator "$1: its doctor is content" 0 'all is well' doctor --offline
}

from_nothing() { # ENGINE
    lose_database
    serve
    check "$1: it says so when it starts" \
        grep -q '"event":"revoked_again","count":[5-9]' "$tmp/ca.log"
    check "$1: no database, and what was revoked" is_as_before
    await nothing_waits
    check "$1: nothing is told to the log twice" [ \
        "$(logged "$serial")" = 1 ]
    await is_listed "$serial"
    ok "$1: a list has it"
    house_close
}

nothing_waits() {
    [ "$(rows 'SELECT count(*) FROM unlogged')" = 0 ]
}

play() { # ENGINE
    revoke_all "$1"
    from_a_copy "$1"
    operator_waits "$1"
    from_nothing "$1"
}

# A process that may write no more is told so, and not ended.
trap '' XFSZ
house_open

# ---- SQLite ----

copy_database() {
    operator 'a copy' 0 'copied_to' backup "$tmp/copy.db"
}

lose_database() {
    rm -r "$house/ca/ledger"
}

put_copy_back() { # ENGINE
    lose_database
    operator "$1: the copy is put back" 0 '[45] revocations, which the log' \
        restore "$tmp/copy.db"
}

store=''
state=$house
house_found --plaintext
play SQLite

# ---- PostgreSQL ----

pg_find || {
    echo "nothing of PostgreSQL: it is missing"
    exit $failed
}

copy_database() {
    "$pg_bin/pg_dump" -Fc -h 127.0.0.1 -p "$pg_port" -U holdfast \
        -f "$tmp/copy" holdfast
}

lose_database() {
    pg_sql "$pg_port" 'DROP DATABASE holdfast WITH (FORCE)' postgres
    pg_sql "$pg_port" 'CREATE DATABASE holdfast' postgres
}

put_copy_back() { # ENGINE
    lose_database
    "$pg_bin/pg_restore" --exit-on-error -h 127.0.0.1 -p "$pg_port" \
        -U holdfast -d holdfast "$tmp/copy"
    operator "$1: what is forgotten is told" 2 \
        'which the log has as revoked, are' doctor --offline
    operator "$1: and mended" 0 'they are revoked again' doctor --offline \
        --repair
}

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
rm -r "$house" "$tmp/1"
: >"$tmp/ca.log"
house_found --plaintext
play PostgreSQL
exit $failed
