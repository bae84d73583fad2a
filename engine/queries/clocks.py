"""The clocks of a case as people see them: when they are due, how that was counted, what has moved them, what may."""

from collections.abc import Collection, Iterable, Mapping
from typing import get_args

from sqlmodel import col, select

from engine import deadline_changes, deadlines, definitions, statutes, subjects
from engine.clock import day_of
from engine.db import Reading
from engine.models import Deadline, DeadlineChange, Person
from engine.process import Run
from engine.queries import lights, rows
from engine.views import ActView, ChangeView, DeadlineView

CHANGES: Mapping[str, tuple[str, str]] = {
    "deadline.suspended": ("中止计时", "Clock suspended"),
    "deadline.resumed": ("恢复计时", "Clock resumed"),
    "deadline.extended": ("延长期限", "Limit extended"),
    "deadline.restarted": ("重新起算", "Clock begun anew"),
}


def change_title(event: str, locale: str) -> str:
    """What has moved a clock, in words."""
    return CHANGES[event][0 if locale.startswith("zh") else 1]


def deadline_views(reading: Reading, run: Run, owing: Collection[str] | None = None) -> list[DeadlineView]:
    """The clocks of a case, each with what has moved it and how its date was counted."""
    shown = [d for d in run.clocks if not d.private and (owing is None or d.organisation_id in owing)]
    return [deadline_view(reading, run, deadline) for deadline in shown]


def deadline_view(reading: Reading, run: Run, deadline: Deadline) -> DeadlineView:
    """One clock with what has moved it and how its date was counted."""
    locale = reading.actor.locale
    bundle = definitions.versions_of(reading, run.case).of_deadline(deadline.name)
    declared = bundle.manifest.deadlines.get(deadline.name)
    cited = statutes.cited(reading.settings, deadline.article, deadline.text_version, locale)
    explanation = deadlines.explain(reading, deadline, cited)
    extra_days = explanation.respite.extra_days if explanation else 0
    return DeadlineView(
        name=deadline.name,
        title=bundle.text(declared, "title", locale) if declared else deadline.name,
        basis=deadline.basis,
        article=deadline.article,
        article_title=cited,
        days=deadline.days,
        unit=deadline.unit,
        state=deadline.state,
        started_on=day_of(deadline.started_at) if deadline.started_at else None,
        due_on=deadline.due_on,
        provisional=deadline.provisional,
        stopped_on=day_of(deadline.stopped_at) if deadline.stopped_at else None,
        missed=deadline.started_at is not None and deadlines.missed(deadline, reading.now),
        light=lights.of_deadline(reading, deadline),
        owed_by=rows.who(bundle, deadline.owed_by, run.participants, locale),
        explanation=tuple(explanation.as_json()) if explanation else (),
        sentences=tuple(explanation.sentences(locale)) if explanation else (),
        extra_days=extra_days,
        extendable=deadline.extension_days - extra_days,
        suspended_on=explanation.respite.paused_since if explanation else None,
        until=deadline.cutoff,
        changes=tuple(_changes(reading, run, deadline)),
        acts=tuple(_acts(reading, run, deadline)),
    )


def _changes(reading: Reading, run: Run, deadline: Deadline) -> Iterable[ChangeView]:
    """What has moved the clock, in order; why, and who it was, is for those of the desk who see the case whole."""
    entries = deadlines.changes(reading, [deadline]).get(deadline.id, [])
    public = reading.actor.kind == "party" or bool(entries and subjects.closed(reading, [run.case]))
    names = {} if public else _names(reading, entries)
    for entry in entries:
        yield ChangeView(
            kind=entry.kind,
            on=entry.on,
            days=entry.days,
            due_on_before=entry.due_on_before,
            due_on_after=entry.due_on_after,
            reason="" if public else deadline_changes.reason_of(run, entry),
            actor=names.get(entry.actor, ""),
            evidence_id=None if public else entry.evidence_id,
        )


def _names(reading: Reading, entries: Iterable[DeadlineChange]) -> dict[str, str]:
    """Who moved the clock: people by name, and the process itself."""
    ids = {entry.actor.removeprefix("person:") for entry in entries if entry.actor.startswith("person:")}
    found = reading.session.exec(select(Person).where(col(Person.id).in_(sorted(ids)))) if ids else ()
    zh = reading.actor.locale.startswith("zh")
    return {f"person:{person.id}": person.name for person in found} | {"system": "系统" if zh else "System"}


def _acts(reading: Reading, run: Run, deadline: Deadline) -> Iterable[ActView]:
    """What whoever is in charge of a clock may do with it while it counts, and what its rule forbids."""
    if deadline.state not in ("running", "suspended") or reading.actor.kind != "person":
        return
    if not deadline_changes.in_charge(reading.actor, deadline):
        return
    for act in get_args(deadline_changes.Act):
        if act != ("suspend" if deadline.state == "suspended" else "resume"):
            refused = deadline_changes.refusal(reading, run, deadline, act)
            yield ActView(act, refused.sentence(reading.actor.locale) if refused else None)
