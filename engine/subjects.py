"""What a case is called for whoever looks: its subject; of a confidential case, outside, the title of its process."""

from collections.abc import Iterable

from sqlmodel import col, select

from engine import definitions
from engine.access import whole_cases
from engine.db import Reading
from engine.models import Case


def outside(reading: Reading, case: Case, locale: str = "zh") -> str:
    """What a case is called beyond those who handle it: in other cases, on papers to others, in lists that others read."""
    if not case.confidential:
        return case.subject
    bundle = definitions.of_case(reading, case)
    return bundle.text(bundle.manifest.process, "title", locale)


def shown(reading: Reading, cases: Iterable[Case]) -> dict[str, str]:
    """By id: what cases are called for the reader, in one query however many there are."""
    found = list(cases)
    hidden, locale = closed(reading, found), reading.actor.locale
    return {case.id: outside(reading, case, locale) if case.id in hidden else case.subject for case in found}


def closed(reading: Reading, cases: Iterable[Case]) -> frozenset[str]:
    """The ids of confidential cases that the reader does not see whole."""
    secret = {case.id for case in cases if case.confidential}
    if not secret:
        return frozenset()
    seen = select(col(Case.id)).where(col(Case.id).in_(secret), whole_cases(reading.actor))
    return frozenset(secret.difference(reading.session.execute(seen).scalars()))


def of_case(reading: Reading, case: Case) -> str:
    """What one case is called for the reader."""
    return shown(reading, [case])[case.id] if case.confidential else case.subject
