#!/bin/sh
# What tests/browser needs from apt, on a bare Debian or Ubuntu machine; as root or through sudo.
# Quick when everything is there.
set -eu

script=tests/browser/install.sh
packages="chromium fonts-dejavu-core"
. "$(dirname "$0")/../apt.sh"

check_missing
install_missing
