"""What people are told about their cases: rungs of the ladder, urgings, work that was handed to them.

A reminder stands in the inbox of its person from the moment of its cause. Outward (e-mail) it goes with a digest.
"""

from collections.abc import Iterable

from engine.db import UnitOfWork
from engine.models import Reminder, Urging


def remind(
    uow: UnitOfWork,
    people: Iterable[str],
    kind: str,
    case_id: str,
    *,
    deadline_id: str | None = None,
    urging: Urging | None = None,
) -> None:
    """Tell people (ids of persons) something about a case, each once; whoever does it need not be told."""
    rows = [
        {
            "person_id": person,
            "case_id": case_id,
            "deadline_id": deadline_id,
            "kind": kind,
            "urging_id": urging.id if urging else None,
            "at": uow.now,
        }
        for person in sorted(set(people) - {uow.actor.person_id})
    ]
    uow.append(Reminder, rows)
