"""The seal and the QR code as drawings."""

from itertools import pairwise

import pytest

from notices import qr, seal
from notices.fonts import folder, typefaces
from notices.paper import FieldTooLong


def test_a_seal_is_drawn_for_any_name() -> None:
    faces = typefaces(folder())
    for name in ("局", "贵阳市大数据发展管理局", "王䶮镕办公室", "Guiyang Bureau", "国" * 60, ""):
        operators = seal.draw(name, faces).operators.decode()
        assert operators.startswith(seal.RED)
        assert operators.endswith("S")


def test_seals_of_two_organs_differ() -> None:
    faces = typefaces(folder())
    assert seal.draw("贵阳市人民政府", faces) != seal.draw("贵阳市司法局", faces)


def test_a_qr_code_has_no_white_lines_between_its_rows() -> None:
    bars = qr.draw("https://data.example.cn/track").operators.decode().split(" re")
    heights = {round(float(bar.split()[-1]), 3) for bar in bars[:-1]}
    rows = sorted({float(bar.split()[-3]) for bar in bars[:-1]})
    assert len(heights) == 1
    assert heights.pop() > min(b - a for a, b in pairwise(rows))


def test_a_text_too_long_for_a_small_code_is_refused() -> None:
    with pytest.raises(FieldTooLong):
        qr.draw("x" * 301)
