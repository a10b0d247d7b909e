#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The HTTP server beside nginx with a body of its configuration, in turn, under
# the same load of wrk: an ACME directory over connections that are kept, and
# over a new one for each request. Compared is the CPU that the server spends
# on a request, of all its processes, for wrk itself is the slower half.
# See bench/run for the environment.
set -eu

rounds=5
tmp=$(mktemp -d)
nginx=

# shellcheck disable=SC2317 # called by the trap
cleanup() {
    [ -z "$nginx" ] || kill "$nginx" 2>/dev/null || true
    exec 3>&- || true
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

for tool in nginx wrk openssl; do
    PATH=$PATH:/usr/sbin command -v $tool >/dev/null || {
        echo "server: no $tool, nothing measured (tools/deps bench)"
        exit 0
    }
done
ninja -C "$BUILD" tests/peer/server_play >"$tmp/log" || {
    cat "$tmp/log"
    exit 1
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$tmp/key" -out "$tmp/cert" -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>"$tmp/log"

# A core for the servers, and one for wrk.
on_server=
on_client=
if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
    on_server="taskset -c $(($(nproc) - 1))"
    on_client="taskset -c 0"
fi

mkfifo "$tmp/hold"
# shellcheck disable=SC2086 # words
$on_server "$BUILD/tests/peer/server_play" --cert "$tmp/cert" \
    --key "$tmp/key" 127.0.0.1@0 +127.0.0.1@0 <"$tmp/hold" >"$tmp/said" &
ours=$!
exec 3>"$tmp/hold"
until grep -q ready "$tmp/said"; do sleep 0.1; done
tls=$(sed -n 1p "$tmp/said")
plain=$(sed -n 2p "$tmp/said")
front=$(cat "/proc/$ours/task/$ours/children")
front=${front% }
curl -s "http://127.0.0.1:$plain/fixed" >"$tmp/body"

# Two ports that nobody has now; nginx cannot choose.
ports=$(python3 -c '
import socket
socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(sock.getsockname()[1] for sock in socks))')
cat >"$tmp/nginx.conf" <<END
worker_processes 1;
daemon off;
pid $tmp/pid;
error_log $tmp/nginx.log;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path $tmp/1;
    proxy_temp_path $tmp/2;
    fastcgi_temp_path $tmp/3;
    uwsgi_temp_path $tmp/4;
    scgi_temp_path $tmp/5;
    server {
        listen 127.0.0.1:${ports% *} ssl;
        listen 127.0.0.1:${ports#* };
        ssl_certificate $tmp/cert;
        ssl_certificate_key $tmp/key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {
            default_type application/json;
            return 200 '$(cat "$tmp/body")
';
        }
    }
}
END
# shellcheck disable=SC2086 # words
PATH=$PATH:/usr/sbin $on_server nginx -c "$tmp/nginx.conf" 2>"$tmp/log" &
nginx=$!
until curl -s "http://127.0.0.1:${ports#* }/" >"$tmp/other"; do sleep 0.1; done
cmp "$tmp/body" "$tmp/other" || {
    echo 'nginx says something else' >&2
    exit 1
}
nginx_worker=$(cat "/proc/$nginx/task/$nginx/children")
nginx_worker=${nginx_worker% }

# spent PID...: hundredths of a second of CPU.
spent() {
    for pid; do
        cat "/proc/$pid/stat"
    done | awk '{sub(/.*\) /, ""); sum += $12 + $13} END {print sum}'
}

# load FIGURES URL HEADER PID...: add one line, microseconds a request.
load() {
    figures=$1
    url=$2
    header=$3
    shift 3
    before=$(spent "$@")
    # shellcheck disable=SC2086 # words
    $on_client wrk -t 1 -c 32 -d 2s --timeout 60s -H "$header" "$url" \
        >"$tmp/out"
    ! grep -E 'Socket errors|Non-2xx' "$tmp/out" || exit 1
    requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$tmp/out")
    echo "$before $(spent "$@") $requests" |
        awk '{print ($2 - $1) * 1e4 / $3}' >>"$figures"
}
least() {
    sort -n "$1" | head -n 1
}

# compare NAME URL OTHER-URL HEADER GOAL: the least of each, for whatever else
# runs can only add.
compare() {
    rm -f "$tmp/a" "$tmp/b"
    for _ in $(seq $rounds); do
        load "$tmp/a" "$2" "$4" "$ours" "$front"
        load "$tmp/b" "$3" "$4" "$nginx_worker"
    done
    awk -v name="$1" -v ours="$(least "$tmp/a")" -v goal="$5" \
        -v theirs="$(least "$tmp/b")" -v rows="$BENCH_ROWS" 'BEGIN {
        ratio = ours / theirs
        printf "%s: %.1f us a request; nginx %.1f us; ratio %.2f\n", name,
            ours, theirs, ratio
        printf "%s\t%.1f us\tnginx %.1f us\t%.2f\t%s\t%s\n", name, ours,
            theirs, ratio, goal == "" ? "-" : "at most " goal,
            goal == "" ? "-" : ratio <= goal + 0 ? "met" : "MISSED" >>rows
    }'
}

keep='Connection: keep-alive'
compare 'directory, TLS kept' "https://127.0.0.1:$tls/fixed" \
    "https://127.0.0.1:${ports% *}/" "$keep" 1.25
compare 'the same, asked of the parent' "https://127.0.0.1:$tls/directory" \
    "https://127.0.0.1:${ports% *}/" "$keep" ''
compare 'directory, TLS new each time' "https://127.0.0.1:$tls/fixed" \
    "https://127.0.0.1:${ports% *}/" 'Connection: close' 1.1
compare 'directory, plain kept' "http://127.0.0.1:$plain/fixed" \
    "http://127.0.0.1:${ports#* }/" "$keep" ''
echo "resident: $(awk '/VmHWM/ {print $2}' "/proc/$front/status") kB; nginx" \
    "$(awk '/VmHWM/ {print $2}' "/proc/$nginx_worker/status") kB"
