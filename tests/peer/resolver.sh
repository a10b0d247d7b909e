#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The same answers whoever validates: libunbound by itself, libunbound behind
# a forwarder, and the AD bit of Unbound and of BIND (REQ VAL-30, VAL-31,
# VAL-33, RECORD-01), all above the same zones in Knot. One table says what
# each name is; every resolver is compared with it.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"

sh "$here/tree.sh" start "$tmp/tree"
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"

free_port() {
    python3 "$here/ports.py" free
}

start_unbound() {
    unbound_port=$(free_port)
    cat >"$tmp/unbound.conf" <<END
server:
    interface: 127.0.0.1@$unbound_port
    ${TREE_IPV6:+interface: $TREE_IPV6@$unbound_port}
    directory: "$tmp"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: "$tmp/unbound.log"
    num-threads: 1
    do-not-query-localhost: no
    trust-anchor-file: "$TREE_ANCHOR"
    ede: yes
remote-control:
    control-enable: no
END
    for word in $TREE_OPTIONS; do
        case $word in
        *=*@*) printf 'stub-zone:\n    name: "%s"\n    stub-addr: %s\n' \
            "${word%%=*}" "${word#*=}" >>"$tmp/unbound.conf" ;;
        esac
    done
    unbound -d -c "$tmp/unbound.conf" >"$tmp/unbound.out" 2>&1 &
    pids="$pids $!"
}

# BIND takes RRsets of more than 100 records only when it is told to.
start_bind() {
    bind_port=$(free_port)
    anchor=$(awk '{ for (i = 1; i <= NF; i++) if ($i == "DS")
        printf "%s %s %s \"%s\"", $(i+1), $(i+2), $(i+3), $(i+4) }' "$TREE_ANCHOR")
    cat >"$tmp/named.conf" <<END
options {
    directory "$tmp";
    pid-file "$tmp/named.pid";
    session-keyfile "$tmp/session.key";
    managed-keys-directory "$tmp";
    listen-on port $bind_port { 127.0.0.1; };
    listen-on-v6 port $bind_port { ${TREE_IPV6:-none}; };
    dnssec-validation yes;
    max-records-per-type 0;
    forward only;
    forwarders { 127.0.0.1 port $TREE_PORT; };
};
controls { };
trust-anchors { "." static-ds $anchor; };
END
    named -g -n 1 -c "$tmp/named.conf" >"$tmp/named.log" 2>&1 &
    pids="$pids $!"
}

validates() { # PORT: it answers with AD
    kdig +timeout=1 +retry=0 +adflag +dnssec @127.0.0.1 -p "$1" . NS \
        2>/dev/null | grep -q 'Flags: .*ad'
}

# name | state | security | chain | records | wildcard | would issue
#
# `records` is how many there are; `-` where the answer is a failure.
table() {
    cat <<END
good.example|data|secure||1|no|yes
www.good.example|data|secure||1|no|yes
two.good.example|data|secure||2|no|yes
host.good.example|nxdomain|secure||0|no|no
none.good.example|nxdomain|secure||0|no|no
nsec3.example|data|secure||1|no|yes
www.nsec3.example|nxdomain|secure||0|no|no
unsigned.example|data|insecure||1|no|yes
host.unsigned.example|nxdomain|insecure||0|no|no
many.unsigned.example|data|insecure||1000|no|yes
x.any.unsigned.example|data|insecure||1|yes|yes
bogus.example|failure|bogus||0|no|unknown
expired.example|failure|bogus||0|no|unknown
one.alias.example|data|secure|_validation-persist.one.alias.example>records.good.example|1|no|yes
two.alias.example|data|insecure|_validation-persist.two.alias.example>hop.alias.example>records.unsigned.example|1|no|yes
dangling.alias.example|nxdomain|secure|_validation-persist.dangling.alias.example>gone.good.example|0|no|no
loop.alias.example|failure|indeterminate||0|no|unknown
bogus.alias.example|failure|bogus||0|no|unknown
www.tree.alias.example|data|secure|_validation-persist.www.tree.alias.example>_validation-persist.www.good.example|1|no|yes
a.txt.wild.example|data|secure||1|yes|yes
stop.txt.wild.example|data|secure||1|no|no
x.cname.wild.example|data|secure|_validation-persist.x.cname.wild.example>records.good.example|1|yes|yes
large.big.example|data|secure||63|no|yes
long.big.example|data|secure||1|no|yes
split.big.example|data|secure||1|no|yes
octets.big.example|data|secure||3|no|yes
lame.example|failure|indeterminate||0|no|unknown
END
}

# look SECONDS OPTION...: at the names in $tmp/names, and so long at most.
look() {
    seconds=$1
    shift
    # 1: some look-ups fail, as they should.
    "$HOLDFAST" check --json --no-authoritative --file "$tmp/names" \
        --suffix-list "$TREE_SUFFIXES" --resolver-timeout "$seconds" "$@" \
        >>"$tmp/json" 2>>"$tmp/err" || [ $? -eq 1 ]
}

# What a resolver with the options "$@" makes of all names, in the same shape.
ask() {
    : >"$tmp/json"
    : >"$tmp/err"
    table | cut -d'|' -f1 | grep -v '^lame' >"$tmp/names"
    look 60 "$@"
    # Nobody answers for it, ever.
    echo lame.example >"$tmp/names"
    look 3 "$@"
    jq -r '.looked_at[0] as $l
        | [.name, $l.state, $l.security,
           ($l.chain | if length == 0 then ""
                       else [.[0].owner] + map(.target) | join(">") end),
           ($l.records | length),
           (if $l.synthesised then "yes" else "no" end), .would_issue]
        | map(tostring) | join("|")' "$tmp/json"
}

# A resolver that cannot tell leaves the chain out of a failure.
compare() { # what, options
    what=$1
    shift
    ask "$@" >"$tmp/got"
    table >"$tmp/want"
    if diff "$tmp/want" "$tmp/got" >"$tmp/diff"; then
        echo "ok - REQ VAL-30 VAL-31 VAL-33: $what"
    else
        echo "not ok - $what"
        cat "$tmp/diff" "$tmp/err"
        failed=1
    fi
    # The records themselves, octet for octet (REQ RECORD-01).
    jq -S -c '[.name, [.looked_at[0].records[].value]]' "$tmp/json" |
        sort >"$tmp/values.$(echo "$what" | tr -c 'a-z\n' -)"
}

start_unbound
start_bind
await validates "$unbound_port"
await validates "$bind_port"

stubs=$(echo "$TREE_OPTIONS" | sed 's/--suffix-list.*//')
# shellcheck disable=SC2086 # options are words
compare 'libunbound' $stubs
compare 'libunbound, forwarding' --trust-anchor "$TREE_ANCHOR" \
    --forward "127.0.0.1@$unbound_port"
compare 'AD bit of Unbound' --resolver "127.0.0.1@$unbound_port"
compare 'AD bit of BIND' --resolver "127.0.0.1@$bind_port"
if [ -n "$TREE_IPV6" ]; then
    compare 'libunbound, forwarding, IPv6' --trust-anchor "$TREE_ANCHOR" \
        --forward "$TREE_IPV6@$unbound_port"
    compare 'AD bit of Unbound, IPv6' --resolver "$TREE_IPV6@$unbound_port"
    compare 'AD bit of BIND, IPv6' --resolver "$TREE_IPV6@$bind_port"
fi

# Of the first name that is asked for there is no top-level domain: what is
# insecure is told all the same.
sed 's/^example$/&\ngone/' "$TREE_SUFFIXES" >"$tmp/suffixes"
printf 'x.gone\nunsigned.example\n' >"$tmp/names"
printf 'nxdomain secure\ndata insecure\n' >"$tmp/gone"
# shellcheck disable=SC2086 # options are words
"$HOLDFAST" check --json --no-authoritative --file "$tmp/names" \
    --suffix-list "$tmp/suffixes" $stubs >"$tmp/json" 2>"$tmp/err" || true
if jq -r '.looked_at[0] | .state + " " + .security' "$tmp/json" |
    diff - "$tmp/gone" >"$tmp/diff"; then
    echo 'ok - REQ VAL-31: behind a domain that is not there'
else
    echo 'not ok - behind a domain that is not there'
    cat "$tmp/diff"
    failed=1
fi

first=
for file in "$tmp"/values.*; do
    [ -n "$first" ] || first=$file
    if ! cmp -s "$first" "$file"; then
        echo "not ok - records differ between resolvers"
        diff "$first" "$file" | cut -c1-200 || true
        failed=1
    fi
done
[ "$failed" = 1 ] || echo "ok - REQ RECORD-01: the same records from all"
if [ "$failed" = 0 ] && [ -z "$TREE_IPV6" ]; then
    echo "skipped: no ::1 here, so nothing was tried over IPv6"
    exit 77
fi
exit "$failed"
