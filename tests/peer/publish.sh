#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast record publish`, `unpublish` and `list` on Knot and BIND, each the
# primary of one zone and the secondary of the other's: beside records of
# others, many at once, refused, interrupted, by hooks, by hand.
#
# REQ CLI-21, CLI-25, CLI-26, CLI-37, CLI-44, MON-12, RECORD-23.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/servers.sh
. "$here/servers.sh"
needs knotd kdig named nsupdate jq python3
secret=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0
foreign='other-ca.example; accounturi=https://other-ca.example/9'
port=$(python3 "$here/ports.py" free)

# ---- two servers ----

zone() { # name
    cat <<END
\$ORIGIN $1.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
@ NS ns2
ns1 A 127.0.0.2
ns2 A 127.0.0.1
_validation-persist TXT "$foreign"
_validation-persist.alias CNAME elsewhere
*.wild TXT "$foreign"
sub NS ns.elsewhere.example.
END
}

mkdir "$tmp/knot" "$tmp/bind"
zone example.com >"$tmp/knot/example.com.zone"
zone example.org >"$tmp/bind/example.org.zone"
{
    head_of_knot "$tmp/knot" "127.0.0.2@$port"
    cat <<END
key:
  - id: k1
    algorithm: hmac-sha256
    secret: $secret
  - id: k2
    algorithm: hmac-sha256
    secret: $secret
remote:
  - id: bind
    address: 127.0.0.1@$port
    via: 127.0.0.2
acl:
  - id: signed
    key: k1
    action: update
  - id: transfer
    address: [127.0.0.2, 127.0.0.1]
    action: [transfer, notify]
template:
  - id: default
    storage: $tmp/knot
    file: "%s.zone"
    zonefile-sync: -1
    journal-content: all
zone:
  - domain: example.com
    acl: [signed, transfer]
    notify: bind
  - domain: example.org
    master: bind
    acl: transfer
END
} >"$tmp/knot/knot.conf"
{
    head_of_bind "$tmp/bind" "$port" 'allow-transfer { 127.0.0.2; };' \
        'notify-source 127.0.0.1; transfer-source 127.0.0.1; notify-delay 0;' \
        'startup-notify-rate 100; notify-rate 100; serial-query-rate 100;'
    cat <<END
controls { };
key "k1" { algorithm hmac-sha256; secret "$secret"; };
key "k2" { algorithm hmac-sha256; secret "$secret"; };
zone "example.org" {
    type primary; file "example.org.zone";
    allow-update { key k1; };
    notify explicit; also-notify { 127.0.0.2 port $port; };
};
zone "example.com" {
    type secondary; file "example.com.copy";
    primaries { 127.0.0.2 port $port; };
    allow-notify { 127.0.0.2; };
};
END
} >"$tmp/bind/named.conf"
run_bind "$tmp/bind"

key() { # name secret file
    printf 'key "%s" { algorithm hmac-sha256; secret "%s"; };\n' "$1" "$2" >"$3"
    chmod 600 "$3"
}
key k1 "$secret" "$tmp/k1"
key k2 "$secret" "$tmp/k2"
key k9 "$secret" "$tmp/k9"
key k1 AAAAAAAAAAAAAAAAAAAAAA== "$tmp/wrong"

# dns ADDRESS NAME: the TXT records there, one a line.
dns() {
    kdig @"$1" -p "$port" +tcp +short +timeout=2 "$2" TXT 2>/dev/null | sort
}

# BIND, which listens on addresses of interfaces only, before Knot: Knot finds its primary there, and tells BIND of its zone.
await serves 127.0.0.1 "$port" example.org
run_knot "$tmp/knot"
await serves 127.0.0.2 "$port" example.com example.org
await serves 127.0.0.1 "$port" example.com example.org

# Names here are below no trust anchor: this is about publishing. Everything
# else is refused at once, so that nobody waits for an Internet.
echo 'nowhere.invalid. IN DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000' \
    >"$tmp/anchor"
net="--trust-anchor $tmp/anchor --stub example.com=127.0.0.2@$port
    --stub example.org=127.0.0.1@$port --stub .=127.0.0.2@$port
    --authoritative-port $port"

# hf WORD... : record WORD... with our folder; outputs and status are kept.
hf() {
    status=0
    "$HOLDFAST" record "$@" --state-dir "$state" >"$tmp/out" 2>"$tmp/err" ||
        status=$?
}

# publish ACCOUNT NAME OPTION...
publish() {
    account=$1
    shift
    hf publish --issuer ca.example --draft 01 \
        --account-url "https://ca.example/acct/$account" "$@"
}

# expect TEXT STATUS PATTERN: of the last call, in both outputs.
expect() {
    if [ "$status" = "$2" ] && cat "$tmp/out" "$tmp/err" | grep -Eq -e "$3"; then
        ok "$1"
    else
        echo "status $status, wanted $2: $3" >>"$tmp/err"
        not_ok "$1"
    fi
}

# has TEXT FILTER: true of the JSON, slurped.
has() {
    if jq -se "$2" "$tmp/out" >/dev/null 2>&1; then
        ok "$1"
    else
        echo "not so: $2" >>"$tmp/err"
        not_ok "$1"
    fi
}

# served TEXT ADDRESS OWNER NUMBER: so many records, the foreign one among them.
served() {
    dns "$2" "$3" >"$tmp/served"
    if [ "$(wc -l <"$tmp/served")" -eq "$4" ] &&
        grep -q '^"other-ca.example; ' "$tmp/served"; then
        ok "$1"
    else
        cp "$tmp/served" "$tmp/out"
        not_ok "$1"
    fi
}

# ---- publish, replace, remove; on both ----

# shellcheck disable=SC2086 # $net is words
for zone in example.com example.org; do
    case $zone in
    example.com) server=127.0.0.2 kind=knot ;;
    example.org) server=127.0.0.1 kind=bind ;;
    esac
    owner=_validation-persist.$zone
    via="--server $server@$port --tsig-file $tmp/k1"

    publish 1 $zone $via $net --dry-run
    expect "$kind: a dry run says what it would do" 0 'would publish'
    served "$kind: a dry run does nothing" $server $owner 1
    if [ $kind = knot ] && [ -e "$state" ]; then
        not_ok "a dry run leaves no register"
    fi

    publish 1 $zone $via $net --owner 'Ada L.' --ticket OPS-1
    expect "$kind: published, everywhere" 0 '2 of 2 servers have it'
    expect "$kind: the other record is left alone" 0 'left alone: 1 other record'
    expect "$kind: one name has one TTL" 0 'TTL 300, that of the records'
    served "$kind: beside the other CA's" $server $owner 2
    publish 1 $zone $via $net
    expect "$kind: a second time changes nothing" 0 'nothing to do'

    publish 1 $zone $via $net --until +90d --json
    has "$kind: an earlier record is replaced" \
        '.[0] | .replaced == 1 and .others == 1 and .verified and .changed'
    served "$kind: in one step" $server $owner 2
    publish 1 "*.$zone" $via $net --ttl 77
    expect "$kind: and widened when asked" 0 'replaced 1 earlier'
    grep -q 'TTL' "$tmp/out" && not_ok "$kind: --ttl counts"
    kdig @$server -p "$port" +tcp +noall +answer $owner TXT | grep -q '[[:space:]]77[[:space:]]' ||
        not_ok "$kind: the TTL is served"
    publish 2 $zone $via $net --both --prefix https://ca.example/h/ \
        --thumbprint NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
    expect "$kind: both forms" 0 'register: number [0-9]+, [0-9]+'
    served "$kind: another account is another record" $server $owner 4

    hf list --json
    has "$kind: the register has who, why and since when" \
        "map(select(.name == \"$zone\" and .person == \"Ada L.\")) | length == 0 or .[0].ticket == \"OPS-1\""
    hf list --check $zone $net --json
    expect "$kind: the other CA's record is foreign" 2 '"dns":"foreign"'
    has "$kind: ours are there" \
        'map(select(.id != null)) | length >= 3 and (map(select(.state == "published")) | length == 3 and all(.dns == "there"))'

    hf unpublish $zone $via $net
    expect "$kind: not two accounts' at once" 1 'several accounts'
    hf unpublish $zone --account-url https://ca.example/acct/2 $via $net
    expect "$kind: removed, everywhere" 0 '2 of 2 servers have forgotten it'
    expect "$kind: what it does not stop" 0 'granted already'
    served "$kind: only ours" $server $owner 2
    id=$("$HOLDFAST" record list --state-dir "$state" --json $zone | jq .id)
    hf unpublish "$id" --tsig-file "$tmp/k1" $net
    expect "$kind: by number, the way it came" 0 'removed ca.example; .*policy=wildcard'
    served "$kind: the other CA's record survives all" $server $owner 1
    hf unpublish "$id" --tsig-file "$tmp/k1" $net
    expect "$kind: not twice" 1 'removed already'
done
hf list
[ ! -s "$tmp/out" ] && [ "$status" = 0 ] || not_ok "nothing is left"
hf list --all
expect "removed ones are remembered" 0 'ask Ada L.'

via="--server 127.0.0.2@$port --tsig-file $tmp/k1"

# ---- no ----

# shellcheck disable=SC2086
{
    before=$(dns 127.0.0.2 _validation-persist.example.com)
    for server in 127.0.0.2 127.0.0.1; do
        [ $server = 127.0.0.2 ] && zone=example.com || zone=example.org
        publish 1 $zone --server $server@"$port" --wait 0 --tsig-file "$tmp/wrong"
        expect "$server: wrong secret" 1 'BADSIG'
        publish 1 $zone --server $server@"$port" --wait 0 --tsig-file "$tmp/k9"
        # Knot 3.4 tells no more than that.
        expect "$server: unknown key" 1 'BADKEY|this key for the name .NOTAUTH'
        publish 1 $zone --server $server@"$port" --wait 0 --tsig-file "$tmp/k2"
        expect "$server: a key that may not" 1 'REFUSED|NOTAUTH|BADKEY'
        publish 1 $zone --server $server@"$port" --wait 0
        expect "$server: no key" 1 'REFUSED|NOTAUTH'
        publish 1 nowhere.net --server $server@"$port" --wait 0
        expect "$server: no such zone" 1 'REFUSED|NOTAUTH|no zone'
        publish 1 sub.$zone --server $server@"$port" --wait 0
        expect "$server: delegated" 1 'handed this name to other servers'
        publish 1 alias.$zone --server $server@"$port" --wait 0
        expect "$server: an alias is in the way" 1 'alias \(CNAME\)'
    done
    publish 1 example.com --server 127.0.0.1@"$port" --tsig-file "$tmp/k1" --wait 0
    expect "a secondary is no primary" 1 'REFUSED|NOTAUTH'
    publish 1 x.wild.example.com $via --wait 0
    expect "records of a wildcard are not hidden" 1 'DNS wildcard'
    publish 1 example.com --server 127.0.0.2@1 --wait 0
    expect "nobody listens" 1 'cannot connect'
    publish 1 com $via --wait 0
    expect "what can never validate is refused" 1 'public suffix'
    publish 1 example.com
    expect "which way?" 64 'which way into DNS'
    publish 1 example.com $via --print
    expect "one way only" 64 'exclude one another'
    chmod 644 "$tmp/k9"
    publish 1 example.com --server 127.0.0.2@"$port" --tsig-file "$tmp/k9"
    expect "a key file for everybody" 1 'everybody can read'
    [ "$before" = "$(dns 127.0.0.2 _validation-persist.example.com)" ] ||
        not_ok "refusals change nothing"
    hf list --check $net example.com
    expect "what was refused is planned and missing" 2 'DNS: missing'
    rm -r "$state"

    # A clock that is a quarter of an hour slow.
    cat >"$tmp/slow.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *at)
{
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, at);
    if (id == CLOCK_REALTIME)
        at->tv_sec -= 900;
    return result;
}
END
    if ${CC:-cc} -shared -fPIC -o "$tmp/slow.so" "$tmp/slow.c" -ldl 2>"$tmp/err"; then
        for server in 127.0.0.2 127.0.0.1; do
            [ $server = 127.0.0.2 ] && zone=example.com || zone=example.org
            status=0
            ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$tmp/slow.so \
                "$HOLDFAST" record publish --issuer ca.example --draft 01 \
                --account-url https://ca.example/1 $zone --wait 0 \
                --server $server@"$port" --tsig-file "$tmp/k1" \
                --state-dir "$state" >"$tmp/out" 2>"$tmp/err" || status=$?
            expect "$server: a slow clock" 1 'BADTIME'
        done
        rm -r "$state"
    fi
}

# ---- twenty at once ----

# shellcheck disable=SC2086
for zone in example.com example.org; do
    [ $zone = example.com ] && server=127.0.0.2 || server=127.0.0.1
    jobs=
    for n in $(seq 20); do
        "$HOLDFAST" record publish --issuer ca.example --draft 01 --wait 0 \
            --account-url "https://ca.example/many/$n" $zone \
            --server $server@"$port" --tsig-file "$tmp/k1" \
            --state-dir "$state" >"$tmp/out.$n" 2>"$tmp/err.$n" &
        jobs="$jobs $!"
    done
    status=0
    for job in $jobs; do
        wait "$job" || status=$?
    done
    cat "$tmp"/err.* >"$tmp/err"
    [ $status = 0 ] || not_ok "$server: twenty at once"
    served "$server: twenty at once lose nothing" $server _validation-persist.$zone 21
    hf list --json $zone
    has "$server: and all are in the register" \
        'length == 20 and all(.state == "published")'

    # Half of them go while the other half is renewed.
    jobs=
    for n in $(seq 20); do
        if [ $((n % 2)) = 0 ]; then
            "$HOLDFAST" record unpublish $zone --wait 0 \
                --account-url "https://ca.example/many/$n" \
                --tsig-file "$tmp/k1" --state-dir "$state" \
                >"$tmp/out.$n" 2>"$tmp/err.$n" &
        else
            "$HOLDFAST" record publish --issuer ca.example --draft 01 --wait 0 \
                --account-url "https://ca.example/many/$n" $zone \
                --until +30d --server $server@"$port" --tsig-file "$tmp/k1" \
                --state-dir "$state" >"$tmp/out.$n" 2>"$tmp/err.$n" &
        fi
        jobs="$jobs $!"
    done
    status=0
    for job in $jobs; do
        wait "$job" || status=$?
    done
    cat "$tmp"/err.* >"$tmp/err"
    [ $status = 0 ] || not_ok "$server: ten go and ten are renewed"
    served "$server: ten go, ten are renewed, nothing else" $server \
        _validation-persist.$zone 11
    [ "$(grep -c persistUntil "$tmp/served")" -eq 10 ] ||
        not_ok "$server: the ten are the new ones"
done
rm -r "$state"

# ---- killed, muted, lied to ----

has_lines() { # FILE NUMBER, or more
    [ "$(wc -l <"$1")" -ge "$2" ]
}

has_record() { # ADDRESS NAME
    dns "$1" "_validation-persist.$2" | grep -q .
}

start_liar() { # mode
    : >"$tmp/liar"
    python3 "$here/publish_liar.py" "$port" "$1" >"$tmp/liar" 2>&1 &
    liar_pid=$!
    pids="$pids $liar_pid"
    await has_lines "$tmp/liar" 1
    liar=$(head -n 1 "$tmp/liar")
}

# shellcheck disable=SC2086
for mode in swallow mute; do
    name=$mode.example.com
    start_liar $mode
    "$HOLDFAST" record publish --issuer ca.example --draft 01 --wait 0 \
        --account-url https://ca.example/acct/1 $name \
        --server 127.0.0.1@$liar --tsig-file "$tmp/k1" \
        --state-dir "$state" >"$tmp/out" 2>"$tmp/err" &
    victim=$!
    await has_lines "$tmp/liar" 2
    kill -9 $victim
    wait $victim 2>/dev/null || true
    hf list --json $name
    has "$mode: killed in the middle, it is planned" \
        'length == 1 and .[0].state == "planned"'
    # The secondary, too.
    [ $mode = swallow ] || await has_record 127.0.0.1 $name
    hf list --check $net $name
    case $mode in
    swallow) expect "$mode: list tells that DNS lacks it" 2 'DNS: missing' ;;
    mute) expect "$mode: list tells that DNS has it" 0 'DNS: there' ;;
    esac
    publish 1 $name --server 127.0.0.1@$liar --tsig-file "$tmp/k1" --timeout 5 \
        --wait 0
    case $mode in
    swallow) expect "$mode: a server that is silent" 1 'does not go on in time' ;;
    mute) expect "$mode: already done" 0 'nothing to do' ;;
    esac
    publish 1 $name --server 127.0.0.2@"$port" --tsig-file "$tmp/k1" $net --json
    has "$mode: publishing again completes it" \
        ".[0] | .verified and .changed == $([ $mode = swallow ] && echo true || echo false)"
    hf list --json $name
    has "$mode: and nothing is there twice" \
        'length == 1 and .[0].state == "published" and .[0].verifiedAt != null'
    end $liar_pid
done
start_liar flip
publish 7 flip.example.com --server 127.0.0.1@$liar --tsig-file "$tmp/k1" --wait 0
expect "an altered answer is not believed" 1 'does not verify'
rm -r "$state"

# Between our reading and our update another machine publishes for the same
# account: one of the two records may stay, and it is ours.
cat >"$tmp/race" <<END
#!/bin/sh
nsupdate -k "$tmp/k1" <<'SCRIPT'
server 127.0.0.2 $port
update add _validation-persist.race.example.com 60 TXT "ca.example; accounturi=https://ca.example/acct/1; persistUntil=9"
send
SCRIPT
END
chmod +x "$tmp/race"
export RACE="$tmp/race"
start_liar race
unset RACE
publish 1 race.example.com --server 127.0.0.1@$liar --tsig-file "$tmp/k1" --wait 0 --json
has "somebody was faster: noticed, and tried again" '.[0] | .attempts == 2 and .replaced == 1'
[ "$(dns 127.0.0.2 _validation-persist.race.example.com)" = \
    '"ca.example; accounturi=https://ca.example/acct/1"' ] ||
    not_ok "and one record of the account is there"
rm -r "$state"

# ---- what differs from DNS ----

update() { # nsupdate of our own, as somebody else
    { printf 'server 127.0.0.2 %s\n' "$port" && cat && echo send; } |
        nsupdate -k "$tmp/k1" >"$tmp/said" 2>&1 || not_ok "nsupdate: $(cat "$tmp/said")"
}

# shellcheck disable=SC2086
{
    for name in same gone changed back; do
        publish 1 $name.example.com $via $net
        [ $status = 0 ] || not_ok "publish $name"
    done
    hf unpublish back.example.com --tsig-file "$tmp/k1" $net
    update <<END
update delete _validation-persist.gone.example.com TXT
update delete _validation-persist.changed.example.com TXT
update add _validation-persist.changed.example.com 60 TXT "ca.example; accounturi=https://ca.example/acct/1; policy=wildcard"
update add _validation-persist.same.example.com 60 TXT "$foreign"
update add _validation-persist.back.example.com 60 TXT "ca.example; accounturi=https://ca.example/acct/1"
END
    # Until the secondary has caught up.
    await has_record 127.0.0.1 back.example.com
    hf list --check $net --json
    expect "list --check finds differences" 2 .
    has "the same" 'any(.name == "same.example.com" and .dns == "there" and .having == 2)'
    has "foreign" 'any(.name == "same.example.com" and .dns == "foreign" and .id == null)'
    has "gone" 'any(.name == "gone.example.com" and .dns == "missing")'
    has "changed" 'any(.name == "changed.example.com" and .dns == "changed")'
    has "and by what" 'any(.name == "changed.example.com" and .dns == "extra" and (.value | test("wildcard")))'
    has "back" 'any(.name == "back.example.com" and .dns == "extra" and .state == "removed")'
    hf list --check $net
    expect "the same in words" 2 'not in the register'
    hf list --check --stub example.com=127.0.0.2@1 --trust-anchor "$tmp/anchor" \
        --resolver-timeout 1 same.example.com
    expect "servers that cannot be asked" 1 'could not be asked'
}

# ---- without a register, and with a broken one ----

# shellcheck disable=SC2086
{
    hf unpublish same.example.com $net --state-dir "$tmp/none" --server 127.0.0.2@"$port"
    expect "not known here" 64 'may be given once only'
    mv "$state" "$state.away"
    hf unpublish same.example.com $via $net
    expect "not known here, and not said whose" 1 'no such record in the register'
    hf unpublish same.example.com $via $net --issuer ca.example \
        --account-url https://ca.example/acct/1
    expect "not known here: by issuer and account" 0 'removed 1 record of the account'
    [ "$(dns 127.0.0.2 _validation-persist.same.example.com)" = "\"$foreign\"" ] ||
        not_ok "and nothing else"
    hf unpublish 1 $via $net
    expect "no such number" 1 'no record of this number'
    mkdir "$state"
    echo 'this is no database, but it is long enough to be taken for one' \
        >"$state/records.db"
    for command in "list" "unpublish 1 $via" "publish x.example.com $via --issuer
        ca.example --draft 01 --account-url https://ca.example/1"; do
        hf $command
        expect "a damaged register: ${command%% *}" 1 'state/records.db: this is no such file, or it is damaged'
    done
    [ -z "$(dns 127.0.0.2 _validation-persist.x.example.com)" ] ||
        not_ok "what cannot be written down is not published"
    rm -r "$state"
    mv "$state.away" "$state"
}

# ---- hooks ----

cat >"$tmp/exec-hook" <<END
#!/bin/sh
# As lego calls it.
case \$1 in
present) verb="add \$2 60" ;;
cleanup) verb="delete \$2" ;;
*) exit 9 ;;
esac
printf 'server 127.0.0.2 $port\nupdate %s TXT "%s"\nsend\n' "\$verb" "\$3" |
    nsupdate -k "$tmp/k1"
END
cat >"$tmp/certbot-hook" <<END
#!/bin/sh
# As certbot calls it; the second time with what it said the first time.
owner=_validation-persist.\$CERTBOT_DOMAIN
if [ -n "\${CERTBOT_AUTH_OUTPUT-}" ]; then
    [ "\$CERTBOT_AUTH_OUTPUT" = "ticket 42" ] || exit 8
    verb="delete \$owner"
else
    echo "ticket 42"
    verb="add \$owner 60"
fi
printf 'server 127.0.0.2 $port\nupdate %s TXT "%s"\nsend\n' "\$verb" "\$CERTBOT_VALIDATION" |
    nsupdate -k "$tmp/k1"
END
chmod +x "$tmp/exec-hook" "$tmp/certbot-hook"
cat >"$tmp/dns_nsup.sh" <<END
dns_nsup_add() {
    _info "adding to \$1"
    printf 'server 127.0.0.2 $port\nupdate add %s. 60 TXT "%s"\nsend\n' "\$1" "\$2" |
        nsupdate -k "$tmp/k1"
}
dns_nsup_rm() {
    printf 'server 127.0.0.2 $port\nupdate delete %s. TXT "%s"\nsend\n' "\$1" "\$2" |
        nsupdate -k "$tmp/k1"
}
END
# shellcheck disable=SC2086
for hook in "exec:$tmp/exec-hook" "certbot:$tmp/certbot-hook" \
    "acme.sh:$tmp/dns_nsup.sh"; do
    name=hook-$(echo "${hook%%:*}" | tr -d .).example.com
    owner=_validation-persist.$name
    publish 1 $name --hook "$hook" $net
    expect "$hook: published" 0 '2 of 2 servers have it'
    publish 1 $name --hook "$hook" $net --until +30d
    expect "$hook: the new one" 0 '2 of 2 servers have it'
    [ "$(dns 127.0.0.2 $owner | wc -l)" -eq 1 ] ||
        not_ok "$hook: the earlier one is gone"
    hf unpublish $name $net
    expect "$hook: removed by the same hook" 0 'have forgotten it'
    [ -z "$(dns 127.0.0.2 $owner)" ] || not_ok "$hook: nothing is left"
done
printf '#!/bin/sh\necho "no luck" >&2\nexit 3\n' >"$tmp/bad-hook"
printf '#!/bin/sh\nprintf "\\033[31mred"\nsleep 60\n' >"$tmp/slow-hook"
printf '#!/bin/sh\nexit 0\n' >"$tmp/idle-hook"
chmod +x "$tmp/bad-hook" "$tmp/slow-hook" "$tmp/idle-hook"
# shellcheck disable=SC2086
{
    publish 1 bad.example.com --hook "exec:$tmp/bad-hook" $net
    expect "a hook that fails" 1 'exit status is not 0'
    expect "and what it says" 1 'hook: no luck'
    publish 1 slow.example.com --hook "exec:$tmp/slow-hook" --timeout 5 $net
    expect "a hook that hangs" 1 'did not end in time'
    expect "no escape sequence gets through" 1 'hook: .027.31mred'
    publish 1 idle.example.com --hook "exec:$tmp/idle-hook" $net --wait 5
    expect "a hook that does nothing" 2 '0 of 2 servers have it; not so'
    publish 1 x.example.com --hook exec:/nonexistent $net
    expect "no such hook" 1 'cannot be executed'
    publish 1 x.example.com --hook run:x $net
    expect "no such kind" 64 'a hook is exec:PROGRAM'
}

# ---- by hand ----

# shellcheck disable=SC2086
{
    : >"$tmp/out"
    "$HOLDFAST" record publish --issuer ca.example --draft 01 --print \
        --account-url https://ca.example/acct/1 hand.example.com $net \
        --state-dir "$state" >"$tmp/out" 2>"$tmp/err" &
    job=$!
    await has_lines "$tmp/out" 1
    head -n 1 "$tmp/out" | sed 's/^/update add /; s/ IN TXT / TXT /' | update
    status=0
    wait $job || status=$?
    expect "printed, and waited until it is there" 0 '2 of 2 servers have it'
    hf list --json hand.example.com
    has "then it is published" '.[0].state == "published"'
    publish 1 later.example.com --print --wait 5 $net
    expect "printed, and nobody did it" 2 '0 of 2 servers'
    hf list --json later.example.com
    has "then it is planned" '.[0].state == "planned"'
    publish 1 one.example.com 'two.example.com' bad_name.example.com $via $net
    expect "one bad name does not stop the others" 1 '1 name was refused; 2 taken on'
    publish 1 three.example.com bad_name.example.com --strict $via $net
    expect "unless it should" 1 'nothing is published'
    [ -z "$(dns 127.0.0.2 _validation-persist.three.example.com)" ] ||
        not_ok "--strict publishes nothing"
}
exit $failed
