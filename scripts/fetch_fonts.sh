#!/bin/sh
# Fetches what the typesetting of official notices needs and leaves it in the fonts folder (DUBAN_FONTS, or .tools/fonts).
#
#   Fandol fonts     仿宋, 楷体, 黑体, 宋体: unpacked from the package texlive-lang-chinese, which is not installed (277 MB);
#                    notices/prepared_fonts.py orders their glyphs
#   DubanRare.otf    every character that a Fandol face lacks, made from Noto Serif CJK by notices/prepared_fonts.py
#   Pango, HarfBuzz  the system libraries of WeasyPrint; without libharfbuzz-subset a page takes two seconds
#
# Works on Debian and Ubuntu, as root or with sudo, and does nothing when everything is there. Commercial fonts (FangSong
# GB2312, 方正小标宋 …) that you own may be put into the same folder; notices/fonts.py then prefers them.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fonts=${DUBAN_FONTS:-$root/.tools/fonts}
python=${PYTHON:-$root/.venv/bin/python}
faces='FandolFang-Regular FandolKai-Regular FandolHei-Regular FandolHei-Bold FandolSong-Regular FandolSong-Bold'
libraries='libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz.so.0 libharfbuzz-subset.so.0'
noto=/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc
lists_are_fresh=

say() { printf 'fonts: %s\n' "$*"; }
die() { printf 'fonts: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "need root to run: $*"
    fi
}

update_lists() {
    [ -z "$lists_are_fresh" ] || return 0
    say 'updating the package lists'
    as_root apt-get update -qq
    lists_are_fresh=yes
}

missing_libraries() {
    known=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p)
    for library in $libraries; do
        case $known in *"$library "*) ;; *) printf '%s ' "$library" ;; esac
    done
}

install_libraries() {
    wanted=$(missing_libraries)
    [ -n "$wanted" ] || return 0
    say "installing the libraries of WeasyPrint (missing: $wanted)"
    update_lists
    packages='libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b'
    # Before Debian 12 the subsetting library was part of libharfbuzz0b.
    apt-cache show libharfbuzz-subset0 >/dev/null 2>&1 && packages="$packages libharfbuzz-subset0"
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

# unpack PACKAGE PATTERN…: downloads a package and unpacks only the files that match, into $scratch.
unpack() {
    package=$1
    shift
    say "downloading $package"
    if ! (cd "$scratch" && apt-get -o APT::Sandbox::User=root download -qq "$package" 2>/dev/null); then
        update_lists
        (cd "$scratch" && apt-get -o APT::Sandbox::User=root download -qq "$package") || die "cannot download $package"
    fi
    dpkg-deb --fsys-tarfile "$scratch/$package"_*.deb | tar -x -C "$scratch" --wildcards "$@"
    rm -f "$scratch/$package"_*.deb
}

have_faces() {
    for face in $faces; do [ -s "$fonts/$face.otf" ] || return 1; done
}

fetch_faces() {
    if have_faces; then return 0; fi
    unpack texlive-lang-chinese '*/fonts/opentype/public/fandol/*.otf' '*/doc/*/fandol/COPYING*'
    for face in $faces; do
        found=$(find "$scratch" -name "$face.otf" | head -n 1)
        [ -n "$found" ] || die "the package does not contain $face.otf"
        cp "$found" "$fonts/$face.otf.part" && mv "$fonts/$face.otf.part" "$fonts/$face.otf"
    done
    find "$scratch" -name 'COPYING*' -exec cp {} "$fonts/" \;
    say "put the Fandol fonts into $fonts"
}

# How the fonts of a folder were prepared is noted there, so that they are prepared anew when that changes.
order() { cat "$root/notices/frequent.txt" "$root/notices/prepared_fonts.py" | cksum; }

are_prepared() {
    [ -s "$fonts/DubanRare.otf" ] && [ "$(cat "$fonts/order" 2>/dev/null)" = "$(order)" ]
}

prepare() {
    if are_prepared; then return 0; fi
    [ -x "$python" ] || command -v "$python" >/dev/null || die "there is no Python at $python: set up the environment first"
    if [ ! -s "$noto" ]; then
        unpack fonts-noto-cjk '*/NotoSerifCJK-Regular.ttc'
        noto=$(find "$scratch" -name NotoSerifCJK-Regular.ttc | head -n 1)
    fi
    say 'ordering the faces and making the font of rare characters'
    (cd "$root" && "$python" -m notices.prepared_fonts "$fonts" "$noto")
    order > "$fonts/order"
}

have_faces || rm -f "$fonts/order" # the font of rare characters is made for a set of faces
if [ -z "$(missing_libraries)" ] && have_faces && are_prepared; then
    say "ready in $fonts"
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$fonts"
install_libraries
fetch_faces
prepare
say "ready in $fonts"
