"""Does a case get slower with its history? Steps and bytes after 1 to 10,000 rounds of a loop, beside the stock library.

Each late round is timed in turn with an early one, so that a slow moment of the machine meets both. Run by ``make bench``.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.support import busy, stock
from benchmarks.support.figures import compared, heading, milliseconds
from benchmarks.support.installation import Installation, installations
from benchmarks.support.ours import OurCase, OurProcess

MARKS = (10, 100, 1_000, 10_000)
MARKS_OF_THE_VERB = (10, 100, 300)
TURNS = 40  # rounds that are timed at each mark
MOST = 1.2


def in_turn(late: Callable[[], object], early: Callable[[], object], turns: int = TURNS) -> tuple[float, float]:
    """The median of both, in milliseconds."""
    pairs = [(milliseconds(late), milliseconds(early)) for _ in range(turns)]
    return median(a for a, _ in pairs), median(b for _, b in pairs)


def walked(process: OurProcess, case: OurCase, path: tuple[tuple[str, str], ...]) -> OurCase:
    for node, result in path:
        case = process.complete(case, node, result)
    return case


def runtime_alone(process: OurProcess) -> None:
    heading("a round on the runtime alone (load, advance, save), ms", "late", "round 1")
    first = case = walked(process, process.begin(), (*busy.OPENING, *busy.ROUND))
    done, sizes = 1, [(1, len(first.state))]
    for mark in MARKS:
        while done < mark:
            case, done = walked(process, case, busy.ROUND), done + 1
        late, early = in_turn(partial(walked, process, case, busy.ROUND), partial(walked, process, first, busy.ROUND))
        compared(f"round {mark:,}", late, early, MOST)
        sizes.append((mark, len(case.state)))
    print("  bytes of state: " + ", ".join(f"{size} at round {mark:,}" for mark, size in sizes))


def stock_library(process: stock.StockProcess) -> None:
    """The same of the stock library, which keeps its history in its state, for as long as it goes on."""
    heading("a round on the stock library (load, run, save), ms", "late", "round 1")
    first, live, done = _texts(process)
    for mark in MARKS:
        try:
            while done < mark:
                done += 1
                for node, result in busy.ROUND:
                    stock.complete(live, node, result)
            text = process.save(live)
            late, early = in_turn(partial(_stock_round, process, text), partial(_stock_round, process, first), 5)
        except Exception as error:
            print(f"  stops in round {done} with {type(error).__name__}")
            return
        compared(f"round {mark:,} ({len(text):,} bytes)", late, early)


def _texts(process: stock.StockProcess) -> tuple[str, stock.BpmnWorkflow, int]:
    live = process.begin()
    for node, result in (*busy.OPENING, *busy.ROUND):
        stock.complete(live, node, result)
    return process.save(live), live, 1


def _stock_round(process: stock.StockProcess, text: str) -> None:
    for node, result in busy.ROUND:
        case = process.load(text)
        stock.complete(case, node, result)
        text = process.save(case)


def whole_verb(at: Installation) -> None:
    """The same through tasks.complete: neither tasks nor step records nor the audit trail of a case may slow it down."""
    heading(f"a round of tasks.complete on {at.name}, ms", "late", "early")
    old, done = _opened(at), 0
    for mark in MARKS_OF_THE_VERB:
        while done < mark:
            _verb_round(at, old)
            done += 1
        young = _opened(at)
        late, early = in_turn(partial(_verb_round, at, old), partial(_verb_round, at, young), TURNS // 2)
        done += TURNS // 2
        compared(f"round {mark:,}", late, early, MOST)


def _opened(at: Installation) -> str:
    case_id = at.file()
    for node, result in busy.OPENING:
        at.complete(at.open_task(case_id, node), node, result)
    return case_id


def _verb_round(at: Installation, case_id: str) -> None:
    for node, result in busy.ROUND:
        at.complete(at.open_task(case_id, node), node, result)


def main() -> None:
    runtime_alone(OurProcess())
    stock_library(stock.StockProcess())
    with installations() as made:
        for at in made:
            whole_verb(at)


if __name__ == "__main__":
    main()
