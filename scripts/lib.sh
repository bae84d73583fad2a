# Helpers of the scripts in this folder: one line a step, system packages, stamps. Sourced, not run.

# Run a command as one visible line: "What is done .... 12 s". Its output is shown only when it fails.
step() {
    local title=$1 log began=$SECONDS status=0
    shift
    log=$(mktemp)
    printf '  %s ' "$title"
    (while sleep 3 >/dev/null 2>&1; do printf '.'; done) &
    ticker=$!
    trap 'kill "$ticker" 2>/dev/null || true' EXIT
    "$@" >"$log" 2>&1 || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        printf ' failed\n\n'
        tail -n 40 "$log" >&2
        printf '\n  This did not work: %s\n' "$*" >&2
        rm -f "$log"
        exit "$status"
    fi
    rm -f "$log"
    printf ' %s s\n' "$((SECONDS - began))"
}

say() { printf '  %s\n' "$*"; }

fail() {
    printf '  %s\n' "$*" >&2
    exit 1
}

# Whether the last run of a step, by name, was for the same inputs, by hash.
stamped() { [ "$(cat ".venv/.stamps/$1" 2>/dev/null)" = "$2" ]; }

stamp() {
    mkdir -p .venv/.stamps
    printf '%s\n' "$2" >".venv/.stamps/$1"
}

hash_of() { sha256sum "$@" | sha256sum | cut -d' ' -f1; }

# Debian's name for each package that is not installed, of those named.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then env "$@"; else sudo env "$@"; fi
}

# Install what is missing of the named system packages; the package lists are fetched only when something is.
system_packages() {
    local missing
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        say "This is not Debian or Ubuntu: please see to the equivalents of: $*"
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "Missing, and there is no sudo to install them: please run, as root: apt-get install ${missing[*]}"
        say "System packages are installed with sudo, which may ask for your password: ${missing[*]}"
        sudo -v || fail "Without sudo, please run, as root: apt-get install ${missing[*]}"
    fi
    if [ -z "${lists_are_fresh:-}" ]; then
        step "Fetching the lists of system packages" as_root apt-get -o DPkg::Lock::Timeout=300 update -q
        lists_are_fresh=yes
    fi
    step "Installing system packages: ${missing[*]}" as_root DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -o DPkg::Lock::Timeout=300 install -q -y --no-install-recommends "${missing[@]}"
}
