#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What goes over the network at a renewal, seen by strace in all processes of
# the program: questions to DNS and no update, and one connection to the CA
# with eight requests, or five when the CA still remembers the validation.
#
# REQ CLI-32.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs knotd kdig jq strace
at_end() {
    sh "$here/many.sh" stop "$tmp/many"
}
strace -o "$tmp/try" true 2>"$tmp/err" || skip 'nothing can be traced here'

# is WHAT GOT WANTED
is() {
    if [ "$2" = "$3" ]; then
        echo "ok - $1: $2"
    else
        echo "not ok - $1: $2, wanted $3"
        sed 's/^/    /' "$tmp/out" "$tmp/err" | head -20
        failed=1
    fi
}

# The first octets of whatever was sent over sockets that are connected to the
# Internet, or to where sendto() and sendmsg() say: "udp PORT OPCODE" for each
# message of DNS, "tcp PORT" for each connection.
network() {
    python3 - "$tmp/trace" <<'END'
import re, sys
kinds, ports = {}, {}  # of (process, descriptor)
halves = {}  # of calls during which another process made one
for line in open(sys.argv[1]):
    pid, _, text = line.rstrip().partition(' ')
    if text.endswith('<unfinished ...>'):
        halves[pid] = text.removesuffix('<unfinished ...>')
        continue
    half = re.match(r' *<\.\.\. \w+ resumed>', text)
    if half:
        line = f'{pid} {halves.pop(pid, "")}{text[half.end():]}'
    found = re.match(r'(\d+) +(\w+)\((\d+|AF_INET6?)', line)
    if not found:
        continue
    pid, call, first = found.groups()
    if call == 'socket':
        made = re.search(r'= (\d+)$', line)
        if made:
            kinds[pid, made[1]] = 'udp' if 'SOCK_DGRAM' in line else 'tcp'
            ports.pop((pid, made[1]), None)
        continue
    if call == 'close':
        kinds.pop((pid, first), None)
        continue
    kind = kinds.get((pid, first))
    port = re.search(r'sin6?_port=htons\((\d+)\)', line)
    if call == 'connect' and port and kind:
        ports[pid, first] = port[1]
        if kind == 'tcp':
            print('tcp', port[1])
    if call in ('sendto', 'sendmsg', 'sendmmsg', 'send') and kind == 'udp':
        octets = re.search(r'"\\x..\\x..\\x(..)', line)
        to = port[1] if port else ports.get((pid, first), '?')
        print('udp', to, int(octets[1], 16) >> 3 & 15 if octets else '?')
END
}

# So far, to the CA. One that is asked again while it is not ready yet says the
# same twice.
requests() {
    sed -n 's/.* \([A-Z]* [^ ]*\) -> calling handler.*/\1/p' "$log"
}

authorizations() { # that were made so far
    grep -c 'authorizations in the db' "$log" || true
}

# shellcheck disable=SC2086 # options are words
renewal() { # WHAT REQUESTS: traced
    made=$(authorizations)
    before=$(requests | wc -l)
    status=0
    trace -f -xx -s 64 -e trace=socket,connect,close,sendto,sendmsg,sendmmsg \
        -o "$tmp/trace" "$HOLDFAST" cert renew --force $MANY_OPTIONS \
        >"$tmp/out" 2>"$tmp/err" || status=$?
    # Pebble remembers once in a hundred times what it was told to forget.
    if [ "$PEBBLE_AUTHZREUSE" = 0 ] && [ "$(authorizations)" = "$made" ]; then
        renewal "$@"
        return
    fi
    is "$1" "$status" 0
    network >"$tmp/network"
    ca=$(echo "$PEBBLE_DIRECTORY" | sed 's|.*:\([0-9]*\)/.*|\1|')
    is '  connections to the CA' "$(grep -c "^tcp $ca\$" "$tmp/network")" 1
    is '  connections to others' \
        "$(grep -c "^tcp" "$tmp/network" || true)" 1
    is '  requests' "$(requests | tail -n "+$((before + 1))" | uniq | wc -l)" \
        "$2"
    [ "$(grep -c "^udp $TREE_PORT 0\$" "$tmp/network")" -gt 0 ] ||
        is '  questions to DNS' none some
    is '  messages to DNS that are no questions' \
        "$(grep '^udp' "$tmp/network" | grep -cv "^udp $TREE_PORT 0\$" ||
            true)" 0
}

# shellcheck disable=SC2086
try() { # WHAT REQUESTS
    sh "$here/many.sh" start "$tmp/many" 1
    # shellcheck disable=SC1091 # made by many.sh
    . "$tmp/many/env"
    log=$tmp/many/pebble/log
    "$HOLDFAST" cert issue n1.shop.example $MANY_OPTIONS >"$tmp/out"
    renewal "$1" "$2"
    sh "$here/many.sh" stop "$tmp/many"
    rm -r "$tmp/many"
}

export PEBBLE_AUTHZREUSE=0
try 'a renewal' 8
PEBBLE_AUTHZREUSE=100
try 'a renewal, with the validation remembered' 5
exit $failed
