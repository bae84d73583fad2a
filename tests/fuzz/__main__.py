"""The long run: ``python -m tests.fuzz`` plays new cases on two processes; with a number, it plays and shows that one.

``SECONDS`` says how long (60), ``SEED`` with which number to begin (otherwise one that is new each time). On a difference the
case is made as small as possible and shown: the drawing, the steps, and where engine and rules stand.
"""

import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice

from tests.fuzz.duel import Difference, Duel, Result
from tests.fuzz.shrink import shrink
from tests.fuzz.view import text_of

AT_ONCE = 20  # cases that a process plays before it reports


def main(arguments: list[str]) -> int:
    if arguments:
        return report([played(int(arguments[0]))])
    begin, seconds = int(os.environ.get("SEED") or time.time()), float(os.environ.get("SECONDS") or 60)
    print(f"Playing cases from {begin} on, for {seconds:.0f} s")
    until = time.monotonic() + seconds
    results: list[Result | str] = []
    with ProcessPoolExecutor(2) as pool:
        seeds = count(begin, AT_ONCE)
        while time.monotonic() < until and not any(isinstance(result, str) for result in results):
            for some in pool.map(play_some, islice(seeds, 8)):
                results += some
    return report(results)


def play_some(begin: int) -> list[Result | str]:
    return [played(seed) for seed in range(begin, begin + AT_ONCE)]


def played(seed: int) -> Result | str:
    """What the case was good for, or the difference that it showed."""
    duel = Duel.of(seed)
    try:
        return duel.play()
    except Difference as difference:
        return f"Seed {seed}: {difference}\n\n{shown(duel, seed)}"
    except Exception as error:
        return f"Seed {seed}: {error!r}\n\n{_case(duel)}"


def shown(duel: Duel, seed: int) -> str:
    small = shrink(duel.sketch, seed)
    if small is None:
        return _case(duel)
    return f"The smallest that was found:\n{_case(small)}\n{small.difference}"


def _case(duel: Duel) -> str:
    return "\n".join([text_of(duel.reading.processes), "", *duel.log])


def report(results: list[Result | str]) -> int:
    """Say what was played; 1 when there was a difference."""
    lost = [result for result in results if isinstance(result, str)]
    real = [r for r in results if isinstance(r, Result) and not r.refused and not r.endless]
    kinds = Counter(kind for result in real for kind in result.kinds)
    refused = sum(isinstance(r, Result) and r.refused for r in results)
    print(f"{len(real)} cases, {sum(r.steps for r in real)} steps; {refused} drawings refused, {len(lost)} differences")
    print(", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items())))
    for text in lost[:3]:
        print(f"\n{text}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
