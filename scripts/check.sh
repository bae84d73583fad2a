#!/usr/bin/env bash
# All that can be said about the code without running it. Runs every check, then fails if one did.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

check() {
    local title=$1
    shift
    printf '== %s\n' "$title"
    "$@" || failed+=("$title")
}

shopt -s globstar nullglob
diagrams=(bpmn/**/*.bpmn)

check "ruff check" .venv/bin/ruff check .
check "ruff format" .venv/bin/ruff format --check .
check "mypy --strict" .venv/bin/mypy --strict
check "import rules" .venv/bin/lint-imports --no-logo
[ "${#diagrams[@]}" -eq 0 ] || check "diagrams" bash scripts/node.sh node_modules/bpmnlint/bin/bpmnlint.js "${diagrams[@]}"
check "texts" .venv/bin/python scripts/check_text.py

[ "${#failed[@]}" -eq 0 ] || {
    printf '\nNot in order: %s\n' "$(IFS=,; printf '%s' "${failed[*]}")" >&2
    exit 1
}
printf '\nAll in order.\n'
