"""Urging (催办): a supervisor asks those who hold a case to get it done, with words that go on record."""

from collections.abc import Sequence

from sqlmodel import col, select

from engine import access, audit, process, reminders
from engine.db import UnitOfWork
from engine.errors import Invalid
from engine.models import Deadline, Task, Urging, new_id

LONGEST = 500


class NothingSaid(Invalid):
    """Please say what you ask for; it goes on record."""

    zh = "请填写催办内容，内容将留痕。"


class NothingPicked(Invalid):
    """Please pick the cases that you want to urge."""

    zh = "请勾选要催办的事项。"


def urge(uow: UnitOfWork, case_ids: Sequence[str], text: str) -> list[Urging]:
    """Urge some cases: whoever holds their open tasks is told. Cases that the actor does not oversee are not found."""
    access.require_overseer(uow.actor)
    said = " ".join(text.split())[:LONGEST]
    if not said:
        raise NothingSaid()
    if not case_ids:
        raise NothingPicked()
    return [_urge(uow, case_id, said) for case_id in sorted(set(case_ids))]


def _urge(uow: UnitOfWork, case_id: str, said: str) -> Urging:
    overseen = select(Deadline.id).where(col(Deadline.case_id) == case_id, access.overseen(uow.actor))
    if uow.session.exec(overseen.limit(1)).first() is None:
        raise process.CaseNotFound()
    run = process.lock(uow, case_id)
    ident = new_id()
    urging = Urging(
        id=ident, case_id=case_id, text=run.key.seal_value(said, f"urging:{ident}"), at=uow.now, by=str(uow.actor)
    )
    uow.add(urging)
    holders = select(Task.assignee_id).where(col(Task.case_id) == case_id, col(Task.state) == "open")
    people = [person for person in uow.session.exec(holders) if person]
    reminders.remind(uow, people, "urged", case_id, urging=urging)
    audit.record(uow, "case.urged", case_id, urging=ident, people=len(people))
    return urging
