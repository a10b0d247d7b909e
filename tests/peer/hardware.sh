# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# hardware.sh -- for tests of accounts whose key is in hardware, to be sourced
# with $here, $tmp, $state, $failed and $said set: a CA, a zone where anybody
# may publish, and one way to run commands. The caller's trap calls
# hardware_stop.
signer=

hardware_stop() {
    [ -z "$signer" ] || kill "$signer" 2>/dev/null || true
    sh "$here/pebble.sh" stop "$tmp/pebble"
    sh "$here/tree.sh" stop "$tmp/tree"
    wait
}

hardware_start() {
    cat >"$tmp/shop.example.zone" <<'END'
$ORIGIN shop.example.
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 300
@ NS ns1
ns1 A 127.0.0.1
www A 127.0.0.1
END
    cat >"$tmp/shop.conf" <<END
acl:
  - id: anybody
    address: 127.0.0.1
    action: update
zone:
  - domain: shop.example.
    file: $tmp/shop.example.zone
    journal-content: all
    acl: anybody
END
    TREE_CONF=$tmp/shop.conf sh "$here/tree.sh" start "$tmp/tree" shop.example=
    # shellcheck disable=SC1091 # made by tree.sh
    . "$tmp/tree/env"
    PEBBLE_WFE_NONCEREJECT=15 sh "$here/pebble.sh" start "$tmp/pebble" \
        "dns=127.0.0.1:$TREE_PORT"
    # shellcheck disable=SC1091 # made by pebble.sh
    . "$tmp/pebble/env"
    : >"$tmp/log"
}

not_ok() {
    echo "not ok - $1"
    sed 's/^/    /' "$tmp/out" "$tmp/err" "$tmp/log" | tail -12
    failed=1
}

# Without a terminal, so that nothing can be asked.
account() { # COMMAND ARGUMENT...
    word=$1
    shift
    case $word in
    list | show | export) ;;
    *) set -- --ca-bundle "$PEBBLE_CA" "$@" ;;
    esac
    said=0
    setsid -w "$HOLDFAST" account "$word" --state-dir "$state" "$@" \
        >"$tmp/out" 2>"$tmp/err" </dev/null || said=$?
}

create() { # NAME ARGUMENT...
    name=$1
    shift
    account create --account "$name" --directory "$PEBBLE_DIRECTORY" \
        --agree-tos "$@"
}

# The last command ended with the status $1, and what it said contains $2.
expect() { # STATUS TEXT WHAT
    if [ "$said" = "$1" ] && cat "$tmp/out" "$tmp/err" | grep -qF -- "$2"; then
        echo "ok - $3"
    else
        not_ok "$3: status $said, wanted $1 and '$2'"
    fi
}

member() { # NAME MEMBER
    jq -r ".$2" "$state/accounts/$1/account.json"
}

key_files() { # NAME
    find "$state/accounts/$1" -name '*key-*' | wc -l
}

# No file of ours may hold a secret that hardware or people know.
holds_no_secret() { # SECRET
    ! grep -rqF -- "$1" "$state" || not_ok "a secret in $state"
}

publish() { # NAME-OF-ACCOUNT
    knsupdate <<END
server 127.0.0.1 $TREE_PORT
zone shop.example.
update add _validation-persist.www.shop.example. 300 TXT "ca.example; accounturi=$(member "$1" url)"
send
END
}

issues() { # WHAT COMMAND ARGUMENT...
    what=$1
    shift
    said=0
    # shellcheck disable=SC2086 # options are words
    "$HOLDFAST" cert "$@" --state-dir "$state" --ca-bundle "$PEBBLE_CA" \
        $TREE_OPTIONS >"$tmp/out" 2>"$tmp/err" </dev/null || said=$?
    expect 0 'issued' "$what"
}

serve() { # NAME-OF-ACCOUNT
    "$HOLDFAST" account serve-signer --account "$1" --state-dir "$state" \
        --socket "$tmp/signer" >"$tmp/log" 2>&1 </dev/null &
    signer=$!
    tries=500
    until [ -S "$tmp/signer" ] || [ $((tries -= 1)) = 0 ]; do
        sleep 0.02
    done
}
