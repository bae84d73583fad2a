"""Which typefaces are used, and what they can show."""

import shutil
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from notices import fonts
from notices.fonts import FANG, RARE, Face, FontsMissing, folder, typefaces
from notices.prepared_fonts import by_frequency
from tests.papers import RARE_NAMES


def test_every_rare_name_is_covered() -> None:
    assert typefaces(folder()).uncovered(f"王{RARE_NAMES}〇·（）“”—…《》〔〕①Ⅱ㎡éü　 0aZ") == []


def test_what_no_face_shows_is_named_once_in_order() -> None:
    assert typefaces(folder()).uncovered("王😀\U000323af😀\x07") == ["😀", "\U000323af", "\x07"]


def test_what_leaves_no_ink_cannot_be_printed() -> None:
    faces = typefaces(folder())
    invisible = "\u3164\u1160\u115f\uffa0\u2800\u200b\u00ad\u2060\ufe0f\U000e0100\u034f\u0301\u200f\ue000\u2028\u0085"
    assert faces.uncovered(invisible) == list(invisible)
    assert [face.leaves_ink(" ") for face in faces.faces.values()] == [False] * len(faces.faces)


def test_a_glyph_that_a_pdf_cannot_name_is_not_counted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    path, number_of = folder() / "FandolFang-Regular.otf", TTFont.getGlyphID
    assert all(Face(path).has(character) for character in "–€¥国")
    euro = Face(path).cmap[ord("€")]
    monkeypatch.setattr(TTFont, "getGlyphID", lambda font, name: number_of(font, name) + (name == euro))
    assert [character for character in "–€¥国" if not Face(path).has(character)] == ["€"]


def test_the_words_of_our_papers_have_the_first_numbers(tmp_path: Path) -> None:
    fang = typefaces(folder())[FANG]
    numbers = [fang._font.getGlyphID(fang.cmap[ord(character)]) for character in "数据申请答复政府开放共享"]
    assert max(numbers) < 800
    assert by_frequency([0x9FA5, ord("国"), 0x3042, ord("A"), ord("数")]) == [65, ord("数"), ord("国"), 0x9FA5, 0x3042]


def test_every_glyph_of_the_rare_font_has_ink() -> None:
    rare = typefaces(folder()).rare
    assert len(rare.cmap) > 20_000
    for character in RARE_NAMES:
        high, _ = rare.ink(character)
        assert high > 0.5
        assert rare.advance(character) == 1


def test_the_glyphs_of_the_rare_font_are_numbered_as_a_pdf_expects() -> None:
    rare = typefaces(folder()).rare
    assert all(rare.cmap[code] == f"cid{rare._font.getGlyphID(rare.cmap[code]):05d}" for code in list(rare.cmap)[::500])


def test_a_commercial_face_in_the_folder_comes_first(tmp_path: Path) -> None:
    for path in folder().glob("*.otf"):
        (tmp_path / path.name).symlink_to(path)
    shutil.copy(folder() / "FandolKai-Regular.otf", tmp_path / "SIMFANG.TTF")
    assert typefaces(tmp_path)[FANG].path.name == "SIMFANG.TTF"
    assert typefaces(tmp_path)[FANG].family == "FandolKai"
    assert '"FandolKai"' in typefaces(tmp_path).stack(FANG)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing) as refusal:
        typefaces(tmp_path / "nowhere")
    assert RARE in refusal.value.data["files"]
    assert "FandolFang-Regular.otf" in refusal.value.data["files"]
    assert "scripts/fetch_fonts.sh" in str(refusal.value)


def test_the_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DUBAN_FONTS", str(tmp_path))
    assert folder() == tmp_path
    monkeypatch.delenv("DUBAN_FONTS")
    assert folder() == fonts.PROJECT / ".tools" / "fonts"
