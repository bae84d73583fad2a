"""Find cases by number, by words of the subject (Chinese bigrams), or by an applicant's exact name (a keyed hash).

The index holds references and subjects, never personal data. FTS5 serves SQLite, an array with a GIN index PostgreSQL.
"""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, cast, func, literal_column, text
from sqlalchemy import select as sa_select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text
from sqlmodel import col

from engine.bigrams import index_terms, match_expression, query_phrases, query_terms
from engine.db import Reading, UnitOfWork
from engine.models import Case, Party, SearchEntry
from engine.privacy import Keys

LONGEST = 200  # characters of a search that are looked at


def index(uow: UnitOfWork, case: Case) -> None:
    """Make a case findable by its reference and subject; called again when either changes.

    A confidential one by its reference alone: a search over what others see would tell them what it is about.
    """
    terms = " ".join(index_terms(case.reference if case.confidential else f"{case.reference} {case.subject}"))
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
    typed = typed[:LONGEST]
    named = sa_select(col(Party.case_id)).where(col(Party.name_token) == name_token(reading.keys, typed))
    return col(Case.id).in_(named.union_all(_hits(reading, typed)) if query_terms(typed) else named)


def name_token(keys: Keys, name: str) -> str:
    """The keyed hash under which a person's or body's name is found."""
    plain = "".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return keys.token(plain, "party.name")


def _hits(reading: Reading, typed: str) -> Any:
    """The ids of cases that the index finds: all of them, for the reader may see few of many."""
    if _is_sqlite(reading):
        matches = text("search_words MATCH :typed").bindparams(typed=match_expression(typed))
        return sa_select(literal_column("case_id")).select_from(text("search_words")).where(matches)
    listed = func.string_to_array(
        col(SearchEntry.terms), literal_column("' '"), type_=ARRAY(Text)
    )  # as the index has it
    wanted = cast(array(query_terms(typed)), ARRAY(Text))
    side_by_side = [
        col(SearchEntry.terms).contains(phrase, autoescape=True) for phrase in query_phrases(typed) if " " in phrase
    ]
    return sa_select(col(SearchEntry.id)).where(listed.contains(wanted), *side_by_side)


def _is_sqlite(reading: Reading) -> bool:
    return reading.session.get_bind().dialect.name == "sqlite"
