"""A process that does what a test tells it, in a child of its own for each act, so that the child can be killed.

    python -m tests.faults.player      reads one plan a line from its input, writes one answer a line

It imports everything once and forks for each act: a fork costs milliseconds, a start seconds. What was rehearsed before, in
this process itself and on an installation of its own, takes children less than half the time. A plan names an installation
and one or two acts; each act becomes a child with its own connections. A child meets named places (``engine.failpoints``):

- ``kill``: it ends itself with SIGKILL at the first place that the plan does not spare;
- ``cut``: at each such place it has all connections to its PostgreSQL database terminated, and goes on;
- ``wait``: there it says so and waits to be told to go on;
- ``tell``: there it says so.

Several acts start together. Where the first one waits at a place, the second starts then, and the first goes on when the
second has ended or waits for it.
"""

import faulthandler
import gc
import io
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from fastapi.testclient import TestClient
from pypdf import PdfWriter

from api import worker
from api.composition import compose
from api.scenarios import Stopwatch, make_hasty
from engine import audit, clock, definitions, failpoints, jobs, maintenance, messages
from engine.access import SYSTEM, Actor
from engine.db import Database
from engine.operations import JobTicket
from engine.settings import Settings
from notices import handlers, manuscript
from notices.paper import Paper, Place, Printed
from tests import compiling
from tests.application import application
from tests.faults import spoiling

PATIENCE = 30.0  # seconds for one act; longer is an answer too
PAUSE = 0.5  # how long one who waits for SQLite's lock may have waited for it

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

Plan = dict[str, Any]
Outcome = dict[str, Any]


def main() -> None:
    compiling.share()
    gc.freeze()
    faulthandler.enable()
    for line in sys.stdin:
        plan = json.loads(line)
        try:
            answer: Any = play(plan)
        except Exception:
            answer = {"broken": traceback.format_exc()}
        print(json.dumps(answer, ensure_ascii=False, default=str), flush=True)


def play(plan: Plan) -> list[Outcome]:
    """Do the acts of a plan at once, or the second while the first waits; one outcome each."""
    _warm_up(plan)
    if plan["rehearsal"]:
        return [_rehearsed(plan, act) for act in plan["acts"]]
    children = [Child(plan, act) for act in plan["acts"]]
    for child in children:
        child.line()  # it stands at the start
    first, *others = children
    first.go()
    while plan["acts"][0].get("harm") == "wait" and first.reaches_a_place():
        if others:
            others[0].go()
            others[0].run_until_stopped(plan["url"])
        else:  # the test does something now
            print(json.dumps({"reached": True}), flush=True)
            sys.stdin.readline()
        first.go()
    for child in others:
        child.go()  # unless it has long been on its way
    return [child.outcome() for child in children]


def _warm_up(plan: Plan) -> None:
    """Read the processes once here, and not in each child. Nothing stays open: a child must not inherit a connection."""
    if plan["url"] in _warm:
        return
    database = compose(Settings(var=Path(plan["var"]), database_url=plan["url"]))
    TestClient(application(database)).get("/nowhere")  # every route has been asked, and is prepared
    with database.reading(SYSTEM) as reading:
        for bundle in definitions.processes(reading):
            assert bundle.blueprint
    database.dispose()
    if not any(act.get("zip") for act in plan["acts"]):
        _warm.add(plan["url"])


_warm: set[str] = set()


def _rehearsed(plan: Plan, act: Plan) -> Outcome:
    """An act in this process: what it compiles and loads is there for all children."""
    database = _installation(plan, act)
    answer = ACTS[act["do"]](database, act)
    database.dispose()
    gc.freeze()
    return {"reached": [], "answer": answer}


# ---------------------------------------------------------------- a child, seen from its parent


class Child:
    """One act in a process of its own, and the two pipes to it."""

    def __init__(self, plan: Plan, act: Plan) -> None:
        said, say = os.pipe()
        heard, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(said), os.close(tell)
            _live(plan, act, Voice(say, heard))
        os.close(say), os.close(heard)
        self._said, self._tell, self._buffer = said, tell, b""
        self._told: Outcome = {"reached": []}

    def go(self) -> None:
        try:
            os.write(self._tell, b"\n")
        except BrokenPipeError:
            return

    def run_until_stopped(self, url: str) -> None:
        """Let it run until it has ended, or waits for a lock that another one holds."""
        if not self.reaches_a_place():
            return
        if not url.startswith("postgresql"):  # to wait for SQLite's lock cannot be seen
            self._speaks(PAUSE)
            return
        until = time.monotonic() + PATIENCE
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
            while not self._speaks(0.02) and time.monotonic() < until:
                if other.execute(WAITING).fetchone() != (0,):
                    return

    def _speaks(self, seconds: float) -> bool:
        return bool(select.select([self._said], [], [], seconds)[0])

    def line(self) -> Outcome:
        """The next thing that it says; nothing when it has ended, or says nothing for too long."""
        until = time.monotonic() + PATIENCE
        while b"\n" not in self._buffer:
            if not select.select([self._said], [], [], max(0.0, until - time.monotonic()))[0]:
                os.kill(self.pid, signal.SIGABRT)  # it says where it hung
                return {"hung": True}
            if not (read := os.read(self._said, 65536)):
                return {}
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\n")
        return dict(json.loads(line))

    def reaches_a_place(self) -> bool:
        """Whether the next thing that it says is that it is at a place, and not how it ended."""
        line = self.line()
        self._hear(line)
        return "at" in line

    def _hear(self, line: Outcome) -> None:
        self._told |= line
        if "at" in line:
            self._told["reached"].append(line["at"])

    def outcome(self) -> Outcome:
        """What came of the act."""
        while line := self.line():
            self._hear(line)
            if "hung" in line:
                break
        _, status = os.waitpid(self.pid, 0)
        os.close(self._said), os.close(self._tell)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not {"answer", "hung"} & set(self._told) and not (killed and self._told["reached"]):
            self._told.setdefault("broken", f"ended with status {status}")
        return self._told


# ---------------------------------------------------------------- the child itself


class Voice:
    """How a child speaks to its parent."""

    def __init__(self, say: int, heard: int) -> None:
        self._say, self._heard = say, heard

    def tell(self, **what: Any) -> None:
        os.write(self._say, json.dumps(what, ensure_ascii=False, default=str).encode() + b"\n")

    def wait(self) -> None:
        os.read(self._heard, 1)


def _live(plan: Plan, act: Plan, voice: Voice) -> None:
    try:
        if plan["without"]:
            spoiling.take_away(plan["without"])
        database = _installation(plan, act)
        with database.reading(SYSTEM):
            pass  # connected
        voice.tell(ready=True)
        voice.wait()
        with failpoints.armed(_hook(act, database, voice)):
            voice.tell(answer=ACTS[act["do"]](database, act))
    except BaseException:
        voice.tell(broken=traceback.format_exc())
    finally:
        os._exit(0)


def _installation(plan: Plan, act: Plan) -> Database:
    """The installation of the plan. Typesetting takes seconds and is tested elsewhere: a paper is an empty page here."""
    right, ahead = clock.wall, timedelta(seconds=act.get("ahead", plan["ahead"]))
    clock.wall = lambda: right() + ahead  # type: ignore[assignment]
    handlers.typeset = _printed  # type: ignore[assignment]
    handlers.render = manuscript.render = lambda paper: _printed(paper).content  # type: ignore[assignment]
    jobs.ATTEMPTS = 1000  # it is killed more often than an operator would stand by
    settings = Settings(var=Path(plan["var"]), database_url=plan["url"], **plan.get("settings", {}))
    database = compose(settings, Stopwatch(datetime.fromisoformat(plan["at"])))
    database.registry.job_handlers["test.count"] = _count
    make_hasty(database)
    return database


def _printed(paper: Paper) -> Printed:
    page = PdfWriter()
    page.add_blank_page(595, 842)
    page.add_metadata({"/Title": paper.title})
    written = io.BytesIO()
    page.write(written)
    return Printed(written.getvalue(), Place(0, 300, 100, 420, 220))


def _hook(act: Plan, database: Database, voice: Voice) -> failpoints.Hook:
    """What happens at each place that is not spared, the first time."""
    harm, spared, at = act.get("harm"), set(act.get("spare", ())), act.get("at")

    def hook(name: str) -> None:
        if harm is None or name in spared or (at is not None and name != at):
            return
        spared.add(name)
        voice.tell(at=name)
        if harm == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif harm == "cut":
            _cut(database)
        elif harm == "wait":
            voice.wait()

    return hook


def _cut(database: Database) -> None:
    with psycopg.connect(database.settings.url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# ---------------------------------------------------------------- what can be done


def _request(database: Database, act: Plan) -> Outcome:
    """A request to the application; files are given by name and content."""
    client = TestClient(application(database), raise_server_exceptions=False, headers=act.get("headers"))
    if act.get("zip"):
        answer = client.post(
            act["path"], content=bytes.fromhex(act["zip"]), headers={"content-type": "application/zip"}
        )
    elif files := act.get("files"):
        parts = [("attachments", (name, content.encode(), "application/pdf")) for name, content in files]
        answer = client.post(act["path"], data={"request": json.dumps(act["json"])}, files=parts)
    else:
        answer = client.post(act["path"], json=act.get("json"))
    body = answer.json()
    return {"status": answer.status_code, "type": body.get("type", ""), "body": body}


def _work(database: Database, act: Plan) -> Outcome:
    """All due work, as the metronome does it: it outlives what goes wrong in a beat."""
    metronome = worker.Metronome(database)
    done = [
        metronome._beat(work) for _ in range(act.get("beats", 6)) for work in (maintenance.sweep, maintenance.run_jobs)
    ]
    return {"status": 200, "body": {"done": sum(done)}}


def _sweep(database: Database, act: Plan) -> Outcome:
    """One sweep, whose errors show."""
    return _shown(lambda: maintenance.sweep(database))


def _run_jobs(database: Database, act: Plan) -> Outcome:
    return _shown(lambda: maintenance.run_jobs(database))


def _enqueue(database: Database, act: Plan) -> Outcome:
    def enqueue() -> None:
        with database.unit_of_work() as uow:
            jobs.enqueue(uow, "test.count", act["key"])

    return _shown(enqueue)


def _message(database: Database, act: Plan) -> Outcome:
    """Material of the applicant, under an id of the sender's."""
    applicant = Actor("party", id=act["party"], case_id=act["case"])

    def send() -> None:
        with database.unit_of_work(applicant) as uow:
            messages.send(uow, act["case"], "more_material", act["form"], message_id=act["id"])

    return _shown(send)


def _record(database: Database, act: Plan) -> Outcome:
    """Something that is recorded beside all cases."""

    def record() -> None:
        with database.unit_of_work() as uow:
            audit.record(uow, "test.recorded", stream="reads")

    return _shown(record)


def _shown(do: Callable[[], Any]) -> Outcome:
    try:
        return {"status": 200, "body": {"done": do()}}
    except Exception as error:
        return {"status": getattr(error, "status", 500), "type": type(error).__name__, "body": traceback.format_exc()}


def _count(database: Database, ticket: JobTicket) -> None:
    """A job whose effects can be counted: one line a run, one event a settling."""
    with (database.settings.var / "runs").open("a") as file:
        file.write(ticket.id + "\n")
    failpoints.failpoint("count.ran")
    with database.unit_of_work() as uow:
        jobs.settle(uow, ticket)
        audit.record(uow, "test.counted", stream="administration")


ACTS: dict[str, Callable[[Database, Plan], Outcome]] = {
    "request": _request,
    "work": _work,
    "sweep": _sweep,
    "jobs": _run_jobs,
    "enqueue": _enqueue,
    "record": _record,
    "message": _message,
}

if __name__ == "__main__":
    main()
