#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast audit --axfr` and `--ixfr` against Knot and BIND, signed and not,
# and against a liar in between: a transfer that is cut, altered, repeated or
# too old leaves nothing on standard output and no file.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/servers.sh
. "$here/servers.sh"
needs knotd knotc kdig named rndc python3
secret=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0
now='--now=1789000000'
# shellcheck disable=SC2046 # three words
set -- $(python3 "$here/ports.py" free 3)
knot=$1
bind=$2
control=$3
ipv6=
! python3 "$here/ports.py" ipv6 || ipv6=::1

# want STATUS PATTERN TEXT ARGUMENT...: the pattern is looked for in both
# outputs.
want() {
    status=$1 pattern=$2 text=$3 got=0
    shift 3
    "$HOLDFAST" audit "$@" >"$tmp/out" 2>"$tmp/err" || got=$?
    if [ "$got" -eq "$status" ] && cat "$tmp/out" "$tmp/err" |
        grep -Eq -e "$pattern"; then
        ok "$text"
    else
        not_ok "$text (status $got)"
    fi
}

# The same for a failure: nothing on standard output, and no file.
want_nothing() {
    pattern=$1 text=$2
    shift 2
    want 1 "$pattern" "$text" "$@"
    [ ! -s "$tmp/out" ] || not_ok "$text: something was written"
    want 1 "$pattern" "$text, to a file" "$@" --output "$tmp/report"
    [ ! -e "$tmp/report" ] || not_ok "$text: a file was left"
}

zone() { # serial
    cat <<EOF
\$ORIGIN example.
\$TTL 300
@ SOA ns admin $1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
_validation-persist TXT "ca.example; accounturi=https://ca.example/acct/1"
_validation-persist.www TXT ("ca.example; accounturi=https://ca.exa"
   "mple/acct/1; policy=wildcard")
_validation-persist.al CNAME x.other.
*.wild CNAME target.other.
_Validation-Persist.up TXT "ca.example; accounturi=https://ca.example/acct/1; persistUntil=179000000$1"
EOF
    [ "$1" -ne 1 ] || echo '_validation-persist.gone TXT "; x=y"'
    [ "$1" -ne 3 ] || echo '_validation-persist.new TXT "ca.example; accounturi=https://ca.example/acct/9"'
    seq 3000 | sed 's/.*/h& A 192.0.2.1/'
    seq 300 | sed 's/.*/_validation-persist.h& TXT "ca.example; accounturi=https:\/\/ca.example\/acct\/&"/'
}

mkdir "$tmp/knot" "$tmp/bind"
zone 1 >"$tmp/knot/example.zone"
zone 1 >"$tmp/bind/example.zone"
{
    head_of_knot "$tmp/knot" "127.0.0.1@$knot" ${ipv6:+"$ipv6@$knot"}
    cat <<EOF
key:
  - id: k1.
    algorithm: hmac-sha256
    secret: $secret
acl:
  - id: signed
    key: k1.
    action: transfer
  - id: open
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: $tmp/knot
    journal-content: changes
    zonefile-load: difference
zone:
  - domain: example
    acl: signed
    file: example.zone
  - domain: open.example
    acl: open
    file: open.zone
EOF
} >"$tmp/knot/knot.conf"
zone 7 | sed 's/^\$ORIGIN example/$ORIGIN open.example/' >"$tmp/knot/open.zone"
{
    head_of_bind "$tmp/bind" "$bind" 'allow-transfer { none; };'
    cat <<EOF
key "k1" { algorithm hmac-sha256; secret "$secret"; };
key "rndc" { algorithm hmac-sha256; secret "$secret"; };
controls { inet 127.0.0.1 port $control allow { any; } keys { rndc; }; };
zone "example" {
    type master; file "example.zone"; ixfr-from-differences yes;
    allow-transfer { key k1; };
};
EOF
} >"$tmp/bind/named.conf"
cat >"$tmp/bind/rndc.conf" <<EOF
key "rndc" { algorithm hmac-sha256; secret "$secret"; };
options { default-key "rndc"; default-server 127.0.0.1; };
EOF
run_knot "$tmp/knot"
run_bind "$tmp/bind"

await serves 127.0.0.1 "$knot" example open.example
await serves 127.0.0.1 "$bind" example

good="--tsig hmac-sha256:k1:$secret"
cat >"$tmp/key" <<EOF
key "k1" { algorithm hmac-sha256; secret "$secret"; };
EOF
chmod 600 "$tmp/key"
cat >"$tmp/knotkey" <<EOF
key:
- id: k1.
  algorithm: hmac-sha256
  secret: $secret
EOF
chmod 640 "$tmp/knotkey"

# The same records as in the file, wherever they come from.
facts() {
    python3 -c '
import json, sys
for line in sys.stdin:
    result = json.loads(line)
    if "name" in result:
        print(result["owner"], result.get("target"), result.get("findings"),
              [(r["text"], r["findings"]) for r in result["records"]])
' | sort
}
"$HOLDFAST" audit --json "$now" "$tmp/knot/example.zone" >"$tmp/out" \
    2>"$tmp/err" || true
facts <"$tmp/out" >"$tmp/facts"
[ "$(wc -l <"$tmp/facts")" -eq 306 ] || not_ok "the file has 306 results"

# shellcheck disable=SC2086,SC2154 # $good and $at are two words; eval sets port
for server in knot bind; do
    eval "port=\$$server"
    at="--axfr 127.0.0.1@$port"
    "$HOLDFAST" audit $at $good --json "$now" example >"$tmp/out" \
        2>"$tmp/err" || true
    facts <"$tmp/out" >"$tmp/got"
    if cmp -s "$tmp/facts" "$tmp/got"; then
        ok "$server: AXFR finds what the file has"
    else
        not_ok "$server: AXFR finds what the file has"
    fi
    if [ -n "$ipv6" ]; then
        "$HOLDFAST" audit --axfr "$ipv6@$port" $good --json "$now" example \
            >"$tmp/out" 2>"$tmp/err" || true
        facts <"$tmp/out" >"$tmp/got"
        if cmp -s "$tmp/facts" "$tmp/got" &&
            grep -q "\"source\":\"$ipv6@$port\"" "$tmp/out"; then
            ok "$server: AXFR over IPv6 finds what the file has"
        else
            not_ok "$server: AXFR over IPv6 finds what the file has"
        fi
        want 0 'current, serial 1' "$server: IXFR over IPv6" \
            --axfr "$ipv6@$port" $good --ixfr 1 example
    fi
    want 2 'every message verified' "$server: BIND's kind of key file" \
        $at --tsig-file "$tmp/key" "$now" --summary example
    want 2 'every message verified' "$server: Knot's kind of key file" \
        $at --tsig-file "$tmp/knotkey" "$now" --summary example
    want_nothing 'secrets differ|BADSIG' "$server: wrong secret" \
        $at --tsig k1:AAAA example
    want_nothing 'BADKEY|NOTAUTH' "$server: unknown key" \
        $at --tsig "k2:$secret" example
    want_nothing 'BADKEY|BADSIG|NOTAUTH' "$server: other algorithm" \
        $at --tsig "hmac-sha512:k1:$secret" example
    want_nothing 'REFUSED|NOTAUTH' "$server: no key" $at example
    want_nothing 'REFUSED|NOTAUTH' "$server: no such zone" $at $good nowhere
    want 0 'current, serial 1' "$server: IXFR of the current zone" \
        $at $good --ixfr 1 example
done

# shellcheck disable=SC2086
want 2 'full, serial 7.*not signed' "knot: without a key where it may" \
    --axfr "127.0.0.1@$knot" "$now" open.example

chmod 644 "$tmp/key"
want 1 'everybody can read' "a key file for everybody is refused" \
    --axfr "127.0.0.1@$knot" --tsig-file "$tmp/key" example
want 64 'only together with --axfr' "a key without a transfer" \
    --tsig "k1:$secret" "$tmp/knot/example.zone"

# Liars. The key is right, the server honest, the line is not.
for mode in cut hang flip repeat old; do
    liar=$(python3 "$here/ports.py" free)
    python3 "$here/transfer_liar.py" "$liar" "$bind" "$mode" >"$tmp/ready" &
    liar_pid=$!
    pids="$pids $liar_pid"
    await listens "$liar"
    case $mode in
    cut) says='closed the connection' ;;
    hang) says='does not go on' ;;
    flip) says='does not verify|malformed|behind|RFC' ;;
    repeat) says='does not verify' ;;
    old) says='signed too long ago' ;;
    esac
    # shellcheck disable=SC2086
    if [ "$mode" = repeat ]; then
        want 2 verified "a proxy alone does no harm" \
            --axfr "127.0.0.1@$liar" $good --summary "$now" example
    fi
    # shellcheck disable=SC2086
    want_nothing "$says" "liar: $mode" \
        --axfr "127.0.0.1@$liar" $good --timeout 5 example
    end "$liar_pid"
done
liar=$(python3 "$here/ports.py" free)
want_nothing 'connect' "nobody listens" --axfr "127.0.0.1@$liar" example

has_serial() { # SERIAL PORT
    [ "$(kdig @127.0.0.1 -p "$2" +short example SOA | cut -d' ' -f3)" = "$1" ]
}

# What changed. Two steps for Knot, one for BIND.
for serial in 2 3; do
    zone "$serial" >"$tmp/knot/example.zone"
    knotc -c "$tmp/knot/knot.conf" -s "$tmp/knot/knot.sock" -b \
        zone-reload example >/dev/null
done
zone 3 >"$tmp/bind/example.zone"
rndc -c "$tmp/bind/rndc.conf" -p "$control" reload example >"$tmp/out" \
    2>"$tmp/err" || not_ok "rndc reload"

# shellcheck disable=SC2086
for server in knot bind; do
    eval "port=\$$server"
    at="--axfr 127.0.0.1@$port"
    await has_serial 3 "$port"
    want 2 'changes, serial 3' "$server: IXFR" $at $good --ixfr 1 example
    for pattern in '_validation-persist.new.example' 'WIDENED: a new grant' \
        'modified' 'WIDENED: it lasts longer' 'deleted'; do
        grep -q -e "$pattern" "$tmp/out" ||
            not_ok "$server: the changes say \"$pattern\""
    done
    [ "$(grep -c '^    is   ' "$tmp/out")" -eq 2 ] ||
        not_ok "$server: only the net changes are told"
    want 2 '"transfer":"changes"' "$server: IXFR as JSON" \
        $at $good --ixfr 1 --json example
    want 2 'full, serial 3' "$server: older than the journal" \
        $at $good --ixfr 0 "$now" --summary example
done
if [ "$failed" = 0 ] && [ -z "$ipv6" ]; then
    echo "skipped: no ::1 here, so nothing was tried over IPv6"
    exit 77
fi
exit "$failed"
