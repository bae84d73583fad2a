"""Notices as they leave the rendering processes: on the grid, with every name, and proof against hostile templates."""

import dataclasses
import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pypdf
import pytest
from PIL import Image

from engine.errors import Invalid, Unavailable
from notices import fonts, worker
from notices.gongwen import CELL, COLUMNS, LEFT, MM, PITCH, ROWS
from notices.paper import RenderFailed
from notices.pool import Pool, Process
from notices.render import (
    DocumentTooLong,
    FieldTooLong,
    RenderTimedOut,
    TemplateFaulty,
    UncoveredCharacters,
    check_characters,
    preview,
    question,
    render,
    written,
)
from tests import papers
from tests.papers import RARE_NAMES, paper

pytestmark = pytest.mark.sqlite_only
LAW = "《贵阳市政府数据共享开放条例》（2021年修正）"


def _pages(pdf: bytes) -> int:
    return len(pypdf.PdfReader(io.BytesIO(pdf)).pages)


# -- the grid ------------------------------------------------------------------------------------------------------------


def test_a_full_page_has_22_lines_of_28_characters() -> None:
    pages = papers.characters(
        render(paper("{% for _ in range(50) %}<p>{{ line }}</p>{% endfor %}", facts={"line": "国" * 26}))
    )
    second = [c for c in pages[1] if c.text == "国"]
    lines = sorted({round(c.y, 1) for c in second})
    assert len(lines) == ROWS
    assert all(abs(y - papers.baseline(line)) < 0.3 for line, y in enumerate(lines))
    edges = {round((c.x - LEFT) / CELL, 2) for c in second}
    assert min(edges) == pytest.approx(2, abs=0.02)
    assert max(edges) == pytest.approx(COLUMNS - 1, abs=0.02)
    assert len([c for c in second if abs(c.y - lines[0]) < 0.3]) == 26


@pytest.mark.parametrize("form", ["letter", "file"])
def test_every_baseline_lies_on_the_grid(form: str) -> None:
    body = (
        f"<p>经查，你局（2026年9月8日）存在不按照规定更新目录的行为，现依据{LAW}第三十条，责令限期改正：</p>"
        f"<h2>一、事实、证据和认定：{RARE_NAMES}</h2><h3>（一）{RARE_NAMES}更新不及时</h3>"
        "<table><tr><th>序号</th><th>名称</th></tr><tr><td>1</td><td>空气质量自动监测小时数据，删去生产工艺参数后符合条件"
        "（第十八条第二款），脱敏后仍可识别个人</td></tr></table>"
        f"<dl><dt>格式</dt><dd>JSON</dd></dl><p>联系人{RARE_NAMES}，{'共享开放，' * 30}A/B 12.5%。</p>"
    )
    pages = papers.characters(render(paper(body, form=form)))
    assert papers.off_grid(pages) < 0.3
    assert papers.right_edge(pages) < COLUMNS - 0.4


@pytest.mark.parametrize("length", [9, 30, 50, 70])
def test_a_title_of_one_to_four_lines_keeps_the_text_on_the_grid(length: int) -> None:
    title = (
        "贵阳市人民政府关于市住房和城乡建设局等三个单位未按照《贵阳市政府数据共享开放条例》"
        "规定更新共享目录和开放目录并逾期未改正情况的通报全文"
    )[:length]
    pdf = render(paper(f"<p>{'国' * 80}</p>", form="file", title=title))
    pages = papers.characters(pdf)
    rows = {round(c.y, 1) for c in pages[0] if abs(c.size - 21) < 0.1}
    assert len(rows) == {9: 1, 30: 2, 50: 3, 70: 4}[length]
    assert title in papers.text(pdf)
    assert papers.off_grid(pages) < 0.3


def test_no_line_begins_with_a_mark() -> None:
    sentence = (
        "你于2026年11月9日申请开放“公交卡刷卡明细”数据（受理编号：KF-2026-000318）、目录、清单；经审查，答复如下："
    )
    pages = papers.characters(render(paper(f"<p>{sentence * 12}</p>")))
    rows: dict[tuple[int, float], list[papers.Character]] = {}
    for number, page in enumerate(pages):
        for c in page:
            if abs(c.size - CELL) < 0.05 and c.text.strip():
                rows.setdefault((number, round(c.y, 1)), []).append(c)
    first = [min(row, key=lambda c: c.x).text for row in rows.values()]
    last = [max(row, key=lambda c: c.x).text for row in rows.values()]
    assert len(rows) > 20
    assert not set(first) & set("，。、；：）”》")
    assert not set(last) & set("（“《〔")


def test_a_body_of_twenty_pages_is_set_whole() -> None:
    paragraphs = [f"第{n}段。" + "政府数据共享开放。" * 16 for n in range(90)]
    pdf = render(paper("{% for p in all %}<p>{{ p }}</p>{% endfor %}", facts={"all": paragraphs}))
    assert _pages(pdf) > 20
    pages = papers.characters(pdf)
    # The number is placed apart from the text, so it is drawn after the text of its page.
    said = "".join(c.text for c in papers.on_the_grid(pages)).replace("筑交数复〔2026〕18号", "")
    assert "".join(paragraphs) in said
    assert papers.off_grid(pages) < 0.3


def test_the_signature_never_stands_on_a_page_without_text() -> None:
    for lines in range(10, 20):
        pages = papers.characters(
            render(paper("{% for _ in range(n) %}<p>国</p>{% endfor %}", facts={"n": lines}, qr=None))
        )
        signed = next(page for page in pages if any(c.text == "月" for c in page))
        assert any(c.text == "国" for c in signed)


def test_the_text_after_a_long_table_is_back_on_the_grid() -> None:
    rows = "{% for n in range(60) %}<tr><td>{{ n }}</td><td>市局</td></tr>{% endfor %}"
    table = f"<table><tr><th>序号</th><th>单位</th></tr>{rows}</table>"
    pages = papers.characters(render(paper(f"<p>如下：</p>{table}<p>国国</p>")))
    assert len(pages) >= 3
    assert any(c.text == "国" for c in pages[-1])
    assert papers.off_grid(pages) < 0.3


def test_a_cell_longer_than_a_page_is_printed_whole_and_the_signature_stays_with_it() -> None:
    body = "<table><tr><td>{{ t }}</td><td>1</td></tr></table><dl><dt>甲</dt><dd>{{ t }}</dd></dl>"
    body += "<table><tr><td>国</td></tr></table>"
    pages = papers.characters(render(paper(body, facts={"t": "政府数据共享开放。" * 200})))
    lowest = max(c.y for page in pages for c in page if c.text == "政")
    assert lowest < 263 * MM
    signed = next(page for page in pages if any(c.text == "月" for c in page))
    assert any(c.text == "国" for c in signed)


def test_the_foot_of_a_file_stands_on_an_even_page() -> None:
    body = "{% for _ in range(45) %}<p>国</p>{% endfor %}<cc office='贵阳市人民政府办公厅'>市司法局</cc>"
    pdf = render(paper(body, form="file"))
    pages = papers.characters(pdf)
    assert len(pages) % 2 == 0
    assert "抄送：市司法局。" in "".join(c.text for c in pages[-1])


# -- what a page says ----------------------------------------------------------------------------------------------------


def test_rare_names_can_be_copied_and_are_printed() -> None:
    pdf = render(paper(f"<h2>{RARE_NAMES}</h2><p>{RARE_NAMES}</p>", title=RARE_NAMES, addressee=RARE_NAMES))
    assert papers.text(pdf).count(RARE_NAMES) == 4
    dpi = 288
    picture = papers.image(pdf, dpi=dpi).convert("L")
    boxes = [c for c in papers.characters(pdf)[0] if c.text in RARE_NAMES]
    assert len(boxes) >= 4 * len(RARE_NAMES)
    inks = {_ink(picture, c, dpi) for c in boxes}
    assert min(inks) > 150


def test_each_rare_name_is_printed_as_itself() -> None:
    dpi = 288
    pdf = render(paper(f"<p>{RARE_NAMES}</p>", addressee=None))
    picture = papers.image(pdf, dpi=dpi).convert("L")
    printed = [c for c in papers.characters(pdf)[0] if c.text in RARE_NAMES]
    shapes = [_cell(picture, c, dpi).tobytes() for c in printed]
    assert len(set(shapes)) == len(RARE_NAMES)


def _cell(picture: Image.Image, character: papers.Character, dpi: int) -> Image.Image:
    scale, size = dpi / 72, character.size
    box = (character.x, character.y - 0.86 * size, character.x + size, character.y + 0.1 * size)
    return picture.crop(tuple(round(edge * scale) for edge in box))  # type: ignore[arg-type]


def _ink(picture: Image.Image, character: papers.Character, dpi: int) -> int:
    """Dark pixels in the cell of a character."""
    return sum(_cell(picture, character, dpi).histogram()[:128])


def test_a_name_that_no_typeface_has_is_refused() -> None:
    for where in (
        {"addressee": "王\U000323af"},
        {"title": "关于\U000323af的通知"},
        {"facts": {"name": "李\U000323af"}},
    ):
        with pytest.raises(UncoveredCharacters) as refusal:
            render(paper("<p>{{ name|default('某') }}</p>", **where))
        assert refusal.value.data["codes"] == [0x323AF]
        assert "U+323AF" in refusal.value.sentence("zh-CN")
    with pytest.raises(UncoveredCharacters):
        check_characters(paper("<p>您好😀</p>"))


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\u202e", "\ufeff", "\ud800", "\uffff"])
def test_control_characters_are_refused(character: str) -> None:
    with pytest.raises(UncoveredCharacters):
        render(paper("<p>{{ name }}</p>", facts={"name": f"王{character}某"}))


def test_a_draft_has_neither_number_nor_date_nor_seal() -> None:
    issued = paper("<p>答复如下。</p>")
    draft = dataclasses.replace(issued, number=None)
    said = papers.text(render(draft))
    assert "〔草稿〕" in said
    assert "号" not in said
    assert "月" not in said
    assert _red_below_the_text(render(draft)) == 0
    assert _red_below_the_text(render(issued)) > 1000
    assert "筑交数复〔2026〕18号" in papers.text(render(issued))


def _red_below_the_text(pdf: bytes) -> int:
    """Red pixels in the middle of the first page, where only a seal can be."""
    picture = papers.image(pdf)
    band = picture.crop((0, picture.height * 35 // 100, picture.width, picture.height * 88 // 100))
    return sum(r > 180 and g < 120 and b < 120 for r, g, b in band.get_flattened_data())


def test_a_slip_has_neither_number_nor_seal() -> None:
    slip = paper("<p>已经收到。</p>", form="slip", title="申请回执")
    pdf = render(slip)
    assert "〔草稿〕" not in papers.text(pdf)
    assert "2026〕18号" not in papers.text(pdf)
    assert _red_below_the_text(pdf) == 0


def test_a_receipt_shows_the_counted_days() -> None:
    days = [
        {"date": "2026-04-30", "verdict": "start", "number": None, "holiday": None},
        {"date": "2026-05-01", "verdict": "rolled", "number": 1, "holiday": "劳动节", "kind": "holiday"},
        {"date": "2026-05-02", "verdict": "due", "number": None, "holiday": None},
    ]
    slip = paper("{{ counting_calendar(days, start='提交') }}", form="slip", facts={"days": days})
    said = papers.text(render(slip))
    assert "4/30提交5/1第1日放假5/2最迟答复5/3" in said
    assert "第1日放假" in preview(slip)


def test_the_same_paper_gives_the_same_bytes_in_every_process() -> None:
    notice = paper(f"<p>{RARE_NAMES}</p><h2>一、甲</h2><h3>（一）乙</h3><table><tr><td>1</td></tr></table>")
    pools = [Pool("notices.worker", 1, 30), Pool("notices.worker", 1, 30)]
    try:
        first, second = (pool.ask(worker.WRITE, question(notice)) for pool in pools)
        assert first == second == pools[0].ask(worker.WRITE, question(notice))
    finally:
        for pool in pools:
            pool.close()


def test_a_notice_is_a_tagged_archive_file() -> None:
    reader = pypdf.PdfReader(io.BytesIO(render(paper("<p>一行国" + "国" * 40 + "</p><h2>二</h2><p>三</p>"))))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfaid" in root["/Metadata"].get_data()
    assert reader.metadata
    assert reader.metadata.title == "开放需求申请答复书"
    assert root["/Lang"] == "zh-CN"
    kinds = _structure(root["/StructTreeRoot"])
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 1
    assert kinds.count("/Figure") == 2


def _structure(element: Any) -> list[str]:
    kinds = [str(element["/S"])] if "/S" in element else []
    children = element.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object()
        if isinstance(child, dict):
            kinds += _structure(child)
    return kinds


def test_an_organisation_of_any_length_fits_on_the_page() -> None:
    for name in ("局", "贵阳市" * 12, "Guiyang Municipal Bureau of Transport and of Some Other Things Besides"):
        pages = papers.characters(render(paper(organisation=name)))
        # The mark is condensed by a transformation, so its characters end within the sheet, and the signature within the text.
        assert all(0 < c.x < 210 * MM for c in pages[0])
        assert papers.off_grid(pages) < 0.3


# -- hostile templates and values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ facts.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ facts|attr('__class__') }}",
        "{{ counting_calendar.__globals__ }}",
        "{{ '%s'|format(facts.__init__) }}",
        "{{ '{0.__class__}'.format('') }}",
        "{{ range.__self__ }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'letter.html.j2' %}",
        "{{ self.__init__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ missing }}",
        "{{ facts.missing }}",
        "{% if %}",
        "{{ 1 / 0 }}",
        "{{ 'x' * 10000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ [1] * 1000000000 }}",
        "{% autoescape false %}<p>{{ name }}</p>{% endautoescape %}",
        "<p>{{ name|safe }}</p>",
        "{% for _ in range(99999) %}<p>国国国国国国国国国国</p>{% endfor %}",
    ],
)
def test_a_template_cannot_leave_its_sandbox(template: str) -> None:
    with pytest.raises((TemplateFaulty, DocumentTooLong)) as refusal:
        render(paper(template, facts={"name": "<b>"}))
    assert isinstance(refusal.value, Invalid)
    assert refusal.value.sentence("zh-CN")


@pytest.mark.parametrize(
    "body",
    [
        '<img src="file:///etc/passwd">',
        '<p><img src="http://127.0.0.1:9/x.png"></p>',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<style>@import url("http://127.0.0.1:9/x.css")</style>',
        '<p style="background: url(file:///etc/passwd)">x</p>',
        '<object data="file:///etc/passwd"></object>',
        "<svg><image href='file:///etc/passwd'/></svg>",
        '<iframe src="http://127.0.0.1:9/"></iframe>',
        '<base href="file:///">',
        "<script>1</script>",
        "<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
        "<p>not closed",
        "text outside",
        "</p>",
        "<div>" * 300 + "x" + "</div>" * 300,
        "<annex title='a'>" * 300,
    ],
)
def test_what_is_not_in_the_vocabulary_is_refused(body: str) -> None:
    with pytest.raises(TemplateFaulty):
        render(paper(body))


def test_html_in_a_value_is_shown_as_it_was_written() -> None:
    value = '<img src="file:///etc/passwd"><script>x</script>&amp;{{ 1 }}'
    template = (
        "<p>{{ v }}</p><h2>{{ v }}</h2>{{ v|paragraphs }}<p>{{ v|br }}</p><dl><dt>{{ v }}</dt><dd>{{ v }}</dd></dl>"
    )
    notice = paper(template, facts={"v": value}, addressee=value, title=value)
    said = papers.text(render(notice))
    assert said.count("".join(value.split())) >= 7
    assert "<script" not in preview(notice)
    assert "<img" not in preview(notice)


@pytest.mark.parametrize("source", ["file:///etc/passwd", "http://127.0.0.1:9/x.png", "data:image/png;base64,AAAA"])
def test_the_typesetter_itself_fetches_nothing(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from notices import templates
    from notices.pdf import Printer

    printer = Printer(fonts.typefaces(fonts.folder()))
    page = printer.page(paper(qr=None))
    honest = templates.html(page, printer.setter)
    monkeypatch.setattr(templates, "html", lambda *_, **__: honest.replace("</body>", f'<img src="{source}"></body>'))
    with pytest.raises(TemplateFaulty):
        printer.write(page)


def test_a_field_of_a_megabyte_is_refused() -> None:
    for facts in ({"text": "国" * 350_000}, {"a": [{"b": "国" * 350_000}]}, {"x" * 20_000: 1}):
        with pytest.raises(FieldTooLong) as refusal:
            render(paper("<p>{{ text|default('') }}</p>", facts=facts))
        assert refusal.value.data["limit"] == 10 * 1024
    with pytest.raises(DocumentTooLong):
        render(paper("<p>{{ t }}</p>", facts={"t": ["国" * 3000] * 12}))
    with pytest.raises(DocumentTooLong):
        render(paper("{% for _ in range(20) %}<p>{{ t }}</p>{% endfor %}", facts={"t": "国" * 3000}))


def test_the_longest_permitted_field_is_set() -> None:
    long = "国" * 3400
    for body in (
        "<p>{{ t }}</p>",
        "<table><tr><td>1</td><td>{{ t }}</td></tr></table>",
        "<p>！！！{{ t }}！！！</p>",
    ):
        assert papers.text(render(paper(body, facts={"t": long}))).count("国") == 3400
    assert papers.text(render(paper("<p>{{ t }}</p>", facts={"t": "x" * 10_000}))).count("x") > 10_000 - 100


def test_an_endless_template_is_killed_and_the_next_notice_is_set() -> None:
    endless = paper("{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a %}{% endfor %}{% endfor %}")
    pool = Pool("notices.worker", 1, 2)
    try:
        pool.ask(worker.CHECK, question(paper()))
        with pytest.raises(RenderTimedOut) as refusal:
            pool.ask(worker.WRITE, question(endless))
        assert isinstance(refusal.value, Unavailable)
        assert written(pool.ask(worker.WRITE, question(paper()))).content.startswith(b"%PDF")
    finally:
        pool.close()


def test_a_template_that_eats_memory_does_not_take_the_machine() -> None:
    hungry = "{% set s = namespace(t='国' ~ '国') %}{% for _ in range(60) %}{% set s.t = s.t ~ s.t %}{% endfor %}"
    with pytest.raises((TemplateFaulty, RenderFailed, RenderTimedOut)):
        render(paper(hungry))
    assert render(paper()).startswith(b"%PDF")


def test_facts_nested_without_end_are_refused() -> None:
    nested: Any = "x"
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(RenderFailed):
        render(paper(facts={"deep": nested}))


def test_many_may_ask_at_once() -> None:
    pool = Pool("notices.worker", 2, 20)
    try:
        with ThreadPoolExecutor(6) as askers:
            asked = [paper(f"<p>第{number}份。</p>") for number in range(12)]
            answers = list(askers.map(lambda notice: pool.ask(worker.WRITE, question(notice)), asked))
        assert all(f"第{number}份。" in papers.text(pdf) for number, pdf in enumerate(answers))
    finally:
        pool.close()


def test_rendering_processes_know_neither_keys_nor_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_MASTER_KEYS", "a-very-secret-key")
    monkeypatch.setenv("DUBAN_DATABASE_URL", "postgresql://secret-host/duban")
    monkeypatch.setenv("DUBAN_SMTP_PASSWORD", "hush")
    process = Process("notices.worker", 10)
    try:
        environment = Path(f"/proc/{process.id}/environ").read_text()
        names = {entry.split("=")[0] for entry in environment.split("\0") if entry}
        assert names <= {"PATH", "LD_LIBRARY_PATH", "TMPDIR", "DUBAN_FONTS", "PYTHONHASHSEED", "LC_ALL"}
        opened = {os.readlink(link) for link in Path(f"/proc/{process.id}/fd").iterdir()}
        assert not [path for path in opened if path.endswith(".db") or path.startswith("socket:")]
    finally:
        process.kill()


def test_missing_fonts_are_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_FONTS", str(tmp_path))
    pool = Pool("notices.worker", 1, 10)
    with pytest.raises(fonts.FontsMissing) as refusal:
        pool.ask(worker.WRITE, question(paper()))
    assert "scripts/fetch_fonts.sh" in refusal.value.sentence("zh-CN")
    monkeypatch.delenv("DUBAN_FONTS")
    assert written(pool.ask(worker.WRITE, question(paper()))).content.startswith(b"%PDF")
    pool.close()


def test_a_notice_in_english_is_dated_in_english() -> None:
    english = paper("<p>Please find the answer below.</p>", lang="en", title="Reply", issued_on=date(2026, 5, 6))
    assert "6May2026" in papers.text(render(english))
    assert "[DRAFT]" in papers.text(render(dataclasses.replace(english, number=None)))


def test_a_preview_needs_no_styles_of_its_own() -> None:
    shown = preview(paper("<h2>一、甲</h2><p>乙<br>丙</p><table><tr><th>丁</th></tr><tr><td>1</td></tr></table>"))
    assert shown.startswith('<article class="notice notice-letter"')
    assert "style=" not in shown
    assert "乙<br>丙" in shown
    assert "筑交数复〔2026〕18号" in shown


def test_pitch_and_cell_fill_the_type_area() -> None:
    assert abs(CELL * COLUMNS - 156 * MM) < 1e-9
    assert abs(PITCH * (ROWS - 1) + CELL - 225 * MM) < 1e-9
