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
if grep -qx 'ID=ubuntu' /etc/os-release 2>/dev/null; then
    command -v chromium-headless-shell chromium google-chrome >/dev/null ||
        say "Ubuntu has Chromium only as a snap, which tests cannot drive: the browser tests run once a chromium or google-chrome is on the PATH."
elif ! command -v chromium-headless-shell >/dev/null; then
    # Without windows it takes a fifth of the work; an older Debian has it only whole.
    (system_packages chromium-headless-shell) || wanted+=(chromium chromium-l10n)
fi
system_packages "${wanted[@]}"
bash scripts/setup_node.sh
