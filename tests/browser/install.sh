#!/bin/sh
# What tests/browser needs from apt, on a bare Debian or Ubuntu machine; as root or through sudo.
# Quick when everything is there: then apt is not asked.
set -eu

packages="chromium fonts-dejavu-core"

fail() {
    echo "tests/browser/install.sh: $1" >&2
    exit 1
}

missing() {
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s ' "$package"
    done
}

command -v apt-get >/dev/null || fail "needs apt-get, so Debian or Ubuntu"

wanted=$(missing)
[ -n "$wanted" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "needs root or sudo to install: $wanted"
    as_root=sudo
fi

$as_root apt-get -qq update || fail "apt-get update failed: is the network there?"
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $wanted \
    >/dev/null || fail "apt cannot install: $wanted"

wanted=$(missing)
[ -z "$wanted" ] || fail "still missing after apt-get install: $wanted"
