#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The laboratory's name server before real resolvers and clients: what it says
# is secure, insecure or bogus for Unbound, delv and our own resolver as it
# should be; nsupdate, knsupdate and we ourselves change its zones; what it
# transfers, dnssec-verify and ldns-verify-zone accept; its faults look to a
# resolver like the real ones.
set -eu

here=$(dirname "$0")
tmp=$(mktemp -d)
pids=
failed=0

# shellcheck disable=SC2086 # a list of numbers
cleanup() {
    [ -z "$pids" ] || kill $pids 2>/dev/null || true
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

ok() {
    echo "ok - $1"
}

bad() {
    echo "not ok - $1"
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@"
    failed=1
}

# What the laboratory is told, and that it did it.
marks=0
lab() {
    marks=$((marks + 1))
    printf '%s\n' "$@" "say mark-$marks." >&3
    await "mark-$marks\\." "$tmp/lab"
}

await() { # pattern, file
    tries=0
    until grep -q "$1" "$2"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || {
            echo "not ok - no '$1' in $2"
            cat "$2" "$tmp/lab.err"
            exit 1
        }
        sleep 0.05
    done
}

# ---- the laboratory ----

secret=$(openssl rand -base64 32)
(umask 077 && echo "hmac-sha256:lab.key:$secret" >"$tmp/key")
cat >"$tmp/zones" <<'END'
$ORIGIN shop.example.
@ SOA ns host 1 2 3 4 5
@ A 127.0.0.7
www A 127.0.0.8
_validation-persist TXT "ca.example; accounturi=https://ca.example/1"
*.wild TXT "wild"
b.a.ent TXT "below"
alias CNAME www
gone CNAME nowhere
out CNAME a.other.example.
round CNAME circle
circle CNAME round
tree DNAME leaf
x.leaf TXT "leaf"
caa CAA 0 issue "ca.example"
sub NS ns.sub
sub TXT "not ours"
ns.sub A 127.0.0.10
$ORIGIN other.example.
@ SOA ns host 1 2 3 4 5
a TXT "other"
END
{
    echo '$ORIGIN big.example.'
    echo '@ SOA ns host 1 2 3 4 5'
    for i in $(seq 1000 1230); do
        printf '@ TXT "%s%s"\n' "$i" "$(printf '%0250d' 0)"
    done
} >>"$tmp/zones"

mkfifo "$tmp/verbs"
"$HOLDFAST" lab dns --listen 127.0.0.1@0 --write-anchor "$tmp/anchor" \
    --tsig-key "$tmp/key" --follow "$tmp/verbs" "$tmp/zones" \
    >"$tmp/lab" 2>"$tmp/lab.err" &
pids=$!
exec 3>"$tmp/verbs"
await 'answering at port' "$tmp/lab"
port=$(sed -n 's/^answering at port \([0-9]*\);.*/\1/p' "$tmp/lab")
lab 'zone plain.example unsigned' 'zone island.example no-ds' \
    'record add x.plain.example TXT plain' \
    'record add x.island.example TXT island' \
    'zone evil.example'
for word in bogus expired lie loop servfail refused; do
    lab "record add x-$word.evil.example TXT evil"
done

# ---- Unbound ----

unbound_port=$(python3 "$here/ports.py" free)
cat >"$tmp/unbound.conf" <<END
server:
    interface: 127.0.0.1@$unbound_port
    directory: "$tmp"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: "$tmp/unbound.log"
    verbosity: 1
    num-threads: 1
    do-not-query-localhost: no
    trust-anchor-file: "$tmp/anchor"
    ede: yes
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    infra-host-ttl: 1
    val-bogus-ttl: 0
stub-zone:
    name: "."
    stub-addr: 127.0.0.1@$port
remote-control:
    control-enable: no
END
unbound -d -c "$tmp/unbound.conf" >"$tmp/unbound.out" 2>&1 &
pids="$pids $!"

ask() { # a question to Unbound: its code, AD, and the data
    kdig +noall +header +answer +opt +dnssec +timeout=3 +retry=2 \
        @127.0.0.1 -p "$unbound_port" "$@" >"$tmp/answer" 2>&1 || true
    sed -n 's/.*status: \([A-Z]*\);.*/\1/p' "$tmp/answer"
    grep -q 'Flags:.* ad[ ;]' "$tmp/answer" && echo ad
    grep -v '^;' "$tmp/answer" | awk '$4 == "TXT" { print $5 }' |
        tr -d '"' | cut -c1-20 | sort | head -3
}

unbound_says() { # question, type, what it should make of it
    got=$(ask "$1" "$2" | tr '\n' ' ')
    if [ "$got" = "$3 " ]; then
        ok "Unbound: $1 $2 is $3"
    else
        bad "Unbound: $1 $2 is $got, not $3" "$(tail -3 "$tmp/unbound.log")"
    fi
}

tries=0
until ask . SOA | grep -q ad; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || {
        bad 'Unbound does not believe the root' "$(cat "$tmp/unbound.log")"
        exit 1
    }
    sleep 0.1
done
unbound_says www.shop.example A 'NOERROR ad'
unbound_says a.other.example TXT 'NOERROR ad other'
unbound_says x.y.wild.shop.example TXT 'NOERROR ad wild'
unbound_says x.wild.shop.example A 'NOERROR ad'
unbound_says nope.shop.example TXT 'NXDOMAIN ad'
unbound_says ent.shop.example TXT 'NOERROR ad'
unbound_says a.ent.shop.example TXT 'NOERROR ad'
unbound_says out.shop.example TXT 'NOERROR ad other'
unbound_says gone.shop.example TXT 'NXDOMAIN ad'
unbound_says x.tree.shop.example TXT 'NOERROR ad leaf'
unbound_says caa.shop.example CAA 'NOERROR ad'
unbound_says nobody.example TXT 'NXDOMAIN ad'
unbound_says round.shop.example TXT 'SERVFAIL'
unbound_says x.plain.example TXT 'NOERROR plain'
unbound_says y.plain.example TXT 'NXDOMAIN'
unbound_says x.island.example TXT 'NOERROR island'

count=$(kdig +tcp +short @127.0.0.1 -p "$unbound_port" big.example TXT | wc -l)
[ "$count" = 231 ] && ok 'Unbound takes 60 kB over TCP' ||
    bad "Unbound took $count records of 231"

# ---- delv ----

sed 's/^\. IN DS \(.*\) \(.*\) \(.*\) \(.*\)$/trust-anchors { . static-ds \1 \2 \3 "\4"; };/' \
    "$tmp/anchor" >"$tmp/delv.anchor"

delv_says() { # question, type, pattern
    delv @127.0.0.1 -p "$port" -a "$tmp/delv.anchor" +root=. "$1" "$2" \
        >"$tmp/delv" 2>&1 || true
    if grep -q "$3" "$tmp/delv"; then
        ok "delv: $1 $2: $3"
    else
        bad "delv: $1 $2" "$(cat "$tmp/delv")"
    fi
}

delv_says www.shop.example A 'fully validated'
delv_says x.wild.shop.example TXT 'fully validated'
delv_says nope.shop.example A 'negative response, fully validated'
delv_says b.ent.shop.example A 'negative response, fully validated'
delv_says x.plain.example TXT 'unsigned answer'
delv_says x.island.example TXT 'unsigned answer'

# ---- ourselves ----

printf '// ===BEGIN ICANN DOMAINS===\nexample\n// ===END ICANN DOMAINS===\n' \
    >"$tmp/suffixes"
stub="--stub .=127.0.0.1@$port --trust-anchor $tmp/anchor"

check_says() { # name, what
    # shellcheck disable=SC2086 # options are words
    "$HOLDFAST" check --json --no-authoritative $stub \
        --suffix-list "$tmp/suffixes" --resolver-timeout 3 --issuer ca.example \
        --account-url https://ca.example/1 "$1" >"$tmp/json" 2>&1 || true
    got=$(jq -r '.looked_at[0] | "\(.state) \(.security)"' "$tmp/json")
    [ "$got" = "$2" ] && ok "check: $1 is $2" ||
        bad "check: $1 is $got, not $2" "$(cat "$tmp/json")"
}

check_says shop.example 'data secure'
check_says nope.shop.example 'nxdomain secure'
check_says plain.example 'nxdomain insecure'

# shellcheck disable=SC2086 # options are words
if "$HOLDFAST" record publish --force --server "127.0.0.1@$port" \
    --tsig-file "$tmp/key" --zone shop.example --state-dir "$tmp/state" \
    --issuer ca.example --account-url https://ca.example/1 --draft 01 $stub \
    --authoritative-port "$port" --wait 20 pub.shop.example \
    >"$tmp/publish" 2>&1 &&
    grep -q 'lab.key adds _validation-persist.pub.shop.example.' "$tmp/lab"; then
    ok 'record publish, and the laboratory tells of it'
else
    bad 'record publish' "$(cat "$tmp/publish")"
fi
check_says pub.shop.example 'data secure'

# ---- nsupdate, knsupdate ----

updated() { # what, expected word in what it says or "", key, program; stdin
    what=$1 want=$2 key=$3 program=$4
    {
        echo "server 127.0.0.1 $port"
        cat
        echo send
    } | "$program" ${key:+-y "$key"} >"$tmp/update" 2>&1 || true
    if [ -z "$want" ] && ! [ -s "$tmp/update" ]; then
        ok "$program: $what"
    elif [ -n "$want" ] && grep -q "$want" "$tmp/update"; then
        ok "$program: $what: $want"
    else
        bad "$program: $what" "$(cat "$tmp/update")"
    fi
}

good="hmac-sha256:lab.key:$secret"
wrong="hmac-sha256:lab.key:$(openssl rand -base64 32)"
stranger="hmac-sha256:other.key:$secret"
for program in nsupdate knsupdate; do
    updated 'adds' '' "$good" $program <<END
zone other.example
prereq nxrrset $program.other.example TXT
update add $program.other.example 30 TXT "one"
update add $program.other.example 30 TXT "two"
END
    unbound_says $program.other.example TXT 'NOERROR ad one two'
    updated 'deletes one' '' "$good" $program <<END
zone other.example
prereq yxrrset $program.other.example TXT
update delete $program.other.example TXT "one"
END
    unbound_says $program.other.example TXT 'NOERROR ad two'
    updated 'unmet' 'YX' "$good" $program <<END
zone other.example
prereq nxdomain $program.other.example
update add $program.other.example 30 TXT "three"
END
    updated 'deletes the name' '' "$good" $program <<END
zone other.example
update delete $program.other.example
END
    unbound_says $program.other.example TXT 'NXDOMAIN ad'
    updated 'wrong secret' 'BADSIG' "$wrong" $program <<END
zone other.example
update add $program.other.example 30 TXT "forbidden"
END
    updated 'unknown key' 'BADKEY' "$stranger" $program <<END
zone other.example
update add $program.other.example 30 TXT "forbidden"
END
    updated 'unsigned' 'REFUSED' '' $program <<END
zone other.example
update add $program.other.example 30 TXT "forbidden"
END
    updated "somebody else's zone" 'NOTAUTH' "$good" $program <<END
zone nobody.example
update add $program.nobody.example 30 TXT "forbidden"
END
done
grep -q forbidden "$tmp/lab" && bad 'an update that was refused was told' ||
    ok 'nothing of what was refused was done'

# ---- transfers ----

for zone in shop.example big.example; do
    dig @127.0.0.1 -p "$port" $zone AXFR +onesoa | grep -v '^;' >"$tmp/axfr"
    for verify in "dnssec-verify -z -o $zone" ldns-verify-zone; do
        # shellcheck disable=SC2086 # options are words
        $verify "$tmp/axfr" >"$tmp/verify" 2>&1 && ok "${verify%% *}: $zone" ||
            bad "${verify%% *}: $zone" "$(cat "$tmp/verify")"
    done
done
kdig +noall +answer -y "$good" @127.0.0.1 -p "$port" big.example AXFR \
    >"$tmp/axfr" 2>&1 &&
    [ "$(grep -c 'IN.TXT' "$tmp/axfr")" = 231 ] && ok 'kdig: AXFR with TSIG' ||
    bad 'kdig: AXFR with TSIG' "$(grep '^;' "$tmp/axfr")"
"$HOLDFAST" audit --json --tsig-file "$tmp/key" --axfr "127.0.0.1@$port" \
    --issuer ca.example --account-url https://ca.example/1 shop.example \
    >"$tmp/audit" 2>&1 || [ $? -eq 2 ] || bad 'audit' "$(cat "$tmp/audit")"
grep -q '"_validation-persist.pub.shop.example"' "$tmp/audit" &&
    ok 'audit finds what was published' ||
    bad 'audit' "$(head -3 "$tmp/audit")"

# ---- faults, and their end ----

# What struck a name is over for another: Unbound remembers failures of names.
strikes() { # fault line, what Unbound says, and why
    name=x-${1%% *}.evil.example
    lab "fault ${1%% *} $name ${1#"${1%% *}"}"
    unbound_says "$name" TXT "$2"
    grep -q "${3-}" "$tmp/answer" && ok "Unbound: $1 is '${3-}'" ||
        bad "Unbound: $1 is not '$3'" "$(cat "$tmp/answer")"
    lab "mend ${1%% *} $name"
}

strikes bogus SERVFAIL 'EDE: 6 (DNSSEC Bogus)'
unbound_says x-bogus.evil.example TXT 'NOERROR ad evil'
strikes expired SERVFAIL 'EDE: 7 (Signature Expired)'
unbound_says x-expired.evil.example TXT 'NOERROR ad evil'
strikes 'lie says "another"' 'NOERROR ad another'
unbound_says x-lie.evil.example TXT 'NOERROR ad evil'
strikes loop SERVFAIL
strikes servfail SERVFAIL
strikes refused SERVFAIL

# The reason, as delv and we name it.
lab 'fault bogus shop.example'
delv_says www.shop.example A 'RRSIG failed to verify\|verify failed'
check_says shop.example 'failure bogus'
lab 'mend bogus shop.example' 'fault expired shop.example'
delv_says www.shop.example A 'expired'
check_says shop.example 'failure bogus'
lab 'mend expired shop.example' 'fault loop shop.example'
check_says shop.example 'failure indeterminate'
lab 'mend loop shop.example'
check_says shop.example 'data secure'

# Denial by hashed names: with one iteration as good as any other; with
# thousands nobody takes the trouble, and what is denied is no longer proven.
lab 'fault nsec3 shop.example times 1'
unbound_says h1.shop.example TXT 'NXDOMAIN ad'
unbound_says h2.a.ent.shop.example TXT 'NXDOMAIN ad'
unbound_says a.ent.shop.example CAA 'NOERROR ad'
unbound_says h3.wild.shop.example TXT 'NOERROR ad wild'
unbound_says h4.wild.shop.example CAA 'NOERROR ad'
delv_says h5.shop.example TXT 'negative response, fully validated'
lab 'fault nsec3 shop.example'
unbound_says h6.shop.example TXT 'NXDOMAIN'
check_says h7.shop.example 'nxdomain insecure'
unbound_says www.shop.example A 'NOERROR ad'
lab 'mend nsec3 shop.example'
unbound_says h8.shop.example TXT 'NXDOMAIN ad'

# Of one client only: the resolver at 127.0.0.1 sees what 127.0.0.5 does not.
lab 'fault lie shop.example for 127.0.0.5 says "for you"'
for client in 127.0.0.5 127.0.0.6; do
    kdig -b $client +short @127.0.0.1 -p "$port" _validation-persist.shop.example TXT
done >"$tmp/views"
printf '"for you"\n"ca.example; accounturi=https://ca.example/1"\n' |
    diff - "$tmp/views" >"$tmp/diff" && ok 'a lie for one client' ||
    bad 'a lie for one client' "$(cat "$tmp/diff")"
for client in 127.0.0.5 127.0.0.6; do
    # shellcheck disable=SC2086 # options are words
    "$HOLDFAST" check --json --no-authoritative $stub --source $client \
        --suffix-list "$tmp/suffixes" --issuer ca.example --draft 01 \
        --account-url https://ca.example/1 shop.example || true
done 2>&1 | jq -r '.looked_at[0].records[0].value' >"$tmp/views"
printf 'for you\nca.example; accounturi=https://ca.example/1\n' |
    diff - "$tmp/views" >"$tmp/diff" && ok 'check --source sees it' ||
    bad 'check --source sees it' "$(cat "$tmp/diff")"
lab 'mend lie shop.example for 127.0.0.5'

lab 'fault truncated shop.example' 'fault silent a.other.example' \
    'fault slow other.example ms 300'
kdig +tcp +noall +header @127.0.0.1 -p "$port" www.shop.example A |
    grep -q 'Flags:.* tc' && ok 'truncated for ever' || bad 'truncated for ever'
kdig +timeout=1 +retry=0 @127.0.0.1 -p "$port" a.other.example TXT 2>&1 |
    grep -q 'timeout' && ok 'silence' || bad 'silence'
for way in +notcp +tcp; do
    kdig $way @127.0.0.1 -p "$port" other.example SOA >"$tmp/slow"
    awk '/^;; From/ { exit !($(NF - 1) >= 300) }' "$tmp/slow" &&
        ok "slow, $way" || bad "slow, $way" "$(cat "$tmp/slow")"
done
lab 'mend truncated shop.example' 'mend silent a.other.example' \
    'mend slow other.example'

lab 'fault lost shop.example'
kdig +noall +header +authority @127.0.0.1 -p "$port" www.shop.example A \
    >"$tmp/lost"
grep -q 'Flags: qr rd' "$tmp/lost" && grep -q 'IN.NS' "$tmp/lost" &&
    ok 'a lost zone is lame' || bad 'a lost zone is lame' "$(cat "$tmp/lost")"
lab 'mend lost shop.example'

# ---- hostile ----

python3 - "$port" <<'END' && ok 'rubbish, and idle connections' ||
import random, socket, struct, sys
random.seed(4)
to = ("127.0.0.1", int(sys.argv[1]))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(3000):
    udp.sendto(bytes(random.randrange(256) for _ in range(random.randrange(80))), to)
idle = [socket.create_connection(to) for _ in range(60)]
for one in idle[:20]:
    one.sendall(struct.pack(">H", 65535) + b"x" * 10)
query = b"\x12\x34\0\0\0\1\0\0\0\0\0\0\4shop\7example\0\0\6\0\1"
one = socket.create_connection(to)
one.sendall((struct.pack(">H", len(query)) + query) * 50)
got = b""
while len(got) < 50 * (2 + len(query)):
    more = one.recv(65536)
    assert more
    got += more
END
    bad 'rubbish, and idle connections'
unbound_says www.shop.example A 'NOERROR ad'

# ---- scenarios that are wrong, or not met ----

printf 'zone a.example\nexpect a.example NS data bogus\n' >"$tmp/unmet.lab"
printf 'zone a.example\n\nexpect a.example\n' >"$tmp/wrong.lab"
for one in unmet:2:2 wrong:1:3; do
    IFS=: read -r name status line <<<"$one"
    got=0
    "$HOLDFAST" lab run "$tmp/$name.lab" >"$tmp/run" 2>&1 || got=$?
    [ "$got" = "$status" ] && grep -q "$name.lab:$line: " "$tmp/run" &&
        ok "lab run: $name is status $status" ||
        bad "lab run: $name is status $got" "$(cat "$tmp/run")"
done

# ---- the end ----

# shellcheck disable=SC2086 # a list of numbers
set -- $pids
kill -INT "$1"
wait "$1" && ok 'a signal ends it' || bad 'a signal ends it'
[ ! -s "$tmp/lab.err" ] || bad 'it complained' "$(cat "$tmp/lab.err")"
exit $failed
