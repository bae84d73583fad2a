"""Prepares the fonts once, at set-up: orders the glyphs of the free faces, and makes the font of rare characters.

The Fandol faces hold some ten thousand characters; 镕, 堃, 祎 or 䶮 are not among them. They are taken from Noto Serif CJK into
one smaller font, because searching the 25 MB original again for every notice would take longer than the notice itself.

In each font the characters that papers use most come first (``frequent.txt``: of the regulation and our own notices). A PDF
holds every number up to the highest glyph that it uses, blank ones included, so this makes a paper smaller and sooner made.
And each glyph's identifier (CID) becomes its number, because WeasyPrint writes numbers where a PDF expects identifiers: with
the old ones the text could be copied from the page rightly, but some viewers printed another sign, or none.

``python -m notices.prepared_fonts FOLDER [NotoSerifCJK-Regular.ttc]`` (``scripts/fetch_fonts.sh`` runs it).
"""

import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTCollection, TTFont

from notices.fonts import FACES, RARE, RARE_FAMILY

FREQUENT = Path(__file__).parent / "frequent.txt"
SIMPLIFIED_CHINESE = "Noto Serif CJK SC"
PRINTABLE = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No"}) | {
    "Ps",
    "Pe",
    "Pd",
    "Po",
    "Pi",
    "Pf",
    "Pc",
    "Sm",
    "Sc",
    "So",
}
HANGUL = tuple(range(*block) for block in ((0x1100, 0x1200), (0x3130, 0x3190), (0xA960, 0xA980), (0xAC00, 0xD800)))
"""Not printed: its parts would have to be put together, and some of them are invisible."""
UNIFIED = range(0x4E00, 0xA000)
MARKS = frozenset(map(ord, "—…‘’“”·、。〈〉《》「」『』【】〔〕〇（），．：；？！％／～￥℃§①②③④⑤⑥⑦⑧⑨⑩★"))
KEPT_TABLES = frozenset({"GlyphOrder", "head", "hhea", "maxp", "OS/2", "hmtx", "cmap", "CFF ", "name", "post"})


def order(folder: Path) -> None:
    """Order the glyphs of the free faces in a folder; done again, it changes nothing."""
    for name in FACES:
        font = TTFont(folder / name, lazy=True)
        font.recalcBBoxes = font.recalcTimestamp = False
        cmap = font.getBestCmap()
        _keep_only(font, {code: cmap[code] for code in by_frequency(cmap)})
        _save(font, folder / name)


def make(source: Path, folder: Path) -> Path:
    """Write the font of rare characters for the faces in a folder, and return its path."""
    font = _simplified_chinese(source)
    cmap = font.getBestCmap()
    _keep_only(font, {code: cmap[code] for code in by_frequency(_missing_from_some_face(cmap, folder))})
    _rename(font)
    return _save(font, folder / RARE)


def by_frequency(codes: Iterable[int]) -> list[int]:
    """Latin and figures, what papers use most, marks, the common characters of GB 2312, other Chinese characters, all else."""
    frequent = FREQUENT.read_text(encoding="utf-8").replace("\n", "")
    rank = {ord(character): place for place, character in enumerate(frequent)}

    def place(code: int) -> tuple[int, int]:
        if 0x20 <= code < 0x7F:
            return 0, code
        if code in rank:
            return 1, rank[code]
        if code in MARKS:
            return 2, code
        if code in UNIFIED:
            return (3 if _common(code) else 4), code
        return 5, code

    return sorted(codes, key=place)


def _common(code: int) -> bool:
    """Whether a character belongs to the 3755 of the first level of GB 2312."""
    coded = chr(code).encode("gb2312", "ignore")
    return bool(coded) and coded[0] < 0xD8


def _save(font: TTFont, target: Path) -> Path:
    part = target.with_suffix(".part")
    font.save(part)
    part.replace(target)
    return target


def _simplified_chinese(source: Path) -> TTFont:
    for font in TTCollection(source, lazy=True).fonts:
        if font["name"].getDebugName(1) == SIMPLIFIED_CHINESE:
            font.recalcBBoxes = font.recalcTimestamp = False
            return font
    raise SystemExit(f"{source} holds no {SIMPLIFIED_CHINESE}")


def _missing_from_some_face(cmap: dict[int, str], folder: Path) -> set[int]:
    """The code points that at least one face lacks: a name may stand in a heading as well as in a paragraph."""
    in_all_faces = set.intersection(*(set(TTFont(folder / name, lazy=True).getBestCmap()) for name in FACES))
    return {
        code
        for code in cmap
        if code not in in_all_faces
        and not any(code in block for block in HANGUL)
        and unicodedata.category(chr(code)) in PRINTABLE
    }


def _keep_only(font: TTFont, wanted: dict[int, str]) -> None:
    """Drop all but some glyphs (by code point), and number the rest anew, in the order of the code points.

    The outlines are moved as they are: a subsetter would take minutes to tidy up after them.
    """
    old = [".notdef", *dict.fromkeys(wanted.values())]
    new = [".notdef", *(f"cid{number:05d}" for number in range(1, len(old)))]
    renamed = dict(zip(old, new, strict=True))
    numbers = [font.getGlyphID(name) for name in old]
    metrics = {renamed[name]: font["hmtx"][name] for name in old}
    top = font["CFF "].cff.topDictIndex[0]
    outlines = top.CharStrings
    outlines.charStringsIndex.items = [outlines.charStringsIndex[number] for number in numbers]
    outlines.charStrings = {name: number for number, name in enumerate(new)}
    top.FDSelect.gidArray = [top.FDSelect[number] for number in numbers]
    top.charset, top.CIDCount, top.numGlyphs = new, len(new), len(new)
    for table in set(font.keys()) - KEPT_TABLES:
        del font[table]
    font["hmtx"].metrics = metrics
    font.setGlyphOrder(new)
    FontBuilder(font=font).setupCharacterMap({code: renamed[name] for code, name in wanted.items()})


def _rename(font: TTFont) -> None:
    """Under its own name it cannot be mistaken for the whole font."""
    post_script = RARE_FAMILY.replace(" ", "")
    for record in font["name"].names:
        if record.nameID in {1, 4, 16}:
            record.string = RARE_FAMILY
        elif record.nameID == 6:
            record.string = post_script
    font["CFF "].cff.fontNames[0] = post_script


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit("usage: python -m notices.prepared_fonts FOLDER [NotoSerifCJK-Regular.ttc]")
    order(Path(sys.argv[1]))
    print(f"fonts: ordered the faces in {sys.argv[1]}")
    if len(sys.argv) == 3:
        print(f"fonts: made {make(Path(sys.argv[2]), Path(sys.argv[1]))}")
