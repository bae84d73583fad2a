"""How much of a process its stories walk through: every line of its drawings, and every event that begins or interrupts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import definitions
from engine.runtime.drawing import Element
from engine.runtime.parser import read

EVENTS = ("boundaryEvent", "startEvent")  # where something begins that is no line: also event subprocesses


@dataclass(frozen=True)
class Coverage:
    """What the stories of a process have taken of its drawings, and what they have not, with its file."""

    taken: int
    untaken: tuple[tuple[str, str], ...]  # (file, id), in the order of the drawing

    @property
    def drawn(self) -> int:
        return self.taken + len(self.untaken)

    def sentence(self) -> str:
        """``flow coverage 97 % (66 of 68)``"""
        percent = 100 * self.taken // self.drawn if self.drawn else 100
        return f"flow coverage {percent} % ({self.taken} of {self.drawn} lines and events)"


def measure(bundle: Path, passed: Iterable[str]) -> Coverage:
    """Compare what cases of a process have passed (ids of lines and nodes) with what is drawn."""
    seen = frozenset(passed)
    drawn = list(_drawn(definitions.read_folder(bundle)))
    untaken = tuple(place for place in drawn if place[1] not in seen)
    return Coverage(len(drawn) - len(untaken), untaken)


def _drawn(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Every line and every event of all drawings of a bundle."""
    reading = read({path: content for path, content in files.items() if path.endswith((".bpmn", ".dmn"))})
    for process in reading.processes.values():
        for scope in process.scopes():
            yield from ((process.file, flow) for flow in scope.flows)
            yield from ((process.file, e.id) for e in scope.elements.values() if _is_event(e))


def _is_event(element: Element) -> bool:
    return element.kind in EVENTS
