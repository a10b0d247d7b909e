#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Perspectives at work: four of them behind TLS with client certificates, the
# validator of a CA that asks them, and what happens when they are gone,
# somebody else, or do not see it (REQ VAL-40..43, VAL-46, VAL-48); then their
# API as a stranger's coordinator would use it.
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"
needs knotd ldns-signzone openssl curl "$VALIDATE_ASK"

THUMBPRINT=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
# shellcheck disable=SC2046 # numbers
set -- $(python3 "$here/ports.py" free 8)
http=$1 tls=$2 first=$3 second=$4 third=$5 fourth=$6 nobody=$7 chief=$8

cat >"$tmp/web.zone" <<END
\$ORIGIN web.example.
\$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
@ A 127.0.0.1
octets TXT "\\255\\000\\128"
_validation-persist.octets TXT "\\255\\000\\128"
_validation-persist.octets TXT "ca.example; accounturi=https://ca.example/acct/123"
caa CAA 0 issue "ca.example; accounturi=https://ca.example/acct/123; validationmethods=dns-persist-01"
_validation-persist.caa TXT "ca.example; accounturi=https://ca.example/acct/123"
END
sh "$here/tree.sh" start "$tmp/tree" "web.example=$tmp/web.zone"
# shellcheck disable=SC1091 # made by tree.sh
. "$tmp/tree/env"
python3 "$here/validate_web.py" "$http" "$THUMBPRINT" >"$tmp/web.log" 2>&1 &
pids="$pids $!"
await listens "$http"

# A CA for the channel between them, a server, and a client of it.
request() { # NAME SUBJECT [OPTION...]
    name=$1 subject=$2
    shift 2
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 \
        -subj "/CN=$subject" -keyout "$tmp/$name.key" -out "$tmp/$name.pem" \
        -x509 "$@" 2>>"$tmp/openssl.log"
}
request root root
request server server -CA "$tmp/root.pem" -CAkey "$tmp/root.key" \
    -addext subjectAltName=IP:127.0.0.1
request client client -CA "$tmp/root.pem" -CAkey "$tmp/root.key"
request other other

# shellcheck disable=SC2086 # options
serve() { # CODE REGION PORT [OPTION...]
    code=$1 region=$2 port=$3
    shift 3
    : >"$tmp/$code.out"
    "$HOLDFAST" perspective serve --code "$code" --region "$region" "$@" \
        --listen "127.0.0.1@$port" --certificate "$tmp/server.pem" \
        --key "$tmp/server.key" --client-ca "$tmp/root.pem" \
        --issuer ca.example --allow-private --http-port "$http" \
        --tls-port "$tls" ${TREE_OPTIONS%--suffix-list*} \
        >>"$tmp/$code.out" 2>"$tmp/$code.err" &
    pids="$pids $!"
    await grep -q answering "$tmp/$code.out"
}
refuses() { # OPTION...
    "$HOLDFAST" perspective serve --code x --listen 127.0.0.1@0 \
        --certificate "$tmp/server.pem" --key "$tmp/server.key" \
        --client-ca "$tmp/root.pem" "$@" >"$tmp/out" 2>"$tmp/err"
    [ $? -eq 64 ] && grep -q 'APNIC, LACNIC or AFRINIC' "$tmp/err"
}
check 'a region that is none' refuses --region Moon
check 'a region elsewhere that is none' refuses --region ARIN \
    --remote "a=ARIN=https://127.0.0.1:1" --remote "b=Moon=https://127.0.0.1:1"

serve one ARIN "$first"
serve two RIPE "$second"
serve three APNIC "$third"
serve four RIPE "$fourth"
serve chief ARIN "$chief" --remote "one=ARIN=https://127.0.0.1:$first" \
    --remote "two=RIPE=https://127.0.0.1:$second" \
    --remote "three=APNIC=https://127.0.0.1:$third" \
    --remote "gone=RIPE=https://127.0.0.1:$nobody" \
    --remote-ca "$tmp/root.pem" --remote-certificate "$tmp/client.pem" \
    --remote-key "$tmp/client.key"

# shellcheck disable=SC2086 # options
ask() { # [OPTION...] < questions
    "$VALIDATE_ASK" $TREE_OPTIONS --http-port "$http" --tls-port "$tls" \
        --private --ca "$tmp/root.pem" --own-chain "$tmp/client.pem" \
        --own-key "$tmp/client.key" "$@"
}

says() { # WHAT ANSWER QUESTION OPTION...
    what=$1 wanted=$2 question=$3
    shift 3
    got=$(echo "$question" | ask --detail "$@" 2>&1) || true
    case $got in
    "$wanted"*) ok "$what" ;;
    *) echo "# $got" && not_ok "$what" ;;
    esac
}

r1="--remote one=ARIN=https://127.0.0.1:$first"
r2="--remote two=RIPE=https://127.0.0.1:$second"
r3="--remote three=APNIC=https://127.0.0.1:$third"
r4="--remote four=RIPE=https://127.0.0.1:$fourth"
gone="--remote gone=RIPE=https://127.0.0.1:$nobody"
named="--remote else=RIPE=https://127.0.0.1:$fourth"
moved="--remote four=LACNIC=https://127.0.0.1:$fourth"

# shellcheck disable=SC2086 # options
{
    good='dns-persist-01 good.example'
    says 'all four' 'valid ok good.example' "$good" $r1 $r2 $r3 $r4
    says 'a parent, where the record is' 'valid ok good.example' \
        'dns-persist-01 *.a.good.example' $r1 $r2 $r3 $r4
    says 'one is gone' 'valid ok' "$good" $r1 $r2 $r3 $gone
    says 'two are gone' 'serverInternal mpic-quorum' "$good" $r1 $r2 \
        --remote "lost=ARIN=https://127.0.0.1:$nobody" $gone
    says 'one is somebody else, and one gone' 'serverInternal mpic-quorum' \
        "$good" $r1 $r2 $gone $named
    says 'one is elsewhere, and one gone' 'serverInternal mpic-quorum' \
        "$good" $r1 $r2 $gone $moved
    says 'too few' 'serverInternal mpic-too-few-remotes' "$good" $r1 $r2 $r3
    says 'octets that are no text' 'valid ok octets.web.example' \
        'dns-persist-01 octets.web.example' $r1 $r2 $r3 $r4
    says 'CAA with parameters' 'valid ok caa.web.example' \
        'dns-persist-01 caa.web.example' $r1 $r2 $r3 $r4
    says 'http-01' 'valid ok' 'http-01 web.example good' $r1 $r2 $r3 $r4
    says 'CAA that forbids' 'caa caa-no-matching-issuer' \
        'caa caa-other.good.example' $r1 $r2 $r3 $r4
    says 'without our certificate' 'serverInternal mpic-quorum' "$good" \
        --own-chain "$tmp/other.pem" --own-key "$tmp/other.key" $r1 $r2 $r3 $r4
}

# ---- the API ----

api() { # WHAT PATTERN PATH [CURL-OPTION...]
    what=$1 pattern=$2 path=$3
    shift 3
    curl -sS --cacert "$tmp/root.pem" --cert "$tmp/client.pem" \
        --key "$tmp/client.key" -H 'Content-Type: application/json' \
        -w '\n%{http_code}\n' "$@" "https://127.0.0.1:$to$path" \
        >"$tmp/reply" 2>&1 || true
    if tr '\n' ' ' <"$tmp/reply" | grep -q "$pattern"; then
        ok "$what"
    else
        sed 's/^/# /' "$tmp/reply"
        not_ok "$what"
    fi
}

persist() { # NAME URI
    printf '{"domain_or_ip_target":"%s","dcv_check_parameters":{%s,%s}}' "$1" \
        '"validation_method":"dns-persistent","issuer_domain_names":["CA.example"]' \
        "\"expected_account_uri\":\"$2\""
}

url=https://ca.example/acct/123
to=$first
api 'health' '"OK".* 200' /healthz
api 'configuration' '"rir":"ARIN".* 200' /configz
api 'a record' '"check_passed":true.*"records_seen":\["ca.example.* 200' /dcv \
    -d "$(persist good.example $url)"
api 'another account' '"check_passed":false.* 200' /dcv \
    -d "$(persist good.example HTTPS://ca.example/acct/123)"
api 'bogus' '"check_completed":false,"check_passed":false.* 200' /dcv \
    -d "$(persist bogus.example $url)"
api 'octets' '"check_passed":true.*"records_octets":' /dcv \
    -d "$(persist octets.web.example $url)"
caa='{"domain_or_ip_target":"caa.web.example","caa_check_parameters":{'
api 'CAA, nobody named' '"check_passed":false.*"caa_record_present":true' \
    /caa -d "$caa\"certificate_type\":\"tls-server\"}}"
api 'CAA, the account' '"check_passed":true' /caa \
    -d "$caa\"account_uri\":\"$url\",\"validation_methods\":[\"dns-persist-01\"]}}"
api 'no CAA' '"check_passed":true.*"caa_record_present":false' /caa \
    -d '{"domain_or_ip_target":"nsec3.example"}'
api 'no JSON' 'validation_issues.* 400' /dcv -d 'what'
api 'no such method' 'validation_method.* 400' /dcv -d \
    '{"domain_or_ip_target":"a.example","dcv_check_parameters":{"validation_method":"x"}}'
api 'a token that leaves its folder' 'validation_issues.* 400' /dcv -d \
    '{"domain_or_ip_target":"web.example","dcv_check_parameters":{"validation_method":"acme-http-01","token":"../x","key_authorization":"y"}}'
# REQ VAL-03: it is answered, and waits for nothing.
api 'a name too long' 'exceed the 253 octets.* 400' /dcv \
    -d "$(persist "$(printf 'a%.0s' $(seq 63)).$(printf 'b%.0s' $(seq 63)).$(printf 'c%.0s' $(seq 63)).$(printf 'd%.0s' $(seq 38)).com" $url)"
api 'GET' ' 405' /dcv
api 'somewhere else' ' 404' /mpic/x
api 'nobody' 'curl.* 000' /healthz --cert "$tmp/other.pem" --key "$tmp/other.key"
api 'none to ask' 'has none to ask.* 400' /mpic -d '{}'

to=$chief
mpic() { # ORCHESTRATION NAME
    persist "$2" "$url" |
        sed "s/^{/{\"check_type\":\"dcv\",\"orchestration_parameters\":{$1},/"
}
api 'three of four' \
    '"is_valid":true,"mpic_completed":true.* 200' /mpic -d "$(mpic '' good.example)"
api 'all four, says the request' '"is_valid":false,"mpic_completed":false' \
    /mpic -d "$(mpic '"quorum_count":4' good.example)"
api 'no record' '"is_valid":false,"mpic_completed":true' /mpic \
    -d "$(mpic '' host.good.example)"
for quorum in 0 1 2; do
    api "a quorum of $quorum" 'quorum_count.* 400' /mpic \
        -d "$(mpic "\"quorum_count\":$quorum" good.example)"
done

exit $failed
