#!/bin/sh
# Installs the Debian packages that a file lists, unless all of them are there.
set -eu
packages=$(cat "$1")
# shellcheck disable=SC2086
dpkg-query -W $packages >/dev/null 2>&1 && exit 0
apt-get -qq update
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $packages
rm -rf /var/lib/apt/lists/*
