"""Counting the cases of a process by what one of their fields says, for periodic analysis (Art. 22) and the like.

The document of a case is encrypted, so each is opened: what is counted is what stands in it now.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from engine import clock, process
from engine.calendars import NoSuchDay, read_day
from engine.db import Reading, UnitOfWork
from engine.models import Case, Organisation
from engine.operations import BusinessError, Call, Done
from engine.process import Run

MOST_CASES = 20_000  # that one count opens
WITHDRAWN = "withdrawn"


def count(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``register.count``: how many cases of a process, filed from day to day, say what in a field, most first.

    ``total``, and ``rows`` of ``value``, ``title`` (the name of the organisation whose code it is) and ``count``; those that
    say nothing count under the empty value, withdrawn ones not at all. The business error ``day_unusable`` where a day is none,
    ``too_many_cases`` beyond what one step can open.
    """
    cases = list(_cases(uow, call.params["process"], call.params["since"], call.params["until"]))
    said = Counter(str(process.opened(uow, case).data.get(call.params["field"]) or "") for case in cases)
    names = _names(uow, said)
    ordered = sorted(said.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [{"value": value, "title": names.get(value, value), "count": number} for value, number in ordered]
    return Done({"total": len(cases), "rows": rows})


def _cases(reading: Reading, key: str, since: Any, until: Any) -> Iterator[Case]:
    try:
        first, last = read_day(since), read_day(until)
    except NoSuchDay as error:
        raise BusinessError("day_unusable", day=f"{since}/{until}") from error
    filed = select(Case).where(
        col(Case.process_key) == key,
        col(Case.submitted_at) >= clock.start_of(first),
        col(Case.submitted_at) < clock.start_of(last + timedelta(days=1)),
        col(Case.status) != WITHDRAWN,
    )
    found = reading.session.exec(filed.order_by(col(Case.id)).limit(MOST_CASES + 1)).all()
    if len(found) > MOST_CASES:
        raise BusinessError("too_many_cases", most=MOST_CASES)
    yield from found


def _names(reading: Reading, codes: Counter[str]) -> dict[str, str]:
    named = select(Organisation.code, Organisation.name).where(col(Organisation.code).in_(sorted(codes)))
    return dict(list(reading.session.exec(named)))
