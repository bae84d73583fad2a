"""Who did a task: in their own name, in the place of an absent colleague, or preparing it for another."""

from collections.abc import Set

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import col

from engine.models import Handover, Task


def done_by(people: Set[str]) -> ColumnElement[bool]:
    """The condition on ``Task`` for those that are done, and in which any of these people had a hand."""
    acted = [f"person:{person_id}" for person_id in people]
    prepared = exists().where(
        col(Handover.task_id) == col(Task.id),
        or_(
            and_(col(Handover.kind) == "delegated", col(Handover.to_id).in_(people)),  # however it went on from there
            and_(col(Handover.kind) == "returned", col(Handover.by).in_(acted)),  # in the place of whoever prepared it
        ),
    )
    theirs = or_(col(Task.completed_by).in_(people), col(Task.completed_for).in_(people), prepared)
    return and_(col(Task.state) == "completed", theirs)
