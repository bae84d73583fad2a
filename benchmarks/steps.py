"""One user task of a case: read from its row, loaded, advanced, saved, written back, committed; beside the stock library.

Both do the same process along the same path, a case in turn, on each store. Run by ``make bench``.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.support import busy, stock
from benchmarks.support.figures import bounded, compared, heading, milliseconds, p10, p95
from benchmarks.support.ours import OurCase, OurProcess, kept_alive, phases
from benchmarks.support.stores import Store, every_store

CASES = 20


class Ours:
    """A case of ours on a store; ``sizes`` are the bytes of its state after each step."""

    sizes: ClassVar[list[int]] = []

    def __init__(self, process: OurProcess, store: Store) -> None:
        self.process, self.store, self.ident = process, store, store.add()
        self.case = process.begin()
        store.read(self.ident)
        store.write(self.ident, self.case.state, self.case.document)

    def step(self, task: str, result: str) -> None:
        state, document = self.store.read(self.ident)
        resting = OurCase(bytes(state), bytes(document), self.case.ready)
        self.case = self.process.complete(resting, task, result)
        self.store.write(self.ident, self.case.state, self.case.document)
        self.sizes.append(len(self.case.state))


class Stock:
    """The same case of the stock library, whose state holds the data too."""

    sizes: ClassVar[list[int]] = []

    def __init__(self, process: stock.StockProcess, store: Store) -> None:
        self.process, self.store, self.ident = process, store, store.add()
        store.read(self.ident)
        store.write(self.ident, process.save(process.begin()).encode(), None)

    def step(self, task: str, result: str) -> None:
        state, _ = self.store.read(self.ident)
        case = self.process.load(bytes(state).decode())
        stock.complete(case, task, result)
        saved = self.process.save(case).encode()
        self.store.write(self.ident, saved, None)
        self.sizes.append(len(saved))


def walked(case: Any) -> list[float]:
    """The milliseconds of each step along the path."""
    return [milliseconds(lambda task=task, result=result: case.step(task, result)) for task, result in busy.PATH]


def measure(store: Store, ours: OurProcess, theirs: stock.StockProcess) -> None:
    fresh: list[float] = []
    kept: list[float] = []
    stocks: list[float] = []
    for turn in range(CASES + 3):
        round_of_fresh, round_of_stock = walked(Ours(ours, store)), walked(Stock(theirs, store))
        with kept_alive():
            round_of_kept = walked(Ours(ours, store))
        if turn >= 3:  # what came before has warmed up
            fresh, kept, stocks = fresh + round_of_fresh, kept + round_of_kept, stocks + round_of_stock
    heading(f"a step on {store.name}, ms")
    compared("median", median(fresh), median(stocks), 0.15 if store.name == "SQLite NORMAL" else None)
    compared("one in ten is faster", p10(fresh), p10(stocks))
    compared("one in twenty is slower", p95(fresh), p95(stocks))
    compared("median, with the live case kept in memory", median(kept), median(stocks))
    compared("one in ten is faster, with it kept in memory", p10(kept), p10(stocks))


def main() -> None:
    ours, theirs = OurProcess(), stock.StockProcess()
    print(f"a process of {len(ours.blueprint.nodes)} nodes, {CASES} cases of {len(busy.PATH)} user tasks on each side")
    with tempfile.TemporaryDirectory() as folder, every_store(Path(folder)) as stores:
        for store in stores:
            measure(store, ours, theirs)
    heading("bytes of state")
    compared("median", median(Ours.sizes), median(Stock.sizes))
    bounded("largest of ours", max(Ours.sizes), 400)
    print("\nwhere the time of our step goes, without the store")
    for name, share in phases(ours).items():
        print(f"  {name:50}{share:11.0%}")


if __name__ == "__main__":
    main()
