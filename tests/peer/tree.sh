#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tree.sh -- a small Internet on loopback: a signed root, a signed top level
# domain and everything below it that a validator can meet, served by Knot.
#
#   tree.sh start DIR [ZONE=FILE...]   build and serve; settings in DIR/env
#   tree.sh stop DIR                   stop what DIR/env started
#
# ZONE=FILE adds an unsigned zone below `example.`, delegated as it should be.
# ZONE= delegates it only: TREE_CONF names a file of Knot's that serves it, and
# its DS, if it is signed, waits in DIR/keys/ZONE.ds.
# After `. DIR/env` the shell has TREE_PORT, TREE_SERVER (address@port),
# TREE_SERVER2 (shows another split.example), TREE_IPV6 (where it listens as
# well), TREE_ANCHOR, TREE_SUFFIXES and TREE_OPTIONS for holdfast.
#
#   good       signed, NSEC; records of every kind   wild       wildcards
#   nsec3      signed, NSEC3                         big        large RRsets
#   bogus      its DS belongs to another key         alias      CNAME and DNAME
#   expired    its signatures ended in 2020          split      two servers, two
#   unsigned   no DS                                            opinions
#   lame       delegated to a server that is not there
#   six        as split, but its second server has an IPv6 address only
#
# Where there is no ::1, six has one server and TREE_IPV6 is empty.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/await.sh
. "$here/await.sh"

CA='ca.example; accounturi=https://ca.example/acct/123'
OTHER='other-ca.example; accounturi=https://other-ca.example/a/9'
UNTIL='persistUntil=4000000000'
# Draft -02 10.2: "*" with the key of RFC 7638 and https://ca.example/acct/123.
STAR=NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug

# SOA and name servers of zone $1, whose second server is at $2.
head_of() {
    cat <<END
\$ORIGIN $1.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
END
    case ${2-} in
    '') ;;
    *:*) printf '@ NS ns2\nns2 AAAA %s\n' "$2" ;;
    *) printf '@ NS ns2\nns2 A %s\n' "$2" ;;
    esac
}

zone_root() {
    cat <<END
\$ORIGIN .
\$TTL 300
. SOA ns1.example. hostmaster.example. 1 3600 600 86400 300
. NS ns1.example.
example. NS ns1.example.
ns1.example. A 127.0.0.1
END
    cat "$dir/keys/example.ds"
}

zone_example() {
    head_of example
    for zone in $signed unsigned $extra; do
        printf '%s NS ns1.%s\nns1.%s A 127.0.0.1\n' "$zone" "$zone" "$zone"
        case $zone in
        bogus) sed 's/^good\.example\./bogus.example./' "$dir/keys/good.example.ds" ;;
        *) cat "$dir/keys/$zone.example.ds" 2>/dev/null || true ;;
        esac
    done
    printf '%s\n' 'split NS ns1.split' 'ns1.split A 127.0.0.1' \
        'split NS ns2.split' 'ns2.split A 127.0.0.2' \
        'six NS ns1.six' 'ns1.six A 127.0.0.1' \
        'six NS ns2.six' 'ns2.six AAAA ::1' \
        'lame NS ns1.lame' 'ns1.lame A 127.0.0.9'
}

zone_good() {
    head_of good.example
    cat <<END
@ CAA 0 issue "ca.example"
_validation-persist TXT "$CA; policy=wildcard; $UNTIL"
records TXT "$CA; $UNTIL"
_validation-persist.www TXT "$CA; $UNTIL"
_validation-persist.expired TXT "$CA; persistUntil=1600000000"
_validation-persist.other TXT "$OTHER"
_validation-persist.two TXT "$CA; $UNTIL"
_validation-persist.two TXT "$OTHER; policy=wildcard"
_validation-persist.broken TXT "$CA; policy wildcard"
_validation-persist.spelt TXT " CA.example ;accountURI=https://ca.example/acct/123;persistuntil=4000000000"
_validation-persist.tomb TXT ";"
_validation-persist.hashed TXT "ca.example; accounturi=https://ca.example/h/sha-256/$STAR"
_validation-persist.millis TXT "$CA; persistUntil=1790000000000"
caa-other CAA 0 issue "other-ca.example"
_validation-persist.caa-other TXT "$CA; $UNTIL"
caa-two CAA 0 issue "other-ca.example"
_validation-persist.caa-two TXT "$CA; $UNTIL"
_validation-persist.caa-two TXT "$OTHER"
caa-method CAA 0 issue "ca.example; validationmethods=dns-01"
_validation-persist.caa-method TXT "$CA; $UNTIL"
caa-critical CAA 128 unheard "of"
_validation-persist.caa-critical TXT "$CA; $UNTIL"
caa-alias CNAME caa-other
_validation-persist.caa-alias TXT "$CA; $UNTIL"
host A 192.0.2.1
END
}

zone_nsec3() {
    head_of nsec3.example
    echo "_validation-persist TXT \"$CA; $UNTIL\""
    echo "www A 192.0.2.1"
}

zone_plain() { # of zone $1: one record and a host
    head_of "$1"
    echo "_validation-persist TXT \"$CA; $UNTIL\""
    echo "records TXT \"$CA; $UNTIL\""
    echo "host A 192.0.2.1"
}

zone_unsigned() {
    zone_plain unsigned.example
    echo "*.any TXT \"$CA; $UNTIL\""
    echo "*.own TXT \"$CA; $UNTIL\""
    echo "_validation-persist.own TXT \"$OTHER\""
    # Not in a signed zone: in canonical form with its owners it is longer
    # than the 64 kB that Unbound validates.
    awk 'BEGIN {
        for (i = 0; i < 999; i++)
            printf "_validation-persist.many TXT \"x%d.example; accounturi=u:%d\"\n", i, i
    }'
    echo "_validation-persist.many TXT \"$CA; $UNTIL\""
}

zone_alias() {
    head_of alias.example
    cat <<END
_validation-persist.one CNAME records.good.example.
_validation-persist.two CNAME hop
hop 60 CNAME records.unsigned.example.
_validation-persist.loop CNAME loop
loop CNAME _validation-persist.loop
_validation-persist.dangling CNAME gone.good.example.
_validation-persist.bogus CNAME records.bogus.example.
tree DNAME good.example.
_validation-persist.apex CNAME nsec3.example.
_validation-persist.caa-fails TXT "$CA; $UNTIL"
caa-fails CNAME host.bogus.example.
END
}

zone_wild() {
    head_of wild.example
    cat <<END
*.txt TXT "$CA; policy=wildcard; $UNTIL"
_validation-persist.stop.txt TXT ";"
*.cname CNAME records.good.example.
*.tomb TXT ";"
host A 192.0.2.1
END
}

zone_big() {
    head_of big.example
    awk -v ca="$CA" -v until="$UNTIL" 'BEGIN {
        for (i = 0; i < 62; i++) {
            printf "_validation-persist.large TXT"
            for (s = 0; s < 4; s++) {
                printf " \"%03d%d", i, s
                for (c = 0; c < 240; c++) printf "x"
                printf "\""
            }
            print ""
        }
        printf "_validation-persist.large TXT \"%s; %s\"\n", ca, until
        printf "_validation-persist.long TXT \"%s; %s; note=\"", ca, until
        for (s = 0; s < 8; s++) {
            printf " \""
            for (c = 0; c < 250; c++) printf "y"
            printf "\""
        }
        print ""
        print "_validation-persist.split TXT \"ca.exam\" \"ple; accounturi=https://ca\" \"\" \".example/acct/123; " until "\""
        print "_validation-persist.octets TXT \"ca.example; a=\\000\\255\\001\\027[31mred\""
        print "_validation-persist.octets TXT \"" ca "; " until "\""
        print "_validation-persist.octets TXT \"\\195\\188n\\195\\175code.example\""
        name = "_validation-persist"
        for (i = 0; i < 10; i++) name = name ".aaaaaaaaaaaaaaaaaaa"
        print name ".aaaaaaaaa TXT \"" ca "; " until "\""
    }'
}

zone_split() { # $1, whose second server at $2 has opinions; $3: which server
    head_of "$1" "$2"
    echo "_validation-persist.same TXT \"$CA; $UNTIL\""
    seq 40 | sed "s|.*|_validation-persist.large TXT \"$CA&; $UNTIL\"|"
    if [ "$3" = 1 ]; then
        echo "_validation-persist TXT \"$CA; $UNTIL\""
        echo "_validation-persist.gone TXT \"$CA; $UNTIL\""
    else
        echo "_validation-persist TXT \"$OTHER\""
    fi
}

signed='good nsec3 bogus expired alias wild big'

make_key() { # of zone $1, into keys/$1.{key,private,ds}
    (
        cd "$dir/keys"
        base=$(ldns-keygen -a ECDSAP256SHA256 -k "$1")
        for end in key private ds; do
            mv "$base.$end" "${1%.}.$end"
        done
    )
}

sign() { # zone $1, more words for ldns-signzone
    zone=$1
    shift
    ldns-signzone "$@" -o "$zone" -f "$dir/zones/${zone}zone" \
        "$dir/raw/${zone}zone" "$dir/keys/$(key_of "$zone")"
}

key_of() {
    [ "$1" = . ] && echo root || echo "${1%.}"
}

make_keys() {
    for zone in example $(echo "$signed" | sed 's/[a-z0-9]*/&.example/g'); do
        make_key "$zone." &
    done
    (
        cd "$dir/keys"
        base=$(ldns-keygen -a ECDSAP256SHA256 -k .)
        for end in key private ds; do mv "$base.$end" "root.$end"; done
    ) &
    wait
}

make_zones() {
    for zone in good nsec3 alias wild big unsigned; do
        "zone_$zone" >"$dir/raw/$zone.example.zone"
    done
    zone_plain bogus.example >"$dir/raw/bogus.example.zone"
    zone_plain expired.example >"$dir/raw/expired.example.zone"
    for split in 'split.example 127.0.0.2' 'six.example ::1'; do
        # shellcheck disable=SC2086 # two words
        {
            zone_split $split 1 >"$dir/zones/${split% *}.zone"
            zone_split $split 2 >"$dir/zones2/${split% *}.zone"
        }
    done
    mv "$dir/raw/unsigned.example.zone" "$dir/zones/"
    zone_example >"$dir/raw/example.zone"
    zone_root >"$dir/raw/.zone"

    sign . &
    sign example. -n -s abcd -t 0 &
    for zone in good bogus alias wild big; do
        sign "$zone.example." &
    done
    sign nsec3.example. -n -s 1234 -t 0 &
    sign expired.example. -i 20200101000000 -e 20200201000000 &
    wait
}

# The configuration of one Knot in $1, at address $2, zones from $3; further
# addresses in $4. Ten connections may wait at each socket that it listens on, and
# one more is made to wait a second: Pebble asks by TCP, for a hundred names at
# once.
knot_conf() {
    cat <<END
server:
    rundir: $1
    listen: [ $2@$port${4:+, $4@$port} ]
    udp-workers: 1
    tcp-workers: 8
    background-workers: 1
    tcp-reuseport: on
log:
  - target: $1/log
    any: info
database:
    storage: $1
template:
  - id: default
    storage: $3
    zonefile-sync: -1
    journal-content: none
zone:
END
    for file in "$3"/*zone "$3"/.zone; do
        [ -f "$file" ] || continue
        zone=$(basename "$file")
        printf '  - domain: "%s."\n    file: "%s"\n' \
            "$(echo "$zone" | sed 's/\.\{0,1\}zone$//')" "$file"
    done
    [ -z "${TREE_CONF-}" ] || [ "$2" != 127.0.0.1 ] ||
        echo "include: $TREE_CONF"
}

serve() { # Knot in $1 at $2 with the zones of $3, and at $4
    mkdir -p "$1"
    knot_conf "$1" "$2" "$3" "${4-}" >"$1/knot.conf"
    knotd -c "$1/knot.conf" >"$1/out" 2>&1 &
    echo $! >>"$dir/pids"
}

start() {
    mkdir -p "$dir/keys" "$dir/raw" "$dir/zones" "$dir/zones2"
    dir=$(cd "$dir" && pwd)
    extra=
    for pair in "$@"; do
        zone=${pair%%=*}
        extra="$extra ${zone%.example}"
        [ -z "${pair#*=}" ] ||
            cp "${pair#*=}" "$dir/zones/${zone%.example}.example.zone"
    done
    port=$(python3 "$here/ports.py" free)
    ipv6=
    ! python3 "$here/ports.py" ipv6 || ipv6=::1
    make_keys
    make_zones
    printf '%s\n' '// ===BEGIN ICANN DOMAINS===' example \
        '// ===END ICANN DOMAINS===' >"$dir/suffixes"
    : >"$dir/pids"
    serve "$dir/knot" 127.0.0.1 "$dir/zones"
    serve "$dir/knot2" 127.0.0.2 "$dir/zones2" "$ipv6"
    # Every zone by name: what a server says of its own address has port 53.
    zones='. example'
    for zone in $signed unsigned split six $extra; do
        zones="$zones $zone.example"
    done
    stubs=
    for zone in $zones; do
        stubs="$stubs --stub $zone=127.0.0.1@$port"
    done
    cat >"$dir/env" <<END
TREE_PORT=$port
TREE_SERVER=127.0.0.1@$port
TREE_SERVER2=127.0.0.2@$port
TREE_IPV6=$ipv6
TREE_ANCHOR=$dir/keys/root.ds
TREE_SUFFIXES=$dir/suffixes
TREE_OPTIONS="${stubs# } --trust-anchor $dir/keys/root.ds --suffix-list $dir/suffixes --authoritative-port $port"
END
    # shellcheck disable=SC2086 # a list of zones
    await serves 127.0.0.1 "$port" $zones
    await serves 127.0.0.2 "$port" split.example six.example
}

stop() {
    [ -f "$dir/pids" ] || return 0
    # shellcheck disable=SC2046 # a list of numbers
    end $(cat "$dir/pids")
    rm -f "$dir/pids"
}

[ $# -ge 2 ] || {
    echo "usage: tree.sh start DIR [ZONE=FILE...] | stop DIR" >&2
    exit 64
}
what=$1
dir=$2
shift 2
case $what in
start) start "$@" ;;
stop) stop ;;
*) exit 64 ;;
esac
