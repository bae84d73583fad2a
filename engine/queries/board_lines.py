"""Lines of the board's list: what belongs to all lines of a page is read once, however many there are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from engine import definitions, subjects
from engine.db import Reading
from engine.definitions import Bundle
from engine.models import Case, Deadline, Organisation, Person, Task, Urging
from engine.queries import lights, stopped
from engine.views import OverdueRow

Found = tuple[Case, Deadline | None, str | None]  # the clock that is looked at, and its standing breach


@dataclass(frozen=True)
class _Known:
    """What was read for all lines of the page, by case or id."""

    bundles: dict[str, Bundle]
    subjects: dict[str, str]
    closed: frozenset[str]  # confidential cases of which the reader sees no more than their clocks
    tasks: dict[str, list[tuple[Task, str | None]]]  # open ones, with the name of who holds them
    held: dict[str, list[str]]  # nodes at which a case has stopped
    urged: dict[str, tuple[int, datetime]]
    clocks: dict[str, Deadline]  # of cases that came without one
    organisations: dict[str, Organisation]
    titles: dict[tuple[str, str], str]  # of clocks that the present version does not declare


def lines(reading: Reading, found: Sequence[Found]) -> list[OverdueRow]:
    """Cases with their clocks as lines of the list."""
    cases = [case for case, _, _ in found]
    tasks = _tasks(reading, [case.id for case in cases])
    clocks = _clocks(reading, [case.id for case, clock, _ in found if clock is None])
    houses = {clock.organisation_id for _, clock, _ in found if clock} | {c.organisation_id for c in clocks.values()}
    houses |= {task.organisation_id for waiting in tasks.values() for task, _ in waiting}
    bundles = definitions.of_cases(reading, cases)
    known = _Known(
        bundles=bundles,
        subjects=subjects.shown(reading, cases),
        closed=subjects.closed(reading, cases),
        tasks=tasks,
        held=stopped.nodes(reading, [case.id for case in cases]),
        urged=_urged(reading, [case.id for case in cases]),
        clocks=clocks,
        organisations=_organisations(reading, [house for house in houses if house]),
        titles=_earlier_titles(reading, found, bundles),
    )
    return [_line(reading, known, case, clock or known.clocks.get(case.id), breach) for case, clock, breach in found]


def _line(reading: Reading, known: _Known, case: Case, deadline: Deadline | None, breach: str | None) -> OverdueRow:
    locale = reading.actor.locale
    bundle = known.bundles[case.definition_id]
    waiting = known.tasks.get(case.id, []) if case.id not in known.closed else []
    owing = deadline.organisation_id if deadline else None
    working = [owing, *(task.organisation_id for task, _ in waiting)]  # nobody owes it yet: who looks for the agency
    house = next((known.organisations[o] for o in working if o), None)
    separator = "、" if locale.startswith("zh") else ", "
    word = "{}（停滞）" if locale.startswith("zh") else "{} (stopped)"
    steps = [bundle.node_title(task.node, locale) for task, _ in waiting]
    steps += [
        word.format(bundle.node_title(node, locale))
        for node in known.held.get(case.id, [])
        if case.id not in known.closed
    ]
    urged, urged_at = known.urged.get(case.id, (0, None))
    return OverdueRow(
        case_id=case.id,
        reference=case.reference,
        subject=known.subjects[case.id],
        process=bundle.text(bundle.manifest.process, "title", locale),
        organisation=house.short_name if house else "",
        step=separator.join(dict.fromkeys(steps)),
        holder=separator.join(dict.fromkeys(name for _, name in waiting if name)),
        deadline=_title(known, bundle, deadline, locale),
        basis=deadline.basis if deadline else "",
        article=deadline.article if deadline else None,
        ground=deadline.ground if deadline else None,
        due_on=deadline.due_on if deadline else None,
        light=lights.of_deadline(reading, deadline) if deadline else lights.NO_CLOCK,
        breach_id=breach,
        urged=urged,
        urged_at=urged_at,
    )


def _title(known: _Known, bundle: Bundle, deadline: Deadline | None, locale: str) -> str:
    if deadline is None:
        return ""
    declared = bundle.manifest.deadlines.get(deadline.name)
    if declared is not None:
        return bundle.text(declared, "title", locale)
    return known.titles.get((bundle.definition_id, deadline.name), deadline.name)


def _earlier_titles(reading: Reading, found: Sequence[Found], bundles: dict[str, Bundle]) -> dict[tuple[str, str], str]:
    """What a clock is called of a version on which the case was before; asked once for each such clock of a version."""
    titles: dict[tuple[str, str], str] = {}
    for case, deadline, _ in found:
        if deadline is None or deadline.name in bundles[case.definition_id].manifest.deadlines:
            continue
        if (place := (case.definition_id, deadline.name)) not in titles:
            earlier = definitions.versions_of(reading, case).of_deadline(deadline.name)
            declared = earlier.manifest.deadlines.get(deadline.name)
            title = earlier.text(declared, "title", reading.actor.locale) if declared else deadline.name
            titles[place] = title
    return titles


def _tasks(reading: Reading, case_ids: list[str]) -> dict[str, list[tuple[Task, str | None]]]:
    query = (
        select(Task, Person.name)
        .join(Person, col(Person.id) == col(Task.assignee_id), isouter=True)
        .where(col(Task.case_id).in_(case_ids), col(Task.state) == "open")
        .order_by(col(Task.created_at), col(Task.id))
    )
    waiting: dict[str, list[tuple[Task, str | None]]] = defaultdict(list)
    for task, name in reading.session.exec(query):
        waiting[task.case_id].append((task, name))
    return waiting


def _urged(reading: Reading, case_ids: list[str]) -> dict[str, tuple[int, datetime]]:
    query = select(Urging.case_id, func.count(), func.max(col(Urging.at))).where(col(Urging.case_id).in_(case_ids))
    return {c: (number, at) for c, number, at in reading.session.exec(query.group_by(col(Urging.case_id)))}


def _clocks(reading: Reading, case_ids: list[str]) -> dict[str, Deadline]:
    """The statutory clock that presses most in each of some cases: the one that goes on, else the one due last."""
    query = select(Deadline).where(
        col(Deadline.case_id).in_(case_ids),
        col(Deadline.basis) == "statutory",
        col(Deadline.started_at).is_not(None),
    )
    found = list(reading.session.exec(query.order_by(col(Deadline.due_at)))) if case_ids else []
    ended = {d.case_id: d for d in found if d.state == "stopped"}
    return ended | {d.case_id: d for d in reversed(found) if d.state != "stopped"}


def _organisations(reading: Reading, ids: list[str]) -> dict[str, Organisation]:
    query = select(Organisation).where(col(Organisation.id).in_(ids))
    return {organisation.id: organisation for organisation in reading.session.exec(query)}
