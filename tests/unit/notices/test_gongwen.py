"""How text is broken onto the grid of an official paper."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices.fonts import HEI, folder, typefaces
from notices.gongwen import CLOSING, COLUMNS, OPENING, Typesetter, plain_title, title_lines


@pytest.fixture(scope="module")
def setter() -> Typesetter:
    return Typesetter(typefaces(folder()))


def _lines(setter: Typesetter, text: str, first: float = 2) -> list[str]:
    return [line.text for line in setter.lines(text, first)]


def test_the_first_line_is_indented_by_two_characters(setter: Typesetter) -> None:
    assert [len(line) for line in _lines(setter, "国" * 60)] == [26, 28, 6]


def test_a_mark_that_has_no_room_is_squeezed_into_the_line(setter: Typesetter) -> None:
    assert _lines(setter, "国" * 26 + "，" + "国" * 3) == ["国" * 25, "国，国国国"]
    assert _lines(setter, "国，" + "国" * 24 + "，" + "国" * 3) == ["国，" + "国" * 24 + "，", "国国国"]


def test_an_opening_mark_goes_down_with_what_it_opens(setter: Typesetter) -> None:
    assert _lines(setter, "国" * 25 + "《条例》") == ["国" * 25, "《条例》"]


def test_a_straight_quote_stays_with_what_it_quotes(setter: Typesetter) -> None:
    assert _lines(setter, "国" * 25 + '"条例"') == ["国" * 25, '"条例"']


def test_a_number_is_never_torn_apart(setter: Typesetter) -> None:
    assert _lines(setter, "国" * 24 + "2026年的事") == ["国" * 24, "2026年的事"]
    assert _lines(setter, "国" * 24 + "12.5%的事") == ["国" * 24, "12.5%的事"]
    assert _lines(setter, "国" * 25 + "——国") == ["国" * 24, "国——国"]


def test_an_address_longer_than_a_line_is_cut_behind_a_stroke(setter: Typesetter) -> None:
    lines = _lines(setter, "https://data.example.cn/" + "abcdefgh/" * 12)
    assert len(lines) > 2
    assert all(line.endswith("/") for line in lines)


def test_br_ends_a_line(setter: Typesetter) -> None:
    assert _lines(setter, "甲\n乙") == ["甲", "乙"]


def test_an_empty_paragraph_is_an_empty_line(setter: Typesetter) -> None:
    assert _lines(setter, "") == [""]


def test_a_rare_character_is_measured_in_the_face_that_shows_it(setter: Typesetter) -> None:
    assert setter.width("䶮") == 1
    assert setter.width("䶮", HEI) == 1
    assert "rare" in setter.plain("王䶮")
    assert setter.plain("王") == "王"


def test_markup_in_a_text_is_escaped(setter: Typesetter) -> None:
    assert setter.paragraph("<b>&䶮") == '<span class="rare">&lt;b&gt;&amp;䶮</span>'


@given(st.text(alphabet="国家数据，。、；：（）《》“”〔〕—…·2019aZ%/- \n䶮", max_size=200))
def test_breaking_loses_nothing_and_every_line_can_be_filled(text: str) -> None:
    setter = Typesetter(typefaces(folder()))
    lines = setter.lines(text, 2)
    assert "".join("".join(line.text for line in lines).split()) == "".join(text.split())
    for number, line in enumerate(lines):
        room = COLUMNS - (0 if number else 2)
        marks = sum(character in CLOSING | OPENING for character in line.text)
        assert line.width <= room + 0.5 * marks + 0.02 * len(line.text)


@given(st.text(alphabet="国家数据共享开放，。、（）《》年", min_size=1, max_size=120))
def test_a_mark_begins_a_line_only_when_there_is_nothing_else(text: str) -> None:
    setter = Typesetter(typefaces(folder()))
    lines = setter.lines(text, 2)
    for before, line in pairwise(lines):
        if line.text[0] in CLOSING:
            # A run of marks longer than a line is the only thing that may be torn.
            assert set(before.text) <= CLOSING | OPENING | {before.text[0]} or len(before.text) >= 18
        assert before.text[-1] not in OPENING or set(before.text[-20:]) <= OPENING | CLOSING


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("责令限期改正通知书", ["责令限期改正通知书"]),
        ("贵阳市人民政府|责令限期改正通知书", ["贵阳市人民政府", "责令限期改正通知书"]),
        (
            "贵阳市人民政府关于2026年第三季度政府数据目录更新情况的通报",
            ["贵阳市人民政府关于2026年第三季度", "政府数据目录更新情况的通报"],
        ),
        ("  申请\n回执 ", ["申请 回执"]),
        ("|", [""]),
        ("", [""]),
    ],
)
def test_titles_break_where_they_make_sense(setter: Typesetter, title: str, lines: list[str]) -> None:
    assert title_lines(title, setter) == lines


@given(st.text(alphabet="贵阳市关于《数据》的办法，2026|", max_size=400))
def test_title_lines_lose_nothing_and_are_not_too_long(title: str) -> None:
    setter = Typesetter(typefaces(folder()))
    lines = title_lines(title, setter)
    assert "".join(lines) == plain_title(title)
    assert all(setter.width(line, "title") <= 22 for line in lines)


def test_a_number_keeps_its_unit_and_a_date_its_month(setter: Typesetter) -> None:
    for whole in ("15个工作日", "2.5万元", "5月6日", "〔2026〕18号", "12 km", "100GB", "37℃"):
        lines = _lines(setter, "国" * 24 + whole + "国" * 30)
        assert any(whole in line for line in lines), lines


def test_of_two_marks_side_by_side_one_gives_up_its_blank_half(setter: Typesetter) -> None:
    for pair in ("》（", "。”", "）。", "》《", "，“"):
        assert setter.width(pair) < 1.7, pair
        assert "margin:" in setter.plain(f"国{pair}国")
    assert setter.width("国，国") == 3
    assert "margin:" not in setter.plain("国，国")


@pytest.mark.parametrize("lines", [2, 3, 4])
def test_a_title_has_the_shape_of_a_trapezoid_or_a_rhombus(setter: Typesetter, lines: int) -> None:
    title = (
        "贵阳市人民政府关于市住房和城乡建设局等三个单位未按照《贵阳市政府数据共享开放条例》规定更新共享目录和开放目录"
        "并逾期未改正情况的通报"
    )[: 19 * lines]
    widths = [setter.width(line, "title") for line in title_lines(title, setter)]
    assert len(widths) == lines
    assert not any(widths[i] < min(widths[i - 1], widths[i + 1]) - 0.5 for i in range(1, lines - 1))


def test_the_name_of_an_office_is_not_torn_before_its_last_character(setter: Typesetter) -> None:
    lines = title_lines("贵阳市综合行政执法局（贵阳市城市管理局）", setter, 18)
    assert list(lines) == ["贵阳市综合行政执法局", "（贵阳市城市管理局）"]
