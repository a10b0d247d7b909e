#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast scan` against NSD, Knot, BIND and Unbound, which must all lead to
# the same results; against servers that lie or say nothing; interrupted in
# every way; and with DNSSEC validation.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/servers.sh
. "$here/servers.sh"

# verdict WHAT TRUE: report the last command's `$?` given as TRUE.
verdict() {
    if [ "$2" = 0 ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        tail -c 600 "$tmp/err" 2>/dev/null | sed 's/^/    /'
        failed=1
    fi
}

scan() {
    status=0
    # A busy machine drops packets: most scans here are not about that.
    case " $* " in
    *" --retries "*) ;;
    *) set -- --retries 10 "$@" ;;
    esac
    timeout 120 "$HOLDFAST" scan --now 1790000000 "$@" 2>"$tmp/err" ||
        status=$?
}

# same WHAT FILE FILE
same() {
    status=0
    cmp "$2" "$3" >"$tmp/err" 2>&1 || status=1
    verdict "$1" $status
}

# is WHAT GOT WANTED
is() {
    echo "got $2, wanted $3" >"$tmp/err"
    [ "$2" = "$3" ] && verdict "$1" 0 || verdict "$1" 1
}

free_port() {
    python3 "$here/ports.py" free
}

ipv6=
! python3 "$here/ports.py" ipv6 || ipv6=::1

# ---- one zone, four servers ----

names=3000
awk -v n=$names 'BEGIN {
    print "$ORIGIN test.\n$TTL 3600"
    print "@ SOA ns hostmaster 1 7200 900 1209600 300\n@ NS ns"
    print "ns A 127.0.0.1"
    ca = "ca.example; accounturi=https://ca.example/acct/"
    for (i = 0; i < n; i++) {
        print "d" i " A 192.0.2.1"
        if (i % 10 == 0)
            print "_validation-persist.d" i " TXT \"" ca i "\""
    }
    for (i = 10; i < 100; i++) # BIND takes a hundred of a type at most
        print "_validation-persist.big TXT \"" ca "big" i "\""
    print "_validation-persist.alias CNAME _validation-persist.d10"
    print "_validation-persist.split TXT \"ca.exam\" \"ple; accounturi=u:1\""
    print "_validation-persist.odd TXT \"\\000\\255\\\"<b>\""
    print "empty._validation-persist.node A 192.0.2.1"
    print "*.wild TXT \"" ca "wild\""
}' >"$tmp/zone"
awk -v n=$names 'BEGIN {
    for (i = 0; i < n; i++) print "d" i ".test"
    print "big.test\nalias.test\nsplit.test\nodd.test\nnode.test\nx.wild.test"
    print "missing.test"
}' >"$tmp/names"

nsd_port=$(free_port)
mkdir "$tmp/nsd" "$tmp/knot" "$tmp/bind"
run_nsd "$tmp/nsd" "$nsd_port" test "$tmp/zone"

knot_port=$(free_port)
{
    head_of_knot "$tmp/knot" "127.0.0.1@$knot_port" ${ipv6:+"$ipv6@$knot_port"}
    cat <<END
zone:
  - domain: test
    storage: "$tmp"
    file: zone
    zonefile-sync: -1
END
} >"$tmp/knot/knot.conf"
run_knot "$tmp/knot"

bind_port=$(free_port)
{
    head_of_bind "$tmp/bind" "$bind_port"
    cat <<END
controls { };
zone "test" { type primary; file "$tmp/zone"; check-names ignore; };
END
} >"$tmp/bind/named.conf"
run_bind "$tmp/bind"

unbound_port=$(free_port)
cat >"$tmp/unbound.conf" <<END
server:
    interface: 127.0.0.1
    ${ipv6:+interface: $ipv6}
    port: $unbound_port
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "$tmp"
    pidfile: ""
    use-syslog: no
    logfile: "$tmp/unbound.log"
    do-not-query-localhost: no
    module-config: "iterator"
    local-zone: "test." nodefault
remote-control:
    control-enable: no
stub-zone:
    name: "test"
    stub-addr: 127.0.0.1@$nsd_port
END
unbound -d -c "$tmp/unbound.conf" >/dev/null 2>&1 &
pids="$pids $!"

for port in $nsd_port $knot_port $bind_port $unbound_port; do
    await serves 127.0.0.1 "$port" test
done

# What must not depend on who was asked.
plain() {
    jq -c 'select(.name) | [.name, .owner, .status, .rcode, .findings,
        ([.records[] | [.text, .issuer, .findings, .reach]] | sort)]' "$1"
}

scan --server "127.0.0.1@$nsd_port" "$tmp/names" >"$tmp/nsd.json"
is "findings give exit status 2" "$status" 2
plain "$tmp/nsd.json" >"$tmp/nsd.plain"
is "one result a name" "$(wc -l <"$tmp/nsd.plain")" \
    "$(wc -l <"$tmp/names")"
jq -r 'select(.name) | .name' "$tmp/nsd.json" >"$tmp/order"
same "in the order of the names" "$tmp/order" "$tmp/names"
is "found" "$(grep -c '"found"' "$tmp/nsd.plain")" $((names / 10 + 5))
is "nothing failed" "$(grep -c '"failed"' "$tmp/nsd.plain" || true)" 0
is "the answer that needs TCP is whole" \
    "$(jq -r 'select(.name == "big.test") | .records | length' \
        "$tmp/nsd.json")" 90
is "alias is followed and said (REQ VAL-33)" \
    "$(jq -r 'select(.name == "alias.test") |
        .target, .records[0].accounturi, .findings[0]' "$tmp/nsd.json" |
        tr '\n' ' ')" \
    "_validation-persist.d10.test https://ca.example/acct/10 alias "
is "strings are joined (REQ RECORD-01)" \
    "$(jq -r 'select(.name == "split.test") | .records[0].text' \
        "$tmp/nsd.json")" "ca.example; accounturi=u:1"
is "empty non-terminal is absent" \
    "$(jq -r 'select(.name == "node.test") | .status, .rcode' \
        "$tmp/nsd.json" | tr '\n' ' ')" "absent NOERROR "

for peer in knot bind unbound; do
    eval "port=\$${peer}_port"
    scan --server "127.0.0.1@$port" "$tmp/names" >"$tmp/$peer.json"
    plain "$tmp/$peer.json" >"$tmp/$peer.plain"
    same "$peer leads to the same results" "$tmp/nsd.plain" "$tmp/$peer.plain"
done
scan --server "127.0.0.1@$nsd_port" --server "127.0.0.1@$knot_port" \
    --server "127.0.0.1@$bind_port" "$tmp/names" >"$tmp/all.json"
plain "$tmp/all.json" >"$tmp/all.plain"
same "three servers in turn" "$tmp/nsd.plain" "$tmp/all.plain"
is "each was asked" \
    "$(jq -r 'select(.name) | .server' "$tmp/all.json" | sort -u | wc -l)" 3
scan --tcp --server "127.0.0.1@$nsd_port" "$tmp/names" >"$tmp/tcp.json"
plain "$tmp/tcp.json" >"$tmp/tcp.plain"
same "TCP only" "$tmp/nsd.plain" "$tmp/tcp.plain"
for peer in ${ipv6:+nsd knot bind unbound}; do
    eval "port=\$${peer}_port"
    scan --server "$ipv6@$port" "$tmp/names" >"$tmp/six.json"
    plain "$tmp/six.json" >"$tmp/six.plain"
    same "$peer over IPv6, and TCP for the big one" "$tmp/nsd.plain" \
        "$tmp/six.plain"
    is "$peer was asked over IPv6 only" \
        "$(jq -r 'select(.name) | .server' "$tmp/six.json" | sort -u)" \
        "$ipv6@$port"
done
if [ -n "$ipv6" ]; then
    scan --tcp --server "$ipv6@$nsd_port" --server "127.0.0.1@$knot_port" \
        "$tmp/names" >"$tmp/both.json"
    plain "$tmp/both.json" >"$tmp/both.plain"
    same "TCP only, IPv6 and IPv4 in turn" "$tmp/nsd.plain" "$tmp/both.plain"
fi
for shape in csv markdown html text; do
    scan --format $shape --server "127.0.0.1@$nsd_port" "$tmp/names" \
        >"$tmp/shape"
    is "--format $shape names the big one" \
        "$(grep -c 'acct/big99' "$tmp/shape")" 1
done

# ---- judged ----

scan --server "127.0.0.1@$nsd_port" --issuer ca.example --draft 01 \
    --account-url https://ca.example/acct/10 "$tmp/names" >"$tmp/judged"
is "verdicts: one name is the account's, and its alias" \
    "$(jq -r 'select(.verdict.outcome == "valid") | .name' "$tmp/judged" |
        tr '\n' ' ')" "d10.test alias.test "

# ---- names ----

printf '%s\n' '# comment' '' '  D20.TEST.  # upper case' '*.d30.test' \
    'b\374cher.test' 'bücher.test' 'a..test' '-x.test' \
    "$(printf 'a%.0s' $(seq 64)).test" \
    "$(printf 'abcdefg.%.0s' $(seq 29))test" \
    "$(printf 'x%.0s' $(seq 5000))" 'd40.test' >"$tmp/odd"
scan --server "127.0.0.1@$nsd_port" "$tmp/odd" >"$tmp/odd.json"
is "names that are none are results, and the run goes on" \
    "$(jq -r 'select(.name) | .status' "$tmp/odd.json" | tr '\n' ' ')" \
    "found found invalid-name absent invalid-name invalid-name invalid-name invalid-name invalid-name found "
is "U-labels become A-labels (REQ RECORD-21)" \
    "$(jq -r 'select(.name) | .name' "$tmp/odd.json" | sed -n 4p)" \
    xn--bcher-kva.test
printf 'd50.test\nd51.test' |
    timeout 60 "$HOLDFAST" scan --server "127.0.0.1@$nsd_port" >"$tmp/pipe"
is "names from a pipe, the last without a line feed" \
    "$(jq -r 'select(.name) | .status' "$tmp/pipe" | tr '\n' ' ')" \
    "found absent "

# ---- servers that do not answer ----

mkfifo "$tmp/hole" "$tmp/liar"
python3 "$here/scan_liar.py" black-hole >"$tmp/hole" &
pids="$pids $!"
read -r hole <"$tmp/hole"
python3 "$here/scan_liar.py" liar >"$tmp/liar" &
pids="$pids $!"
read -r liar <"$tmp/liar"
head -50 "$tmp/names" >"$tmp/few"

for case in "black-hole $hole" "closed $(free_port)" "liar $liar"; do
    scan --timeout 100 --retries 1 --server "127.0.0.1@${case#* }" \
        "$tmp/few" >"$tmp/lost.json"
    is "${case% *}: exit status" "$status" 2
    is "${case% *}: failures, never absence nor data (REQ ERR-04)" \
        "$(jq -r 'select(.name) | .status' "$tmp/lost.json" | sort | uniq -c |
            tr -s ' ')" " 50 failed"
done
scan --timeout 1000 --server "127.0.0.1@$hole" \
    --server "127.0.0.1@$nsd_port" "$tmp/few" >"$tmp/half.json"
is "another server makes up for a silent one" \
    "$(jq -r 'select(.status == "failed") | .name' "$tmp/half.json" |
        wc -l)" 0

# ---- interruptions ----

seq -f 'd%.0f.test' 0 20000 >"$tmp/many"

# Begun or resumed at a pace at which it takes seconds: it has marked in its
# journal that it got further, or has ended.
scan_on() { # FORMAT
    cp "$tmp/journal" "$tmp/mark" 2>"$tmp/err" || : >"$tmp/mark"
    "$HOLDFAST" scan --now 1790000000 --retries 10 --rate 4000 --format "$1" \
        --server "127.0.0.1@$nsd_port" --output "$tmp/part" \
        --resume "$tmp/journal" "$tmp/many" 2>"$tmp/err" &
    scan_pid=$!
    pids="$pids $scan_pid"
    await has_marked
}

has_marked() {
    ! runs $scan_pid || { [ -e "$tmp/journal" ] &&
        ! cmp -s "$tmp/journal" "$tmp/mark"; }
}

for shape in json csv html; do
    scan --format $shape --server "127.0.0.1@$nsd_port" \
        --output "$tmp/whole" "$tmp/many"
    rm -f "$tmp/part" "$tmp/journal"
    kills=0
    status=137
    while [ "$status" = 137 ]; do
        scan_on $shape
        kill -9 $scan_pid 2>/dev/null || true
        status=0
        wait $scan_pid || status=$?
        kills=$((kills + 1))
    done
    echo "$kills runs" >>"$tmp/err"
    [ $kills -gt 1 ] && [ "$status" = 0 ] && status=0 || status=1
    verdict "$shape: killed, resumed, ended" $status
    same "$shape: killed runs lose and repeat nothing" "$tmp/whole" \
        "$tmp/part"
    [ ! -e "$tmp/journal" ] && status=0 || status=1
    verdict "$shape: the journal is gone at the end" $status
done

scan --format json --server "127.0.0.1@$nsd_port" --output "$tmp/whole" \
    "$tmp/many"
rm -f "$tmp/part"
scan_on json
kill -INT $scan_pid
wait $scan_pid || true
is "SIGINT: says where it stopped" "$(grep -c 'go on' "$tmp/err")" 1
scan --server "127.0.0.1@$nsd_port" --output "$tmp/part" \
    --resume "$tmp/journal" "$tmp/names"
is "another input is refused" "$status" 1
scan --server "127.0.0.1@$nsd_port" --output "$tmp/part" \
    --resume "$tmp/journal" "$tmp/many"
same "SIGINT: resumed, nothing lost or repeated" "$tmp/whole" "$tmp/part"
printf 'holdfast-scan-journal 1 nonsense\n' >"$tmp/journal"
scan --server "127.0.0.1@$nsd_port" --output "$tmp/part" \
    --resume "$tmp/journal" "$tmp/many"
is "a journal that is none is refused" "$status" 1
same "and the output is left alone" "$tmp/whole" "$tmp/part"

# ---- trouble ----

scan --server "127.0.0.1@$nsd_port" --output /dev/full "$tmp/names"
is "disk full is said" "$status $(grep -c 'No space left' "$tmp/err")" "1 1"
scan --server "127.0.0.1@$nsd_port" "$tmp/not-there"
is "missing file" "$status" 1
scan --server "127.0.0.1@$nsd_port" "$tmp"
is "what cannot be read is named" "$status $(cat "$tmp/err")" \
    "1 holdfast scan: $tmp: read: Is a directory"
scan --server "127.0.0.1@$nsd_port" --output "$tmp/part" \
    --resume "$tmp/no/journal" "$tmp/few"
is "a journal that cannot be written is named" \
    "$status $(cut -d: -f 1,2 "$tmp/err")" \
    "1 holdfast scan: $tmp/no/journal"
for bad in nsd.test 192.0.2.1@0 192.0.2.1@x 1.2.3 ::1@0 ::g '[::1]:53'; do
    scan --server "$bad" "$tmp/names"
    is "bad server $bad" "$status" 64
done
scan --resume "$tmp/journal" "$tmp/names"
is "--resume without --output" "$status" 64

# ---- validated ----

sh "$here/tree.sh" start "$tmp/tree"
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"
options=$(echo "$TREE_OPTIONS" |
    sed 's/--suffix-list [^ ]*//; s/--authoritative-port [^ ]*//')
printf '%s\n' good.example www.good.example missing.good.example \
    bogus.example unsigned.example >"$tmp/signed"
# shellcheck disable=SC2086 # options are words
scan --server "$TREE_SERVER" --validate $options "$tmp/signed" >"$tmp/valid"
is "presence is validated before it is believed (REQ VAL-30)" \
    "$(jq -r 'select(.name) | [.status, .security] | join(":")' \
        "$tmp/valid" | tr '\n' ' ')" \
    "found:secure found:secure absent:unchecked failed:bogus found:insecure "
# shellcheck disable=SC2086 # options are words
scan --server "$TREE_SERVER" --prove-absence $options "$tmp/signed" \
    >"$tmp/valid"
is "absence is proved when asked for" \
    "$(jq -r 'select(.name == "missing.good.example") |
        [.status, .security] | join(":")' "$tmp/valid")" "absent:secure"

if [ $failed = 0 ] && [ -z "$ipv6" ]; then
    echo "skipped: no ::1 here, so nothing was tried over IPv6"
    exit 77
fi
exit $failed
