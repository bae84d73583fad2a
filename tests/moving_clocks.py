"""A small process whose clocks may be moved, beside one of the law that may not: for tests of what moves clocks."""

from collections.abc import Callable

from engine import deadline_changes, process
from engine.db import UnitOfWork
from engine.models import Deadline, DeadlineChange, Timer
from engine.process import Run
from tests.bundles import Trial, bundle
from tests.drawing import at, handler
from tests.factories import World

WHY = "等待鉴定结论"
HANDLING = """
[deadlines.handling]
title = "办理期限"
title_en = "Handling"
days = 10
basis = "regulatory"
owed_by = "data_provider"
starts_on = "case.submitted"
stops_on = ["case.closed"]
extension_days = 5
suspension = "allowed"
restart = "allowed"
"""
LATE = handler("late > nag > nag_end", at('deadline("handling")'), interrupting=False)
FILES = bundle("start > work > end; l", more=HANDLING, l=LATE)


class Moving:
    """A case with a clock that may be moved: filed on 21 April 2026, its ten days end on 6 May, after Labour Day."""

    def __init__(self, world: World, files: dict[str, bytes] = FILES) -> None:
        self.world, self.trial = world, Trial(world, files)

    def move(self, act: Callable[..., DeadlineChange], *more: object, name: str = "handling") -> DeadlineChange:
        """The process moves a clock."""
        return self.within(lambda uow, run: act(uow, run, name, *more, WHY))

    def within(self, act: Callable[[UnitOfWork, Run], DeadlineChange]) -> DeadlineChange:
        with self.world.database.unit_of_work() as uow:
            return act(uow, process.lock(uow, self.world.case_id))

    def by_hand(self, role: str, act: deadline_changes.Act, reason: str = WHY, **more: object) -> DeadlineChange:
        """Somebody of the agency moves it."""
        name = str(more.pop("name", "handling"))
        with self.world.database.unit_of_work(self.world.person(f"data_provider.{role}")) as uow:
            return deadline_changes.by_hand(uow, self.world.case_id, name, act, reason, **more)  # type: ignore[arg-type]

    def clock(self, name: str = "handling") -> Deadline:
        return self.world.one(Deadline, case_id=self.world.case_id, name=name)

    def due(self, name: str = "handling") -> str | None:
        day = self.clock(name).due_on
        return day.isoformat() if day else None

    def timer(self) -> Timer:
        return self.world.one(Timer, case_id=self.world.case_id, deadline="handling")

    def ledger(self) -> list[tuple[str, str, int | None]]:
        entries = self.world.all(DeadlineChange, deadline_id=self.clock().id)
        return [(e.kind, e.on.isoformat(), e.days) for e in sorted(entries, key=lambda e: e.at)]
