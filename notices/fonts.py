"""Which typefaces a notice is printed with, where they lie, and whether they can show every character of a name.

An official paper has five faces: 仿宋 for the text, 楷体 and 黑体 for headings, 小标宋 for the title, 宋体 for page numbers; a
receipt adds a bold 黑体. The fonts
folder (``DUBAN_FONTS``, else ``.tools/fonts`` under the project; filled by ``scripts/fetch_fonts.sh``) holds the free Fandol
faces and a font of rare characters. Commercial faces, where the folder or the machine has them, come first. Fonts are looked
for only when something is rendered: without them the rest of the product works.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape as xml

from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

from engine.errors import Unavailable

PROJECT = Path(__file__).resolve().parent.parent
MACHINE_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
RARE, RARE_FAMILY = "DubanRare.otf", "Duban Rare"

# For each face the file names in order of preference: what 方正 and Windows call theirs, then the free one that set-up fetches.
FANG, KAI, HEI, STRONG, SONG, TITLE = "fang", "kai", "hei", "strong", "song", "title"
CANDIDATES = {
    FANG: ("仿宋_GB2312.ttf", "simfang_GB2312.ttf", "FZFSJW.TTF", "FZFSK.TTF", "simfang.ttf", "FandolFang-Regular.otf"),
    KAI: ("楷体_GB2312.ttf", "simkai_GB2312.ttf", "FZKTJW.TTF", "FZKTK.TTF", "simkai.ttf", "FandolKai-Regular.otf"),
    HEI: ("FZHTJW.TTF", "FZHTK.TTF", "simhei.ttf", "FandolHei-Regular.otf"),
    STRONG: ("FandolHei-Bold.otf",),
    SONG: ("FZSSJW.TTF", "FZSSK.TTF", "FandolSong-Regular.otf"),
    TITLE: ("FZXBSJW.TTF", "FZXBSK.TTF", "方正小标宋简体.ttf", "方正小标宋_GBK.ttf", "FandolSong-Bold.otf"),
}
FACES = tuple(names[-1] for names in CANDIDATES.values())
BOLD = frozenset({STRONG, TITLE})
SPACES = frozenset(" \u00a0\u3000")
_SHORT = 24
"""Bytes of an outline: a longer one is not empty."""


class FontsMissing(Unavailable):
    """Notices cannot be typeset: the fonts are missing in {folder} ({files}). Run scripts/fetch_fonts.sh."""

    zh = "无法排版文书：{folder} 中缺少字体（{files}）。请运行 scripts/fetch_fonts.sh。"


@dataclass(frozen=True)
class Face:
    """One typeface: its file, and what it can show. Lengths are in em."""

    path: Path

    @cached_property
    def _font(self) -> TTFont:
        return TTFont(self.path, lazy=True)

    @cached_property
    def cmap(self) -> dict[int, str]:
        """Glyph names by code point, of the glyphs that a PDF can name.

        A PDF names a glyph by its number, but in a font with identifiers (CIDs) viewers look for an identifier. Where the two
        differ they print another sign, or none; ``notices.prepared_fonts`` makes them equal.
        """
        best = self._font.getBestCmap()
        if "CFF " not in self._font or not hasattr(self._font["CFF "].cff.topDictIndex[0], "ROS"):
            return dict(best)
        return {code: name for code, name in best.items() if name == f"cid{self._font.getGlyphID(name):05d}"}

    @cached_property
    def glyphs(self) -> Any:
        """The outlines by glyph name, for pens of fontTools."""
        return self._font.getGlyphSet()

    @cached_property
    def units(self) -> int:
        """Font units of one em."""
        return int(self._font["head"].unitsPerEm)

    @cached_property
    def family(self) -> str:
        """The name under which Pango finds it."""
        names = self._font["name"]
        return str(names.getBestFamilyName() or names.getDebugName(1))

    @cached_property
    def ascent(self) -> float:
        """Height above the baseline, as Pango sees it."""
        return float(self._font["hhea"].ascent / self.units)

    @cached_property
    def descent(self) -> float:
        """Depth under the baseline, as a positive number."""
        return float(-self._font["hhea"].descent / self.units)

    @cached_property
    def _advances(self) -> Any:
        return self._font["hmtx"].metrics

    def has(self, character: str) -> bool:
        return ord(character) in self.cmap

    def advance(self, character: str) -> float:
        return float(self._advances[self.cmap[ord(character)]][0] / self.units)

    def sides(self, character: str) -> tuple[float, float]:
        """The blank left and right of a character's ink."""
        pen = BoundsPen(self.glyphs)
        if self.has(character):
            self.glyphs[self.cmap[ord(character)]].draw(pen)
        if not pen.bounds:
            return 0.0, 0.0
        return pen.bounds[0] / self.units, self.advance(character) - pen.bounds[2] / self.units

    def leaves_ink(self, character: str) -> bool:
        """Whether a character of this face is seen on paper; a glyph that is there may be empty."""
        glyph, font = self.cmap[ord(character)], self._font
        if "CFF " in font and len(font["CFF "].cff.topDictIndex[0].CharStrings[glyph].bytecode or b"") > _SHORT:
            return True
        pen = BoundsPen(self.glyphs)
        self.glyphs[glyph].draw(pen)
        return pen.bounds is not None

    def ink(self, text: str) -> tuple[float, float]:
        """Highest and lowest ink of a text, from the baseline."""
        high, low = 0.0, 0.0
        for character in text:
            pen = BoundsPen(self.glyphs)
            if self.has(character):
                self.glyphs[self.cmap[ord(character)]].draw(pen)
            if pen.bounds:
                high, low = max(high, pen.bounds[3]), min(low, pen.bounds[1])
        return high / self.units, low / self.units


@dataclass(frozen=True, eq=False)
class Typefaces:
    """The faces of one machine, resolved."""

    faces: dict[str, Face]
    rare: Face

    def __getitem__(self, role: str) -> Face:
        return self.faces[role]

    def face_of(self, character: str, role: str = FANG) -> Face:
        """The face that will show a character: the one asked for, or that of rare characters."""
        face = self.faces[role]
        return face if face.has(character) or not self.rare.has(character) else self.rare

    def advance(self, character: str, role: str = FANG) -> float:
        """Width of a character in em; one that nobody can show counts as full-width."""
        face = self.face_of(character, role)
        return face.advance(character) if face.has(character) else 1.0

    def stack(self, role: str) -> str:
        """The CSS value of ``font-family``."""
        return f'"{self.faces[role].family}", "{RARE_FAMILY}"'

    @cached_property
    def _shown_by_all(self) -> frozenset[int]:
        codes = frozenset.intersection(*(frozenset(face.cmap) for face in self.faces.values()))
        printable = {code for code in codes if chr(code).isprintable()} | {ord(space) for space in SPACES}
        return frozenset(printable) | frozenset(self.rare.cmap)

    def uncovered(self, text: str) -> list[str]:
        """The characters of a text that cannot be printed, each once, in the order of their first appearance.

        A character counts as printable when each of these faces, or the font of rare characters, has a glyph for it.
        Otherwise Pango would print something else, silently; so the notice is refused instead. So it is where the glyph is
        empty: a name must not lose a character that nobody sees.
        """
        return [c for c in dict.fromkeys(text) if c not in "\t\n\r" and not self._is_seen(c)]

    def _is_seen(self, character: str) -> bool:
        if character not in self._seen:
            holders = [face for face in (*self.faces.values(), self.rare) if face.has(character)]
            self._seen[character] = ord(character) in self._shown_by_all and (
                character in SPACES or all(face.leaves_ink(character) for face in holders)
            )
        return self._seen[character]

    @cached_property
    def _seen(self) -> dict[str, bool]:
        return {}


def folder() -> Path:
    """The fonts folder of this installation."""
    return Path(os.environ.get("DUBAN_FONTS") or PROJECT / ".tools" / "fonts")


@cache
def typefaces(fonts: Path) -> Typefaces:
    """The faces of ``in_use``, ready to be measured; raises FontsMissing."""
    return Typefaces({role: Face(path) for role, path in in_use(fonts).items()}, Face(fonts / RARE))


def in_use(fonts: Path) -> dict[str, Path]:
    """The file of each face, found in a fonts folder or, if commercial, anywhere on the machine; raises FontsMissing."""
    found = {role: _first(names, fonts) for role, names in CANDIDATES.items()}
    missing = [CANDIDATES[role][-1] for role, path in found.items() if path is None]
    if not (fonts / RARE).is_file():
        missing.append(RARE)
    if missing:
        raise FontsMissing(folder=fonts, files=", ".join(missing))
    return {role: path for role, path in found.items() if path}


def _first(names: Iterable[str], fonts: Path) -> Path | None:
    """The most preferred of some font files; the machine's own folders are searched for commercial faces only."""
    here = {path.name.lower(): path for path in _files(fonts)}
    for name in names:
        found = here.get(name.lower()) or _on_the_machine().get(name.lower())
        if found:
            return found
    return None


@cache
def _on_the_machine() -> dict[str, Path]:
    commercial = {name.lower() for names in CANDIDATES.values() for name in names[:-1]}
    return {
        path.name.lower(): path for root in MACHINE_FOLDERS for path in _files(root) if path.name.lower() in commercial
    }


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.suffix.lower() in {".ttf", ".otf"})


def fontconfig(faces: Typefaces, caches: Path) -> str:
    """The text of our own fontconfig file: the folders of these fonts and no others, so that every machine sets the same page.

    The regular and the bold Fandol faces both claim the weight 400, hence the edits: what we call bold is bold whatever it says.
    """
    files = [*(face.path for face in faces.faces.values()), faces.rare.path]
    folders = "".join(f"<dir>{xml(str(path))}</dir>" for path in dict.fromkeys(path.parent for path in files))
    bold = "".join(
        f'<match target="scan"><test name="file"><string>{xml(str(faces[role].path))}</string></test>'
        '<edit name="weight" mode="assign"><const>bold</const></edit></match>'
        for role in sorted(BOLD)
    )
    return (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        f"<fontconfig>{folders}<cachedir>{xml(str(caches))}</cachedir>{bold}</fontconfig>"
    )
