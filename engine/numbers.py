"""Gapless numbers: references of cases and 文号 of notices, allotted in the transaction that uses them.

Two writers at once never share or skip a number: the row of the sequence is locked until the transaction ends, and a number
that was rolled back is given out again. Lock order: case, then sequence.
"""

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from engine.db import UnitOfWork
from engine.failpoints import failpoint
from engine.models import NumberSequence, new_id

CASES = "case"


def next_number(uow: UnitOfWork, owner: str, series: str, year: int) -> int:
    """The next number of a series of an organisation (or of ``CASES``) in a year."""
    insert = sqlite.insert if uow.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = insert(NumberSequence).values(id=new_id(), owner=owner, series=series, year=year, last=0)
    uow.session.execute(fresh.on_conflict_do_nothing(index_elements=["owner", "series", "year"]))
    sequence = uow.session.exec(
        select(NumberSequence)
        .where(
            col(NumberSequence.owner) == owner, col(NumberSequence.series) == series, col(NumberSequence.year) == year
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    sequence.last += 1
    uow.add(sequence)
    failpoint("numbers.allotted")
    return sequence.last
