#!/usr/bin/env bash
# Bring the tools that are written in JavaScript (the linter of the diagrams, the viewer and the accessibility checker of the
# browser tests) into node_modules/, with the Node.js that came with the Python packages.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

wanted=$(hash_of package.json package-lock.json .npmrc)
if ! stamped node "$wanted" || [ ! -d node_modules ]; then
    step "Installing JavaScript tools" bash scripts/node.sh npm ci --ignore-scripts --no-progress
    stamp node "$wanted"
fi
