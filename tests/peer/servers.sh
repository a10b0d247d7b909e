# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# servers.sh -- name servers on loopback, to be sourced. Each has a directory
# of its own, with its configuration and its log; what runs is in $pids, which
# verdict.sh ends.
#
#   head_of_knot DIR ADDRESS@PORT...    the beginning of DIR/knot.conf
#   head_of_bind DIR PORT [OPTION...]   the beginning of DIR/named.conf, where
#                                       it listens at 127.0.0.1, and at $ipv6
#   run_knot DIR; run_bind DIR          start it with that configuration
#   run_nsd DIR PORT ZONE FILE          NSD with one zone, there as well

ipv6=${ipv6-}

head_of_knot() {
    cat <<END
server:
    rundir: "$1"
    listen: [ $(shift && echo "$@" | sed 's/ /, /g') ]
log:
  - target: "$1/log"
    any: info
database:
    storage: "$1"
END
}

head_of_bind() {
    cat <<END
options {
    directory "$1"; pid-file none; session-keyfile none;
    listen-on port $2 { 127.0.0.1; };
    listen-on-v6 port $2 { ${ipv6:-none}; };
    recursion no; dnssec-validation no;
END
    shift 2
    [ $# -eq 0 ] || printf '    %s\n' "$@"
    echo '};'
}

run_knot() {
    knotd -c "$1/knot.conf" >"$1/out" 2>&1 &
    pids="$pids $!"
}

run_bind() {
    named -g -c "$1/named.conf" >"$1/log" 2>&1 &
    pids="$pids $!"
}

run_nsd() {
    cat >"$1/nsd.conf" <<END
server:
    ip-address: 127.0.0.1@$2
    ${ipv6:+ip-address: $ipv6@$2}
    zonesdir: "$1"
    database: ""
    pidfile: "$1/nsd.pid"
    xfrdfile: "$1/nsd.xfrd"
    zonelistfile: "$1/nsd.zones"
    logfile: "$1/nsd.log"
    username: ""
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: $3
    zonefile: "$4"
END
    nsd -d -c "$1/nsd.conf" >"$1/out" 2>&1 &
    pids="$pids $!"
}
