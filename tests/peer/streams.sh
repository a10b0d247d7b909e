# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# streams.sh -- clients that order, prove, get and revoke one certificate after
# the other, whatever happens to the CA meanwhile, and whether all that they
# were told was kept; to be sourced after verdict.sh and house.sh.
#
#   say CLIENT VERB [WORD...]   one step of a client (acme_say.py)
#   enter CLIENT NAME...        its account, and a standing record of it for
#                               each name below shop.example, which lives for
#                               $ttl seconds: 0 is looked at for each order, and
#                               one that a crash holds up may end in vain
#   accounts                    those of $clients, each for its own name
#   begin SECONDS               let them order; they are $streams
#   said_so_many                certificates that they were told of
#   said_more_than COUNT
#                               They trust the root, or those in the file $trust
#   rows SQL                    of the store that there is: PostgreSQL's at the
#                               port $pg_port, or else SQLite's in $house
#   nothing_is_under_way        in it
#   judge_rows WHAT             what they were told is there, and none twice

clients='1 2 3'
ttl=0
pg_port=
trust= # whom clients trust; the root, if empty

rows() { # SQL
    if [ -n "$pg_port" ]; then
        pg_sql "$pg_port" "$1"
    else
        sqlite3 -readonly "$house/ca/ledger/ca.db" "$1"
    fi
}

say() { # CLIENT VERB [WORD...]
    who=$1
    shift
    ${say_by-} python3 "$here/acme_say.py" "$tmp/$who" "$directory" \
        "${trust:-$house/ca/root.pem}" "$@"
}

enter() { # CLIENT NAME...
    say "$1" account >"$tmp/out"
    value="ca.example; accounturi=$(cat "$tmp/$1/kid")"
    shift
    printf '%s\n' "server 127.0.0.1 $TREE_PORT" 'zone shop.example.' \
        >"$tmp/lines"
    for name in "$@"; do
        record=_validation-persist.$name.shop.example.
        printf '%s\n' "del $record TXT" "add $record $ttl TXT \"$value\"" \
            >>"$tmp/lines"
    done
    echo send >>"$tmp/lines"
    knsupdate -y "hmac-sha256:zone-key:$secret" <"$tmp/lines"
}

accounts() {
    for client in $clients; do
        enter "$client" "$client"
    done
}

# Whoever ends them ends the programs, not shells that wait for these.
begin() { # SECONDS
    streams=
    for client in $clients; do
        say_by='exec' say "$client" orders "$1" "$client.shop.example" \
            >"$tmp/said.$client" 2>"$tmp/said.$client.err" &
        streams="$streams $!"
    done
}

said_so_many() {
    cat "$tmp"/said.? | grep -c '^certificate' || true
}

said_more_than() { # COUNT
    [ "$(said_so_many)" -gt "$1" ]
}

nothing_is_under_way() {
    [ "$(rows "SELECT (SELECT count(*) FROM orders WHERE status = 'processing')
        + (SELECT count(*) FROM authz WHERE status = 'processing')")" = 0 ]
}

# What a client was told is in the store; and each order has one certificate.
judge_rows() { # ENGINE
    cat "$tmp"/said.? | sort >"$tmp/said"
    rows "SELECT 'order', id FROM orders ORDER BY id" | tr '|' ' ' \
        >"$tmp/orders"
    sed -n 's|^order .*/||p' "$tmp/said" | sort >"$tmp/a"
    cut -d ' ' -f 2 "$tmp/orders" | sort >"$tmp/b"
    check "$1: no order is lost" [ -z "$(comm -23 "$tmp/a" "$tmp/b")" ]
    rows "SELECT upper(serial) FROM certificate" | sort >"$tmp/serials"
    sed -n 's/^certificate [^ ]* //p' "$tmp/said" | tr a-f A-F | sort >"$tmp/a"
    check "$1: some were issued" [ -s "$tmp/a" ]
    check "$1: no certificate is lost" [ \
        -z "$(comm -23 "$tmp/a" "$tmp/serials")" ]
    rows "SELECT upper(serial) FROM certificate WHERE revoked_at IS NOT NULL" |
        sort >"$tmp/b"
    sed -n 's/^revoked //p' "$tmp/said" | tr a-f A-F | sort >"$tmp/a"
    check "$1: some were revoked" [ -s "$tmp/a" ]
    check "$1: no revocation is lost" [ -z "$(comm -23 "$tmp/a" "$tmp/b")" ]
    # What a crash left, for cessationOfOperation or superseded, is of no order.
    check "$1: none is there twice" [ "$(rows 'SELECT count(*) FROM certificate c
        JOIN orders o ON o.id = c.order_id WHERE c.serial <> o.serial
        AND (c.revoked_at IS NULL OR c.reason NOT IN (4, 5))')" = 0 ]
    check "$1: an order that is valid has its certificate" [ "$(rows "SELECT
        count(*) FROM orders WHERE status = 'valid' AND serial NOT IN
        (SELECT serial FROM certificate)")" = 0 ]
}
