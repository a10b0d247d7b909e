# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# await.sh -- waiting for other processes, to be sourced. It takes as long as
# it takes: time never decides a test, so the limit is for what will never be.
#
#   await COMMAND...                until it succeeds
#   listens PORT|PATH               somebody does, at 127.0.0.1 or a socket
#   serves ADDRESS PORT ZONE...     a name server has all of these
#   runs PID                        the process has not ended
#   end PID...                      ask them to, and wait until they have

await() {
    waited=0
    until "$@"; do
        waited=$((waited + 1))
        [ $waited -lt 1200 ] || {
            echo "not ok - after a minute, still not: $*" >&2
            exit 1
        }
        sleep 0.05
    done
}

# Without a connection, which whoever listens would have to make sense of.
listens() {
    case $1 in
    /*) grep -q " 00010000 [0-9]* [0-9]* *[0-9]* $1\$" /proc/net/unix ;;
    *) grep -q ": 0100007F:$(printf %04X "$1") 00000000:0000 0A " \
        /proc/net/tcp ;;
    esac
}

serves() {
    server="@$1 -p $2"
    shift 2
    # shellcheck disable=SC2046,SC2086 # words
    [ "$(kdig $server +timeout=1 +retry=0 +short $(printf '%s SOA ' "$@") \
        2>/dev/null | grep -c '^[^;]')" = $# ]
}

# A zombie waits for whoever adopted it and does nothing any more.
runs() {
    grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

# Until they are gone they still write, and their folder cannot be removed.
# Whoever does not listen is not asked for ever.
end() {
    [ $# = 0 ] || kill "$@" 2>/dev/null || true
    for process in "$@"; do
        waited=0
        while runs "$process"; do
            waited=$((waited + 1))
            [ $waited != 600 ] || kill -9 "$process" 2>/dev/null || true
            sleep 0.05
        done
    done
}
