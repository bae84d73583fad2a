"""Marks that stand side by side: as few elements as can be, and no room lost."""

import re

import pytest
from markupsafe import Markup

from notices.fonts import folder, typefaces
from notices.gongwen import CELL, LEFT, Typesetter
from notices.pdf import MOST_SPANS, Printer
from tests import papers


@pytest.fixture(scope="module")
def printer() -> Printer:
    return Printer(typefaces(folder()))


@pytest.fixture(scope="module")
def setter(printer: Printer) -> Typesetter:
    return printer.setter


@pytest.mark.parametrize("mark", ["（", "。"])
def test_marks_in_a_row_share_one_element(setter: Typesetter, mark: str) -> None:
    line = setter.ragged("国" + mark * 20 + "国", 28)
    assert line.count("<span") == 1
    assert Markup(line).striptags() == "国" + mark * 20 + "国"


def test_no_element_goes_over_the_end_of_a_line(setter: Typesetter) -> None:
    for line in setter.ragged("国家（（《数据䶮》））。”“数据”——，，，。。。）））" * 9, 11).split("\n"):
        assert line.count("<span") == line.count("</span>")


@pytest.mark.parametrize("text", ["（" * 150, "国" + "。" * 150, "国家（（《数据》））。”“数据”，，，。。）））" * 9])
def test_marks_in_a_row_stand_as_wide_as_they_were_measured(printer: Printer, text: str) -> None:
    page = printer.page(papers.paper("<small>{{ text }}</small>", form="slip", facts={"text": text}))
    found = [c for side in papers.characters(printer.write(page).content) for c in side if abs(c.size - 12) < 0.1]
    lines = printer.setter.lines(text, 0, 28 * CELL / 12, filled=False)
    ends = [LEFT + 12 * printer.setter.width(line.text[:-1]) for line in lines]
    rows = sorted({round(c.y, 1) for c in found})
    last = [max(c.x for c in found if round(c.y, 1) == row) for row in rows]
    assert last == pytest.approx(ends, abs=7)


def test_a_paper_of_thousands_of_single_marks_is_set_with_few_elements_and_whole(printer: Printer) -> None:
    text = "“国，”。" * 2000
    paper = papers.paper("{% for n in range(4) %}<p>{{ text }}</p>{% endfor %}", facts={"text": text[:3000]})
    page = printer.page(paper)
    assert printer._markup(page).count("<span") <= MOST_SPANS
    assert (
        re.sub("[^“国，”。]", "", papers.text(printer.write(page).content)).count("国") >= text[:3000].count("国") * 4
    )
