# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# crowd.sh -- many clients of a CA at once (acme_load.c), to be sourced after
# knot_zone.sh, when Knot serves that zone.
#
#   crowd_join NAME DIRECTORY CA.pem CLIENTS [FD]
#                       make their accounts, and a standing record for each,
#                       a wildcard. More than one crowd: FD is 6 or 8, and the
#                       records of the last are those that stand
#   crowd_round NAME whole|short CLIENTS ORDERS SECONDS
#                       as acme_load.c says; what comes of it is in $orders,
#                       $seconds, $p50, $p99, $requests and $wrong
#   crowd_leave NAME

crowd_publish() { # ACCOUNT...
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
    knsupdate -v -y "hmac-sha256:zone-key:$secret" "$tmp/update"
}

crowd_join() {
    rm -f "$tmp/$1.in" "$tmp/$1.out"
    mkfifo "$tmp/$1.in" "$tmp/$1.out"
    # shellcheck disable=SC2086 # words
    ${client_core-} "$BUILD/tests/peer/acme_load" "$2" "$3" "$4" \
        <"$tmp/$1.in" >"$tmp/$1.out" 2>"$tmp/$1.err" &
    eval "crowd_$1=$!"
    pids="$pids $!"
    eval "exec ${5:-6}>\"\$tmp/$1.in\" $((${5:-6} + 1))<\"\$tmp/$1.out\""
    eval "fd_$1=${5:-6}"
    set -- "$1" "$4"
    accounts=
    for _ in $(seq "$2"); do
        eval "read -r account <&$((fd_$1 + 1))" || {
            cat "$tmp/$1.err"
            exit 1
        }
        accounts="$accounts $account"
    done
    # shellcheck disable=SC2086 # words
    crowd_publish $accounts
}

crowd_round() {
    crowd=$1
    shift
    eval "echo \"\$*\" >&\$fd_$crowd"
    # shellcheck disable=SC2034 # for whoever sourced this
    eval "read -r orders seconds p50 p99 requests wrong <&$((fd_$crowd + 1))"
}

crowd_leave() {
    eval "exec $((fd_$1))>&- $((fd_$1 + 1))<&-"
    eval "end \$crowd_$1"
}
