# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# crowd.sh -- many clients of a CA at once (acme_load.c), to be sourced after
# verdict.sh and knot_zone.sh, when Knot serves that zone.
#
#   crowd_join NAME DIRECTORY CA.pem CLIENTS
#                       make their accounts, and a standing record for each,
#                       a wildcard; with $client_core before their command
#   crowd_round NAME whole|short CLIENTS ORDERS SECONDS
#                       as acme_load.c says; what comes of it is in $orders,
#                       $seconds, $p50, $p99, $requests, $wrong, $p50_request
#                       and $p99_request
#   crowd_leave NAME
#
# Crowds of several names may be there at once.

crowd_publish() { # ACCOUNT...
    # shellcheck disable=SC2154 # of tree.sh, verdict.sh and knot_zone.sh
    {
        echo "server 127.0.0.1 $TREE_PORT"
        echo 'zone shop.example.'
        client=0
        for url in "$@"; do
            echo "add *.c$client.shop.example. 300 TXT" \
                "\"ca.example; accounturi=$url\""
            client=$((client + 1))
        done
        echo send
    } >"$tmp/update"
    # shellcheck disable=SC2154
    knsupdate -v -y "hmac-sha256:zone-key:$secret" "$tmp/update"
}

# Of the crowd $1, the line $2 that it says; it ends with the program.
crowd_line() {
    until [ "$(wc -l <"$tmp/$1.said")" -ge "$2" ]; do
        runs "$(cat "$tmp/$1.pid")" || {
            cat "$tmp/$1.err" >&2
            exit 1
        }
        sleep 0.05
    done
    sed -n "$2p" "$tmp/$1.said"
}

crowd_join() {
    mkfifo "$tmp/$1.todo"
    : >"$tmp/$1.said"
    # Open for both, it does not end between two rounds.
    # shellcheck disable=SC2086 # words
    ${client_core-} "$BUILD/tests/peer/acme_load" "$2" "$3" "$4" \
        <>"$tmp/$1.todo" >"$tmp/$1.said" 2>"$tmp/$1.err" &
    echo $! >"$tmp/$1.pid"
    pids="$pids $!"
    crowd_line "$1" "$4" >"$tmp/account"
    # shellcheck disable=SC2046 # words
    crowd_publish $(cat "$tmp/$1.said")
}

crowd_round() {
    crowd=$1
    shift
    line=$(($(wc -l <"$tmp/$crowd.said") + 1))
    echo "$*" >"$tmp/$crowd.todo"
    crowd_line "$crowd" "$line" >"$tmp/round"
    # shellcheck disable=SC2034 # for whoever sourced this
    read -r orders seconds p50 p99 requests wrong p50_request p99_request \
        <"$tmp/round"
}

crowd_leave() {
    end "$(cat "$tmp/$1.pid")"
    rm "$tmp/$1.todo"
}
