#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `holdfast eval` as a port for strangers: every way to write objects, every
# way to break them, and what it costs. REQ RECORD-02, RECORD-04, ERR-08.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
    echo "not ok: $*" >&2
    exit 1
}

# check NAME STATUS WANTED [ARGUMENT]...: standard input goes in, WANTED is
# all that comes out.
check() {
    name=$1
    status=$2
    wanted=$3
    shift 3
    got_status=0
    "$HOLDFAST" eval "$@" >"$tmp/out" 2>"$tmp/err" || got_status=$?
    [ "$got_status" -eq "$status" ] ||
        fail "$name: status $got_status, not $status: $(cat "$tmp/err")"
    printf '%s' "$wanted" >"$tmp/wanted"
    [ -z "$wanted" ] || echo >>"$tmp/wanted"
    cmp -s "$tmp/wanted" "$tmp/out" ||
        fail "$name: $(diff "$tmp/wanted" "$tmp/out")"
}

one='{"id":"a","kind":"normalize","request":{"name":"A.Example."}}'
out='{"id":"a","kind":"normalize","out":"a.example"}'
two="$out
$out"

# ---- ways to write objects ----

echo "$one" | check "one line" 0 "$out"
printf '%s' "$one" | check "no newline at the end" 0 "$out"
echo "$one" | check "a dash is standard input" 0 "$out" -
echo "$one$one" | check "one behind the other" 0 "$two"
printf '[\n%s,\n%s\n]\n' "$one" "$one" | check "an array over lines" 0 "$two"
echo "[$one, $one]" | check "an array on one line" 0 "$two"
printf '\357\273\277%s\r\n\r\n%s\r\n' "$one" "$one" |
    check "byte order mark and CR LF" 0 "$two"
check "over several lines" 0 "$out" <<'END'
[
  {
    "id": "a",
    "kind":
      "normalize",

    "request": { "name": "A.Example." }
  }
]
END
check "nothing at all" 0 "" </dev/null
check "nothing to compare" 0 "0 vectors, 0 differences" --expect </dev/null
echo '{"kind":"owner","request":{"value":"x.example"}}' |
    check "no id" 0 \
        '{"id":null,"kind":"owner","owner":"_validation-persist.x.example"}'
echo '{"id":"\u00fc\u0001\"","kind":"normalize","request":{"name":"x"}}' |
    check "an id is given back in ASCII" 0 \
        '{"id":"\u00FC\u0001\"","kind":"normalize","out":"x"}'

# ---- ways to break them; the line after it still runs ----

# broken NAME ERROR: standard input is the broken part.
broken() {
    {
        cat
        echo
        echo "$one"
    } >"$tmp/in"
    check "$1" 1 "$2
$out" "$tmp/in"
}

echo 'hello' | broken "a word" '{"line":1,"error":"no JSON object"}'
printf '7' | broken "a number" '{"line":1,"error":"no JSON object"}'
printf '}' | broken "a bracket" '{"line":1,"error":"no JSON object"}'
printf '%s' '{"kind":"parse' | broken "an open string" \
    '{"line":1,"error":"a string is not closed on its line"}'
printf '%s' '{"kind":"parse", "request": {' | broken "an open object" \
    '{"line":1,"error":"object is not closed"}'
printf '\n\n{"kind":"parse",\n"request": {' |
    broken "an open object over lines" \
        '{"line":3,"error":"object is not closed"}'
printf '%s' '{"id":"d","kind":"dance","request":{}}' | broken "a new kind" \
    '{"line":1,"id":"d","error":"kind is unknown"}'
printf '%s' '{"id":"d","request":{}}' | broken "no kind" \
    '{"line":1,"id":"d","error":"kind is missing"}'
printf '%s' '{"id":"d","kind":"parse"}' | broken "no request" \
    '{"line":1,"id":"d","error":"request is missing"}'
printf '%s' '{"kind":"parse","request":[]}' | broken "a list as request" \
    '{"line":1,"error":"request is missing"}'
printf '%s' '{"kind":"parse","request":{}}' | broken "no member" \
    '{"line":1,"error":"value is missing"}'
printf '%s' '{"kind":"parse","request":{"value":7}}' |
    broken "a number as text" '{"line":1,"error":"value is no text"}'
printf '%s' '{"kind":"parse","request":{"value":{"hex":"0g"}}}' |
    broken "hexadecimal that is none" \
        '{"line":1,"error":"value has octets that are not hexadecimal"}'
printf '%s' '{"kind":"parse","request":{"value":{"hex":"000"}}}' |
    broken "half an octet" '{"line":1,"error":"value has half an octet"}'
printf '%s' '{"kind":"reuse","mode":"draft-03","request":{"now":1,"validatedAt":1}}' |
    broken "a new draft" '{"line":1,"error":"mode is unknown"}'
printf '%s' '{"kind":"caa","request":{"rrSet":[],"issuers":[]}}' |
    broken "a list misspelt" '{"line":1,"error":"rrset is missing"}'
printf '%s' '{"kind":"validate","dns":[],"request":{}}' |
    broken "answers without owners" '{"line":1,"error":"dns is no object"}'
printf '%s' '{"kind":"reuse","request":{"now":1e300,"validatedAt":1}}' |
    broken "a time past all times" '{"line":1,"error":"now is out of range"}'
printf '%s' '{"kind":"reuse","request":{"now":1,"validatedAt":1,"ttl":-1}}' |
    broken "a negative TTL" '{"line":1,"error":"ttl is out of range"}'
printf '%s' '{"kind":"account-proof","request":{"requestUrl":"x","httpStatus":0}}' |
    broken "no HTTP status" '{"line":1,"error":"httpStatus is no HTTP status"}'

# In the words of the JSON library: only the line counts.
report() {
    {
        cat
        echo
        echo "$one"
    } >"$tmp/in"
    "$HOLDFAST" eval "$tmp/in" >"$tmp/out" && fail "$1: status 0"
    [ "$(wc -l <"$tmp/out")" -eq 2 ] || fail "$1: $(cat "$tmp/out")"
    head -n 1 "$tmp/out" | grep -q "^{\"line\":$2,\"error\":\"." ||
        fail "$1: $(cat "$tmp/out")"
    [ "$(tail -n 1 "$tmp/out")" = "$out" ] || fail "$1: $(cat "$tmp/out")"
    if LC_ALL=C grep -q '[^ -~]' "$tmp/out"; then
        fail "$1: octets that are not printable"
    fi
}
printf '%s' '{"kind":"parse","kind":"hash","request":{}}' |
    report "a member twice" 1
printf '%s' '{"kind":"parse","request":{"value":"a","value":"b"}}' |
    report "a member of the request twice" 1
printf '{"kind":\n\n"parse",,}' | report "two commas" 3
printf '{"kind":"\033[31m\377\376"}' | report "octets that are no UTF-8" 1
printf '{"kind":"parse","\\u0000":1}' | report "NUL in the name of a member" 1
printf '{"kind":"parse"\000}' | report "NUL between members" 1
printf '{"kind":"reuse","request":{"now":99999999999999999999}}' |
    report "an integer over 64 bits" 1
printf '{]' | report "brackets that do not match" 1

# ---- bounds ----

deep=$(printf '%100000s' '' | tr ' ' '[')
printf '{"kind":%s' "$deep" | broken "a hundred thousand brackets" \
    '{"line":1,"error":"nested more than 32 deep"}'
{
    printf '{"kind":"parse","request":{"value":"'
    head -c 1100000 /dev/zero | tr '\000' a
    printf '"}}'
} | broken "a line of more than 1 MiB" \
    '{"line":1,"error":"line longer than 1 MiB"}'
{
    printf '  {"kind":"parse","request":{\n'
    yes '    "value":0,' | head -n 150000
} | broken "an object of more than 1 MiB" \
    '{"line":1,"error":"object longer than 1 MiB"}'
broken "the lines of an object given up" \
    '{"line":1,"error":"a string is not closed on its line"}' <<'END'
 {
  "kind": "parse",
  "request": {
    "value": "a
b",
    "other":
    {
    }
  }
 }
END
printf '%s' '{"kind":"parse","request":{"value":{"repeat":"aa","count":32768}}}' |
    broken "a text of 65,536 octets" \
        '{"line":1,"error":"count makes more than 65535 octets"}'
printf '%s' '{"kind":"parse","request":{"value":{"repeat":"","count":9223372036854775807}}}' |
    broken "nothing, very often" \
        '{"line":1,"error":"count makes more than 65535 octets"}'
{
    printf '{"kind":"monitor","request":{"observed":[],"baseline":['
    yes '{"repeat":"a","count":65000},' | head -n 300 | tr -d '\n'
    printf '""]}}'
} | broken "texts of more than 16 MiB" \
    '{"line":1,"error":"needs more than 16 MiB"}'

# ---- comparing ----

good='{"id":"g","kind":"normalize","request":{"name":"A"},"expect":{"out":"a","note":"x"}}'
bad='{"id":"b","kind":"normalize","request":{"name":"A"},"expect":{"out":"b","in":null}}'
echo "$good" | check "as expected" 0 '{"id":"g","kind":"normalize","out":"a"}
1 vectors, 0 differences' --expect
printf '%s\n%s\n' "$good" "$bad" | check "one differs" 1 \
    '{"id":"b","kind":"normalize","out":"a","differs":{"out": "b", "in": null}}
2 vectors, 1 differences' -e -q
grep -qx 'holdfast eval: b: out is "a", expected "b"' "$tmp/err" ||
    fail "one differs: $(cat "$tmp/err")"
grep -qx 'holdfast eval: b: in is missing, expected null' "$tmp/err" ||
    fail "one differs: $(cat "$tmp/err")"
printf '%s\nx\n' "$good" | check "the count as an object" 1 \
    '{"line":2,"error":"no JSON object"}
{"vectors":1,"differences":0,"errors":1}' --expect --quiet --json
echo "$one" | check "nothing expected" 1 \
    '{"line":1,"id":"a","error":"expect is missing"}
0 vectors, 0 differences, 1 errors' --expect
events='{"id":"m","kind":"monitor","request":{"baseline":["a","b"],"observed":["c"]},"expect":{"events":["deleted","added","deleted"]}}'
echo "$events" | check "events in any order" 0 \
    '1 vectors, 0 differences' -e -q
echo "$events" | sed 's/"added","deleted"\]/"added","added"]/' |
    check "but each as often" 1 \
        '{"id":"m","kind":"monitor","events":["added","deleted","deleted"],"differs":{"events": ["deleted", "added", "added"]}}
1 vectors, 1 differences' -e -q
escape='{"id":"\u001b[31m\u007f","kind":"normalize","request":{"name":"A"},"expect":{"out":"\u001b[0m"}}'
echo "$escape" | "$HOLDFAST" eval -e >"$tmp/out" 2>"$tmp/err" &&
    fail "escapes: status 0"
if LC_ALL=C grep -q '[^ -~]' "$tmp/out" "$tmp/err"; then
    fail "escapes reach the terminal"
fi

# ---- files, usage, the end ----

echo "$one" >"$tmp/1"
echo x >"$tmp/2"
check "several files" 1 "$out
{\"line\":1,\"file\":\"$tmp/2\",\"error\":\"no JSON object\"}
$out" "$tmp/1" "$tmp/2" "$tmp/1"
check "a missing file does not stop the others" 1 "$out" \
    "$tmp/missing" "$tmp/1"
grep -q "missing" "$tmp/err" || fail "a missing file is not named"
check "a directory" 1 "" "$tmp"
check "--quiet alone" 64 "" --quiet </dev/null
check "an unknown option" 64 "" --wrong </dev/null

if [ -w /dev/full ]; then
    status=0
    "$HOLDFAST" eval "$tmp/1" >/dev/full 2>"$tmp/err" || status=$?
    [ "$status" -eq 1 ] || fail "a full disk: status $status"
    grep -q 'standard output' "$tmp/err" || fail "a full disk goes unsaid"
fi

# Interrupted while it waits for more: no error, and a status of its own.
mkfifo "$tmp/in.fifo"
"$HOLDFAST" eval "$tmp/in.fifo" >"$tmp/out" 2>"$tmp/err" &
pid=$!
exec 3>"$tmp/in.fifo"
echo "$one" >&3
while ! grep -q '^State:.*S' "/proc/$pid/status" 2>/dev/null; do :; done
kill -INT "$pid"
status=0
wait "$pid" || status=$?
exec 3>&-
[ "$status" -eq 130 ] || fail "interrupted: status $status"
