"""How a clock of the case stands, for a process that goes on differently when it was missed."""

from sqlmodel import col, select

from engine import clock, deadlines
from engine.db import UnitOfWork
from engine.models import Breach
from engine.operations import Call, Done
from engine.process import Run


def look(uow: UnitOfWork, run: Run, call: Call) -> Done:
    """``deadline.look``: when a clock started and is due, and whether any of its periods was missed."""
    name = call.params["deadline"]
    deadline = next(one for one in run.clocks if one.name == name)
    breach = select(Breach.id).where(col(Breach.deadline_id) == deadline.id, col(Breach.annulled_at).is_(None))
    late = deadline.state == "running" and deadlines.missed(deadline, uow.now)
    return Done(
        {
            "started_on": clock.day_of(deadline.started_at).isoformat() if deadline.started_at else None,
            "due_on": deadline.due_on.isoformat() if deadline.due_on else None,
            "missed": late or uow.session.exec(breach).first() is not None,
        }
    )
