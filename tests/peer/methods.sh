#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The other ways to show that a name is ours, with a CA that somebody else
# wrote (Pebble) and a zone at Knot: http-01 by a web server and by a listener,
# dns-01 by signed updates and by a hook; falling back to them where a record is
# missing, and back to the record; addresses; requests that users bring; and
# that nothing is left behind, whatever happens.
#
# REQ CLI-46, CLI-20.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/shop.sh
. "$here/shop.sh"
needs knotd kdig knsupdate jq openssl python3

# Where a challenge must be met, the name is a new one: Pebble remembers once in
# a hundred times what it was told to forget.
shop_open '@ A 127.0.0.1' 'www A 127.0.0.1' 'mail A 127.0.0.1' \
    'port A 127.0.0.1' 'late A 127.0.0.1' 'three A 127.0.0.1' \
    'away A 127.0.0.3' 'closed CAA 0 issue "other-ca.example"' \
    'alias A 127.0.0.1' '_acme-challenge.alias CNAME hop.proofs' \
    'hop.proofs CNAME alias.proofs' 'lost A 127.0.0.1' \
    '_acme-challenge.lost CNAME lost.elsewhere.example.' \
    'loop A 127.0.0.1' '_acme-challenge.loop CNAME loop.proofs' \
    'loop.proofs CNAME _acme-challenge.loop' \
    'narrow CAA 0 issue "ca.example; validationmethods=dns-01"' \
    "_acme-challenge TXT \"somebody else's\"" \
    "_acme-challenge.hook TXT \"somebody else's\"" \
    "_acme-challenge.slow TXT \"somebody else's\"" \
    "_acme-challenge.three TXT \"somebody else's\""

names_of() { # of the live certificate
    openssl x509 -noout -ext subjectAltName -in "$state/live/$1/cert.pem"
}

orders() {
    grep -c 'POST /order-plz' "$tmp/pebble/log" || true
}

challenges() { # NAME: values there
    kdig +short @127.0.0.1 -p "$TREE_PORT" "_acme-challenge.$1" TXT
}

are_missing() { # FILE...
    for file in "$@"; do
        [ ! -e "$file" ] || return 1
    done
}

is_clean() { # nothing is left where tokens were
    [ -z "$(ls -A "$tmp/www/.well-known/acme-challenge" 2>/dev/null)" ] ||
        return 1
    for name in shop hook.shop slow.shop three.shop; do
        [ "$(challenges $name.example)" = '"somebody else'"'"'s"' ] || return 1
    done
}

update() { # LINES: to the zone
    printf 'server 127.0.0.1 %s\nzone shop.example.\n%s\nsend\n' \
        "$TREE_PORT" "$1" |
        knsupdate -y "hmac-sha256:zone-key:$secret" >"$tmp/out" 2>"$tmp/err"
}

# ---- a web server, and hooks ----

mkdir -m 755 "$tmp/www"
chmod 755 "$tmp"
start_web() {
    python3 -m http.server --bind 127.0.0.1 --directory "$tmp/www" \
        "$PEBBLE_HTTP_PORT" >"$tmp/web.log" 2>&1 &
    pids=$!
    await listens "$PEBBLE_HTTP_PORT"
}

stop_web() {
    end $pids
    pids=
}

# As lego calls them: present|cleanup FQDN VALUE.
cat >"$tmp/hook" <<END
#!/bin/sh
case \$1 in
present) what="add \$2 60 TXT \$3" ;;
cleanup) what="del \$2 TXT \$3" ;;
esac
echo "\$1 \$2" >>$tmp/hook.log
printf 'server 127.0.0.1 $TREE_PORT\nzone shop.example.\n%s\nsend\n' "\$what" |
    knsupdate -y 'hmac-sha256:zone-key:$secret'
END
chmod 700 "$tmp/hook"

update_way="--dns-server 127.0.0.1@$TREE_PORT --dns-tsig-file $tmp/zone.key"
# shellcheck disable=SC2086
expect 'an account' 0 'created account' account create --plaintext \
    --directory "$PEBBLE_DIRECTORY" --agree-tos $ca

# ---- options ----

cert 'http-01 by what?' 64 'webroot or --http-port' issue www.shop.example \
    --method http-01
cert 'dns-01 by what?' 64 'dns-server or --dns-hook' issue www.shop.example \
    --method dns-01
cert 'a folder for nobody' 64 'give --method http-01' issue www.shop.example \
    --webroot "$tmp/www"
cert 'twice' 64 'given twice' issue www.shop.example --method dns-persist-01 \
    --method dns-persist-01
cert 'no such folder' 1 'nowhere' issue www.shop.example --method http-01 \
    --webroot "$tmp/nowhere"
cert 'no http-01 for a wildcard' 2 'says nothing of a wildcard' issue \
    '*.shop.example' --method http-01 --webroot "$tmp/www"
cert 'CAA is for every method' 2 'nothing was ordered' issue \
    closed.shop.example --method http-01 --webroot "$tmp/www"
cert 'CAA by method' 2 'CAA forbids' issue narrow.shop.example \
    --method http-01 --webroot "$tmp/www"
check 'nothing was ordered so far' [ "$(orders)" = 0 ]

# ---- http-01 ----

start_web
cert 'a dry run' 0 'would be ordered.*www.shop.example by http-01' issue \
    www.shop.example --method http-01 --webroot "$tmp/www" --dry-run
cert 'a dry run sees what is not at hand' 1 'nowhere' issue www.shop.example \
    --method http-01 --webroot "$tmp/nowhere" --dry-run
cert 'a dry run, as JSON' 0 '"method":"http-01"' issue www.shop.example \
    --method http-01 --webroot "$tmp/www" --dry-run --json
check 'it orders nothing' [ "$(orders)" = 0 ]
check 'and writes nothing' are_missing "$state/live" "$state/renewal" \
    "$tmp/www/.well-known"
cert 'by a web server' 0 'www.shop.example: issued' issue www.shop.example \
    --method http-01 --webroot "$tmp/www"
grep -q 'GET /.well-known/acme-challenge/.* 200' "$tmp/web.log" &&
    ok 'the CA has asked it' || not_ok 'nobody has asked'
check 'no file is left' is_clean
cert 'the renewal knows how' 0 'issued' renew --force www.shop.example
expect 'show' 0 'methods http-01.*web root .*/www' cert show www.shop.example
cert 'nobody listens there' 1 'away.shop.example: http-01 failed' issue \
    away.shop.example --method http-01 --webroot "$tmp/www"
check 'no file is left by a failure' is_clean
stop_web

cert 'by a listener' 0 'mail.shop.example: issued' issue mail.shop.example \
    --method http-01 --http-port "$PEBBLE_HTTP_PORT"
cert 'by a listener, again' 0 'issued' renew --force mail.shop.example
start_web
cert 'the port is taken' 1 'another program listens' issue port.shop.example \
    --method http-01 --http-port "$PEBBLE_HTTP_PORT"
cat >"$tmp/stop" <<END
. "$here/await.sh"
end $pids
END
cert 'a hook makes room' 0 'issued' issue mail.shop.example \
    --method http-01 --http-port "$PEBBLE_HTTP_PORT" \
    --pre-hook "sh $tmp/stop"
pids=

# ---- addresses ----

before=$(orders)
cert 'no record speaks for an address' 2 'only http-01 does' issue 127.0.0.1
check 'and nothing was ordered' [ "$(orders)" = "$before" ]
cert 'addresses' 0 '127.0.0.1: issued' issue 127.0.0.1 '[0:0::1]' \
    --method http-01 --http-port "$PEBBLE_HTTP_PORT"
names_of 127.0.0.1 | grep -q 'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1' &&
    ok 'in the certificate' || not_ok 'addresses in the certificate'
cert 'addresses, again' 0 'issued' renew --force 127.0.0.1

# ---- dns-01 ----

# shellcheck disable=SC2086
cert 'a wildcard and its base by updates' 0 'issued' issue '*.shop.example' \
    shop.example --name both --method dns-01 $update_way
names_of both | grep -q 'DNS:\*.shop.example, DNS:shop.example' &&
    ok 'both names' || not_ok 'names'
check 'only the value of others is left' is_clean
cert 'by updates, again' 0 'issued' renew --force both
# shellcheck disable=SC2086
{
    cert 'an alias is followed' 0 'issued' issue alias.shop.example \
        --method dns-01 $update_way
    cert 'an alias to a zone of others' 1 'alias (CNAME) stands at' issue \
        lost.shop.example --method dns-01 $update_way
    cert 'an alias that loops' 1 'dns-01' issue loop.shop.example \
        --method dns-01 $update_way
}
check 'nothing is left at the target' [ -z "$(kdig +short @127.0.0.1 \
    -p "$TREE_PORT" alias.proofs.shop.example TXT)" ]
cert 'by a hook' 0 'issued' issue '*.hook.shop.example' hook.shop.example \
    --name hooked --method dns-01 --dns-hook "exec:$tmp/hook"
check 'the hook was called for both, twice' [ "$(wc -l <"$tmp/hook.log")" = 4 ]
check 'the hook has cleaned up' is_clean
cert 'a hook that fails' 1 'dns-01: the hook failed' issue \
    broken.shop.example --name broken --method dns-01 --dns-hook exec:/bin/false

# ---- falling back, and back to the record ----

cert 'a name without a record' 0 \
    'late.shop.example: validated by http-01 this time.*no-record.*publish: _validation-persist.late.shop.example' \
    issue late.shop.example --method dns-persist-01 --method http-01 \
    --http-port "$PEBBLE_HTTP_PORT"
remedy=$(sed -n 's/.*publish: //p' "$tmp/err")
update "add $remedy" || not_ok 'the record told'
cert 'the renewal has a record' 0 'issued' renew --force late.shop.example
said 'this time' && not_ok 'it still falls back' ||
    ok 'and needs nothing else'
start_web
# shellcheck disable=SC2086
cert 'three names by three methods' 0 'issued' issue late.shop.example \
    three.shop.example '*.three.shop.example' --name three --method dns-persist-01 \
    --method http-01 --method dns-01 --webroot "$tmp/www" $update_way
said ' three.shop.example: validated by http-01' &&
    said '\*.three.shop.example: validated by dns-01' &&
    ! said 'late.shop.example: validated' && ok 'each by its own' ||
    not_ok 'methods'
check 'nothing is left of three' is_clean

# ---- methods that the configuration file changes ----

cat >"$tmp/holdfast.conf" <<END
certificate mail.shop.example {
    method = {"http-01"}
    webroot = "$tmp/www"
}
END
renew_by_file() { # WHAT STATUS PATTERN
    cert "$1" "$2" "$3" renew mail.shop.example --config "$tmp/holdfast.conf"
}
renew_by_file 'another method, and nothing is due' 2 \
    'from now on validated as the configuration file says, by http-01'
expect 'it is remembered' 0 'methods http-01.*web root .*/www' \
    cert show mail.shop.example
renew_by_file 'and said once' 2 ' '
! said 'from now on' && ok 'once' || not_ok 'once'
cert 'it is used' 0 'issued' renew --force mail.shop.example \
    --config "$tmp/holdfast.conf"
sed -i s/http-01/dns-01/ "$tmp/holdfast.conf"
cert 'one that cannot be used' 1 'issued.*is for http-01.*renewed as before' renew --force \
    mail.shop.example --config "$tmp/holdfast.conf"
expect 'the old one stays' 0 'methods http-01' cert show mail.shop.example

# ---- interrupted ----

# The hook waits for us to interrupt it, and is called to clean up all the same.
cat >"$tmp/slow" <<END
#!/bin/sh
$tmp/hook "\$@"
[ \$1 = cleanup ] || kill -INT "\$(cat $tmp/victim)"
END
chmod 700 "$tmp/slow"
: >"$tmp/hook.log"
# shellcheck disable=SC2086,SC2016
sh -c 'echo $$ >"$0"; exec "$@"' "$tmp/victim" "$HOLDFAST" cert issue \
    slow.shop.example --name interrupted --method dns-01 \
    --dns-hook "exec:$tmp/slow" --state-dir "$state" $ca $TREE_OPTIONS \
    >"$tmp/out" 2>"$tmp/err" && status=0 || status=$?
check 'interrupted' [ "$status" = 130 ]
check 'and cleaned up' is_clean
check 'there is no certificate' are_missing "$state/live/interrupted"

# ---- requests that users bring ----

openssl req -new -newkey rsa:2048 -nodes -subj /CN=www.shop.example \
    -addext 'subjectAltName=DNS:www.shop.example,DNS:mail.shop.example' \
    -keyout "$tmp/user.key" -out "$tmp/user.csr" 2>"$tmp/openssl.log"
cert 'by a request' 0 'user: issued' issue --csr "$tmp/user.csr" --name user \
    --method dns-persist-01 --method http-01 --webroot "$tmp/www"
check 'no key is kept' are_missing "$state/live/user/privkey.pem" \
    "$state/archive/user/privkey1.pem"
openssl x509 -noout -pubkey -in "$state/live/user/cert.pem" >"$tmp/certified"
openssl pkey -pubout -in "$tmp/user.key" >"$tmp/held"
check 'it is for the key of the user' cmp -s "$tmp/certified" "$tmp/held"
cert 'by the request again' 0 'issued' renew --force user
openssl req -in "$tmp/user.csr" -outform DER -out "$tmp/user.der"
cert 'in DER, in a dry run' 0 'key rsa2048' issue --csr "$tmp/user.der" \
    --method http-01 --webroot "$tmp/www" --dry-run
cert 'names are those of the request' 64 'give no NAME' issue \
    www.shop.example --csr "$tmp/user.csr"
openssl req -new -key "$tmp/user.key" -subj /CN=www.shop.example \
    -addext 'subjectAltName=DNS:www.shop.example,email:me@shop.example' \
    -out "$tmp/mail.csr"
cert 'a name that ACME cannot order' 1 'neither host names nor addresses' \
    issue --csr "$tmp/mail.csr"
openssl req -new -newkey rsa:1024 -nodes -subj /CN=www.shop.example \
    -keyout "$tmp/weak.key" -out "$tmp/weak.csr" 2>>"$tmp/openssl.log"
cert 'a weak key' 1 'weak.csr' issue --csr "$tmp/weak.csr"
openssl req -new -key "$tmp/user.key" -subj /CN=other.shop.example \
    -out "$tmp/user.csr"
cert 'other names than before' 1 'other names than before' renew --force user
rm "$tmp/user.csr"
cert 'the request is gone' 1 'is not there: put it back' renew --force user
stop_web
exit $failed
