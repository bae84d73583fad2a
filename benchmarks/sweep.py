"""The sweep after a bad night: how long until 100,000 due timers have had their effect.

Each is the clock of a whole case that has run out: the case is locked, its flow goes on, an event subprocess begins, a task
appears, it is recorded, and the transaction is committed. One case is filed as people file it and its rows are copied, sealed
anew. As many as fit into the time are woken, by one worker and by two processes; the rest is projected. Beside it: the stock
library, which loads a case with a due timer, runs it and serializes it again in memory, without a database, a lock or a record;
and the claim alone, beside a search for due timers without index. Run by ``make bench``; ``DUBAN_BENCH_SECONDS`` says how
long each measurement takes (default 8), ``DUBAN_BENCH_TIMERS`` how many cases are made for it (default 3,000).
"""

import multiprocessing
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import text

from benchmarks.support import busy, stock
from benchmarks.support.copies import Copier, Row, ident
from benchmarks.support.figures import milliseconds
from benchmarks.support.installation import Installation, installations

SECONDS = float(os.environ.get("DUBAN_BENCH_SECONDS", "8"))
TIMERS = int(os.environ.get("DUBAN_BENCH_TIMERS", "3000"))
ALL = 100_000
A_FEW = 40


def fill(at: Installation, number: int) -> None:
    """So many cases whose clock ran out an hour ago."""
    from engine import process
    from engine.access import SYSTEM

    template = at.file()
    copier = Copier(at.database)
    past = copier.at(datetime.now(UTC) - timedelta(hours=1))
    (case,) = copier.rows("case_file", template, "id")
    with at.database.reading(SYSTEM) as reading:
        key = reading.keys.case_key(case["wrapped_key"], case["master_key_id"])
    document = key.open(case["data"], process.data_purpose(template))

    def cases() -> Any:
        for n in range(number):
            sealed = key.seal(document, process.data_purpose(ident("c", n)))
            yield case | {"id": ident("c", n), "reference": f"FM-1999-{n:07}", "data": sealed, "due_at": past}

    copier.insert("case_file", cases())
    changes: dict[str, Row] = {"deadline": {"due_at": past}, "timer": {"due_at": past}}
    for table in ("process_instance", "participant", "deadline", "task", "timer"):
        for place, row in enumerate(copier.rows(table, template)):
            copier.insert(
                table,
                (
                    row | {"id": ident(f"{place}b", n), "case_id": ident("c", n)} | changes.get(table, {})
                    for n in range(number)
                ),
            )
    copier.done()


def woken_within(at: Installation, seconds: float) -> tuple[int, float]:
    """How many cases one worker wakes in a time, and how long it took."""
    from engine import maintenance

    number, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds and (woken := maintenance.wake(at.database, limit=50)):
        number += woken
    return number, time.perf_counter() - begun


def worker(url: str, folder: str, seconds: float, begin: Any, told: Any) -> None:
    """A process that does nothing but wake cases, as ``duban worker`` does."""
    from api.composition import compose
    from engine import maintenance
    from engine.settings import Settings

    database = compose(Settings(var=Path(folder), database_url=url))
    begin.wait()
    number, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds and (woken := maintenance.wake(database, limit=50)):
        number += woken
    told.put((number, time.perf_counter() - start))


def by_processes(at: Installation, number: int, seconds: float) -> tuple[int, float]:
    """The same by several processes at once."""
    spawn = multiprocessing.get_context("spawn")
    begin, told = spawn.Barrier(number), spawn.Queue()
    arguments = (at.settings.url, str(at.settings.var), seconds, begin, told)
    workers = [spawn.Process(target=worker, args=arguments) for _ in range(number)]
    for process in workers:
        process.start()
    answers = [told.get(timeout=seconds + 120) for _ in workers]
    for process in workers:
        process.join()
    return sum(woken for woken, _ in answers), max(took for _, took in answers)


def stock_seconds() -> float:
    """What the stock library takes for one case with a due timer, in memory."""
    process = stock.StockProcess()
    texts = []
    for _ in range(A_FEW):
        case = stock.BpmnWorkflow(process.spec, process.subprocesses)
        case.task_tree.data.update(busy.REQUEST, reply_due=in_a_second())
        case.do_engine_steps()
        texts.append(process.save(case))
    time.sleep(1.5)

    def run() -> None:
        for kept in texts:
            case = process.load(kept)
            case.refresh_waiting_tasks()
            case.do_engine_steps()
            process.save(case)

    return milliseconds(run) / 1000 / A_FEW


def in_a_second() -> str:
    return (datetime.now(UTC) + timedelta(seconds=1)).isoformat()


def claims(at: Installation) -> tuple[float, float]:
    """Milliseconds for finding fifty due timers: by the index, and by a walk through all timers and their cases."""
    with at.database.engine.connect() as connection:
        now = datetime.now(UTC)
        due: Any = now.strftime("%Y-%m-%d %H:%M:%S.%f") if at.database.sqlite else now
        ours = "SELECT id FROM timer WHERE due_at IS NOT NULL AND due_at <= :now ORDER BY due_at LIMIT 50"
        naive = (
            "SELECT t.id FROM timer t JOIN case_file c ON c.id = t.case_id WHERE c.closed_at IS NULL "
            "AND coalesce(t.due_at, t.lease_until) <= :now ORDER BY coalesce(t.due_at, t.lease_until) LIMIT 50"
        )
        return (
            milliseconds(lambda: connection.execute(text(ours), {"now": due}).all()),
            milliseconds(lambda: connection.execute(text(naive), {"now": due}).all()),
        )


def appeared(at: Installation) -> int:
    """How many tasks the clocks have brought about: one a timer, whoever woke it."""
    with at.database.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM task WHERE node = 'explain'")).scalar_one())


def report(title: str, number: int, took: float, bare: float) -> None:
    whole = ALL * took / max(1, number)
    how = "measured" if number >= ALL else "projected"
    print(
        f"  {title:24}{number:9,} in {took:5.1f} s{whole:14,.0f} s{bare * ALL:12,.0f} s{whole / (bare * ALL):9.2f}  {how}"
    )


def main() -> None:
    bare = stock_seconds()
    with installations() as made:
        for at in made:
            fill(at, TIMERS)
            by_index, by_walk = claims(at)
            print(f"\n{TIMERS:,} due timers on {at.name}{'':22}per {ALL:,}       stock    ratio")
            alone, together = woken_within(at, SECONDS), by_processes(at, 2, SECONDS)
            report("one worker", *alone, bare)
            report("two processes", *together, bare)
            print(f"  tasks that appeared: {appeared(at):,} for {alone[0] + together[0]:,} timers")
            print(f"  finding fifty due ones: {by_index:.2f} ms by the index, {by_walk:.2f} ms by a walk")


if __name__ == "__main__":
    main()
