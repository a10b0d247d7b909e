#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The ACME client beside lego, uacme and certbot, in turn, all with an account
# that is there, at the same Pebble, which validates for real over a Knot: one
# certificate, ours by a standing record that is looked at before, theirs by
# http-01. Then many certificates in one run (HF_BENCH_CERTS, 1,000), and a
# hundred names in one order beside one. Client and servers have a core each,
# when there are two. See bench/run for the environment.
set -eu

rounds=7
certs=${HF_BENCH_CERTS:-1000}
names=$((certs > 100 ? certs : 100))
tmp=$(mktemp -d)
web=
spend=$BUILD/bench/bench-spend
# shellcheck source=bench/figures.sh
. "$SRC/bench/figures.sh"

# shellcheck disable=SC2317 # called by the trap
cleanup() {
    [ -z "$web" ] || kill "$web" 2>/dev/null || true
    sh "$SRC/tests/peer/many.sh" stop "$tmp/many"
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

for tool in knotd kdig jq curl; do
    command -v $tool >/dev/null || {
        echo "client: no $tool, nothing measured (tools/deps bench)"
        exit 0
    }
done
"$SRC/tools/peers" "$(dirname "$BUILD")/peers"

server=
client=
if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
    server="taskset -c $(($(nproc) - 1))"
    client="taskset -c 0"
fi
echo "making a zone and an account for $names names"
# shellcheck disable=SC2086 # words
$server sh "$SRC/tests/peer/many.sh" start "$tmp/many" "$names"
# shellcheck disable=SC1091 # made by many.sh
. "$tmp/many/env"

# ---- one certificate ----

# shellcheck disable=SC2086 # words
ours() { # NAME...
    $client "$spend" 1 "$tmp/out" "$HOLDFAST" cert issue --name one "$@" \
        $MANY_OPTIONS
}
# What this machine makes of the goal for CPU: it was set where curl took 9 ms
# for one URL of such a server.
bare_one() {
    # shellcheck disable=SC2086 # words
    $client "$spend" 1 "$tmp/out" curl --silent --fail \
        --cacert "$PEBBLE_CA" "$PEBBLE_DIRECTORY"
}
lego_one() {
    # shellcheck disable=SC2086 # words
    LEGO_CA_CERTIFICATES=$PEBBLE_CA $client "$spend" 1 "$tmp/out" lego \
        --server "$PEBBLE_DIRECTORY" --email a@shop.example --accept-tos \
        --path "$tmp/lego" --http --http.port "127.0.0.1:$PEBBLE_HTTP_PORT" \
        --domains n1.shop.example run 2>"$tmp/err"
}
certbot_one() {
    # shellcheck disable=SC2086 # words
    REQUESTS_CA_BUNDLE=$PEBBLE_CA $client "$spend" 1 "$tmp/out" certbot \
        certonly --standalone --http-01-address 127.0.0.1 \
        --http-01-port "$PEBBLE_HTTP_PORT" --server "$PEBBLE_DIRECTORY" \
        --config-dir "$tmp/certbot" --work-dir "$tmp/certbot" \
        --logs-dir "$tmp/certbot" --non-interactive --agree-tos \
        --register-unsafely-without-email --force-renewal \
        -d n1.shop.example 2>"$tmp/err"
}
# It trusts the system's roots only, so it gets others, in a mount namespace;
# its hook writes what a web server of its own shows.
with_roots() {
    unshare --user --map-root-user --mount sh -c '
        mount --bind "$1" /etc/ssl/certs/ca-certificates.crt
        shift && exec "$@"' - "$PEBBLE_CA" "$@"
}
uacme_one() {
    # shellcheck disable=SC2086 # words
    with_roots $client "$spend" 1 "$tmp/out" uacme -a "$PEBBLE_DIRECTORY" \
        -c "$tmp/uacme" -y -h "$tmp/hook" -f issue n1.shop.example \
        2>"$tmp/err"
}
uacme_ready() {
    mkdir -p "$tmp/web/.well-known/acme-challenge"
    cat >"$tmp/hook" <<END
#!/bin/sh
[ "\$2" = http-01 ] || exit 1
[ "\$1" != begin ] || printf %s "\$5" >"$tmp/web/.well-known/acme-challenge/\$4"
END
    chmod +x "$tmp/hook"
    python3 -m http.server --bind 127.0.0.1 --directory "$tmp/web" \
        "$PEBBLE_HTTP_PORT" >"$tmp/web.log" 2>&1 &
    web=$!
    until curl -s -o "$tmp/out" "http://127.0.0.1:$PEBBLE_HTTP_PORT/"; do
        sleep 0.1
    done
    with_roots uacme -a "$PEBBLE_DIRECTORY" -c "$tmp/uacme" -y new \
        >"$tmp/out" 2>&1
}

# pairs PEER GOAL ROUNDS: in turn, and what comes of it.
pairs() {
    : >"$tmp/pairs"
    for _ in $(seq "$3"); do
        ours n1.shop.example >"$tmp/a"
        if ! "$1_one" >"$tmp/b"; then
            echo "$1 fails now and then: not measured" >&2
            return
        fi
        paste -d ' ' "$tmp/a" "$tmp/b" >>"$tmp/pairs"
    done
    awk '{print $1 / $4}' "$tmp/pairs" | sort -n |
        awk -v peer="$1" -v goal="$2" -v rows="$BENCH_ROWS" \
            -v ours="$(median "$tmp/pairs" 1)" \
            -v theirs="$(median "$tmp/pairs" 4)" \
            -v cpu="$(median "$tmp/pairs" 5)" \
            -v rss="$(median "$tmp/pairs" 6)" '
        {ratio[NR] = $1}
        END {
            mid = ratio[int((NR + 1) / 2)]
            printf "%s, http-01: %.1f ms, CPU %.1f ms, %.1f MB; ours %.1f " \
                "ms, ratio %.2f (%.2f to %.2f)\n", peer, theirs / 1e3,
                cpu / 1e3, rss / 1e3, ours / 1e3, mid, ratio[1], ratio[NR]
            printf "one certificate\t%.1f ms\t%s %.1f ms\t%.2f\t%s\t%s\n",
                ours / 1e3, peer, theirs / 1e3, mid,
                goal == "" ? "-" : "at most " goal,
                goal == "" ? "-" : mid <= goal + 0 ? "met" : "MISSED" >>rows
        }'
}

ready() { # PEER: it runs, and has its account now
    if command -v "$1" >/dev/null &&
        { [ "$1" != uacme ] || uacme_ready; } && "$1_one" >"$tmp/warm"; then
        return 0
    fi
    echo "$1 gets no certificate here: not measured" >&2
    return 1
}

figure() { # NAME FIGURE UNIT PEER GOAL: against a number
    awk -v name="$1" -v figure="$2" -v unit="$3" -v peer="$4" -v goal="$5" \
        -v rows="$BENCH_ROWS" 'BEGIN {
        printf "%s: %.1f %s\n", name, figure, unit
        printf "%s\t%.1f %s\t%s\t-\tat most %s %s\t%s\n", name, figure, unit,
            peer, goal, unit, figure <= goal + 0 ? "met" : "MISSED" >>rows
    }'
}

: >"$tmp/ours"
: >"$tmp/bare"
ours n1.shop.example >"$tmp/warm"
for _ in $(seq $((2 * rounds))); do
    ours n1.shop.example >>"$tmp/ours"
    bare_one >>"$tmp/bare"
done
ms() {
    awk -v us="$1" 'BEGIN {print us / 1000}'
}
figure 'one certificate, wall' "$(ms "$(median "$tmp/ours" 1)")" ms - 30
figure 'one certificate, CPU of all processes' \
    "$(ms "$(median "$tmp/ours" 2)")" ms - 12
figure 'one certificate, largest process' \
    "$(awk -v kb="$(median "$tmp/ours" 3)" 'BEGIN {print kb / 1024}')" MiB - 8
awk -v ours="$(median "$tmp/ours" 2)" -v bare="$(median "$tmp/bare" 2)" \
    -v rows="$BENCH_ROWS" 'BEGIN {
    ratio = ours / bare
    printf "curl, one URL of that server: CPU %.1f ms; ours %.1f ms, ratio " \
        "%.2f\n", bare / 1e3, ours / 1e3, ratio
    printf "one certificate, CPU\t%.1f ms\tcurl, one URL %.1f ms\t%.2f\t" \
        "1.33 x: 12 ms / 9 ms\t%s\n", ours / 1e3, bare / 1e3, ratio,
        ratio <= 1.33 ? "met" : "MISSED" >>rows
}'
if ready lego; then pairs lego 0.4 $rounds; fi
if ready certbot; then pairs certbot '' 3; fi
if ready uacme; then pairs uacme '' 3; fi

# ---- a hundred names ----

: >"$tmp/hundred"
for _ in $(seq $rounds); do
    # shellcheck disable=SC2046 # words
    ours $(seq -f 'n%g.shop.example' 100) >>"$tmp/hundred"
done
awk -v one="$(median "$tmp/ours" 1)" -v many="$(median "$tmp/hundred" 1)" \
    -v rows="$BENCH_ROWS" 'BEGIN {
    printf "100 names in one order: %.0f ms, %.1f ms a name\n", many / 1e3,
        many / 1e5
    printf "100 names in one order\t%.0f ms\t100 orders %.0f ms\t%.2f\t-\t-\n",
        many / 1e3, one / 10, many / one / 100 >>rows
}'

# ---- many in one run ----

i=1
while [ $i -le "$certs" ]; do
    # shellcheck disable=SC2086 # words
    "$HOLDFAST" cert issue "n$i.shop.example" $MANY_OPTIONS >"$tmp/out"
    i=$((i + 1))
done
# shellcheck disable=SC2086 # words
$client "$spend" 1 "$tmp/renewed" "$HOLDFAST" cert renew --force \
    $MANY_OPTIONS >"$tmp/all"
[ "$(grep -c ': issued, until' "$tmp/renewed")" -ge "$certs" ] || {
    echo 'some were not renewed' >&2
    exit 1
}
awk -v certs="$certs" -v rows="$BENCH_ROWS" '{
    rate = certs / $1 * 1e6
    cpu = $2 / certs / 1e3
    printf "%d certificates in one run: %.0f a second, CPU %.1f ms each, " \
        "%.1f MB\n", certs, rate, cpu, $3 / 1e3
    printf "%d certificates in one run\t%.0f/s, CPU %.1f ms\t-\t-\t" \
        "at least 100/s\t%s\n", certs, rate, cpu,
        (rate >= 100 ? "met" : "MISSED") >>rows
}' "$tmp/all"

measure_start 'account show' "$HOLDFAST" account show --state-dir "$MANY_STATE"
