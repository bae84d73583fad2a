"""Every paper that we ship, short and long, held against GB/T 9704-2012: see ``tests.inspection``."""

import dataclasses
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest

from notices import body, templates
from notices.paper import Paper
from notices.render import render
from notices.sample import bundle_of, of_bundle
from tests import inspection, papers

pytestmark = pytest.mark.sqlite_only
BUNDLES = Path(__file__).parents[2] / "bpmn"
NOTICES = papers.of_folders(BUNDLES)
ENGLISH = [folder for folder in NOTICES if bundle_of(folder.parents[1]).has_translation(folder.name)]
NOW = datetime(2026, 11, 18, 1, tzinfo=UTC)
QR = "https://data.example.cn/verify/7F3K-92QX-HM4T"
TITLES = {
    1: "责令限期改正通知书",
    2: "贵阳市人民政府关于2026年第三季度政府数据目录更新情况的通报",
    3: "贵阳市人民政府办公厅关于印发《贵阳市政府数据共享平台和政府数据开放平台建设运行维护管理办法》的通知",
    4: (
        "贵阳市人民政府关于市住房和城乡建设局等三个单位未按照《贵阳市政府数据共享开放条例》规定更新共享目录"
        "和开放目录并逾期未改正情况的通报"
    ),
}
SENTENCE = "经查，该目录自2026年9月8日起未更新（受理编号：KF-2026-000318），《条例》规定的“十五日”已经届满。"


def _name(folder: Path) -> str:
    return f"{folder.parents[1].name}-{folder.name}"


def shipped(folder: Path) -> Paper:
    """The notice with the facts of its sample, to somebody with a rare name."""
    paper = of_bundle(bundle_of(folder.parents[1]), folder.name, NOW)
    return dataclasses.replace(paper, qr=QR, addressee="王䶮先生")


def in_english(folder: Path) -> Paper:
    """The courtesy translation of a notice."""
    return dataclasses.replace(
        shipped(folder),
        template=bundle_of(folder.parents[1]).template(folder.name, "en"),
        title=bundle_of(folder.parents[1]).notice(folder.name).title_en,
        organisation="Guiyang Municipal Commission of Transport",
        addressee="Wang Yan",
        lang="en",
    )


def stretched(paper: Paper, times: int) -> Paper:
    """The same paper with longer running text: every fact that is a sentence goes on so many times."""

    def longer(value: Any) -> Any:
        if isinstance(value, str) and re.search("[。；\n]", value):
            return value + SENTENCE * times
        return value

    return dataclasses.replace(paper, facts={name: longer(value) for name, value in paper.facts.items()})


# -- the checker on all papers -----------------------------------------------------------------------------------------------


# The form and the state of a paper decide how the page around the words is made, and each meets many notices: so one notice is
# printed issued, the next as a draft, the third waiting for its signature; and one longer, the next much longer.
STATES: list[dict[str, Any]] = [{}, {"number": None}, {"signed": True, "qr": None}]
every_notice = pytest.mark.parametrize(
    ("number", "folder"), [pytest.param(number, folder, id=_name(folder)) for number, folder in enumerate(NOTICES)]
)


@every_notice
def test_every_shipped_notice_is_an_official_paper(number: int, folder: Path) -> None:
    paper = dataclasses.replace(shipped(folder), **STATES[number % len(STATES)])
    assert inspection.inspect(render(paper), paper) == []


@every_notice
def test_every_notice_of_many_words_is_an_official_paper_and_is_read_in_its_order(number: int, folder: Path) -> None:
    paper = stretched(shipped(folder), 20 if number % 2 else 5)
    pdf = render(paper)
    assert inspection.inspect(pdf, paper) == []
    if paper.form != "slip":
        said = _spoken(paper)
        assert inspection.structure(pdf).reading()[: len(said)] == said


@pytest.mark.parametrize("lines", [1, 2, 3, 4])
@pytest.mark.parametrize("form", ["letter", "file"])
def test_a_title_of_one_to_four_lines_has_the_shape_of_a_trapezoid_or_a_rhombus(form: Any, lines: int) -> None:
    paper = papers.order(form=form, title=TITLES[lines])
    pdf = render(paper)
    assert len(inspection.sides(pdf)[0].rows(inspection.TITLE)) == lines
    assert inspection.inspect(pdf, paper) == []


@pytest.mark.parametrize(
    "paper",
    [
        papers.order(1),
        papers.circular(),
        papers.circular(addressee="，".join(["贵阳市住房和城乡建设局", "市司法局"] * 18)),
        papers.request(),
        papers.request(number=None, signers=()),
        papers.request(signers=("张喆",), urgency=None, secrecy=None, copy_number=None),
        papers.request(form="letter", signers=None),
        papers.joint(2),
        papers.joint(3),
        papers.joint(5, qr=QR),
        papers.order(number=None),
        papers.order(organisation="贵阳市综合行政执法局（贵阳市城市管理局）"),
    ],
    ids=lambda paper: f"{paper.form}-{paper.title[-6:]}-{len(paper.organs)}-{len(paper.signers or ())}",
)
def test_the_whole_family_is_printed_by_the_standard(paper: Paper) -> None:
    assert inspection.inspect(render(paper), paper) == []


@pytest.mark.parametrize("lines", range(8, 32))
def test_wherever_the_text_ends_signature_and_foot_find_their_place(lines: int) -> None:
    text = "{% for n in range(lines) %}<p>第{{ n }}行。</p>{% endfor %}"
    paper = papers.order(template=text + "<cc>市司法局</cc>", facts={"lines": lines})
    assert inspection.inspect(render(paper), paper) == []


ROW = "<tr><td>{{ n }}</td><td>房屋租赁备案</td><td>{{ %s }}</td></tr>"
HEAD = "<tr><th>序号</th><th>目录</th><th>说明</th></tr>"


@pytest.mark.parametrize(
    "block",
    [
        f"<table>{HEAD}{{% for n in range(5) %}}{ROW % 'word'}{{% endfor %}}</table>",
        f"<table>{HEAD}{{% for n in range(9) %}}{ROW % 'text'}{{% endfor %}}</table>",
        f"<table>{HEAD}{{% for n in range(2) %}}{ROW % 'text ~ text ~ text'}{{% endfor %}}</table>",
        "<dl>{% for n in range(6) %}<dt>名称{{ n }}</dt><dd>{{ word }}</dd>{% endfor %}</dl>",
        "<dl>{% for n in range(4) %}<dt>名称{{ n }}</dt><dd>{{ text }}{{ word }}</dd>{% endfor %}</dl>",
        "<dl><dt>名称</dt><dd>{{ text }}{{ text }}{{ text }}</dd></dl>",
    ],
    ids=["short table", "table", "tall rows", "short particulars", "particulars", "long value"],
)
def test_tables_and_particulars_keep_to_the_grid_and_the_edges_wherever_a_page_ends(block: str) -> None:
    gaps = (
        "{% for gap in range(12) %}{% for line in range(gap) %}<p>第{{ line }}行。</p>{% endfor %}"
        + block
        + "{% endfor %}"
    )
    text = "“房屋租赁”备案（含《住房合同》），，。住房（（䶮国））。。“数据”——，住房。" * 7
    facts = {"word": "房屋租赁备案，住房。", "text": text}
    paper = papers.paper(gaps + "<p>以下空白。</p>", facts=facts)
    assert inspection.inspect(render(paper), paper) == []


@pytest.mark.parametrize("form", ["letter", "file"])
def test_a_translation_keeps_to_the_edges_wherever_a_page_ends(form: Any) -> None:
    paper = papers.order(
        form=form,
        lang="en",
        template="{% for n in range(90) %}<h2>{{ n }}. Why</h2><p>{{ text }}</p>{% endfor %}<contact>Desk, 1</contact>",
        facts={"text": "Under Article 29 of the Regulation, we tell you the findings (by way of a copy). " * 3},
    )
    pdf = render(paper)
    assert inspection.inspect(pdf, paper) == []
    assert [papers.texts(pdf)[page][-3:] for page in (1, 2)] == ["—2—", "—3—"]


def test_an_order_has_one_page_or_twenty() -> None:
    short = papers.order(template="<p>责令改正。</p>")
    assert len(inspection.sides(render(short))) == 1
    long = papers.order(99)
    pdf = render(long)
    assert len(inspection.sides(pdf)) >= 20
    assert inspection.inspect(pdf, long) == []


def test_the_checker_sees_what_is_wrong() -> None:
    letter = papers.paper()
    pdf = render(letter)
    assert inspection.inspect(pdf, letter) == []
    assert inspection.inspect(pdf, dataclasses.replace(letter, number="筑交数复〔2026〕19号"))
    assert inspection.inspect(pdf, dataclasses.replace(letter, form="file"))
    assert inspection.inspect(pdf, dataclasses.replace(letter, co_issuers=("贵阳市司法局",)))
    assert inspection.inspect(pdf, dataclasses.replace(letter, number=None))


# -- lines -------------------------------------------------------------------------------------------------------------------


def test_of_two_marks_side_by_side_only_one_keeps_its_blank_half() -> None:
    row = next(
        row
        for row in inspection.sides(render(papers.paper("<p>依据《条例》（2021年修正）。</p>")))[0].rows(
            inspection.TEXT
        )
        if "条例" in inspection.text_of(row)
    )
    closing = next(i for i, glyph in enumerate(row) if glyph.text == "》")
    assert 0.4 < (row[closing + 1].x - row[closing].x) / inspection.CELL < 0.7


def test_organs_of_a_joint_paper_stand_below_each_other_and_as_wide_as_the_widest() -> None:
    side = inspection.sides(render(papers.joint(3)))[0]
    rows: dict[float, list[inspection.Glyph]] = {}
    for glyph in side.glyphs:
        if glyph.red and glyph.text not in "文件":
            rows.setdefault(round(glyph.y), []).append(glyph)
    assert len(rows) == 3
    assert max(min(g.x for g in row) for row in rows.values()) - min(g.x for g in side.glyphs if g.red) < 1
    ends = [max(g.right for g in row) for row in rows.values()]
    assert max(ends) - min(ends) < 3


def test_names_of_signers_stand_in_kai_two_a_row_beside_the_number() -> None:
    side = inspection.sides(render(papers.request()))[0]
    rows = [inspection.text_of(row) for row in side.rows(inspection.TEXT)]
    assert "签发人：张喆欧阳堃" in rows
    assert "筑数呈〔2026〕7号李祎" in rows
    names = [g for row in side.rows(inspection.TEXT) for g in row if g.text in "张欧阳"][:3]
    assert {g.face.split("-")[0] for g in names} == {"FandolKai"}


# -- the structure tree ------------------------------------------------------------------------------------------------------


def _spoken(paper: Paper) -> str:
    """What is to be read aloud, in this order, without white space."""
    page = templates.Page.of(paper, templates.compose(paper))
    said = [*(note for note, _ in page.notes), page.mark, page.number]
    if paper.signers is not None:
        said += ["签发人：", *paper.signers]
    said += [page.paper.title.replace("|", ""), f"{paper.addressee}：" if paper.addressee else ""]
    said += [text for block in page.blocks for text in body.texts(block)]
    for number, annex in enumerate(page.annexes, start=1):
        said += [("附件：" if number == 1 else "") + (f"{number}. " if len(page.annexes) > 1 else "") + annex.title]
    said += [*paper.organs, page.date]
    return "".join("".join(said).split())


@pytest.mark.parametrize("paper", [papers.order(8), papers.circular(), papers.request(), papers.joint(3)])
def test_a_screen_reader_reads_the_whole_family_in_its_order(paper: Paper) -> None:
    said = _spoken(paper)
    assert inspection.structure(render(paper)).reading()[: len(said)] == said


def test_a_paragraph_over_a_page_break_is_one_paragraph() -> None:
    sentence = "政府数据共享开放。" * 120
    pdf = render(papers.paper("<p>甲。</p><p>{{ t }}</p><p>乙。</p>", facts={"t": sentence}))
    assert len(inspection.sides(pdf)) > 2
    said = [element.reading() for element in inspection.structure(pdf).walk() if element.kind == "P"]
    assert [text for text in said if text in ("甲。", sentence, "乙。")] == ["甲。", sentence, "乙。"]


def test_a_table_over_pages_is_one_table_whose_head_is_read_once() -> None:
    tree = inspection.structure(render(papers.circular()))
    kinds = [element.kind for element in tree.walk()]
    assert kinds.count("Table") == 1
    assert kinds.count("TR") == 46
    heads = [element for element in tree.walk() if element.kind == "TH"]
    assert [element.reading() for element in heads] == ["序号", "单位", "目录", "改正期限"]
    assert all(element.attributes["/Scope"] == "/Column" for element in heads)


def test_a_cell_over_several_rows_is_read_as_one() -> None:
    long = "政府数据共享开放。" * 60
    pdf = render(papers.paper("<table><tr><td>1</td><td>{{ t }}</td></tr></table>", facts={"t": long}))
    assert [cell.reading() for cell in inspection.structure(pdf).walk() if cell.kind == "TD"] == ["1", long]


def test_pictures_have_words_and_page_numbers_are_not_read() -> None:
    tree = inspection.structure(render(papers.circular(qr=QR)))
    assert [element.alternative for element in tree.walk() if element.kind == "Figure"] == [
        "二维码",
        "贵阳市人民政府印章",
    ]
    assert "—2—" not in tree.reading()


@pytest.mark.parametrize("folder", ENGLISH, ids=_name)
def test_a_translation_says_that_the_chinese_text_prevails_and_is_neither_signed_nor_sealed(folder: Path) -> None:
    paper = in_english(folder)
    pdf = render(paper)
    assert inspection.inspect(pdf, paper) == []
    assert "Courtesytranslation;theChinesetextprevails." in inspection.structure(pdf).reading()
    assert not any(side.seals for side in inspection.sides(pdf))
    assert pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]["/Lang"] == "en"
