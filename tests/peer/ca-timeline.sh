#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our own CA and time: records that come, change and go, keys that change,
# accounts that end, days that pass (its clock is moved, and it is another
# process each time), and what is left of a validation then.
#
# REQ VAL-09, VAL-13, VAL-28, VAL-35, REUSE-01, REUSE-02, REUSE-04, REUSE-05,
# REUSE-06, REUSE-07, REUSE-08, REUSE-09, REUSE-10, REUSE-11, REUSE-15, ACCT-02,
# ACCT-03, ACCT-04, ACCT-05, ACCT-11, JIT-01, JIT-02, JIT-03, JIT-04, JIT-05,
# JIT-06, SCOPE-01, SCOPE-02, SCOPE-03, SCOPE-04, SCOPE-06, SCOPE-07, SCOPE-08,
# ERR-01, ERR-02, ERR-05, ERR-07.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
# shellcheck source=tests/peer/knot_zone.sh
. "$here/knot_zone.sh"
# shellcheck source=tests/peer/house.sh
. "$here/house.sh"
needs knotd knsupdate jq curl sqlite3 python3
python3 -c 'import cryptography' 2>/dev/null ||
    skip 'python3-cryptography is missing'

house_open
house_found --plaintext

# ---- words ----

say() { # CLIENT VERB [WORD...]
    who=$1
    shift
    python3 "$here/acme_say.py" "$tmp/$who" "$directory" \
        "$house/ca/root.pem" "$@" >"$tmp/out" 2>"$tmp/err" || true
}

holds() { # FILTER: of the answer
    jq -e "$1" "$tmp/out" >/dev/null
}

step() { # WHAT FILTER CLIENT VERB [WORD...]: it holds of the answer
    what=$1 filter=$2
    shift 2
    say "$@"
    if holds "$filter" 2>>"$tmp/err"; then
        ok "$what"
    else
        echo "wanted: $filter" >>"$tmp/err"
        not_ok "$what"
    fi
}

url() { # of what was made
    jq -r .url "$tmp/out"
}

update() { # LINE...: to the zone
    printf '%s\n' "server 127.0.0.1 $TREE_PORT" 'zone shop.example.' "$@" send |
        knsupdate -y "hmac-sha256:zone-key:$secret" >"$tmp/zone.out" 2>&1 || {
        cat "$tmp/zone.out"
        exit 1
    }
}

owner() {
    echo "_validation-persist.$1.shop.example."
}

publish() { # NAME TTL VALUE...: these records and no other
    rrset=$(owner "$1") ttl=$2
    shift 2
    update "del $rrset TXT" "$(printf "add $rrset $ttl TXT \"%s\"\n" "$@")"
}

remove() { # NAME
    update "del $(owner "$1") TXT"
}

hashed() { # the value for the first name of the last order
    jq -r '.authorizations[0].challenges[] |
        select(.type == "dns-persist-01") |
        "ca.example; accounturi=" + .accounturi' "$tmp/out"
}

raw() { # CLIENT
    echo "ca.example; accounturi=$(cat "$tmp/$1/kid")"
}

# A name of a client that is validated by a record that it is told of.
validated() { # CLIENT NAME TTL [PARAMETERS]
    step "$1 orders $2" '.body.status == "pending"' "$1" order \
        "$2.shop.example"
    publish "$2" "$3" "$(hashed)${4-}"
    order=$(url)
    step "$2 is validated" '.body.status == "valid"' "$1" challenge "$order"
}

rows() { # SQL
    sqlite3 -readonly "file:$house/ca/ledger/ca.db" "$1"
}

again() { # OPTION...: the CA, another process, by another clock
    house_close
    house_serve "$@"
}

ready='.body.status == "ready"'
pending='.body.status == "pending"'
valid='.body.status == "valid"'
problem() { # TYPE REASON: of the challenge that failed
    echo ".body.status == \"invalid\" and ([.body.challenges[].error][0] |
        (.type | endswith(\":$1\")) and .reason == \"$2\")"
}

house_serve

# ---- a record goes, and what is cached of it ----

step 'an account' '.code == 201' a account
first=$(cat "$tmp/a/kid")
validated a gone 86400
gone_order=$order
remove gone

# ---- just in time ----

step 'an account that has not validated yet' '.code == 201' b account
publish early 0 "$(raw b)"
step 'it is not looked at' "$pending" b order early.shop.example
order=$(url)
step 'it is looked at when it is ready' "$valid" b challenge "$order"
publish soon 300 "$(raw b)"
step 'it is looked at at once' "$ready and .authorizations[0].status == \"valid\"" \
    b order soon.shop.example
check 'which is in the log' grep -q \
    '"just_in_time":true,"valid":true.*"form":"raw"' "$tmp/ca.log"
step 'where there is none, nothing is said' "$pending and
    ([.authorizations[0].challenges[] | has(\"error\")] | any | not)" \
    b order late.shop.example
order=$(url)
publish late 300 "$(raw b)"
step 'a record that came after the look' "$valid" b challenge "$order"

# ---- each attempt reads it anew ----

step 'a name' "$pending" b order change.shop.example
order=$(url)
publish change 0 "$(raw b); persistUntil=1600000000"
step 'a record that has ended' "$(problem unauthorized expired)" \
    b challenge "$order"
publish change 0 "$(raw b); persistUntil=4000000000"
step 'one that has not' "$ready" b order change.shop.example

# ---- what is wrong with it ----

fails() { # NAME TYPE REASON VALUE...
    name=$1 type=$2 reason=$3
    shift 3
    publish "$name" 0 "$@"
    step "$reason" "$pending" b order "$name.shop.example"
    order=$(url)
    step "$reason, says its problem" "$(problem "$type" "$reason")" \
        b challenge "$order"
}
fails nobody malformed missing-accounturi 'ca.example'
fails when malformed bad-persist-until "$(raw b); persistUntil=soon"
fails other unauthorized no-matching-issuer 'other-ca.example; accounturi=u:1'
fails foreign unauthorized account-mismatch "$(raw a)"
fails both malformed missing-accounturi "$(raw a)" 'ca.example'
check 'each has its own' holds '[.body.challenges[0].error.subproblems[].reason] |
    sort == ["account-mismatch", "missing-accounturi"]'

# ---- how far it reaches ----

step 'of itself' "$pending" a order wide.shop.example
wide=$(hashed)
publish wide 0 "$wide; policy=wildcard"
for name in wide '*.wide' deep.er.wide '*.er.wide'; do
    step "policy=wildcard at wide covers $name" "$ready" \
        a order "$name.shop.example"
done
step 'not what ends in the same letters' "$pending" a order notwide.shop.example
step 'an exact record' "$pending" a order exact.shop.example
publish exact 0 "$(hashed)"
for name in '*.exact' sub.exact; do
    step "does not cover $name" "$pending" a order "$name.shop.example"
done
step 'but itself' "$ready" a order exact.shop.example
step 'a wildcard of a public suffix' \
    '.code >= 400 and (.body.type | endswith(":rejectedIdentifier"))' \
    a order '*.example'

# ---- a hashed value, and never a raw one again ----

step 'another account' '.code == 201' c account
validated c sticky 0
publish rawer 0 "$(raw c)"
step 'a raw value after that' "$pending" c order rawer.shop.example
order=$(url)
step 'is refused' '.body.status == "invalid"' c challenge "$order"

# ---- keys change ----

step 'with the first key' "$pending" a order old1.shop.example
publish old1 0 "$(hashed)"
step 'with the first key, too' "$pending" a order old2.shop.example
publish old2 0 "$(hashed)"
for key in second third fourth; do
    step "the $key key" '.code == 200' a rekey
done
check 'the URL is as it was' [ "$first" = "$(cat "$tmp/a/kid")" ]
step 'the record of the first one' "$ready" a order old1.shop.example

# ---- an account ends ----

step 'an account' '.code == 201' d account
validated d ends 0
ready_order=$order
step 'an order under way' "$pending" d order slow.shop.example
publish slow 0 "$(hashed)"
slow_order=$(url)
# shellcheck disable=SC2046 # a list of numbers
kill -STOP $(cat "$tmp/tree/pids")
python3 "$here/acme_say.py" "$tmp/d" "$directory" "$house/ca/root.pem" \
    challenge "$slow_order" >"$tmp/slow.out" 2>&1 &
slow_pid=$!
under_way() {
    [ "$(rows "SELECT count(*) FROM authz WHERE status = 'processing'")" = 1 ]
}
await under_way
step 'it ends meanwhile' '.body.status == "deactivated"' d end
# shellcheck disable=SC2046 # a list of numbers
kill -CONT $(cat "$tmp/tree/pids")
wait $slow_pid || true
step 'nothing of it is finalized' \
    '.code == 401 or .code == 403' d finalize "$ready_order"
check 'nor validated' [ "$(rows "SELECT count(*) FROM authz JOIN account ON
    account.id = authz.account WHERE account.status = 'deactivated'
    AND authz.status <> 'deactivated'")" = 0 ]

# ---- the reuse of what is over ----

step 'an authorization outlives its record' "$ready" a order gone.shop.example
step 'and serves its order' "$valid" a finalize "$gone_order"
validated a keep 86400
remove keep
step 'an order for later' "$ready" a order keep.shop.example
later_order=$(url)

until_at=$(($(date +%s) + 3600))
validated a until 0 "; persistUntil=$until_at"
until_order=$order
step 'it ends with the record' "(.body.authorizations | length) == 1 and
    (.authorizations[0].expires | fromdateiso8601) <= $until_at" \
    a order until.shop.example
issued_order=$(url)
step 'one is issued' "$valid" a finalize "$issued_order"

step 'an account of -01' '.code == 201' e account
step 'a name' "$pending" e order ttl1.shop.example
ttl1_order=$(url)
publish ttl1 1 "$(raw e)"
step 'a TTL of a second' "$valid" e challenge "$ttl1_order"
step 'a name' "$pending or $ready" e order ttl0.shop.example
publish ttl0 0 "$(raw e)"
ttl0_order=$(url)
step 'a TTL of 0' "$valid" e challenge "$ttl0_order"
publish ttlgone 1 "$(raw e)"
step 'a TTL of a second, found at once' "$ready" e order ttlgone.shop.example
ttlgone_order=$(url)
remove ttlgone

# What is cached of the record that went first is forgotten in a minute, though
# its TTL is a day. Each attempt is a new one: what it makes is given back.
goes() {
    say a order gone.shop.example
    ! holds "$pending" || return 0
    say a post "$(jq -r '.body.authorizations[0]' "$tmp/out")" \
        '{"status": "deactivated"}'
    return 1
}
await goes
gone_order=$(url)
step 'a record that is gone' "$(problem unauthorized no-record)" \
    a challenge "$gone_order"

# ---- hours and days pass ----

again --clock +2h
step 'after its end nothing is issued on it' \
    '.code == 403 and (.body.type | endswith(":orderNotReady"))' \
    a finalize "$until_order"
step 'nor a new attempt made' "$pending" a order until.shop.example
order=$(url)
step 'which says why' "$(problem unauthorized expired)" a challenge "$order"
check 'what was issued before stays' [ "$(rows 'SELECT count(*) FROM certificate
    WHERE revoked_at IS NOT NULL')" = 0 ]
step 'a short TTL: looked at again' "$valid" e finalize "$ttl1_order"
step 'and one of 0' "$valid" e finalize "$ttl0_order"
step 'and one whose record went' '.code == 403' e finalize "$ttlgone_order"
step 'the oldest key, in another process' "$ready" a order old2.shop.example

again --clock +6d
step 'a reuse after six days' "$valid" a finalize "$later_order"
validated a week 86400
remove week

again --clock +15d
step 'another, after nine' "$ready and .body.expires ==
    .authorizations[0].expires" a order week.shop.example
week_order=$(url)

again --clock +17d
step 'ten days are the end of it' '.code == 403' a finalize "$week_order"
step 'and of its reuse' "$pending" a order week.shop.example

# ---- the other presets ----

again --clock +18d --preset strict --failures 2 --looks 2
step 'strict: no raw record' "$pending" e order ttl1.shop.example
order=$(url)
check 'its challenge' holds '.authorizations[0].challenges[] |
    select(.type == "dns-persist-01") | keys ==
    ["issuerDomainNames", "status", "type", "url"]'
step 'refused' '.body.status == "invalid"' e challenge "$order"
step 'again' "$pending" e order ttl1.shop.example
order=$(url)
step 'refused again' '.body.status == "invalid"' e challenge "$order"
step 'too often' "$pending" e order ttl1.shop.example
order=$(url)
step 'is rateLimited' '.code == 429 and .wait > 0 and
    (.body.type | endswith(":rateLimited"))' e challenge "$order"
step 'but not at another name' "$pending" e order ttl0.shop.example
order=$(url)
step 'where it may fail' '.body.status == "invalid"' e challenge "$order"
step 'nobody looks at what is above' "$pending" a order up.wide.shop.example
step 'a hashed one is good' "$ready" a order old1.shop.example
for time in first second; do
    step "a look just in time, the $time" "$pending" \
        a order nothing.shop.example
done
publish nothing 0 "$wide"
looks=$(grep -c '"just_in_time":true' "$tmp/ca.log")
step 'no look more' "$pending" a order nothing.shop.example
check 'none was made' [ "$(grep -c '"just_in_time":true' "$tmp/ca.log")" = \
    "$looks" ]

again --clock +18d --preset letsencrypt
publish le 300 "$(raw e)"
step 'letsencrypt: a raw record' '.body.status | IN("pending", "ready")' \
    e order le.shop.example
order=$(url)
check 'its challenge' holds '.authorizations[0].challenges[] |
    select(.type == "dns-persist-01") | has("issuer-domain-names") and
    (has("issuerDomainNames") | not)'
step 'is validated' '.body.status == "valid" or .body.status == "ready"' \
    e challenge "$order"
one=$(rows 'SELECT count(*) FROM authz')
step 'and again for the next order' '.code == 201' e order le.shop.example
check 'nothing is reused' [ "$(rows 'SELECT count(*) FROM authz')" = \
    $((one + 1)) ]

expect 'the log of evidence' 0 '' ca audit verify --folder "$house/ca/evidence"
house_close
check 'it ends in order' [ "$status" = 0 ]
exit $failed
