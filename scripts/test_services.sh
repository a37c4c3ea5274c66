#!/usr/bin/env bash
# Chromium and PostgreSQL for the tests: installed when missing and allowed (root, apt); else said plainly.
set -u
missing=()
[ -x "${SOURCING_TEST_CHROMIUM:-/usr/bin/chromium}" ] || missing+=(chromium)
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing ${missing[*]} for the tests…"
  apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null && exit 0
fi
echo "Not installed, and not installable from here: ${missing[*]}. Their tests are skipped and listed at the end."
