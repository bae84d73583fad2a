"""What a case, a process and a start cost: memory, bytes, seconds; beside the stock library. Run by ``make bench``."""

import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.support import busy, stock
from benchmarks.support.figures import compared, heading, milliseconds
from benchmarks.support.installation import furnish
from benchmarks.support.ours import NOW, OurProcess
from benchmarks.support.server import serving
from engine import definitions, lint
from engine.access import SYSTEM
from engine.runtime import Context
from engine.runtime.execution import Execution
from engine.runtime.state import load
from engine.settings import Settings

CASES, TURNS = 200, 15
BUNDLES, STARTS = 12, 3


def memory_of(make: Callable[[], Any]) -> float:
    """Kilobytes that one of many such things takes."""
    make()  # what all of them share is made with the first
    tracemalloc.start()
    kept = [make() for _ in range(CASES)]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return taken / len(kept) / 1024


def cases() -> None:
    """A case in the middle of its parallel region, in memory and at rest."""
    ours, theirs = OurProcess(), stock.StockProcess()
    case, live = ours.begin(), theirs.begin()
    for node, result in busy.OPENING[:2]:
        case = ours.complete(case, node, result)
        stock.complete(live, node, result)
    text = theirs.save(live)
    heading("memory of a live case, KB")
    loaded = memory_of(lambda: load(ours.blueprint, case.state, Execution(Context(), NOW)))
    compared("loaded", loaded, memory_of(lambda: theirs.load(text)))
    heading("a case that rests, bytes")
    compared("state", len(case.state), len(text.encode()))
    compared("state and document (stock: in its state)", len(case.state) + len(case.document), len(text.encode()))


def processes() -> None:
    """The time to read a process, to judge it, and to deploy it; the stock library judges nothing."""
    with tempfile.TemporaryDirectory() as folder:
        at = furnish("SQLite", Path(folder))
        with at.database.reading(SYSTEM) as reading:
            words = definitions.vocabulary(reading)
        keys = [f"busy{number}" for number in range(TURNS)]
        with at.database.unit_of_work(SYSTEM) as uow:
            deployed = median(milliseconds(lambda k=key: definitions.deploy(uow, busy.bundle(k))) for key in keys)
        at.database.dispose()
    theirs = median(milliseconds(stock.parse) for _ in keys)
    heading("a process, ms")
    compared("read, judged and built", median(milliseconds(OurProcess) for _ in keys), theirs)
    compared("all faults of the bundle told", _judged(words), theirs)
    compared("deployed", deployed, theirs)


def _judged(words: lint.Vocabulary) -> float:
    return median(milliseconds(lambda: lint.lint_bundle(busy.bundle(), words)) for _ in range(TURNS))


def starts() -> None:
    """From the command to the first good answer of /readyz, with one process deployed and with many."""
    seconds: dict[int, list[float]] = {1: [], BUNDLES: []}
    with tempfile.TemporaryDirectory() as folder:
        made = {count: _deployed(Path(folder) / str(count), count) for count in seconds}
        for _ in range(STARTS):
            for count, settings in made.items():
                with serving(settings) as server:
                    seconds[count].append(server.ready_after)
    heading("the start of duban serve, s", f"{BUNDLES} bundles", "1 bundle")
    compared("until /readyz says yes", median(seconds[BUNDLES]), median(seconds[1]))


def _deployed(folder: Path, count: int) -> Settings:
    at = furnish("SQLite", folder)
    with at.database.unit_of_work(SYSTEM) as uow:
        for number in range(1, count):
            definitions.deploy(uow, busy.bundle(f"busy{number}"))
    at.database.dispose()
    return at.settings


def main() -> None:
    cases()
    processes()
    starts()


if __name__ == "__main__":
    main()
