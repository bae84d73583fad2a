"""Verification of data items (校核, Art. 13(3)): which are under check, and how often an error was confirmed.

What a user of the data reports does not make the data wrong. While the provider verifies, the item is marked; what came of it
stays on record, so that errors that come again and again become visible (Art. 30(5)).
"""

from datetime import timedelta

from sqlalchemy import func
from sqlmodel import col, select

from engine import audit
from engine.db import Reading, UnitOfWork
from engine.models import DataCheck
from engine.operations import Call, Done
from engine.process import Run

CORRECTED = "corrected"  # the result that confirms an error
YEAR = timedelta(days=365)


def begin(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``check.begin``: the item is marked as under check by this case, until ``check.end``."""
    check = _of_case(uow, run.case.id) or DataCheck(item="", case_id=run.case.id, begun_at=uow.now)
    check.item, check.begun_at, check.ended_at, check.result = call.params["item"], uow.now, None, ""
    uow.add(check)
    audit.record(uow, "check.begun", run.case.id, item=check.item)
    return Done()


def end(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``check.end``: the check of this case is over, with a result; nothing where none was begun."""
    check = _of_case(uow, run.case.id)
    if check is not None and check.ended_at is None:
        check.ended_at, check.result = uow.now, call.params["found"]
        uow.add(check)
        audit.record(uow, "check.ended", run.case.id, item=check.item, result=check.result)
    return Done()


def errors(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``check.errors``: ``confirmed``, how many errors of the item were confirmed within the last year, this one included."""
    return Done({"confirmed": confirmed(uow, call.params["item"])})


def confirmed(reading: Reading, item: str) -> int:
    """How many errors of an item were confirmed within the 365 days before now."""
    counted = select(func.count()).where(
        col(DataCheck.item) == item,
        col(DataCheck.result) == CORRECTED,
        col(DataCheck.ended_at) > reading.now - YEAR,
    )
    return reading.session.exec(counted).one()


def under_check(reading: Reading, items: list[str]) -> frozenset[str]:
    """Which of some items (by code) are being verified now."""
    running = select(DataCheck.item).where(col(DataCheck.item).in_(items), col(DataCheck.ended_at).is_(None))
    return frozenset(reading.session.exec(running))


def _of_case(reading: Reading, case_id: str) -> DataCheck | None:
    return reading.session.exec(select(DataCheck).where(col(DataCheck.case_id) == case_id)).first()
