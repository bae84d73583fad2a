"""What became of clocks: answered in time or late, counted by organisation, process, basis and month.

A withdrawal or the mere end of a case is no answer, and an internal target is nobody's duty: neither is counted. The counts
are changed at the end of the transaction in which a clock stops, in the order of their keys, so that two that change the
same counts wait for each other briefly and never in a circle. They can be counted anew at any time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import delete, text
from sqlalchemy import select as plain
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from engine import clock
from engine.db import Database, Reading, UnitOfWork
from engine.models import Breach, Deadline, ResultCount, new_id

NO_ANSWER = ("case.withdrawn", "case.closed")
Key = tuple[str, str, str, date]  # organisation, process, basis, month
Counts = Counter[tuple[Key, str]]  # in_time or late


def counts(deadline: Deadline) -> bool:
    """Whether a stopped clock is a result of an organisation."""
    answered = deadline.stopped_by is not None and deadline.stopped_by not in NO_ANSWER
    return answered and deadline.organisation_id is not None and deadline.basis != "internal"


def stopped(uow: UnitOfWork, deadline: Deadline) -> None:
    """A clock was stopped: what became of it is counted at the end of the transaction."""
    if counts(deadline):
        if not uow.stopped:
            uow.before_commit(lambda: _count(uow))
        uow.stopped.append(deadline)


def corrected(uow: UnitOfWork, clocks: Iterable[Deadline]) -> None:
    """The breaches of clocks were annulled: those that were answered were answered in time."""
    found: Counts = Counter()
    for deadline in clocks:
        if deadline.state == "stopped" and counts(deadline):
            found[_key(deadline), "late"] -= 1
            found[_key(deadline), "in_time"] += 1
    if found:
        uow.before_commit(lambda: _add(uow, found))


def recount(database: Database) -> int:
    """Count all results anew; returns how many rows that makes. Whoever stops a clock meanwhile waits."""
    with database.unit_of_work() as uow:
        if not database.sqlite:
            uow.session.execute(text("LOCK TABLE result_count IN SHARE ROW EXCLUSIVE MODE"))
        uow.session.execute(delete(ResultCount))
        rows = _rows(_derived(uow))
        uow.append(ResultCount, rows)
    return len(rows)


def faults(reading: Reading) -> Iterator[str]:
    """One sentence for each count that is not what the clocks say."""
    derived = {_key_of(row): (row["in_time"], row["late"]) for row in _rows(_derived(reading))}
    kept = {_key_of(vars(row)): (row.in_time, row.late) for row in reading.session.exec(select(ResultCount))}
    for key in sorted(derived.keys() | kept.keys()):
        counted, known = kept.get(key, (0, 0)), derived.get(key, (0, 0))
        if counted != known:
            organisation, process, basis, month = key
            yield f"results of {organisation}, {process}, {basis}, {month:%Y-%m} are {counted}, the clocks say {known}"


def _count(uow: UnitOfWork) -> None:
    """Last of all: the counts of other cases of the same organisation wait for us from here on."""
    found: Counts = Counter()
    missed = _standing(uow, [deadline.id for deadline in uow.stopped])
    for deadline in uow.stopped:
        found[_key(deadline), "late" if deadline.id in missed else "in_time"] += 1
    _add(uow, found)


def _standing(uow: UnitOfWork, deadline_ids: list[str]) -> set[str]:
    stands = col(Breach.annulled_at).is_(None)
    return set(uow.session.exec(select(Breach.deadline_id).where(col(Breach.deadline_id).in_(deadline_ids), stands)))


def _key(deadline: Deadline) -> Key:
    if deadline.organisation_id is None or deadline.stopped_at is None:
        raise ValueError(f"{deadline.id} has no result")
    return deadline.organisation_id, deadline.process_key, deadline.basis, month_of(clock.day_of(deadline.stopped_at))


def month_of(day: date) -> date:
    return day.replace(day=1)


def _add(uow: UnitOfWork, found: Counts) -> None:
    """Add to the counts, in the order of their keys."""
    table = sqlite if uow.session.get_bind().dialect.name == "sqlite" else postgresql
    for row in _rows(found):
        insert = table.insert(ResultCount).values(id=new_id(), **row)
        sums = {name: getattr(ResultCount, name) + row[name] for name in ("in_time", "late")}
        key = ["organisation_id", "process_key", "basis", "month"]
        uow.session.execute(insert.on_conflict_do_update(index_elements=key, set_=sums))


def _rows(found: Counts) -> list[dict[str, object]]:
    keys: Iterable[Key] = sorted({key for key, _ in found})
    return [
        dict(zip(("organisation_id", "process_key", "basis", "month"), key, strict=True))
        | {"in_time": found[key, "in_time"], "late": found[key, "late"]}
        for key in keys
    ]


def _key_of(row: dict[str, object]) -> tuple[object, ...]:
    return row["organisation_id"], row["process_key"], row["basis"], row["month"]


def _derived(reading: Reading) -> Counts:
    """The results that the clocks themselves tell."""
    stands = select(Breach.id).where(col(Breach.deadline_id) == col(Deadline.id), col(Breach.annulled_at).is_(None))
    what = (Deadline.organisation_id, Deadline.process_key, Deadline.basis, Deadline.stopped_at)
    answered = plain(*(col(name) for name in what), stands.exists()).where(
        col(Deadline.state) == "stopped",
        col(Deadline.organisation_id).is_not(None),
        col(Deadline.basis) != "internal",
        col(Deadline.stopped_by).not_in(NO_ANSWER),
    )
    found: Counts = Counter()
    for organisation, process, basis, at, late in reading.session.execute(answered).yield_per(5000):
        found[(organisation, process, basis, month_of(clock.day_of(at))), "late" if late else "in_time"] += 1
    return found
