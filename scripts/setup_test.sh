#!/usr/bin/env bash
# Bring what only the tests need: a PostgreSQL to start, a Chromium to drive, Chinese fonts for its pages, and two programs
# of others that judge our papers.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

wanted=(fonts-noto-cjk)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
command -v qpdf >/dev/null || wanted+=(qpdf)
command -v pdfsig >/dev/null || wanted+=(poppler-utils)
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
    if grep -qx 'ID=ubuntu' /etc/os-release 2>/dev/null; then
        say "Ubuntu has Chromium only as a snap, which tests cannot drive: the browser tests run once a chromium or google-chrome is on the PATH."
    else
        wanted+=(chromium chromium-l10n)
    fi
fi
system_packages "${wanted[@]}"
bash scripts/setup_node.sh
