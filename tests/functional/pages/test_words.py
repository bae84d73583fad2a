"""The catalogue of Chinese texts: complete, with the same blanks, and in Chinese punctuation."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from lxml import html

from api import i18n, rendering
from tests.functional.pages.sample_views import PAGES
from tests.machine import ROOT

BLANK = re.compile(r"%\((\w+)\)s")
HAN = "\u3007\u3400-\u9fff"
HALF_WIDTH = re.compile(rf"[{HAN}] ?[,;:?!()]|[,;:?!()] ?[{HAN}]|[{HAN}]\.(?![\w.])")


def said() -> Iterator[str | tuple[str, ...]]:
    """Every text that code or templates ask for."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
    options = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
    for _, _, message, _, _ in extract_from_dir(str(ROOT / "api"), method_map=methods, options_map=options):
        yield message


def texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(part) for part in value or ()]  # type: ignore[attr-defined]


def test_every_text_has_its_chinese() -> None:
    lacking = [m for m in said() if not (found := i18n.catalogue().get(texts(m)[0])) or not all(texts(found.string))]
    assert lacking == []


def test_the_catalogue_holds_nothing_that_nobody_says() -> None:
    wanted = {texts(message)[0] for message in said()}
    assert [texts(m.id)[0] for m in i18n.catalogue() if m.id and texts(m.id)[0] not in wanted] == []


def test_a_text_is_translated_once() -> None:
    lines = Path(i18n.CATALOGUE).read_text(encoding="utf-8").splitlines()
    asked = Counter(line for line in lines if line.startswith('msgid "') and line != 'msgid ""')
    assert [line for line, times in asked.items() if times > 1] == []


def test_a_translation_has_the_blanks_of_its_original() -> None:
    for message in i18n.catalogue():
        if message.id:
            wanted = {blank for text in texts(message.id) for blank in BLANK.findall(text)}
            for text in texts(message.string):
                assert set(BLANK.findall(text)) == wanted, message.id


def test_no_half_width_punctuation_stands_beside_chinese() -> None:
    for message in i18n.catalogue():
        for text in texts(message.string) if message.id else ():
            assert not HALF_WIDTH.search(text), text


@pytest.mark.parametrize("name", PAGES)
def test_a_drawn_page_is_punctuated_as_chinese(name: str) -> None:
    template, values = PAGES[name]
    page = html.fromstring(rendering.draw(template, "zh", **values))
    for text in page.xpath("//text()[not(ancestor::script)]"):
        assert not HALF_WIDTH.search(text.replace("\n", "")), text


def test_a_language_asked_for_wins_over_the_remembered_one() -> None:
    def request(query: str, cookie: str) -> object:
        from starlette.requests import Request

        headers = [(b"cookie", f"{i18n.LANGUAGE_COOKIE}={cookie}".encode())]
        return Request({"type": "http", "query_string": query.encode(), "headers": headers})

    assert i18n.locale_of(request("", "")) == "zh"  # type: ignore[arg-type]
    assert i18n.locale_of(request("", "en")) == "en"  # type: ignore[arg-type]
    assert i18n.locale_of(request("lang=zh", "en")) == "zh"  # type: ignore[arg-type]
    assert i18n.locale_of(request("lang=../../etc", "xx")) == "zh"  # type: ignore[arg-type]


def test_no_compiled_catalogue_is_kept() -> None:
    assert list(Path(i18n.CATALOGUE).parent.glob("*.mo")) == []


def test_texts_are_asked_for_in_the_way_that_finds_them() -> None:
    """Only ``_("…")`` is found when texts are collected, so nothing else may ask for one."""
    for path in (ROOT / "api").rglob("*.py"):
        assert not re.search(r"gettext\([^()]*\)\(", path.read_text(encoding="utf-8")), path.name
