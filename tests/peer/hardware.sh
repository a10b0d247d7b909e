# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# hardware.sh -- for tests of accounts whose key is in hardware, to be sourced:
# a CA, a zone where anybody may publish, and one way to run commands. Whoever
# sources it has set $here to this folder.

# shellcheck source=tests/peer/verdict.sh
. "$here/verdict.sh"

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

account() { # COMMAND ARGUMENT...
    case $1 in
    list | show | export) run account "$@" ;;
    *) run account "$@" --ca-bundle "$PEBBLE_CA" ;;
    esac
}

create() { # NAME ARGUMENT...
    name=$1
    shift
    account create --account "$name" --directory "$PEBBLE_DIRECTORY" \
        --agree-tos "$@"
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
    # shellcheck disable=SC2086 # options are words
    expect "$what" 0 'issued' cert "$@" --ca-bundle "$PEBBLE_CA" $TREE_OPTIONS
}

serve() { # NAME-OF-ACCOUNT
    "$HOLDFAST" account serve-signer --account "$1" --state-dir "$state" \
        --socket "$tmp/signer" >"$tmp/log" 2>&1 </dev/null &
    # shellcheck disable=SC2034 # for whoever sources this
    signer=$!
    pids="$pids $signer"
    await listens "$tmp/signer"
}
