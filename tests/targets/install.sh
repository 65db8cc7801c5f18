#!/bin/sh
# What tests/targets needs from apt, on a bare Debian 12 or Ubuntu machine; as root or through sudo.
# Quick when everything is there: then apt is not asked.
set -eu

packages="adb openssh-client openssh-server qemu-user-static
    ca-certificates dpkg-dev g++ iproute2 make util-linux
    android-libbase-dev android-libboringssl-dev android-libcutils-dev android-liblog-dev libcap-dev"

fail() {
    echo "tests/targets/install.sh: $1" >&2
    exit 1
}

missing() {
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s ' "$package"
    done
}

command -v apt-get >/dev/null || fail "needs apt-get, so Debian 12 or Ubuntu"
[ "$(uname -m)" = x86_64 ] || fail "needs an x86_64 machine, this one is $(uname -m)"

wanted=$(missing)
[ -n "$wanted" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "needs root or sudo to install: $wanted"
    as_root=sudo
fi

# The tests start their own sshd: the package must not start one that the network can reach.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi

$as_root apt-get -qq update || fail "apt-get update failed: is the network there?"
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $wanted \
    >/dev/null || fail "apt cannot install: $wanted"

wanted=$(missing)
[ -z "$wanted" ] || fail "still missing after apt-get install: $wanted"
