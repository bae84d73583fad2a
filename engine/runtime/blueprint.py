"""A process that has been read, judged and built: what all its cases share."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from engine.runtime.builder import build
from engine.runtime.decisions import Decision
from engine.runtime.drawing import Process, Scope
from engine.runtime.scopes import ScopeSpec
from engine.runtime.values import Node


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A sealed process. ``nodes`` are all drawn nodes by id, of the process itself and of those that it calls."""

    key: str
    nodes: Mapping[str, Node]
    main: ScopeSpec
    scopes: Mapping[str, ScopeSpec]
    steps: Mapping[str, tuple[str, ...]]  # names of the library's steps of each scope: a state stores their positions
    drawn: Mapping[str, Scope]  # the scopes as they were drawn: to judge whether tokens can go on from where they are
    shape: int  # checksum of ``steps``: a state fits the drawing it was made with

    def spec(self, scope: str) -> ScopeSpec:
        """What the library runs for a scope, the process itself among them."""
        return self.main if scope == self.key else self.scopes[scope]

    def __repr__(self) -> str:
        return f"<Blueprint {self.key}: {len(self.nodes)} nodes>"


def make_blueprint(key: str, processes: Mapping[str, Process], decisions: Mapping[str, Decision]) -> Blueprint:
    """Build a process with all that it calls; the drawings have been found without fault."""
    used = _called_from(key, processes)
    specs: dict[str, ScopeSpec] = {}
    for process in used:
        specs.update(build(process, decisions))
    steps = {ident: tuple(sorted(spec.task_specs)) for ident, spec in specs.items()}
    scopes = {ident: spec for ident, spec in specs.items() if ident != key}
    drawn = {scope.id: scope for process in used for scope in process.scopes()}
    return Blueprint(key, _nodes(used), specs[key], scopes, steps, drawn, shape_of(steps))


def shape_of(steps: Mapping[str, tuple[str, ...]]) -> int:
    """A checksum of names and their positions."""
    return zlib.crc32(repr(sorted(steps.items())).encode())


def _called_from(key: str, processes: Mapping[str, Process]) -> list[Process]:
    """The process and those that it calls, directly or not."""
    order = [key]
    for ident in order:
        for element in processes[ident].everything():
            if element.called and element.called not in order:
                order.append(element.called)
    return [processes[ident] for ident in order]


def _nodes(processes: list[Process]) -> dict[str, Node]:
    return {
        element.id: Node(
            element.id,
            element.name,
            element.kind,
            process.id,
            element.lane,
            element.properties,
            element.file,
            element.called,
        )
        for process in processes
        for element in process.everything()
    }
