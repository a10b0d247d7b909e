#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The HTTP client among servers that hang, lie, break off and never stop; that
# it trusts nobody it should not; and that it uses connections again.
# shellcheck disable=SC2154 # ports: from http_liar.py
set -eu

here=$(dirname "$0")
# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"

key() {
    openssl req "$@" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
}

# certificate NAME CA SUBJECTALTNAME DAYS
certificate() {
    key -subj "/CN=$1" -keyout "$tmp/$1.key" -out "$tmp/$1.csr"
    echo "subjectAltName=$3" >"$tmp/$1.ext"
    openssl x509 -req -in "$tmp/$1.csr" -CA "$tmp/$2.pem" \
        -CAkey "$tmp/$2.key" -days "$4" -extfile "$tmp/$1.ext" \
        -out "$tmp/$1.pem"
}

# OpenSSL makes none that has ended.
expired_certificate() {
    key -subj /CN=expired -keyout "$tmp/expired.key" -out "$tmp/expired.csr"
    cat >"$tmp/expired.template" <<'END'
cn = expired
dns_name = localhost
activation_date = "2020-01-01 00:00:00 UTC"
expiration_date = "2020-02-01 00:00:00 UTC"
END
    certtool --generate-certificate --template "$tmp/expired.template" \
        --load-request "$tmp/expired.csr" --load-ca-certificate "$tmp/ca.pem" \
        --load-ca-privkey "$tmp/ca.key" --outfile "$tmp/expired.pem"
}

certificates() {
    key -x509 -subj '/CN=test CA' -days 30 -keyout "$tmp/ca.key" -out "$tmp/ca.pem"
    # The same name: only the key tells that it is another.
    key -x509 -subj '/CN=test CA' -days 30 -keyout "$tmp/false.key" -out "$tmp/false.pem"
    certificate good ca DNS:localhost,IP:127.0.0.1 30
    certificate other ca DNS:other.example,DNS:localhost.example,IP:127.0.0.2 30
    expired_certificate
    certificate untrusted false DNS:localhost 30
}

certificates 2>"$tmp/openssl.log" || {
    cat "$tmp/openssl.log"
    exit 1
}
python3 "$here/http_liar.py" "$tmp" >"$tmp/ports" &
pids=$!
await grep -q hang_up "$tmp/ports"
# shellcheck disable=SC1091 # made by http_liar.py
. "$tmp/ports"
base=https://localhost:$good

ask() {
    "$HTTP_ASK" --ca "$tmp/ca.pem" "$@"
}

# Lines of `URL|expected` on standard input, asked for with these options; what
# is expected is a pattern.
table() {
    cat >"$tmp/table"
    # shellcheck disable=SC2046 # words are wanted
    ask "$@" $(cut -d'|' -f1 "$tmp/table") >"$tmp/said" || true
    while IFS='|' read -r url pattern && IFS= read -r line <&4; do
        # shellcheck disable=SC2254 # it is a pattern
        case $line in
        $pattern) ;;
        *)
            echo "$url: $line, not $pattern"
            failed=1
            ;;
        esac
    done <"$tmp/table" 4<"$tmp/said"
    [ "$(wc -l <"$tmp/said")" = "$(wc -l <"$tmp/table")" ] || {
        echo "lines missing after $(tail -1 "$tmp/said")"
        failed=1
    }
}

echo "what servers may do"
table <<END
$base/ok|200 application/json 2
$base/fields|201 application/Pem-Certificate-Chain 2 location=/acct/1 nonce=abc-_ retry=Fri, 31 Dec 1999 23:59:59 GMT link=up:a link=alternate:b link=index:c
$base/folded|200 text/plain 2
$base/chunked|200 application/json 2
$base/until-close|failure: *middle*
$base/http10|200 application/json 2
$base/closes|200 application/json 2
$base/no-content|204  0
$base/no-type|200  2
$base/redirect|302  0 location=/ok
$base/unavailable|503 text/html 2 retry=3
https://127.0.0.1:$good/ok|200 application/json 2
https://LOCALHOST:$tls12/ok|200 application/json 2
END
table --plain <<END
http://localhost:$plain/until-close|200 application/json 2
http://localhost:$plain/ok|200 application/json 2
END

echo "what they may not"
SILENT='failure: the server closed the connection without a reply'
CUT='failure: the server closed the connection in the middle of its reply'
LATE='failure: no complete reply within the time allowed'
HEADER='failure: the header of the reply is too large'
LARGE='failure: the body of the reply is too large'
BROKEN='failure: the reply is not HTTP, or is broken'
LENGTH='failure: the reply contradicts itself about its length'
FIELD='failure: a header field of the reply*'
INTERIM='failure: the server sent an interim reply*'

# At once: none of them may hold up or harm another.
sluggards() { # of the server at $1
    sed "s#^/#$1/#" <<END
/hang|$LATE
/ok|200 application/json 2
/hang-header|$LATE
/hang-body|$LATE
/hang-chunk|$LATE
/drip|$LATE
/ok|200 application/json 2
END
}

liars() { # of the server at $1
    sed "s#^/#$1/#" <<END
/silent|$SILENT
/cut-header|$CUT
/cut-body|$CUT
/cut-chunk|$CUT
/cut-chunks|$CUT
/big|$LARGE
/big-close|$LARGE
/big-chunked|$LARGE
/big-chunk|failure: the *
/big-trailer|$BROKEN
/big-size|$LARGE
/big-header|$HEADER
/big-line|$HEADER
/big-status|$HEADER
/huge-length|$LARGE
/ssh|$BROKEN
/empty-lines|failure: *
/http2|$BROKEN
/status-99|$BROKEN
/status-600|$BROKEN
/status-word|$BROKEN
/no-colon|$BROKEN
/name-blank|$FIELD
/name-odd|$FIELD
/control|$FIELD
/nonce-odd|$FIELD
/nonce-long|$FIELD
/length-twice|$LENGTH
/length-plus|$LENGTH
/length-minus|$LENGTH
/length-word|$LENGTH
/length-list|$LENGTH
/length-none|$LENGTH
/length-chunked|failure: the reply *
/coding-odd|$LENGTH
/chunk-word|$BROKEN
/chunk-minus|$BROKEN
/chunk-extension|$BROKEN
/gzip|failure: the body of the reply is compressed*
/continue|$INTERIM
/early|$INTERIM
/ok|200 application/json 2
END
}
for at in "$base" "http://localhost:$plain"; do
    sluggards "$at" >"$tmp/some"
    table --plain --timeout 5000 <"$tmp/some"
    liars "$at" >"$tmp/some"
    table --plain --window 64 --connections 64 <"$tmp/some"
done
table --body-max 1 --header-max 150 <<END
$base/ok|$LARGE
$base/chunked|$LARGE
$base/fields|$HEADER
END

# Nobody reads to the end of these.
large=$(head -c 100000 /dev/zero | tr '\0' x)
table --plain --post "$large" <<END
http://localhost:$hang_up/ok|failure: the server closed the connection*
http://localhost:$hang_up/ok|failure: the server closed the connection*
http://localhost:$hang_up/ok|failure: the server closed the connection*
http://localhost:$hang_up/ok|failure: the server closed the connection*
http://localhost:$plain/ok|200 application/json 2
END

echo "whom it trusts"
table --connect 5000 <<END
https://localhost:$other/ok|failure: hostname mismatch
https://127.0.0.1:$other/ok|failure: IP address mismatch
https://localhost:$expired/ok|failure: certificate has expired
https://localhost:$untrusted/ok|failure: *
https://localhost:$tls11/ok|failure: the server does not speak TLS 1.2 or newer with us
https://localhost:$plain/ok|failure: cannot connect to the server within the time allowed
https://localhost:$mute/ok|failure: cannot connect to the server within the time allowed
https://localhost:$hang_up/ok|failure: *
https://localhost:1/ok|failure: cannot connect to the server
$base/ok|200 application/json 2
END
trusts() { # $1: what is said; $2: the URL; files of CAs
    want=$1
    url=$2
    shift 2
        # shellcheck disable=SC2046 # words are wanted
    said=$("$HTTP_ASK" $(printf -- '--ca %s ' "$@") "$url")
    [ "$said" = "$want" ] || {
        echo "trusting $*: $said"
        failed=1
    }
}
STRANGER='failure: the certificate of the server is of no CA that is trusted here; --ca-bundle (or --remote-ca) names another'
OK='200 application/json 2'
trusts "$STRANGER" "$base/ok" /etc/ssl/certs/ca-certificates.crt
trusts "$STRANGER" "$base/ok" "$tmp/false.pem"
trusts "$OK" "$base/ok" "$tmp/false.pem" "$tmp/ca.pem"
# Files as people have them: words between, a damaged one, lines of Windows.
{
    echo '# the first of them'
    sed '3s/^..../!!!!/' "$tmp/false.pem"
    echo '# the second'
    sed 's/$/\r/' "$tmp/ca.pem"
} >"$tmp/people.pem"
trusts "$OK" "$base/ok" "$tmp/people.pem"
trusts "$STRANGER" "https://localhost:$untrusted/ok" "$tmp/good.pem"
trusts "$OK" "https://localhost:$untrusted/ok" "$tmp/untrusted.pem"

refused() { # $1: what is said about the options after it
    what=$1
    shift
    said=$("$HTTP_ASK" "$@" "$base/ok" 2>&1) && {
        echo "$*: $said"
        failed=1
    }
    case $said in
    *"$what"*) ;;
    *)
        echo "$*: $said"
        failed=1
        ;;
    esac
}
refused 'cannot be read' --ca "$tmp/none.pem"
refused 'has none in PEM form' --ca "$tmp/good.key"
base=http://localhost:$plain refused 'http: is refused' --ca "$tmp/ca.pem"

echo "connections"
second_base=https://localhost:$second
connections() { # that were made to the server `second`; this is one, too
    ask --body "$second_base/count" | tail -1
}
grows() { # $1 connections are made for the URLs of standard input
    want=$1
    shift
    had=$(connections)
    table "$@"
    made=$(($(connections) - had - 1))
    [ $made -eq "$want" ] || {
        echo "$made connections, not $want: $(tr '\n' ' ' <"$tmp/table")"
        failed=1
    }
}
repeated() { # $1 lines of $2, whose connections grow by $3 with these options
    i=0
    while [ $i -lt "$1" ]; do
        echo "$second_base/$2|$OK"
        i=$((i + 1))
    done >"$tmp/repeated"
    shift 2
    grows "$@" <"$tmp/repeated"
}
repeated 20 ok 1 --in-turn
repeated 20 slow 8
repeated 20 slow 3 --connections 3
repeated 5 closes 5 --in-turn
repeated 2 http10 2 --in-turn
# What was said counts, though the server leaves it open.
repeated 2 http10-open 2 --in-turn
repeated 2 says-close 2 --in-turn
repeated 3 extra 3 --in-turn
repeated 3 late 3 --in-turn --pause 2000
repeated 3 close-idle 3 --in-turn --pause 2000
# The race: it is closed as the next request arrives. That one is repeated.
repeated 3 slam 3 --in-turn
repeated 3 slam-half 3 --in-turn
grows 1 --in-turn --head <<END
$second_base/head|200  0
$second_base/head|200  0
END
# A body where none can be is not the reply to the next request.
grows 2 --in-turn --head <<END
$second_base/head-body|200  0
$second_base/head|200  0
END
grows 2 --in-turn <<END
$second_base/slam|$OK
$second_base/cut-body|$CUT
END

posts() {
    ask --body "$second_base/posts" | tail -1
}
grows 2 --in-turn --post a <<END
$second_base/slam|$OK
$second_base/ok|$OK
END
[ "$(posts)" = 3 ] || {
    echo "a POST on a connection that closes was not repeated once: $(posts)"
    failed=1
}
grows 1 --in-turn --post a <<END
$second_base/slam-half|$OK
$second_base/ok|$CUT
END
[ "$(posts)" = 5 ] || {
    echo "a POST whose reply had begun was repeated: $(posts)"
    failed=1
}
grows 1 --post a <<END
$second_base/silent|$SILENT
END
[ "$(posts)" = 6 ] || {
    echo "a POST on a fresh connection was repeated: $(posts)"
    failed=1
}

echo "what is sent"
ask --body --post '{"a":1}' "$base/echo" | tr -d '\r' >"$tmp/sent"
cat >"$tmp/wanted" <<END
200 text/plain N
POST /echo HTTP/1.1
Host: localhost:$good
User-Agent: holdfast
Content-Type: application/jose+json
Content-Length: 7
{"a":1}
END
sed '1s/[0-9]*$/N/' "$tmp/sent" | diff "$tmp/wanted" - || failed=1
exit $failed
