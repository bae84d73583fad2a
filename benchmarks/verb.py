"""The whole verb ``tasks.complete``, from who may to the commit, beside the stock library's bare load, run and save in memory.

Ours checks access, form, separation of duties and locks the case; it advances, projects tasks, timers and clocks, records,
encrypts and commits. Run by ``make bench``.
"""

import sys
from collections import Counter
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.support import busy, stock
from benchmarks.support.figures import compared, heading, milliseconds, p95
from benchmarks.support.installation import Installation, installations
from benchmarks.support.profile import shares, statements

CASES, WARMING = 25, 5


def our_case(at: Installation) -> list[float]:
    """The milliseconds of each task of a case, from the call to after the commit."""
    case_id, times = at.file(), []
    for node, result in busy.PATH:
        task_id = at.open_task(case_id, node)
        times.append(milliseconds(lambda t=task_id, n=node, r=result: at.complete(t, n, r)))
    return times


def stock_case(process: stock.StockProcess) -> list[float]:
    """The same of the stock library, which keeps its text in memory."""
    kept = [process.save(process.begin())]

    def step(node: str, result: str) -> None:
        case = process.load(kept[0])
        stock.complete(case, node, result)
        kept[0] = process.save(case)

    return [milliseconds(lambda n=node, r=result: step(n, r)) for node, result in busy.PATH]


def measure(at: Installation, process: stock.StockProcess) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(CASES + WARMING):
        fresh, stocks = our_case(at), stock_case(process)
        if turn >= WARMING:
            ours, theirs = ours + fresh, theirs + stocks
    heading(f"tasks.complete on {at.name}, ms")
    compared("median", median(ours), median(theirs), 1)
    compared("one in twenty is slower", p95(ours), p95(theirs))


def explain(at: Installation) -> None:
    """Where the time goes, and what the database is asked."""
    print(f"\nwhere the time of the verb goes on {at.name}, with the filing of the case")
    for part, share in shares(lambda: [our_case(at) for _ in range(10)]).items():
        print(f"  {part:50}{share:12.0%}")
    asked: Counter[str] = Counter()
    case_id = at.file()
    for node, result in busy.PATH:
        task_id = at.open_task(case_id, node)
        with statements(at.database.engine) as of_this:
            at.complete(task_id, node, result)
        asked += of_this
    print(f"\nstatements of one verb on {at.name}: {asked.total() / len(busy.PATH):.1f}")
    for statement, times in asked.most_common():
        print(f"  {statement:50}{times / len(busy.PATH):12.1f}")


def main() -> None:
    process = stock.StockProcess()
    with installations() as made:
        for at in made:
            measure(at, process)
        for at in made:
            explain(at)


if __name__ == "__main__":
    main()
