"""The verbs that a process may call from a service task, and the jobs and lint rules that come with them.

``api.composition`` fills one registry at start-up; every door and every test uses it. An operation is performed inside the
unit of work that reached it. One that takes long parks: it returns ``Parked`` after enqueueing a job, and the job's settling
finishes it. Parameters only ever grow, so that deployed processes keep working.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jsonschema

from engine.errors import EngineError, Invalid

if TYPE_CHECKING:
    from engine.db import Database, UnitOfWork
    from engine.process import Run
    from engine.runtime import Fault

Perform = Callable[["UnitOfWork", "Run", "Call"], "Done | Parked"]


class UnknownOperation(Invalid):
    """The process asks for the operation {operation}, which this installation does not offer."""

    zh = "流程要求执行的操作“{operation}”在本系统中不存在。"


class WrongParameters(Invalid):
    """The operation {operation} was called with wrong parameters: {reason}."""

    zh = "操作“{operation}”的参数不正确：{reason}。"
    quotes = True


@dataclass(frozen=True)
class Call:
    """A service task's wish: the parameters, and the token under which a parked operation is finished later."""

    token: str
    node: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """The operation was carried out; the flow goes on with its result."""

    result: Any = None


@dataclass(frozen=True)
class Parked:
    """The operation waits for a job (or a person); the token stays until it is settled."""


class BusinessError(EngineError):
    """The operation ended in the error {code}, which the process may handle."""

    zh = "操作以错误“{code}”结束，由流程处理。"

    def __init__(self, code: str, **payload: Any) -> None:
        super().__init__(code=code, **payload)
        self.code = code
        self.payload = payload


class OperationBroken(EngineError):
    """The operation {operation} could not be carried out at {node}: {reason}"""

    zh = "节点“{node}”的操作“{operation}”未能执行：{reason}"

    @classmethod
    def by(cls, operation: str, node: str, error: Exception) -> "OperationBroken":
        """Of an error that is not ours only the kind is told: its message may quote what somebody wrote."""
        reason = error.for_the_record() if isinstance(error, EngineError) else type(error).__name__
        return cls(operation=operation, node=node, reason=reason)


@dataclass(frozen=True)
class Operation:
    """One verb: its name, its parameters as JSON Schema, and what it does."""

    name: str
    parameters: Mapping[str, Any]
    perform: Perform

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise WrongParameters unless the parameters fit the schema."""
        error = next(iter(jsonschema.Draft202012Validator(dict(self.parameters)).iter_errors(dict(params))), None)
        if error is not None:
            raise WrongParameters(operation=self.name, reason=error.message)


JobHandler = Callable[["Database", "JobTicket"], None]
Check = Callable[[Mapping[str, bytes]], Iterable["Fault"]]
Sweep = Callable[["Database"], int]


@dataclass(frozen=True)
class JobTicket:
    """A claimed job, as its handler sees it."""

    id: str
    kind: str
    payload: Mapping[str, Any]
    case_id: str | None
    token: str  # of the lease: settling checks it
    attempt: int
    last: bool  # no further attempt will be made


@dataclass
class Registry:
    """What the composition offers: operations, job handlers, further checks of bundles, and what falls due by itself."""

    operations: dict[str, Operation] = field(default_factory=dict)
    job_handlers: dict[str, JobHandler] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    sweeps: list[Sweep] = field(default_factory=list)

    def operation(
        self,
        verb: str,
        announces: Sequence[str] = (),
        later: Sequence[str] = (),
        /,
        **parameters: Mapping[str, Any],
    ) -> Callable[[Perform], Perform]:
        """Register a verb; ``parameters`` maps each name to its JSON Schema, all required.

        ``announces`` are the domain events that it makes known, such as ``notice.issued:{name}`` with a parameter in it;
        ``later`` are those that come of it in their own time, like the service of a paper.
        """
        schema = {
            "type": "object",
            "properties": parameters,
            "required": [n for n, s in parameters.items() if "default" not in s],
            "additionalProperties": False,
            "x-announces": announces,
            "x-announces-later": later,
        }

        def register(perform: Perform) -> Perform:
            self.operations[verb] = Operation(verb, schema, perform)
            return perform

        return register

    def job(self, kind: str) -> Callable[[JobHandler], JobHandler]:
        """Register the handler of a kind of job."""

        def register(handler: JobHandler) -> JobHandler:
            self.job_handlers[kind] = handler
            return handler

        return register

    def check(self, judge: Check) -> Check:
        """Register what else is judged of a bundle before it is deployed, by those who know (templates, say)."""
        self.checks.append(judge)
        return judge

    def sweep(self, due: Sweep) -> Sweep:
        """Register what the metronome does when its time has come; it says how many things it did."""
        self.sweeps.append(due)
        return due

    def find(self, name: str) -> Operation:
        if name not in self.operations:
            raise UnknownOperation(operation=name)
        return self.operations[name]
