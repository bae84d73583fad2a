"""One advance of one case, as the library sees it: reads the document, collects writes and the trail.

Case data is one document. A token carries only its locals: the item of a loop, the payload of a handler. Everything
else that a script, a form, a decision or an operation writes goes to the document, where every branch reads the
present.
"""

from collections import ChainMap
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine

from engine.errors import EngineError
from engine.runtime import expressions
from engine.runtime.errors import ExpressionFailed, ExpressionInvalid
from engine.runtime.values import Context, Passed

LOCALS = "$locals"  # names that enclosing loops declared, and any local that was written → how often it was written


class Execution(PythonScriptEngine):  # type: ignore[misc]
    """What the library calls its script engine; one for each advance."""

    def __init__(self, context: Context, now: datetime) -> None:
        super().__init__(environment=self)
        self.context = context
        self.now = now
        self.data = dict(context.data)
        self.effort = expressions.Effort()
        self.writes: dict[str, Any] = {}
        self.passed: list[Passed] = []
        self.failures: dict[Any, EngineError] = {}  # id of a token that was held in this advance → why

    def validate(self, expression: str) -> None:
        expressions.check_expression(expression)

    def evaluate(self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return expressions.evaluate(expression, self.names(task), self.effort)
        except ExpressionInvalid as error:
            raise failed(task, expression, error) from None

    def execute(self, task: Any, script: str, external_context: Mapping[str, Any] | None = None) -> bool:
        """All assignments of a script, or none of them: each sees those before it."""
        assigned: dict[str, Any] = {}
        names = ChainMap(assigned, *self.names(task).maps)
        try:
            for name, tree in expressions.assignments(script):
                assigned[name] = expressions.value_of(tree, names, self.effort)
        except ExpressionInvalid as error:
            raise failed(task, script, error) from None
        self.write(task, assigned)
        return True

    def names(self, task: Any) -> ChainMap[str, Any]:
        """What an expression of this token reads: its locals, then the document, then the case around it."""
        around = {"data": self.data, "participants": self.context.participants}
        return ChainMap(task.data, self.data, around)

    def write(self, task: Any, values: Mapping[str, Any]) -> None:
        """Values for this token: its locals stay with it, everything else goes to the document."""
        for name, value in values.items():
            if name in local_names(task):
                written = task.data.get(LOCALS, {})
                task.data |= {name: value, LOCALS: {**written, name: written.get(name, 0) + 1}}
            else:
                self.publish(name, value)

    def publish(self, name: str, value: Any) -> None:
        """Write one field of the document."""
        self.data[name] = self.writes[name] = value


def failed(task: Any, expression: str, reason: object) -> ExpressionFailed:
    """The error that names node and expression."""
    spec = task.task_spec
    return ExpressionFailed(node=spec.bpmn_id or spec.name, expression=expression, reason=str(reason))


def local_names(task: Any) -> set[str]:
    """The names of a token's locals: what it carries, and what an enclosing loop declared."""
    return set(task.data) | set(task.data.get(LOCALS, ()))


def take_over(mine: dict[str, Any], theirs: Mapping[str, Any]) -> None:
    """The locals of a token join those of another: of two values the one counts that was written more often since the
    branches parted, for only one of them may write it."""
    written, by_them = mine.get(LOCALS, {}), theirs.get(LOCALS, {})
    new = [n for n in theirs if n != LOCALS and (n not in mine or by_them.get(n, 0) > written.get(n, 0))]
    both = {n: max(written.get(n, 0), by_them.get(n, 0)) for n in {**written, **by_them}}
    mine |= {n: theirs[n] for n in new} | ({LOCALS: both} if both else {})


def bring_back(task: Any, inner: Mapping[str, Any]) -> None:
    """From within a subprocess or a round of a loop, a token takes along its own locals and nothing else."""
    names = local_names(task) - {LOCALS}
    written = {n: times for n, times in inner.get(LOCALS, {}).items() if n in names}
    take_over(task.data, {n: inner[n] for n in names if n in inner} | {LOCALS: written})


def visible_locals(task: Any) -> dict[str, Any]:
    """A token's locals as people may see them."""
    return {name: value for name, value in task.data.items() if name != LOCALS}


# ------------------------------------------------------------------------------------------------ the trail


def note_passed(workflow: Any, task: Any) -> None:
    """After a node is done: note it, and the sequence flows that its tokens take."""
    note_fired(task, task.children)


def note_fired(task: Any, followers: Iterable[Any]) -> None:
    """Note a node as passed, with the flows to those that follow; internal steps of the library have no drawn id."""
    spec, passed = task.workflow.spec, task.workflow.script_engine.passed
    drawn = spec.drawn.get(task.task_spec.name)
    if drawn is not None:
        passed.append(drawn)
    for follower in followers:
        flow = spec.flow_ids.get((task.task_spec.name, follower.task_spec.name))
        if flow is not None:
            passed.append(Passed(flow, "sequenceFlow"))
