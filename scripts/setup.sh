#!/usr/bin/env bash
# Bring everything that Duban needs to run: system libraries, Python packages, the project itself, fonts.
# Does nothing, in well under a second, when all of it is there.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
here=$(pwd -P)

# The text shaping that WeasyPrint loads (libharfbuzz-subset0 makes notices 18 times faster to write), and the time zones.
libraries=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b libharfbuzz-subset0 libfontconfig1 fontconfig tzdata)

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# The first Python of at least 3.11: the one named in PYTHON, python3, or one with its version in its name.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Duban needs Python 3.11 or newer; set PYTHON=/path/to/python3 if it is not on the PATH."
}

# A virtual environment carries the path it was made at, so one that was moved or whose Python went is made anew.
usable_venv() {
    [ -x .venv/bin/python ] && new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1 &&
        grep -qF "$here/.venv" .venv/bin/activate
}

make_venv() {
    local python version
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        system_packages "python$version-venv"
    fi
    rm -rf .venv
    step "Making a Python environment in .venv" "$python" -m venv .venv
}

packages=$(hash_of requirements.lock)
project=$(printf '%s\n' "$here" | cat - pyproject.toml | sha256sum | cut -d' ' -f1)
pip=(.venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check)

system_packages "${libraries[@]}"
complete() { stamped packages "$packages" && stamped project "$project" && [ -x .venv/bin/duban ]; }
if ! complete && ! usable_venv; then make_venv; fi
if ! stamped packages "$packages"; then
    step "Installing Python packages, each checked against its hash (a minute or two)" \
        "${pip[@]}" --require-hashes --only-binary :all: -r requirements.lock
    stamp packages "$packages"
fi
if ! stamped project "$project" || [ ! -x .venv/bin/duban ]; then
    step "Installing Duban itself" "${pip[@]}" --no-deps --no-build-isolation --editable .
    stamp project "$project"
fi
env -u PYTHON bash scripts/fetch_fonts.sh | sed 's/^/  /'
