# Installing packages from apt for tests that need programs; sourced by an install.sh that sets
# $script, its own name, and $packages. Needs Debian or Ubuntu, and root or sudo.

fail() {
    echo "$script: $1" >&2
    exit 1
}

missing() {
    for package in $packages; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s ' "$package"
    done
}

# Ends the script where nothing is missing: then apt is not asked.
check_missing() {
    command -v apt-get >/dev/null || fail "needs apt-get, so Debian or Ubuntu"
    wanted=$(missing)
    [ -n "$wanted" ] || exit 0
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "needs root or sudo to install: $wanted"
        as_root=sudo
    fi
}

install_missing() {
    $as_root apt-get -qq update || fail "apt-get update failed: is the network there?"
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        $wanted >/dev/null || fail "apt cannot install: $wanted"
    wanted=$(missing)
    [ -z "$wanted" ] || fail "still missing after apt-get install: $wanted"
}
