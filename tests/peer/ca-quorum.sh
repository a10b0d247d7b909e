#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our own CA with five perspectives elsewhere, each with a resolver of its own,
# over HTTPS with certificates of both sides: what is issued when one of them
# is dead, lies, or answers in another's name, what is not when two are, and
# what the evidence says of it.
#
# REQ VAL-40, VAL-41, VAL-43, VAL-46, VAL-48, VAL-55, JIT-08.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
needs knotd knsupdate jq curl openssl python3
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'

house_open
house_found --plaintext
own=${TREE_OPTIONS%--suffix-list*}

request() { # NAME [OPTION...]
    name=$1
    shift
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
        -subj "/CN=$name" -keyout "$tmp/$name.key" -out "$tmp/$name.pem" \
        -x509 "$@" 2>>"$tmp/openssl.log"
}
request root
request server -CA "$tmp/root.pem" -CAkey "$tmp/root.key" \
    -addext subjectAltName=IP:127.0.0.1
request client -CA "$tmp/root.pem" -CAkey "$tmp/root.key"

# A world in which this name has no record.
cat >"$tmp/liar.zone" <<'END'
$ORIGIN shop.example.
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
END
cat >"$tmp/liar.conf" <<END
server:
    rundir: $tmp/liar
    listen: [ 127.0.0.1@$(python3 "$here/ports.py" free) ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: $tmp/liar
zone:
  - domain: shop.example.
    file: $tmp/liar.zone
    zonefile-sync: -1
    journal-content: none
END
mkdir "$tmp/liar"
liar=$(sed -n 's/.*listen: \[ \(.*\) \]/\1/p' "$tmp/liar.conf")
knotd -c "$tmp/liar.conf" >"$tmp/liar.out" 2>&1 &
pids="$pids $!"
await serves 127.0.0.1 "${liar#*@}" shop.example

# shellcheck disable=SC2046 # numbers
set -- $(python3 "$here/ports.py" free 5)
ports="$1 $2 $3 $4 $5"

regions='ARIN RIPE APNIC LACNIC AFRINIC'
word() { # NUMBER WORD...
    shift "$1"
    echo "$1"
}

# shellcheck disable=SC2086 # options, words
perspective() { # NUMBER CODE [RESOLVER-OPTION...]
    number=$1 code=$2
    shift 2
    : >"$tmp/p$number.out"
    "$HOLDFAST" perspective serve --code "$code" \
        --region "$(word "$number" $regions)" \
        --listen "127.0.0.1@$(word "$number" $ports)" \
        --certificate "$tmp/server.pem" --key "$tmp/server.key" \
        --client-ca "$tmp/root.pem" --issuer ca.example --allow-private "$@" \
        >"$tmp/p$number.out" 2>"$tmp/p$number.err" &
    eval "p$number=$!"
    pids="$pids $!"
    await grep -q answering "$tmp/p$number.out"
}

# shellcheck disable=SC2086 # options
honest() { # NUMBER
    perspective "$1" "p$1" $own
}

# shellcheck disable=SC2046 # options
lying() { # NUMBER
    perspective "$1" "p$1" $(echo "$own" |
        sed "s/--stub shop.example=[^ ]*/--stub shop.example=$liar/")
}

gone() { # NUMBER
    eval "end \$p$1"
}

for number in 1 2 3 4 5; do
    honest $number
done
# shellcheck disable=SC2086 # words
remotes=$(for number in 1 2 3 4 5; do
    printf -- '--remote p%s=%s=https://127.0.0.1:%s ' "$number" \
        "$(word $number $regions)" "$(word $number $ports)"
done)
# shellcheck disable=SC2086 # options
house_serve $remotes --remote-ca "$tmp/root.pem" \
    --remote-certificate "$tmp/client.pem" --remote-key "$tmp/client.key"

say() { # CLIENT VERB [WORD...]
    who=$1
    shift
    python3 "$here/acme_say.py" "$tmp/$who" "$directory" \
        "$house/ca/root.pem" "$@" >"$tmp/out" 2>"$tmp/err" || true
}

say a account
uri=$(cat "$tmp/a/kid")
{
    echo "server 127.0.0.1 $TREE_PORT"
    echo 'zone shop.example.'
    for name in all dead lie two name again; do
        echo "add _validation-persist.$name.shop.example. 300 TXT" \
            "\"ca.example; accounturi=$uri\""
    done
    echo send
} >"$tmp/lines"
knsupdate -y "hmac-sha256:zone-key:$secret" <"$tmp/lines"

holds() { # FILTER: of the answer
    jq -e "$1" "$tmp/out" >/dev/null
}

quorum() { # NAME QUORUM: how its evidence counts
    "$HOLDFAST" ca audit show --state-dir "$house" --kind issue --json \
        >"$tmp/out"
    grep "$1.shop.example" "$tmp/out" | tail -n 1 | grep -q "\"$2\""
}

issues() { # WHAT NAME QUORUM
    say a order "$2.shop.example"
    order=$(jq -r .url "$tmp/out")
    say a challenge "$order"
    say a finalize "$order"
    check "$1: issued" holds '.body.status == "valid"'
    check "$1: the evidence says $3" quorum "$2" "$3"
}

issues 'all five' all 5/5
gone 1
issues 'one is dead' dead 4/5
lying 1
issues 'one lies' lie 4/5
gone 2
say a order two.shop.example
order=$(jq -r .url "$tmp/out")
say a challenge "$order"
check 'one lies, and one is dead: not issued' holds \
    '.body.status == "invalid" and (.body.challenges[0].error |
    .reason | startswith("mpic-"))'
gone 1
honest 1
# shellcheck disable=SC2086 # options
perspective 2 p3 $own
issues 'one answers in the name of another' name 4/5
gone 3
say a order again.shop.example
order=$(jq -r .url "$tmp/out")
say a challenge "$order"
check 'and one is dead: not issued' holds '.body.status == "invalid"'
gone 2
honest 2
honest 3
issues 'all are back' again 5/5

expect 'the log of evidence' 0 '' ca audit verify --folder "$house/ca/evidence"
house_close
check 'it ends in order' [ "$status" = 0 ]
exit $failed
