#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# many.sh -- names that an account may have certificates for: a zone at Knot
# (tree.sh) with their standing records, and a CA that asks it (pebble.sh).
#
#   many.sh start DIR COUNT   n1.shop.example to nCOUNT.shop.example
#   many.sh stop DIR
#
# After `. DIR/env` the shell has what tree.sh and pebble.sh say, MANY_STATE,
# the state folder with the account, and MANY_OPTIONS, with which `cert` finds
# the CA and the zone. Pebble reads the environment as pebble.sh says.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/await.sh
. "$here/await.sh"

zone() { # SERIAL
    cat <<END
\$ORIGIN shop.example.
\$TTL 300
@ SOA ns1 hostmaster $1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
END
}

records() { # COUNT URL
    awk -v count="$1" -v url="$2" 'BEGIN {
        for (i = 1; i <= count; i++)
            printf "n%d A 127.0.0.1\n_validation-persist.n%d TXT \"ca." \
                "example; accounturi=%s\"\n", i, i, url
    }'
}

start() { # COUNT
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    zone 1 >"$dir/shop.example.zone"
    printf 'zone:\n  - domain: shop.example.\n    file: %s\n' \
        "$dir/shop.example.zone" >"$dir/shop.conf"
    TREE_CONF=$dir/shop.conf sh "$here/tree.sh" start "$dir/tree" shop.example=
    # shellcheck disable=SC1091 # made by tree.sh
    . "$dir/tree/env"
    sh "$here/pebble.sh" start "$dir/pebble" "dns=127.0.0.1:$TREE_PORT"
    # shellcheck disable=SC1091 # made by pebble.sh
    . "$dir/pebble/env"
    "$HOLDFAST" account create --plaintext --agree-tos \
        --directory "$PEBBLE_DIRECTORY" --ca-bundle "$PEBBLE_CA" \
        --state-dir "$dir/state" >"$dir/account"
    url=$("$HOLDFAST" account show --json --state-dir "$dir/state" |
        jq -r .url)
    { zone 2 && records "$1" "$url"; } >"$dir/new"
    mv "$dir/new" "$dir/shop.example.zone"
    xargs kill -HUP <"$dir/tree/pids"
    await has_record "_validation-persist.n$1.shop.example"
    {
        cat "$dir/tree/env" "$dir/pebble/env"
        echo "MANY_STATE=$dir/state"
        echo "MANY_OPTIONS=\"--state-dir $dir/state --ca-bundle $PEBBLE_CA" \
            "$TREE_OPTIONS\""
    } >"$dir/env"
}

has_record() { # OWNER
    kdig +short "@127.0.0.1" -p "$TREE_PORT" "$1" TXT | grep -q .
}

stop() {
    sh "$here/pebble.sh" stop "$dir/pebble"
    sh "$here/tree.sh" stop "$dir/tree"
}

[ $# -ge 2 ] || {
    echo "usage: many.sh start DIR COUNT | stop DIR" >&2
    exit 64
}
what=$1
dir=$2
case $what in
start) start "$3" ;;
stop) stop ;;
*) exit 64 ;;
esac
