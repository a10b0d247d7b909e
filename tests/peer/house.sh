# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# house.sh -- a CA of our own, to be sourced after verdict.sh and knot_zone.sh:
# holdfast with the zone shop.example at Knot, which takes signed updates.
#
#   house_open [RECORD...]      the zone: lines beside its apex and ns1
#   house_found [OPTION...]     make the CA, in $house
#   house_serve [OPTION...]     be it; until house_close. What it says is in
#                               $tmp/ca.log
#   house_serve_from STATE PORT WATCH-PORT [OPTION...]
#                               be one of several that serve it together
#                               $house_limits are without limits of what a
#                               crowd does
#   house_close                 end it in order; its status is $status
#   house_processes             the ids of its processes, a line each
#   metric PATTERN              the value of a metric of it
#
# After house_open there is what tree.sh says, and the key of the zone:
# $secret, and $tmp/zone.key. After house_serve $directory and $watch, and $ca:
# options that trust its web server.

house=$tmp/house
house_pid=
house_limits='--accounts 0 --orders 0'

house_open() {
    knot_zone >"$tmp/shop.conf"
    knot_zone_text "$@" >"$tmp/shop.example.zone"
    TREE_CONF=$tmp/shop.conf sh "$here/tree.sh" start "$tmp/tree" shop.example=
    # shellcheck disable=SC1091 # made by tree.sh
    . "$tmp/tree/env"
    # shellcheck disable=SC2046 # three numbers
    set -- $(python3 "$here/ports.py" free 4)
    house_port=$1
    watch=http://127.0.0.1:$2
    watch_port=$2
    http_port=$3
    tls_port=$4
    directory=https://localhost:$house_port/directory
}

house_found() {
    "$HOLDFAST" ca init --state-dir "$house" --name Test "$@" \
        >"$tmp/out" 2>"$tmp/err" </dev/null || {
        cat "$tmp/err"
        exit 1
    }
}

house_serve_from() { # STATE PORT WATCH-PORT [OPTION...]
    from=$1 at=$2 watched=$3
    shift 3
    # shellcheck disable=SC2046,SC2086 # words
    setsid -w "$HOLDFAST" ca serve --state-dir "$from" \
        --url "https://localhost:$house_port" \
        --listen "127.0.0.1@$at" --watch "127.0.0.1@$watched" \
        --issuer-name ca.example --internal-names \
        --http-port "$http_port" --tls-port "$tls_port" $house_limits "$@" \
        $(echo "$TREE_OPTIONS" | sed 's/--authoritative-port [^ ]*//') \
        >>"$tmp/ca.log" 2>&1 </dev/null &
    house_pid=$!
    pids="$pids $house_pid"
    await listens "$watched"
}

house_serve() {
    house_serve_from "$house" "$house_port" "$watch_port" "$@"
    ca="--ca-bundle $house/ca/root.pem"
}

house_close() {
    kill "$house_pid"
    status=0
    wait "$house_pid" || status=$?
}

house_processes() {
    pgrep -f "ca serve --state-dir $house " | tail -n 1 |
        while read -r keeper; do
            pgrep -s "$keeper"
        done
}

metric() {
    curl -s "$watch/metrics" | sed -n "s/^holdfast_ca_$1 //p"
}
