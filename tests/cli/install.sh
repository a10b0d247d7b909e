#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What `make install` leaves behind is enough for somebody else: headers,
# pkg-config file and libraries build a program, both of them; the shared
# library shows nothing but hf_. `make uninstall` takes all of it away, and nothing
# that somebody else put there.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
record='authority.example; accounturi=https://ca.example/acct/123'

fail() {
    echo "not ok: $*" >&2
    exit 1
}

DESTDIR=$root meson install -C "$BUILD" --no-rebuild --quiet >"$tmp/log" 2>&1 ||
    fail "meson install: $(cat "$tmp/log")"

pc=$(find "$root" -name libholdfast.pc)
[ -n "$pc" ] || fail "no libholdfast.pc"
lib=$(dirname "$(dirname "$pc")")
prefix=$(sed -n 's/^prefix=//p' "$pc")
[ "${lib#"$root"}" != /usr/local/lib64 ] ||
    fail "the libraries are in lib64, where Debian's tools do not look"

# The prefix in the file is where it will be; here all of it lies under $root.
flags() {
    PKG_CONFIG_PATH=$(dirname "$pc") pkg-config --define-variable=prefix="$root$prefix" \
        "$@" libholdfast
}

# shellcheck disable=SC2046 # flags are words
build() {
    "${CC:-cc}" -std=c11 -Wall -Wextra -Wpedantic -Werror \
        $(flags --cflags) -o "$tmp/judge" "$SRC/examples/judge.c" "$@"
}

expect() {
    want=$1
    shift
    got=$(LD_LIBRARY_PATH=$lib "$tmp/judge" "$@" 2>&1) || true
    [ "$got" = "$want" ] || fail "judge $* says '$got', not '$want'"
}

try() {
    expect "valid: ok" "$record"
    expect "unauthorized: account-mismatch" "${record}4"
    expect "malformed: missing-accounturi" "authority.example"
}

# shellcheck disable=SC2046
build $(flags --libs)
try
# shellcheck disable=SC2046
build "$lib/libholdfast.a" $(pkg-config --libs libcrypto libidn2 libpsl)
try

foreign=$(nm -D --defined-only "$lib/libholdfast.so" |
    awk '$3 !~ /^hf_/ && $2 != "A" {print $3}')
[ -z "$foreign" ] || fail "the shared library exports $foreign"
nm -D --defined-only "$lib/libholdfast.so" | grep -q ' hf_judge@' ||
    fail "the shared library does not export hf_judge"

# So are the parts that are loaded, each of which shows one thing only.
for part in "$BUILD"/holdfast-*.so; do
    case $part in
    *-postgresql.so) symbol=hf_engine_postgresql_1 ;;
    *) symbol=hf_token_driver_1 ;;
    esac
    part=$lib/holdfast/$(basename "$part")
    [ "$(nm -D --defined-only "$part" | awk '{print $3}')" = $symbol ] ||
        fail "$part shows more than $symbol"
done

# Whatever is made for reading and completing is installed as well.
for file in "$SRC"/man/*.scd; do
    [ -e "$file" ] || continue
    page=$(basename "$file" .scd)
    find "$root" -path "*/man*/$page*" | grep -q . ||
        fail "the manual page $page is not installed"
done
for file in bash-completion/completions/holdfast zsh/site-functions/_holdfast \
    fish/vendor_completions.d/holdfast.fish; do
    [ -s "$root$prefix/share/$file" ] || fail "$file is not installed"
done
"$root$prefix/bin/holdfast" --version >"$tmp/version" ||
    fail "the installed program does not start"
# Its resolver and its HTTP client are programs of their own.
grep -q '^libunbound [0-9]' "$tmp/version" ||
    fail "the installed program does not find its resolver"
HOME=$tmp "$root$prefix/bin/holdfast" account create --plaintext --agree-tos \
    --directory https://127.0.0.1:1/ 2>"$tmp/create" &&
    fail "an account of a CA that is not there"
grep -q 'cannot be reached' "$tmp/create" ||
    fail "the installed program does not find its HTTP client"
echo "ok: installed files build and run"

# The units name the program that was installed, and systemd can read them.
units=$(dirname "$(find "$root" -name holdfast-renew.service)")
[ -x "$root$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' \
    "$units/holdfast-renew.service")" ] || fail "the service starts nothing"
[ -e "$units/holdfast-renew.timer" ] || fail "no timer"
cron=$(find "$root" -path '*/cron.d/holdfast')
[ -x "$root$(sed -n 's/.*|| \(.*\/holdfast\) cert renew .*/\1/p' "$cron")" ] ||
    fail "cron starts nothing"
if command -v systemd-analyze >"$tmp/log"; then
    systemd-analyze --root="$root" verify "$units/holdfast-renew.service" \
        "$units/holdfast-renew.timer" "$units/holdfast-ca.service" \
        "$units/holdfast-perspective.service" >"$tmp/log" 2>&1 || true
    grep -E 'holdfast-(renew|ca|perspective).*(Unknown|Invalid|Failed to parse|bad unit)' \
        "$tmp/log" && fail "systemd does not like the units"
fi

# What others have beside it stays; nothing is missed a second time.
mkdir -p "$root/etc/holdfast" "$root/var/lib/holdfast"
for file in /etc/holdfast/holdfast.conf /var/lib/holdfast/account.json \
    "$prefix/bin/other" "$prefix/share/holdfast/mine"; do
    echo kept >"$root$file"
    echo "$root$file"
done | sort >"$tmp/others"
"$SRC/tools/uninstall" "$BUILD" "$root"
"$SRC/tools/uninstall" "$BUILD" "$root"
find "$root" ! -type d | sort | diff "$tmp/others" - >"$tmp/log" ||
    fail "make uninstall: not the files of others alone: $(cat "$tmp/log")"
[ -z "$(find "$root" -type d -name holdfast -empty)" ] ||
    fail "make uninstall leaves empty folders of its name"
echo "ok: it is taken away, and nothing else"
