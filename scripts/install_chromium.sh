#!/bin/sh
# Installs Chromium for the browser tests where that is possible; without it those tests are skipped. Never fails.
set -u

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done

skipped() {
    echo "The browser tests will be skipped: $1. To run them, install Chromium and remove .venv/.chromium." >&2
    exit 0
}

command -v apt-get >/dev/null 2>&1 || skipped "there is no Chromium and no apt-get"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || skipped "there is no Chromium, and only root may install it"
    as_root="sudo -n"
fi

echo "Installing Chromium ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-liberation
}
if ! { $as_root apt-get update && install; } >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    skipped "Chromium could not be installed"
fi
