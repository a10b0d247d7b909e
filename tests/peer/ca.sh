#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our own CA and clients that others wrote: what they ask for is issued, and
# openssl and GnuTLS take it; the whole story with our own client by
# dns-persist-01; what the CA says when it says no.
#
# REQ CHAL-09, DIR-01, VAL-01, VAL-04, VAL-09, ERR-02, ERR-07, JIT-01, JIT-07,
# ACCT-03, ACCT-05, ACCT-11, CLI-31, CLI-32.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
acme_sh=$(dirname "$BUILD")/peers/acme.sh/usr/share/acme.sh/acme.sh
needs certbot lego uacme dehydrated certtool curl jq openssl kdig "$acme_sh"

house_open '* A 127.0.0.1' 'shut CAA 0 issue "other-ca.example"'
house_found --plaintext
house_serve
root=$house/ca/root.pem

verified() { # LEAF CHAIN
    openssl verify -CAfile "$root" -untrusted "$2" "$1" >"$tmp/out" \
        2>"$tmp/err" && cat "$1" "$2" "$root" >"$tmp/whole.pem" &&
        certtool --verify-chain --infile "$tmp/whole.pem" >"$tmp/out" \
            2>"$tmp/err"
}

# ---- the directory ----

curl -s --cacert "$root" "$directory" >"$tmp/out" 2>"$tmp/err"
check 'the directory' sh -c 'jq -e ".meta.accountHashPrefix and
    .meta.issuerDomainNames == [\"ca.example\"]" "$1" >/dev/null' - "$tmp/out"

# ---- our own client, by a standing record ----

# shellcheck disable=SC2086 # options are words
expect 'an account' 0 'created account' account create --plaintext \
    --directory "$directory" --agree-tos $ca
publish="--server 127.0.0.1@$TREE_PORT --tsig-file $tmp/zone.key --force
    --authoritative-port $TREE_PORT $(echo "$TREE_OPTIONS" |
    sed 's/--suffix-list [^ ]*//; s/--authoritative-port [^ ]*//')"
# shellcheck disable=SC2086
expect 'publish for a name' 0 '' record publish www.shop.example \
    --account default $publish
# shellcheck disable=SC2086
expect 'publish with a wildcard' 0 '' record publish '*.shop.example' \
    --account default $publish
rm "$tmp/zone.key"
zone_serial=$(kdig +short @127.0.0.1 -p "$TREE_PORT" shop.example SOA)

# shellcheck disable=SC2086
cert() { # WHAT STATUS PATTERN SUBCOMMAND...
    what=$1
    want=$2
    pattern=$3
    shift 3
    expect "$what" "$want" "$pattern" cert "$@" $ca $TREE_OPTIONS
}
cert 'issue' 0 'www.shop.example: issued' issue www.shop.example
cert 'issue a wildcard and its base' 0 'wild: issued' issue '*.shop.example' \
    shop.example --name wild --key-type p384
cert 'a profile' 0 'short: issued' issue www.shop.example --name short \
    --profile short
check 'they are good' verified "$state/live/wild/cert.pem" \
    "$state/live/wild/chain.pem"
check 'it is short-lived' sh -c '! openssl x509 -noout -checkend 604800 \
    -in "$1" >/dev/null' - "$state/live/short/cert.pem"
cert 'renew without DNS' 0 'issued' renew --force www.shop.example
# shellcheck disable=SC2086
expect 'another key' 0 '' account rollover --next-plaintext $ca
cert 'renew after it' 0 'issued' renew --force www.shop.example
[ "$(kdig +short @127.0.0.1 -p "$TREE_PORT" shop.example SOA)" = \
    "$zone_serial" ] && ok 'the zone is as it was' || not_ok 'the zone changed'
check 'it was looked at just in time' [ "$(grep -c '"just_in_time":true,"valid":true' \
    "$tmp/ca.log")" -ge 1 ]
cert 'CAA forbids' 2 'caa\|CAA' issue shut.shop.example
# shellcheck disable=SC2086
expect 'revoke' 0 'revoked: serial' cert revoke short $ca --reason superseded
serial=$(openssl x509 -noout -serial -in "$state/live/short/cert.pem")
listed() {
    url=$(openssl x509 -noout -ext crlDistributionPoints \
        -in "$state/live/short/cert.pem" | sed -n 's/.*URI://p')
    curl -s --cacert "$root" "$url" >"$tmp/crl" &&
        openssl crl -inform DER -in "$tmp/crl" -noout -text 2>/dev/null |
        grep -q "Serial Number: ${serial#serial=}"
}
await listed
ok 'it is in the list of revoked ones'
check 'the list is good' sh -c 'openssl crl -inform DER -in "$1" -noout \
    -CAfile "$2" 2>&1 | grep -q "verify OK"' - "$tmp/crl" "$house/ca/issuer.pem"

# ---- those of others ----

export REQUESTS_CA_BUNDLE="$root" LEGO_CA_CERTIFICATES="$root"
certbot_run() {
    certbot "$@" --config-dir "$tmp/certbot" --work-dir "$tmp/cb-work" \
        --logs-dir "$tmp/cb-logs" --server "$directory" -n \
        >"$tmp/out" 2>"$tmp/err"
}
check 'certbot, http-01' certbot_run certonly --standalone --agree-tos \
    --register-unsafely-without-email --http-01-address 127.0.0.1 \
    --http-01-port "$http_port" -d cb.shop.example
check 'its certificate' verified "$tmp/certbot/live/cb.shop.example/cert.pem" \
    "$tmp/certbot/live/cb.shop.example/chain.pem"
check 'certbot renews' certbot_run renew --force-renewal \
    --no-random-sleep-on-renew
check 'certbot revokes' certbot_run revoke --cert-name cb.shop.example \
    --no-delete-after-revoke --reason superseded

lego_run() {
    lego --path "$tmp/lego" --server "$directory" --accept-tos \
        --email owner@shop.example "$@" >"$tmp/out" 2>"$tmp/err"
}
check 'lego, http-01' lego_run --domains lego.shop.example --http \
    --http.port "127.0.0.1:$http_port" run
check 'its certificate' verified \
    "$tmp/lego/certificates/lego.shop.example.crt" \
    "$tmp/lego/certificates/lego.shop.example.issuer.crt"
check 'lego, tls-alpn-01' lego_run --domains alpn.shop.example --tls \
    --tls.port "127.0.0.1:$tls_port" run

mkdir -p "$tmp/web/.well-known/acme-challenge"
python3 -m http.server -b 127.0.0.1 -d "$tmp/web" "$http_port" \
    >"$tmp/web.log" 2>&1 &
pids="$pids $!"
await listens "$http_port"
mkdir "$tmp/dehydrated"
cat >"$tmp/dehydrated/config" <<END
CA="$directory"
BASEDIR="$tmp/dehydrated"
WELLKNOWN="$tmp/web/.well-known/acme-challenge"
CURL_OPTS="--cacert $root"
END
dehydrated_run() {
    (umask 022 && dehydrated --config "$tmp/dehydrated/config" "$@") \
        >"$tmp/out" 2>"$tmp/err"
}
check 'dehydrated, an account' dehydrated_run --register --accept-terms
check 'dehydrated, http-01' dehydrated_run --cron --domain de.shop.example
check 'its certificate' verified \
    "$tmp/dehydrated/certs/de.shop.example/cert.pem" \
    "$tmp/dehydrated/certs/de.shop.example/chain.pem"

acme_sh_run() {
    (umask 022 && TMPDIR=$tmp sh "$acme_sh" --home "$tmp/acme.sh" \
        --config-home "$tmp/acme.sh" --server "$directory" \
        --ca-bundle "$root" "$@") >"$tmp/out" 2>"$tmp/err"
}
check 'acme.sh, an account' acme_sh_run --register-account \
    -m owner@shop.example
check 'acme.sh, http-01' acme_sh_run --issue -d sh.shop.example \
    -w "$tmp/web"
check 'its certificate' verified \
    "$tmp/acme.sh/sh.shop.example_ecc/sh.shop.example.cer" \
    "$tmp/acme.sh/sh.shop.example_ecc/ca.cer"
check 'acme.sh revokes' acme_sh_run --revoke -d sh.shop.example --ecc

# Its TLS knows no other roots than those of the system.
if unshare -m mount --bind / / 2>/dev/null; then
    cat /etc/ssl/certs/ca-certificates.crt "$root" >"$tmp/roots"
    cat >"$tmp/uacme-hook" <<END
#!/bin/sh
[ "\$2" = http-01 ] || exit 1
[ "\$1" != begin ] ||
    printf %s "\$5" >"$tmp/web/.well-known/acme-challenge/\$4"
END
    chmod 700 "$tmp/uacme-hook"
    uacme_run() {
        unshare -m sh -c 'mount --bind "$1" /etc/ssl/certs/ca-certificates.crt &&
            shift && exec "$@"' - "$tmp/roots" uacme -a "$directory" \
            -c "$tmp/uacme" -y "$@" >"$tmp/out" 2>"$tmp/err"
    }
    check 'uacme, an account' uacme_run new owner@shop.example
    check 'uacme, http-01' uacme_run -h "$tmp/uacme-hook" issue ua.shop.example
    check 'uacme revokes' uacme_run revoke "$tmp/uacme/ua.shop.example/cert.pem"
else
    echo "nothing of uacme: nothing can be mounted here"
fi

# ---- what the operator sees and does ----

house() { # WHAT STATUS PATTERN COMMAND...
    what=$1
    want=$2
    pattern=$3
    shift 3
    status=0
    "$HOLDFAST" "$@" --state-dir "$house" >"$tmp/out" 2>"$tmp/err" \
        </dev/null || status=$?
    judge "$what" "$want" "$pattern"
}
house 'the accounts' 0 'owner@shop.example' ca account list --json
house 'the orders' 0 'cb.shop.example' ca order list
house 'the certificates' 0 'revoked' ca cert list
check 'as many as were issued' [ "$(grep -c . "$tmp/out")" = \
    "$(metric certificates_issued_total)" ]
serial=$(openssl x509 -noout -serial \
    -in "$tmp/dehydrated/certs/de.shop.example/cert.pem" |
    sed 's/serial=//' | tr A-F a-f)
house 'one of them' 0 "serial $serial" ca cert show "$serial"
house 'revoked by the CA' 0 "revoked $serial" ca cert revoke "$serial" \
    --reason keyCompromise
house 'and again' 0 'already_revoked' ca cert revoke "$serial"
house 'one that is not there' 1 'no certificate has this' ca cert revoke 00
crl=$(openssl x509 -noout -ext crlDistributionPoints \
    -in "$tmp/dehydrated/certs/de.shop.example/cert.pem" |
    sed -n 's/.*URI://p')
in_crl() {
    curl -s --cacert "$root" "$crl" >"$tmp/crl" &&
        openssl crl -inform DER -in "$tmp/crl" -noout -text 2>/dev/null |
        grep -qi "Serial Number: $serial"
}
await in_crl
ok 'the list tells it'
house 'a key for an external account' 0 '"kid":".*"key":"' ca external add
house 'a copy while it serves' 0 'copied_to' ca backup "$tmp/copy.db"
house 'which is not overwritten' 1 '' ca backup "$tmp/copy.db"
id=$("$HOLDFAST" ca account list --json --state-dir "$house" |
    jq -r 'select(.contact | length > 0) | .id' | head -n 1)
house 'an account is ended' 0 "blocked $id" ca account block "$id"
house 'and stays so' 1 'no valid account' ca account block "$id"

# ---- what was kept of it ----

expect 'the log of evidence' 0 '' ca audit verify --folder "$house/ca/evidence"
"$HOLDFAST" ca audit show --state-dir "$house" --kind issue >"$tmp/out"
check 'one entry for each certificate, and one of its own' [ \
    "$(grep -c . "$tmp/out")" = $(($(metric certificates_issued_total) + 1)) ]

# ---- the end ----

# shellcheck disable=SC2086
expect 'deactivate' 0 '' account deactivate --confirm "$("$HOLDFAST" account \
    show --json --state-dir "$state" | jq -r .url)" $ca
house_close
check 'it ends in order' [ "$status" = 0 ]

# As a service, which has no options; here it has two.
cat >"$tmp/holdfast.conf" <<END
resolver-timeout = 5
authority default {
    url = "https://localhost:$house_port"
    listen = "127.0.0.1@$house_port"
    watch = "127.0.0.1@$watch_port"
    issuer-name = ca.example
    internal-names = yes
    preset = strict
    profile = {"long=90d", "short=1h"}
}
END
check 'its configuration' "$HOLDFAST" config check \
    --config "$tmp/holdfast.conf"
setsid -w "$HOLDFAST" ca serve --config "$tmp/holdfast.conf" \
    --state-dir "$house" >>"$tmp/ca.log" 2>&1 </dev/null &
house_pid=$!
pids="$pids $house_pid"
await listens "$watch_port"
curl -s --cacert "$root" "$directory" >"$tmp/out" 2>"$tmp/err"
check 'it is heeded' sh -c 'jq -e ".meta.profiles == {long: \"90d\",
    short: \"1h\"}" "$1" >/dev/null' - "$tmp/out"
house_close
exit $failed
