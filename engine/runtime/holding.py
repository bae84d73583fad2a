"""Tokens that cannot go on are held where they are, and everything else goes on: what people did stays done.

A script that fails, a gateway without a way out, a time that is none, an operation that broke: the token stays at that
node, marked as held, until somebody has mended the cause and lets it try again, or has moved or cancelled it
(``engine.runtime.repair``). The mark says how far the node had come; the reason leaves with the ``Step``.
"""

from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.errors import EngineError
from engine.runtime.errors import EndlessRun, ExpressionFailed, NoWayOut, TooManyTokens, UnhandledError

HELD = "held"
ENTERING, RUNNING, REPEATING = "entering", "running", "repeating"
FLOW_ERRORS = (ExpressionFailed, NoWayOut, UnhandledError, EndlessRun, TooManyTokens)


def hold(task: Any, error: EngineError, stage: str) -> None:
    """Keep a token at its node. STARTED is outside every scan of the library for work that is ready or waits."""
    task.workflow.top_workflow.event_manager.remove_task(task)
    task.internal_data[HELD] = stage
    task._set_state(TaskState.STARTED)
    task.workflow.script_engine.failures[task.id] = error


def is_held(task: Any) -> bool:
    return task.state == TaskState.STARTED and HELD in task.internal_data


def let_go(task: Any) -> None:
    """Let a held token try once more what it was about to do; it is held again if that fails again."""
    stage = task.internal_data.pop(HELD)
    if stage == ENTERING:
        task._set_state(TaskState.FUTURE)
        task.task_spec._update(task)
    elif stage == REPEATING:
        task.task_spec.go_on(task)
    else:  # an operation is asked for anew, with parameters worked out from the data as they are now
        task._set_state(TaskState.READY)
