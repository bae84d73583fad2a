"""Find cases by number, by words of the subject (Chinese bigrams), or by an applicant's exact name (a keyed hash).

The index holds references and subjects, never personal data. FTS5 serves SQLite, an array with a GIN index PostgreSQL.
"""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, or_, text
from sqlalchemy import select as sa_select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text
from sqlmodel import col, select

from engine.bigrams import index_terms, match_expression, query_terms
from engine.db import Reading, UnitOfWork
from engine.models import Case, Party, SearchEntry
from engine.privacy import Keys

MOST = 1000  # hits taken from the index for one search
LONGEST = 200  # characters of a search that are looked at


def index(uow: UnitOfWork, case: Case) -> None:
    """Make a case findable by its reference and subject; called again when either changes."""
    terms = " ".join(index_terms(f"{case.reference} {case.subject}"))
    entry = uow.session.get(SearchEntry, case.id) or SearchEntry(id=case.id)
    entry.terms = terms
    uow.add(entry)
    if _is_sqlite(uow):
        uow.session.execute(text("DELETE FROM search_words WHERE case_id = :id"), {"id": case.id})
        uow.session.execute(
            text("INSERT INTO search_words (case_id, terms) VALUES (:id, :terms)"), {"id": case.id, "terms": terms}
        )


def matching(reading: Reading, typed: str) -> ColumnElement[bool]:
    """The condition on ``Case`` for what somebody typed into a search field."""
    named = select(Party.case_id).where(col(Party.name_token) == name_token(reading.keys, typed))
    conditions: list[ColumnElement[bool]] = [col(Case.id).in_(named)]
    if query_terms(typed[:LONGEST]):
        conditions.append(col(Case.id).in_(_hits(reading, typed[:LONGEST])))
    return or_(*conditions)


def name_token(keys: Keys, name: str) -> str:
    """The keyed hash under which a person's or body's name is found."""
    plain = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return keys.token(plain, "party.name")


def _hits(reading: Reading, typed: str) -> Any:
    """The ids of cases that the index finds, at most ``MOST``."""
    if _is_sqlite(reading):
        words = text("SELECT case_id FROM search_words WHERE search_words MATCH :typed LIMIT :most")
        return words.bindparams(typed=match_expression(typed), most=MOST).columns(literal_column("case_id"))
    listed = func.string_to_array(col(SearchEntry.terms), " ", type_=ARRAY(Text))
    wanted = array(query_terms(typed), type_=Text)
    return sa_select(col(SearchEntry.id)).where(listed.contains(wanted)).limit(MOST)


def _is_sqlite(reading: Reading) -> bool:
    return reading.session.get_bind().dialect.name == "sqlite"
