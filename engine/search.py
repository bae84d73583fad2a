"""Find cases by number, by words of the subject (Chinese bigrams), or by an applicant's exact name (a keyed hash).

The index holds references and subjects, never personal data. FTS5 serves SQLite, an array with a GIN index PostgreSQL.
"""

import unicodedata

from sqlalchemy import ColumnElement, func, literal_column, or_, text
from sqlalchemy import select as sa_select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text
from sqlmodel import col, select

from engine.bigrams import index_terms, query_terms
from engine.db import Reading, UnitOfWork
from engine.models import Case, Party, SearchEntry
from engine.privacy import Keys

MOST = 1000  # hits taken from the index for one search


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
    if terms := query_terms(typed[:200]):
        conditions.append(col(Case.id).in_(_hits(reading, terms)))
    return or_(*conditions)


def name_token(keys: Keys, name: str) -> str:
    """The keyed hash under which a person's or body's name is found."""
    plain = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return keys.token(plain, "party.name")


def _hits(reading: Reading, terms: list[str]):  # type: ignore[no-untyped-def]
    if _is_sqlite(reading):
        phrase = " AND ".join(f'"{t}"' + ("*" if len(t) == 1 else "") for t in (t.replace('"', "") for t in terms))
        words = text("SELECT case_id FROM search_words WHERE search_words MATCH :phrase LIMIT :most")
        return words.bindparams(phrase=phrase, most=MOST).columns(literal_column("case_id"))
    listed = func.string_to_array(col(SearchEntry.terms), " ", type_=ARRAY(Text))
    return sa_select(col(SearchEntry.id)).where(listed.contains(array(terms, type_=Text))).limit(MOST)


def _is_sqlite(reading: Reading) -> bool:
    return reading.session.get_bind().dialect.name == "sqlite"
