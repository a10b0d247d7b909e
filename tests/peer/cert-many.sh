#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A thousand orders and not one failure, with a CA that refuses every seventh
# nonce, shuffles challenges and validates over DNS: certificates one by one,
# then all of them in one run, again and again; and a hundred names in one.
#
# REQ CLI-28, CLI-30, CLI-32.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs knotd kdig jq openssl
names=200
rounds=4
at_end() {
    sh "$here/many.sh" stop "$tmp/many"
}
PEBBLE_WFE_NONCEREJECT=15 sh "$here/many.sh" start "$tmp/many" $names
# shellcheck disable=SC1091 # made by many.sh
. "$tmp/many/env"
log=$tmp/many/pebble/log

# is WHAT GOT WANTED
is() {
    if [ "$2" = "$3" ]; then
        echo "ok - $1: $2"
    else
        echo "not ok - $1: $2, wanted $3"
        cut -c1-200 "$tmp/err" | head -20
        failed=1
    fi
}

# shellcheck disable=SC2086 # options are words
cert() {
    "$HOLDFAST" cert "$@" $MANY_OPTIONS >>"$tmp/out" 2>>"$tmp/err"
}

issued() {
    grep -c ': issued, until' "$tmp/out" || true
}

# ---- one by one ----

: >"$tmp/out"
: >"$tmp/err"
i=1
while [ $i -le $names ]; do
    cert issue "n$i.shop.example" || echo "n$i: status $?" >>"$tmp/err"
    i=$((i + 1))
done
is 'issued one by one' "$(issued)" $names
is 'and nothing was complained of' "$(wc -c <"$tmp/err")" 0

# ---- all in one run: connections, nonces and the key are kept ----

i=1
while [ $i -le $rounds ]; do
    status=0
    cert renew --force || status=$?
    is "renewal $i of all" "$status" 0
    i=$((i + 1))
done
is 'certificates so far' "$(issued)" $((names * (rounds + 1)))
is 'and nothing was complained of' "$(wc -c <"$tmp/err")" 0
is 'certificates of the CA' "$(grep -c 'Issued certificate serial' "$log")" \
    $((names * (rounds + 1)))
# An order whose nonce is refused is sent again.
if [ "$(grep -c 'POST /order-plz' "$log")" -le \
    "$(grep -c 'Added order' "$log")" ]; then
    echo 'not ok - no nonce was refused: this proves nothing'
    failed=1
fi

# Orders are under way side by side, eight at a time and no more; whether the
# eighth begins before the first is done is up to the CA.
is 'orders at once' "$(awk '
    / Added order / { if (++open > most) most = open }
    / Issued certificate serial / { open-- }
    END { print (most > 1 && most <= 8) ? "several" : most }' "$log")" several

# ---- one fails among others ----

# fails [OPTION...]: all are renewed but that of n100, whose record is gone.
fails() {
    before=$(issued)
    hundredth=$(grep -c 'n100.shop.example: issued' "$tmp/out")
    : >"$tmp/err"
    status=0
    cert renew --force "$@" || status=$?
    # Pebble remembers once in a hundred times what it was told to forget.
    if [ "$status" = 0 ] && [ "${forgot-no}" = no ]; then
        forgot=yes
        fails "$@"
        return
    fi
    is 'one fails' "$status" 1
    is 'the others do not' $(($(issued) - before)) $((names - 1))
    is 'which one' "$(grep -c 'n100.shop.example: issued' "$tmp/out")" \
        "$hundredth"
}

has_serial() {
    [ "$(kdig +short @127.0.0.1 -p "$TREE_PORT" shop.example SOA |
        cut -d' ' -f3)" = "$1" ]
}

zone=$tmp/many/shop.example.zone
sed -e 's/ hostmaster 2 / hostmaster 3 /' -e '/^_validation-persist.n100 /d' \
    "$zone" >"$tmp/zone"
cp "$zone" "$tmp/whole"
cp "$tmp/zone" "$zone"
xargs kill -HUP <"$tmp/many/tree/pids"
await has_serial 3
fails            # it is seen before the order
fails --no-check # and by the CA
sed 's/ hostmaster 2 / hostmaster 4 /' "$tmp/whole" >"$zone"
xargs kill -HUP <"$tmp/many/tree/pids"
await has_serial 4
: >"$tmp/err"

# Twice in one run: the second time after the first.
before=$(issued)
cert renew --force n1.shop.example n1.shop.example || echo "twice: $?" \
    >>"$tmp/err"
is 'one that is named twice' $(($(issued) - before)) 2

# ---- a hundred names in one ----

# shellcheck disable=SC2046 # words
cert issue --name hundred $(seq -f 'n%g.shop.example' 100) ||
    echo "hundred: status $?" >>"$tmp/err"
is 'names in one certificate' "$(openssl x509 -noout -ext subjectAltName \
    -in "$MANY_STATE/live/hundred/cert.pem" | grep -o 'DNS:' | wc -l)" 100
is 'and nothing was complained of' "$(wc -c <"$tmp/err")" 0
exit $failed
