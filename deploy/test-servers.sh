#!/usr/bin/env bash
# The servers of the test suite: takes what is on the PATH, installs Debian's packages where it may, else says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need java default-jre-headless
need mvn maven
need openssl openssl
need redis-server redis-server
need promtool prometheus
need prometheus-alertmanager prometheus-alertmanager
need chromium chromium

if ((${#missing[@]})); then
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing ${missing[*]} ..."
        # RUNLEVEL=1: the packages' own services are not started, the suite starts its servers itself.
        export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        echo "The test suite needs: ${missing[*]}. Install them, for example: sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi

