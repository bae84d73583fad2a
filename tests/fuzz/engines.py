"""The engine in three ways: through bytes at every step, live in memory without saving, and live without pruning."""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Any
from unittest.mock import patch

from engine.runtime import Blueprint, Context, DeadlineView, Step, Trigger

door: Any = import_module("engine.runtime.advance")  # the package exports the function under the same name
history: Any = import_module("engine.runtime.history")


class Saved:
    """As cases really are: loaded, advanced and saved at every step."""

    name = "saved and loaded"

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self.state: bytes | None = None
        self.born: dict[str, int] = {}  # tasks and operations, in the order in which they were first seen

    def do(self, trigger: Trigger, data: Mapping[str, Any], deadlines: Mapping[str, Any], now: datetime) -> Step:
        views = {name: DeadlineView(due or now, due is not None) for name, due in deadlines.items()}
        step = self.advance(trigger, Context(dict(data), views), now)
        self.state = step.state
        for ident in [*(ready.id for ready in step.ready), *(asked.id for asked in step.operations)]:
            self.born.setdefault(ident, len(self.born))
        return step

    def advance(self, trigger: Trigger, context: Context, now: datetime) -> Step:
        return door.advance(self.blueprint, self.state, trigger, context, now)  # type: ignore[no-any-return]


class Live(Saved):
    """One and the same instance all the time; nothing is saved or loaded."""

    name = "live"
    instance: Any = None

    def advance(self, trigger: Trigger, context: Context, now: datetime) -> Step:
        with patch.object(door, "save", self.keep), patch.object(door, "load", self.take):
            return super().advance(trigger, context, now)

    def keep(self, blueprint: Blueprint, instance: Any) -> bytes:
        history.prune(instance)
        self.instance = instance
        return b"live"

    def take(self, blueprint: Blueprint, state: bytes, execution: Any) -> Any:
        self.instance.script_engine = execution
        return self.instance


class Unpruned(Live):
    """Live, with its whole history."""

    name = "live, with all its history"

    def advance(self, trigger: Trigger, context: Context, now: datetime) -> Step:
        with patch.object(history, "prune", lambda instance: None):
            return super().advance(trigger, context, now)
