"""The engine room: reads drawn processes, runs them, and hands out frozen values. SpiffWorkflow is met nowhere else.

Pure: no database and no clock. ``advance`` takes a state, what happened and what is known, and returns a ``Step``.
"""

from engine.runtime.advance import advance
from engine.runtime.blueprint import Blueprint
from engine.runtime.errors import (
    EndlessRun,
    ExpressionFailed,
    ExpressionInvalid,
    Fault,
    Faulty,
    NoWayOut,
    StaleTrigger,
    TooManyTokens,
    UnhandledError,
    UnreadableState,
)
from engine.runtime.expressions import check_expression, evaluate, names_read
from engine.runtime.parser import parse
from engine.runtime.values import (
    Complete,
    Context,
    DeadlineRef,
    DeadlineView,
    Message,
    Node,
    OperationDone,
    OperationFailed,
    OperationRequest,
    Passed,
    Ready,
    Start,
    Step,
    Tick,
    Timer,
    Trigger,
)

__all__ = [
    "Blueprint",
    "Complete",
    "Context",
    "DeadlineRef",
    "DeadlineView",
    "EndlessRun",
    "ExpressionFailed",
    "ExpressionInvalid",
    "Fault",
    "Faulty",
    "Message",
    "NoWayOut",
    "Node",
    "OperationDone",
    "OperationFailed",
    "OperationRequest",
    "Passed",
    "Ready",
    "StaleTrigger",
    "Start",
    "Step",
    "Tick",
    "Timer",
    "TooManyTokens",
    "Trigger",
    "UnhandledError",
    "UnreadableState",
    "advance",
    "check_expression",
    "evaluate",
    "names_read",
    "parse",
]
