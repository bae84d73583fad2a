"""What expressions about a whole case read for cases that come out of it or hear of it (``[[links]]``, ``[opens]``, ``[tells]``).

Beside the fields of its document: ``case`` (reference, process, subject, submitted_on, closed_on, outcome, status, late),
``participants``, ``organisations`` and ``items``
of the catalogue (those that its document names, by code), ``notices`` (by name, the newest that was issued:
number, title, issued_on), ``deadlines`` (by name: due_on, started_on, stopped_on, missed), ``links`` (by kind: how many cases
came out of it), ``outcomes`` (by kind: how those ended, as they were linked; None while nothing is decided) and ``today``.
"""

from typing import Any

from sqlmodel import col, select

from engine import clock, deadlines, directory, process, subjects
from engine.db import Reading
from engine.models import Breach, Case, CaseLink, Deadline, Notice
from engine.process import Run


def facts(reading: Reading, run: Run) -> dict[str, Any]:
    """What expressions about a whole case may read; every value is plain."""
    case, manifest = run.case, run.bundle.manifest
    outcomes = _outcomes(reading, case.id)
    return (
        dict.fromkeys(manifest.data)
        | run.data
        | {
            "case": {
                "reference": case.reference,
                "process": case.process_key,
                "subject": subjects.outside(reading, case),
                "submitted_on": clock.day_of(case.submitted_at).isoformat(),
                "closed_on": clock.day_of(case.closed_at).isoformat() if case.closed_at else None,
                "outcome": case.outcome,
                "status": case.status,
                "late": case.late,
            },
            "participants": process.described_participants(reading, run, with_relations=True),
            "organisations": directory.named(reading, run.data.values()),
            **process.known_items(reading, run),
            "notices": dict.fromkeys(run.bundle.notices()) | _notices(reading, case.id),
            "deadlines": dict.fromkeys(manifest.deadlines) | _deadlines(reading, run),
            "links": {kind: len(ended) for kind, ended in outcomes.items()},
            "outcomes": outcomes,
            "today": deadlines.today(reading).isoformat(),
        }
    )


def _outcomes(reading: Reading, case_id: str) -> dict[str, list[str | None]]:
    """By kind of link, how the cases ended that came out of one."""
    ended: dict[str, list[str | None]] = {}
    linked = select(CaseLink.kind, Case.outcome).join(Case, col(Case.id) == col(CaseLink.to_id))
    found = linked.where(col(CaseLink.from_id) == case_id).order_by(col(CaseLink.at), col(CaseLink.id))
    for kind, outcome in reading.session.exec(found):
        ended.setdefault(kind, []).append(outcome)
    return ended


def _notices(reading: Reading, case_id: str) -> dict[str, Any]:
    issued = select(Notice).where(col(Notice.case_id) == case_id, col(Notice.state) == "issued")
    return {
        notice.name: {
            "number": notice.number,
            "title": notice.title,
            "issued_on": notice.issued_on.isoformat() if notice.issued_on else None,
        }
        for notice in reading.session.exec(issued.order_by(col(Notice.issued_at)))
    }


def _deadlines(reading: Reading, run: Run) -> dict[str, Any]:
    missed = select(Breach.deadline_id).where(col(Breach.case_id) == run.case.id, col(Breach.annulled_at).is_(None))
    breached = set(reading.session.exec(missed))
    return {clock_.name: _clock(clock_, clock_.id in breached) for clock_ in run.clocks if not clock_.private}


def _clock(deadline: Deadline, missed: bool) -> dict[str, Any]:
    started, stopped = deadline.started_at, deadline.stopped_at
    return {
        "due_on": deadline.due_on.isoformat() if deadline.due_on else None,
        "started_on": clock.day_of(started).isoformat() if started else None,
        "stopped_on": clock.day_of(stopped).isoformat() if stopped else None,
        "missed": missed,
    }
