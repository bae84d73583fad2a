#!/usr/bin/env bash
# Write requirements.lock anew from pyproject.toml: every package, for every Python from 3.11 on, with its hashes and without
# the address of any index. Pins stay as they are where they still fit; `scripts/lock.sh --upgrade` moves them.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

[ -x .tools/uv/bin/uv ] || {
    step "Making an environment for tools in .tools/uv" .venv/bin/python -m venv .tools/uv
    step "Installing uv" .tools/uv/bin/python -m pip install --quiet --no-input --disable-pip-version-check "uv>=0.5"
}
step "Resolving" .tools/uv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --extra dev pyproject.toml -o requirements.lock "$@"
