# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# pg.sh -- PostgreSQL on loopback, to be sourced. Each server has a directory
# of its own, which no other user needs to read; root hands it to `nobody`, as
# PostgreSQL does not run as root. Its sockets are in the directory, too.
#
#   pg_find                   status 1: not installed
#   pg_make DIR               a database cluster whose order of texts is that of
#                             a language, with a database `holdfast`
#   pg_run DIR PORT           start it, and wait until it is up
#   pg_follow DIR PORT FROM   a standby, in DIR, of the one whose port is FROM;
#                             $pg_sync in a URL waits until it has a change
#   pg_stop DIR; pg_kill DIR  in order; with SIGKILL, all of its processes
#   pg_promote DIR            make a standby the one that may be written to
#   pg_sql PORT SQL           as its administrator; rows as plain text

pg_bin=
pg_as=
# shellcheck disable=SC2034 # for others
pg_sync='options=-c%20synchronous_commit%3Don'

pg_find() {
    for bin in /usr/lib/postgresql/*/bin; do
        [ ! -x "$bin/initdb" ] || pg_bin=$bin
    done
    [ -n "$pg_bin" ] || return 1
    [ "$(id -u)" != 0 ] || pg_as='setpriv --reuid=nobody --clear-groups'
}

# What a server says when it does not do what it is told.
pg_do() { # DIR COMMAND...
    pg_dir=$1
    shift
    # shellcheck disable=SC2086 # words, or none
    (cd / && $pg_as "$@") >>"$pg_dir.out" 2>&1 </dev/null || {
        echo "pg.sh: $*" >&2
        tail -n 20 "$pg_dir.out" "$pg_dir/log" >&2
        return 1
    }
}

pg_folder() {
    mkdir -m 700 "$1"
    [ -z "$pg_as" ] || chown nobody "$1"
}

# Not a test of the disk: nothing here outlives the machine.
pg_make() {
    pg_folder "$1"
    pg_do "$1" "$pg_bin/initdb" -D "$1" -U holdfast -A trust -E UTF8 \
        --locale=C.UTF-8 --locale-provider=icu --icu-locale=en --no-sync
    cat >>"$1/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$1'
fsync = off
logging_collector = off
max_connections = 60
synchronous_standby_names = '*'
END
    # A user has a database of its name. Who does not ask for it does not wait
    # for a standby.
    cat >"$1.sql" <<END
CREATE DATABASE holdfast
ALTER ROLE holdfast SET synchronous_commit = local
END
    pg_do "$1" sh -c "'$pg_bin/postgres' --single -D '$1' \
        -c synchronous_commit=local postgres <'$1.sql'"
}

pg_run() {
    pg_do "$1" "$pg_bin/pg_ctl" -D "$1" -l "$1/log" -w -t 60 \
        -o "-p $2" start
}

pg_follow() {
    pg_folder "$1"
    pg_do "$1" "$pg_bin/pg_basebackup" -D "$1" -h 127.0.0.1 -p "$3" \
        -U holdfast -R -X stream -c fast --no-sync
    cat >>"$1/postgresql.conf" <<END
unix_socket_directories = '$1'
synchronous_standby_names = ''
END
    pg_run "$1" "$2"
}

pg_stop() {
    pg_do "$1" "$pg_bin/pg_ctl" -D "$1" -w -m immediate stop
}

# The first line of the file is the server; some of its children may end by
# themselves meanwhile.
pg_kill() {
    pg_server=$(head -n 1 "$1/postmaster.pid")
    # shellcheck disable=SC2046 # a list of numbers
    kill -9 "$pg_server" $(pgrep -P "$pg_server") 2>/dev/null || true
}

pg_promote() {
    pg_do "$1" "$pg_bin/pg_ctl" -D "$1" -w promote
}

pg_sql() {
    "$pg_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$1" \
        -U holdfast -d "${3-holdfast}" -c "$2"
}
