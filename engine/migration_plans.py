"""What would happen to running cases that go over to another version of their process, case by case, before anybody does it.

What stays where it is, what begins to listen, what hinders a case, and what an operator must know of its clocks and data.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sqlmodel import col, select

from engine import clock, deadlines, definitions, process
from engine.access import require_administrator
from engine.db import Reading
from engine.definitions import Bundle
from engine.errors import EngineError, NotFound
from engine.manifest import fits
from engine.models import Case, Party, ProcessDefinition, ProcessInstance, ReceivedMessage
from engine.process import Run
from engine.runtime import Step, Transplant, look, transplant

Outcome = Literal["possible", "hindered", "migrated", "returned", "failed"]


class CaseUnknown(NotFound):
    """The process {key} has no running case {reference}."""

    zh = "流程“{key}”没有正在办理的案件“{reference}”。"


@dataclass(frozen=True)
class Remark:
    """Something about one place of a case (a node, a field, a clock), as a sentence."""

    place: str
    sentence: str
    sentence_zh: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(frozen=True)
class Waiting:
    """A place at which a case waits, and would go on waiting under the same name."""

    node: str
    kind: Literal["task", "timer", "operation", "held"]  # held: it cannot go on by itself


@dataclass(frozen=True)
class CasePlan:
    """What happens to one case that goes over to another version: what stays, what begins, what hinders it."""

    case_id: str
    reference: str
    from_version: int
    to_version: int
    outcome: Outcome
    stays: tuple[Waiting, ...] = ()
    begins: tuple[str, ...] = ()
    obstacles: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


def plan(
    reading: Reading, key: str, to: int, from_version: int | None = None, references: Collection[str] = ()
) -> list[CasePlan]:
    """What would happen to the running cases of a process (or those named) that are on other versions."""
    require_administrator(reading.actor)
    target = definitions.version(reading, key, to)
    require_known(reading, key, references)
    plans: list[CasePlan] = []
    while ids := candidates(reading, target, from_version, references, plans[-1].case_id if plans else "", 200):
        plans += [_planned(reading, case_id, target) for case_id in ids]
        reading.session.expunge_all()
    return plans


def _planned(reading: Reading, case_id: str, target: Bundle) -> CasePlan:
    case = reading.session.get_one(Case, case_id)
    try:
        return judged(reading, process.opened(reading, case), target)[0]
    except EngineError as error:
        return failed(reading, case, target, error)


def failed(reading: Reading, case: Case, target: Bundle, error: Exception) -> CasePlan:
    known = isinstance(error, EngineError)
    sentences = (error.for_the_record(), error.sentence("zh")) if known else (type(error).__name__,) * 2  # type: ignore[attr-defined]
    before = reading.session.get_one(ProcessDefinition, case.definition_id).version
    return CasePlan(case.id, case.reference, before, target.version, "failed", obstacles=(Remark("case", *sentences),))


def candidates(
    reading: Reading, target: Bundle, from_version: int | None, references: Collection[str], after: str, most: int
) -> list[str]:
    """Running cases of the process on other versions, by id, from one on."""
    query = (
        select(Case.id)
        .join(ProcessInstance, col(ProcessInstance.case_id) == col(Case.id))
        .join(ProcessDefinition, col(ProcessDefinition.id) == col(Case.definition_id))
        .where(col(Case.process_key) == target.key, col(Case.definition_id) != target.definition_id)
        .where(col(ProcessInstance.finished_at).is_(None), col(Case.closed_at).is_(None), col(Case.id) > after)
    )
    if from_version is not None:
        query = query.where(col(ProcessDefinition.version) == from_version)
    if references:
        query = query.where(col(Case.reference).in_(references))
    return list(reading.session.exec(query.order_by(col(Case.id)).limit(most)))


def require_known(reading: Reading, key: str, references: Collection[str]) -> None:
    running = select(Case.reference).where(
        col(Case.process_key) == key, col(Case.closed_at).is_(None), col(Case.reference).in_(references)
    )
    known = set(reading.session.exec(running)) if references else set()
    for reference in references:
        if reference not in known:
            raise CaseUnknown(key=key[:64], reference=reference[:40])


def judged(reading: Reading, run: Run, target: Bundle) -> tuple[CasePlan, Transplant]:
    """The plan of one case, and its flow in the other version."""
    there = replace(run, bundle=target)
    state = run.key.open(run.instance.state, process.STATE)
    here = look(run.bundle.blueprint, state, process.context(reading, run), reading.now)
    moved = transplant(run.bundle.blueprint, target.blueprint, state, process.context(reading, there), reading.now)
    obstacles = [Remark(o.node, o.reason, o.reason_zh) for o in moved.obstacles]
    obstacles += [*_data_that_does_not_fit(run, target), *_parties_that_are_gone(reading, run, target)]
    planned = CasePlan(
        run.case.id,
        run.case.reference,
        run.bundle.version,
        target.version,
        "hindered" if obstacles else "possible",
        tuple(waiting(here)),
        moved.begins,
        tuple(obstacles),
        (*_data_out_of_sight(run, target), *_clocks(reading, there), *_early_messages(reading, run, here, moved.step)),
    )
    return planned, moved


def waiting(step: Step) -> Iterator[Waiting]:
    yield from (Waiting(ready.node, "task") for ready in step.ready)
    yield from (Waiting(timer.node, "timer") for timer in step.timers)
    yield from (Waiting(operation.node, "operation") for operation in step.operations)
    yield from (Waiting(held.node, "held") for held in step.held)


def _data_that_does_not_fit(run: Run, target: Bundle) -> Iterator[Remark]:
    before = run.bundle.manifest.data
    for name, kind in target.manifest.data.items():
        value = run.data.get(name)
        if before.get(name) != kind and not fits(value, kind):
            yield Remark(name, f"what the case holds is no {kind}", f"案件中的值不是{kind}类型")


def _data_out_of_sight(run: Run, target: Bundle) -> Iterator[Remark]:
    """Values of fields that the other version does not declare stay in the document."""
    for name in sorted(run.data):
        if run.data[name] is not None and name not in target.manifest.data:
            yield Remark(
                name, "the new version does not read this field; its value stays", "新版本不再使用此字段，原值保留"
            )


def _parties_that_are_gone(reading: Reading, run: Run, target: Bundle) -> Iterator[Remark]:
    for part in reading.session.exec(select(Party.part).where(col(Party.case_id) == run.case.id)):
        if part not in target.manifest.parties:
            yield Remark(part, "the new version knows no such party", "新版本没有这一当事人")


def _early_messages(reading: Reading, run: Run, here: Step, there: Step | None) -> Iterator[Remark]:
    """What came before anybody waited for it, and would be waited for now."""
    awaited = there.listening - here.listening if there else frozenset()
    early = select(ReceivedMessage.name).where(
        col(ReceivedMessage.case_id) == run.case.id,
        col(ReceivedMessage.consumed_at).is_(None),
        col(ReceivedMessage.name).in_(awaited),
    )
    for name in sorted(set(reading.session.exec(early))) if awaited else ():
        yield Remark(
            name,
            "a message that came earlier is taken up when the case next moves on",
            "此前收到的消息将在下次办理时处理",
        )


def _clocks(reading: Reading, there: Run) -> Iterator[Remark]:
    """What an operator must know about clocks before a case goes over."""
    for name, since in deadlines.unadopted(reading, there).items():
        if since is not None:
            day = clock.day_of(since).isoformat()
            yield Remark(name, f"a new clock, which would run since {day}", f"新增期限，自{day}起算")
        else:
            yield Remark(name, "a new clock, which does not run yet", "新增期限，尚未起算")
    for deadline in (d for d in deadlines.of_case(reading, there.case.id) if not d.private):
        rule = there.bundle.manifest.deadlines.get(deadline.name)
        if rule is None and deadline.state in ("running", "suspended"):
            yield Remark(deadline.name, "the new version has no such clock; it runs on", "新版本没有这一期限，继续计算")
        elif rule is not None and (rule.days, rule.unit) != (deadline.days, deadline.unit):
            yield Remark(
                deadline.name,
                f"it keeps its {deadline.days} {deadline.unit} days",
                f"仍按{deadline.days}{'个工作日' if deadline.unit == 'working' else '日'}计算",
            )
