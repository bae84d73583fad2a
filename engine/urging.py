"""Urging (催办): who oversees a case tells those who must act to hurry, with words that go on record.

It changes nothing in the case. The words are sealed with the key of the case; who works on it reads them in their inbox and in
the file of the case.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from engine import audit, clock, ladder, process, recusals, reminders
from engine.access import UNIT_HEAD, answered_cases, desk_cases
from engine.db import Reading, UnitOfWork
from engine.errors import Conflict, EngineError, Forbidden, Invalid
from engine.models import Case, Deadline, Person, Urging
from engine.process import Run

LONGEST = 500
MOST = 100  # cases in one act


class NotYoursToUrge(Forbidden):
    """Only supervisors over it, and the leaders and heads of unit of those who handle it, may urge a case."""

    zh = "只有有权督办的督办人，以及承办机关的分管领导和承办科室负责人可以催办。"


class WordsMissing(Invalid):
    """Please say what is to be done; it goes on record."""

    zh = "请填写催办内容，内容将记录在案。"


class WordsTooLong(Invalid):
    """What is to be done takes at most {longest} signs; these are {length}."""

    zh = "催办内容最多 {longest} 字，现有 {length} 字。"


class NothingToUrge(Invalid):
    """Please pick the cases to urge."""

    zh = "请选择要催办的案件。"


class TooManyToUrge(Invalid):
    """At most {most} cases are urged at once."""

    zh = "一次最多催办 {most} 件。"


class CaseEnded(Conflict):
    """The case {reference} is closed; there is nothing left to urge."""

    zh = "{reference} 已经办结，无需催办。"


class UrgedAlready(Conflict):
    """The case {reference} was urged on {when}; it may be urged again {hours} hours after that."""

    zh = "{reference} 已于 {when} 催办，间隔满 {hours} 小时后可以再次催办。"


def urge(uow: UnitOfWork, case_ids: Sequence[str], text: str) -> list[Urging]:
    """Urge cases, with the same words for all; returns what was put on record.

    Of several cases, those that cannot be urged (closed, or urged a while ago) are left out, each with a warning that says why;
    where none is left, that is the error. Raises CaseNotFound, NotYoursToUrge, WordsMissing, WordsTooLong, CaseEnded,
    UrgedAlready.
    """
    words = _words(text)
    ids = sorted(set(case_ids))
    if not ids:
        raise NothingToUrge()
    if len(ids) > MOST:
        raise TooManyToUrge(most=MOST)
    _require_permission(uow, ids)
    # the one act that holds several cases at once: always in the order of their ids, and before anything else is locked
    cases = [process.lock_row(uow, case_id) for case_id in ids]
    refused: list[EngineError] = []
    urged: list[Urging] = []
    last = _last(uow, ids)
    for case in cases:
        refusal = _refusal(uow, case, last.get(case.id))
        if refusal is None:
            urged.append(_urge(uow, case, words))
        else:
            refused.append(refusal)
    if not urged:
        raise refused[0]
    for refusal in refused:
        uow.warn(refusal)
    return urged


def may_urge(reading: Reading, case: Case) -> bool:
    """Whether the actor may urge a case, and it still goes on."""
    answered = select(Case.id).where(col(Case.id) == case.id, answered_cases(reading.actor))
    if case.closed_at is not None or reading.session.exec(answered).first() is None:
        return False
    return recusals.my_bar(reading, case) is None


def _words(text: str) -> str:
    """What was written, without anything unseen but line breaks; raises WordsMissing, WordsTooLong."""
    words = "".join(sign for sign in text.replace("\r\n", "\n") if sign.isprintable() or sign == "\n").strip()
    if not words:
        raise WordsMissing()
    if len(words) > LONGEST:
        raise WordsTooLong(longest=LONGEST, length=len(words))
    return words


def _require_permission(reading: Reading, ids: Collection[str]) -> None:
    def number(condition: ColumnElement[bool]) -> int:
        return reading.session.exec(
            select(func.count()).select_from(Case).where(col(Case.id).in_(ids), condition)
        ).one()

    if number(desk_cases(reading.actor)) < len(ids):
        raise process.CaseNotFound()
    if number(answered_cases(reading.actor)) < len(ids):
        raise NotYoursToUrge()


def _refusal(uow: UnitOfWork, case: Case, last: datetime | None) -> EngineError | None:
    gap = ladder.of(uow.settings).urging
    if case.closed_at is not None:
        return CaseEnded(reference=case.reference)
    if (barred := recusals.my_bar(uow, case)) is not None:
        return barred
    if last is not None and uow.now < last + gap.gap:
        when = f"{last.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"
        return UrgedAlready(reference=case.reference, when=when, hours=gap.gap_hours)
    return None


def _urge(uow: UnitOfWork, case: Case, words: str) -> Urging:
    pressing = _pressing(uow, case)
    urging = Urging(
        case_id=case.id, deadline_id=pressing.id if pressing else None, text=b"", at=uow.now, by=str(uow.actor)
    )
    key = uow.keys.case_key(case.wrapped_key, case.master_key_id)
    urging.text = key.seal_value(words, _purpose(urging))
    uow.add(urging)
    owing = pressing.organisation_id if pressing else None
    people = reminders.addressees(uow, case.id, owing, ("assignee", UNIT_HEAD))
    told = reminders.remind(uow, people, "urged", case.id, deadline_id=urging.deadline_id, urging=urging)
    audit.record(uow, "case.urged", case.id, urging=urging.id, people=told)
    return urging


def _pressing(uow: UnitOfWork, case: Case) -> Deadline | None:
    """The clock that presses most: the law's before ours, the earliest due first."""
    running = select(Deadline).where(
        col(Deadline.case_id) == case.id, col(Deadline.state) == "running", col(Deadline.private).is_(False)
    )
    clocks = [deadline for deadline in uow.session.exec(running) if ladder.binds(deadline)]
    return min(clocks, key=lambda d: (d.basis != "statutory", d.due_at or d.started_at, d.name), default=None)


def _purpose(urging: Urging) -> str:
    return f"urging:{urging.id}"


# ---------------------------------------------------------------- what is on record


def of_case(reading: Reading, run: Run) -> list[tuple[Urging, str, str]]:
    """The urgings of a case in order, each with its words and the name of who urged."""
    found = select(Urging).where(col(Urging.case_id) == run.case.id).order_by(col(Urging.at), col(Urging.id))
    urgings = list(reading.session.exec(found))
    names = names_of(reading, [urging.by for urging in urgings])
    return [(urging, run.key.open_value(urging.text, _purpose(urging)), names[urging.by]) for urging in urgings]


def words_of(reading: Reading, urging: Urging, case: Case) -> str:
    """The words of an urging; nothing once the personal data of the case have been erased."""
    if case.wrapped_key is None:
        return ""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    return str(key.open_value(urging.text, _purpose(urging)))


def names_of(reading: Reading, actors: Collection[str]) -> dict[str, str]:
    """Who urged, by name."""
    ids = [actor.removeprefix("person:") for actor in actors]
    people = select(Person.id, Person.name).where(col(Person.id).in_(ids))
    known = {f"person:{ident}": name for ident, name in reading.session.exec(people)}
    return {actor: known.get(actor, "") for actor in actors}


def counts(reading: Reading, case_ids: Collection[str]) -> Mapping[str, int]:
    """How often each of some cases was urged; none that never was."""
    number = select(Urging.case_id, func.count()).where(col(Urging.case_id).in_(case_ids)).group_by(col(Urging.case_id))
    return dict(list(reading.session.exec(number)))


def _last(reading: Reading, case_ids: Collection[str]) -> dict[str, datetime]:
    newest = select(Urging.case_id, func.max(col(Urging.at))).where(col(Urging.case_id).in_(case_ids))
    return {case_id: at for case_id, at in reading.session.exec(newest.group_by(col(Urging.case_id))) if at}
