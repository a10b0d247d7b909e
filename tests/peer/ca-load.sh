#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our own CA with many clients at once: every order ends well, every
# certificate is in the database and in the evidence log once, and memory does
# not grow with their number. Then beside a thousand connections that say
# nothing and one that never comes to an end. How long it takes decides nothing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
# shellcheck source=tests/peer/crowd.sh
. "$here/crowd.sh"
needs curl jq knsupdate openssl python3 sqlite3
clients=32
each=${HF_LOAD_ORDERS:-500} # orders of a round
patience=600 # seconds for what takes ten

house_open
house_found --plaintext
house_serve --no-just-in-time
ACME_LOAD_SERIALS=$tmp/serials
export ACME_LOAD_SERIALS
crowd_join all "$directory" "$house/ca/root.pem" $clients

memory() { # of all processes of the CA, in kB
    for process in $(house_processes); do
        sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$process/status"
    done | awk '{all += $1} END {print all}'
}

total=0
round() { # WHAT KIND CLIENTS ORDERS
    crowd_round all "$2" "$3" "$4" $patience
    # shellcheck disable=SC2154 # of crowd_round
    total=$((total + orders))
    # shellcheck disable=SC2154
    check "$1" [ "$orders $wrong" = "$4 0" ]
}
round 'every order ends well' whole $clients "$each"
before=$(memory)
round 'and again' whole $clients "$each"
round 'and without what is known' short $clients "$each"
after=$(memory)
check "memory stays ($before kB, $after kB)" [ "$after" -lt $((before + 30000)) ]

# ---- what was kept of it ----

check 'every certificate is another one' [ "$(sort -u "$tmp/serials" | wc -l)" = $total ]
sort "$tmp/serials" >"$tmp/given"
sqlite3 "$house/ca/ledger/ca.db" 'SELECT serial FROM certificate ORDER BY serial' \
    >"$tmp/stored"
check 'each is in the database, once' cmp "$tmp/given" "$tmp/stored"
"$HOLDFAST" ca audit show --json --state-dir "$house" --kind issue >"$tmp/log"
# One more is of its own web server.
jq -r '[.. | objects | .serial // empty] | first' "$tmp/log" | sort >"$tmp/logged"
check 'and in the log' [ "$(comm -12 "$tmp/given" "$tmp/logged" | wc -l) $(
    wc -l <"$tmp/logged")" = "$total $((total + 1))" ]
check 'and said, once' [ "$(grep -c '"event":"issued"' "$tmp/ca.log")" = $total ]
expect 'the log of evidence' 0 '' ca audit verify --folder "$house/ca/evidence"
check 'no order is left' [ "$(sqlite3 "$house/ca/ledger/ca.db" \
    "SELECT count(*) FROM orders WHERE status != 'valid'")" = 0 ]

# ---- who only takes room ----

python3 - "$house_port" "$tmp/idle" <<'END' &
import socket, ssl, sys, time
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
port, ready = int(sys.argv[1]), sys.argv[2]
idle = []
for i in range(1000):
    plain = socket.create_connection(
        ("127.0.0.1", port), source_address=("127.0.1.%d" % (1 + i // 50), 0))
    idle.append(context.wrap_socket(plain, server_hostname="localhost"))
slow = context.wrap_socket(socket.create_connection(("127.0.0.1", port)),
                           server_hostname="localhost")
slow.sendall(b"POST /new-order HTTP/1.1\r\n")
open(ready, "w").close()
while True:
    try:
        slow.sendall(b"X")
    except OSError:
        pass
    time.sleep(0.05)
END
idle=$!
pids="$pids $idle"
await [ -e "$tmp/idle" ]
round 'beside a thousand who are idle and one who is slow' whole $clients 200
check 'somebody new is served, too' curl -s --cacert "$house/ca/root.pem" \
    -o "$tmp/out" "$directory"
end "$idle"

crowd_leave all
check 'no client was told anything else' [ ! -s "$tmp/all.err" ]
check 'no error was said' [ "$(grep -vc '"event":"\(serving\|account\|issued\)"\|"valid":true' "$tmp/ca.log")" = 0 ]
house_close
check 'it ends in order' [ "$status" = 0 ]
exit $failed
