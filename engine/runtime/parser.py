"""From files to a blueprint: read, judge, build. Every problem is a fault with its place, never a traceback."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.runtime.blueprint import Blueprint, make_blueprint
from engine.runtime.decisions import Decision, read_decisions
from engine.runtime.drawing import Drawing, Process
from engine.runtime.errors import Fault, Faulty
from engine.runtime.reader import read_drawing
from engine.runtime.refusals import check_processes

MOST_TOGETHER = {  # of all files that are judged together; beyond it nobody could read them, and checks would take minutes
    "files": 500,
    "processes": 200,
    "nodes": 3_000,
    "sequence flows": 6_000,
    "characters of expressions": 300_000,
    "cells of decision tables": 20_000,
}


@dataclass
class Reading:
    """What was found in a set of files that belong together."""

    drawings: list[Drawing] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    size: Counter[str] = field(default_factory=Counter)

    def has_room(self, file: str, size: Mapping[str, int]) -> bool:
        """Whether a file fits beside those that were read before; if not, that is a fault."""
        self.size.update(size)
        too_many = next((what for what, most in MOST_TOGETHER.items() if self.size[what] > most), None)
        if too_many is not None:
            reason = f"was not judged: together the files have more than {MOST_TOGETHER[too_many]} {too_many}"
            self.faults.append(Fault(file, "", reason))
        return too_many is None


def read(files: Mapping[str, bytes]) -> Reading:
    """Read all .bpmn and .dmn files, and judge what can be judged of each and of all together."""
    reading = Reading()
    for file in sorted(files):
        if not file.endswith((".bpmn", ".dmn")) or not reading.has_room(file, {"files": 1}):
            continue
        (_read_bpmn if file.endswith(".bpmn") else _read_dmn)(reading, file, files[file])
    reading.faults.extend(check_processes(reading.processes, reading.decisions))
    return reading


def _read_bpmn(reading: Reading, file: str, source: bytes) -> None:
    drawing, faults = read_drawing(file, source)
    if reading.has_room(file, drawing.size):
        reading.drawings.append(drawing)
        reading.faults.extend(faults)
        for process in drawing.processes:
            _add_process(reading, process)


def _read_dmn(reading: Reading, file: str, source: bytes) -> None:
    decisions, faults = read_decisions(file, source)
    cells = [text for d in decisions for r in d.rules for text in (*r.conditions, *r.values)]
    size = {"cells of decision tables": len(cells), "characters of expressions": sum(map(len, cells))}
    if reading.has_room(file, size):
        reading.faults.extend(faults)
        for decision in decisions:
            _add_decision(reading, decision)


def _add_process(reading: Reading, process: Process) -> None:
    other = reading.processes.setdefault(process.id, process)
    if other is not process:
        reading.faults.append(Fault(process.file, process.id, f"a process with this id is also in {other.file}"))


def _add_decision(reading: Reading, decision: Decision) -> None:
    other = reading.decisions.setdefault(decision.id, decision)
    if other is not decision:
        reading.faults.append(Fault(decision.file, decision.id, f"a decision with this id is also in {other.file}"))


def parse(files: Mapping[str, bytes], key: str) -> Blueprint:
    """The blueprint of the process ``key`` in the .bpmn and .dmn files of one bundle; raises Faulty.

    The result is sealed and shared by all cases; making it takes milliseconds, so callers keep it.
    """
    reading = read(files)
    main = reading.processes.get(key)
    if main is None and not reading.faults:
        reading.faults.append(Fault(min(files, default=""), key, "there is no process with this id"))
    elif main is not None and not main.executable:
        reading.faults.append(Fault(main.file, key, "the process is marked as not executable"))
    faults = tuple(fault for fault in reading.faults if not fault.warning)
    if faults:
        raise Faulty(faults)
    return make_blueprint(key, reading.processes, reading.decisions)
