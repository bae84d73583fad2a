"""Times and how they are shown: our figure and its baseline of the same run beside each other, as a ratio."""

from collections.abc import Callable, Iterable
from statistics import quantiles
from time import perf_counter, process_time


def milliseconds(work: Callable[[], object]) -> float:
    """How long it took once."""
    begun = perf_counter()
    work()
    return (perf_counter() - begun) * 1000


def wall_and_processor(work: Callable[[], object]) -> tuple[float, float]:
    """How long it took once, and for how long of that this process was at work; milliseconds."""
    begun, busy = perf_counter(), process_time()
    work()
    return (perf_counter() - begun) * 1000, (process_time() - busy) * 1000


def p95(times: Iterable[float]) -> float:
    """Only one in twenty takes longer."""
    return quantiles(times, n=20)[-1]


def p10(times: Iterable[float]) -> float:
    """Only one in ten is faster: what it takes when nothing else wants the machine."""
    return quantiles(times, n=10)[0]


def heading(text: str, ours: str = "ours", baseline: str = "stock") -> None:
    print(f"\n{text:52}{ours:>12}{baseline:>12}{'ratio':>9}")


def compared(title: str, ours: float, baseline: float, target: float | None = None) -> None:
    """One line: ours, the baseline, the ratio, and what the ratio should be at most, where that is settled."""
    bound = f"  (at most {target:g})" if target is not None else ""
    print(f"  {title:50}{ours:12,.3f}{baseline:12,.3f}{ours / baseline:9.3f}{bound}")


def bounded(title: str, value: float, most: float, unit: str = "") -> None:
    """One line: a figure, and what it should be at most."""
    print(f"  {title:50}{value:12,.0f} {unit}  (at most {most:,.0f})")
