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
from benchmarks.support.figures import compared, heading, p10, p95, wall_and_processor
from benchmarks.support.installation import Installation, installations
from benchmarks.support.profile import shares, statements

CASES, WARMING = 15, 3


def our_case(at: Installation) -> list[tuple[float, float]]:
    """The milliseconds of each task of a case, from the call to after the commit."""
    case_id, times = at.file(), []
    for node, result in busy.PATH:
        task_id = at.open_task(case_id, node)
        times.append(wall_and_processor(lambda t=task_id, n=node, r=result: at.complete(t, n, r)))
    return times


def stock_case(process: stock.StockProcess) -> list[tuple[float, float]]:
    """The same of the stock library, which keeps its text in memory."""
    kept = [process.save(process.begin())]

    def step(node: str, result: str) -> None:
        case = process.load(kept[0])
        stock.complete(case, node, result)
        kept[0] = process.save(case)

    return [wall_and_processor(lambda n=node, r=result: step(n, r)) for node, result in busy.PATH]


def measure(at: Installation, process: stock.StockProcess) -> None:
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for turn in range(CASES + WARMING):
        fresh, stocks = our_case(at), stock_case(process)
        if turn >= WARMING:
            ours, theirs = ours + fresh, theirs + stocks
    (our_wall, our_work), (stock_wall, stock_work) = zip(*ours, strict=True), zip(*theirs, strict=True)
    heading(f"tasks.complete on {at.name}, ms")
    compared("median", median(our_wall), median(stock_wall), 1)
    compared("one in ten is faster", p10(our_wall), p10(stock_wall))
    compared("one in twenty is slower", p95(our_wall), p95(stock_wall))
    compared("median of what this process has worked", median(our_work), median(stock_work))


def explain(at: Installation) -> None:
    """Where the time goes, and what the database is asked."""
    print(f"\nwhere the time of the verb goes on {at.name}, with the filing of the case")
    for part, share in shares(lambda: [our_case(at) for _ in range(5)]).items():
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
