"""What a reader types finds what a clerk wrote: proved on a real FTS5 table, and as sets for PostgreSQL's arrays."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bigrams import MAX_TERM, index_terms, match_expression, query_terms


class FullText:
    """A real FTS5 table that is filled and asked as the product does it."""

    def __init__(self) -> None:
        self.database = sqlite3.connect(":memory:")
        self.database.execute("CREATE VIRTUAL TABLE texts USING fts5(terms, tokenize = 'unicode61')")
        self.database.execute("CREATE VIRTUAL TABLE tokens USING fts5vocab(texts, 'instance')")

    def fill(self, text: str) -> None:
        self.database.execute("DELETE FROM texts")
        self.database.execute("INSERT INTO texts VALUES (?)", (" ".join(index_terms(text)),))

    def finds(self, query: str) -> bool:
        expression = match_expression(query)
        if not expression:
            return False
        return bool(self.database.execute("SELECT 1 FROM texts WHERE texts MATCH ?", (expression,)).fetchall())

    def tokens(self) -> int:
        (number,) = self.database.execute("SELECT count(*) FROM tokens").fetchone()
        return int(number)


@pytest.fixture(scope="module")
def full_text() -> Iterator[FullText]:
    table = FullText()
    yield table
    table.database.close()


def array_finds(text: str, query: str) -> bool:
    """As PostgreSQL answers ``terms @> query``."""
    asked = query_terms(query)
    return bool(asked) and set(asked) <= set(index_terms(text))


TITLE = "贵阳市公共停车场实时泊位数据（KF-2026-000127），申请人王𬭚，筑数函〔2026〕12号，Café Ｏｐｅｎ ＡＰＩ 3.5"


@pytest.mark.parametrize(
    "query",
    [
        "停车",
        "停车场",
        "公共停车场实时泊位",
        "场",
        "贵",
        "据",
        "泊位数据 停车场",
        "KF-2026-000127",
        "kf-2026-000127",
        "ＫＦ－２０２６－０００１２７",
        "KF–2026–000127",
        "KF2026000127",
        "KF-2026",
        "2026-000127",
        "000127",
        "127",
        "王𬭚",
        "𬭚",
        "王\u200b𬭚\U000e0100",
        "筑数函〔2026〕12号",
        "12号",
        "号",
        "cafe",
        "CAFÉ",
        "open api",
        "3.5",
        '"停车场"',
    ],
)
def test_a_reader_finds_a_text_by_what_it_says(full_text: FullText, query: str) -> None:
    full_text.fill(TITLE)
    assert full_text.finds(query)
    assert array_finds(TITLE, query)


@pytest.mark.parametrize(
    "query",
    [
        "停场",
        "车停",
        "飞机场",
        "KF-2026-000128",
        "KF-2025-000127",
        "00012",
        "王",
        "",
        " ",
        "，。（）",
        "*",
        '"',
        "NOT",
        "停车场 OR",
    ],
)
def test_a_reader_does_not_find_what_it_does_not_say(full_text: FullText, query: str) -> None:
    text = TITLE.replace("王", "黄")
    full_text.fill(text)
    assert not full_text.finds(query)
    assert not array_finds(text, query)


def test_two_words_side_by_side_are_not_one(full_text: FullText) -> None:
    full_text.fill("停车，车场")
    assert not full_text.finds("停车场")
    full_text.fill("停车场，车位")
    assert full_text.finds("停车场")


@pytest.mark.parametrize(
    "rare", ["䶮", "㬎", "𠮷", "𬭚", "𰀀", "\U00031350", "\U0002ebf0", "\ue000", "〇", "々", "鿿", "﨑"]
)
def test_a_rare_character_of_a_name_is_found_alone_and_beside_others(full_text: FullText, rare: str) -> None:
    full_text.fill(f"王{rare}，申请")
    for query in (rare, f"王{rare}"):
        assert full_text.finds(query)
    assert not full_text.finds(f"{rare}王")


def test_the_terms_of_a_run_are_its_pairs_in_order_and_then_its_characters() -> None:
    assert index_terms("停车场停") == ["停车", "车场", "场停", "停", "车", "场"]
    assert query_terms("停车场停车") == ["停车", "车场", "场停"]
    assert query_terms("停") == ["停"]
    assert match_expression("停车场 KF-2026") == '"停车 车场" "kf2026"'


def test_a_reference_is_found_by_its_parts() -> None:
    assert index_terms("KF-2026-000127") == ["kf", "2026", "000127", "127", "kf2026", "2026000127", "kf2026000127"]
    assert query_terms("KF-2026-000127") == ["kf2026", "2026000127"]


def test_no_term_outgrows_an_index_key() -> None:
    endless = "a" * 100_000 + " " + "-".join("b" * 50 for _ in range(100))
    assert max(map(len, index_terms(endless))) == MAX_TERM
    assert array_finds(endless, "a" * 90)


def test_an_endless_query_stays_small(full_text: FullText) -> None:
    full_text.fill("停车场" * 1000)
    assert full_text.finds("停车场" * 100_000)
    assert len(match_expression("一乙二三" * 100_000)) < 1_000


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40) | st.text(
    "停车场𬭚AbÉ09-–．，〇が ﬁ", max_size=30
)


@given(TEXTS)
def test_every_term_survives_the_tokenizer_whole(full_text: FullText, text: str) -> None:
    full_text.fill(text)
    assert full_text.tokens() == len(index_terms(text))


@given(st.text("停车场数据𬭚公", min_size=1, max_size=30), st.data())
def test_every_part_of_a_chinese_text_finds_it(full_text: FullText, text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    full_text.fill(f"前言。{text}")
    assert full_text.finds(text[start:end])
    assert array_finds(text, text[start:end])


@given(st.text("停车场𬭚公", max_size=12), st.text("停车场𬭚公", min_size=1, max_size=4))
def test_the_full_text_index_finds_a_run_exactly_when_the_text_holds_it(
    full_text: FullText, text: str, query: str
) -> None:
    full_text.fill(text)
    assert full_text.finds(query) == (query in text)


@given(TEXTS)
def test_a_text_finds_itself(full_text: FullText, text: str) -> None:
    full_text.fill(text)
    assert full_text.finds(text) == bool(query_terms(text)) == array_finds(text, text)
