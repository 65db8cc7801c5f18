#!/bin/sh
# What tests/targets needs from apt, on a bare Debian 12 or Ubuntu machine; as root or through sudo.
# Quick when everything is there.
set -eu

script=tests/targets/install.sh
packages="adb openssh-client openssh-server qemu-user-static
    ca-certificates dpkg-dev g++ iproute2 make util-linux
    android-libbase-dev android-libboringssl-dev android-libcutils-dev android-liblog-dev libcap-dev"
. "$(dirname "$0")/../apt.sh"

[ "$(uname -m)" = x86_64 ] || fail "needs an x86_64 machine, this one is $(uname -m)"
check_missing

# The tests start their own sshd: the package must not start one that the network can reach.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi

install_missing
