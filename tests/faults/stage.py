"""An installation on which a story is played while machines die: programs knock at its door, a worker does what is due.

What is asked goes through a process of its own (``player``); what is looked at afterwards is read by the test.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from engine import directory
from engine.access import SYSTEM, Actor
from engine.models import Incident
from engine.settings import ROOT
from tests.factories import ANSWERS, REQUEST, World

Act = dict[str, Any]

LEASES_RUN_OUT = 1000.0  # seconds, longer than any lease


@dataclass(frozen=True)
class Outcome:
    """What came of an act: the answer, and where its process was harmed. One that was killed has no status."""

    status: int = 0
    type: str = ""  # of a problem: its slug
    body: Any = None
    harmed: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Player:
    """The process that acts."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.player"],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith(("DUBAN_", "PYTEST"))} | {"LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def play(self, plan: dict[str, Any], meanwhile: Callable[[], None] | None = None) -> list[Outcome]:
        """Do the acts of a plan; ``meanwhile`` is done whenever a single act waits."""
        self._say(json.dumps(plan))
        answer = self._hear()
        while isinstance(answer, dict) and answer.get("reached"):
            assert meanwhile
            meanwhile()
            self._say("")
            answer = self._hear()
        assert isinstance(answer, list), answer["broken"]
        return [_outcome(told) for told in answer]

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(timeout=30)  # its input ends, and so does it


def _outcome(told: dict[str, Any]) -> Outcome:
    assert "hung" not in told, "it went on for ever"
    assert "broken" not in told, told["broken"]
    answer = told.get("answer") or {"status": 0, "body": None}
    slug = answer.get("type", "").removeprefix("urn:duban:problem:")
    return Outcome(answer["status"], slug, answer["body"], frozenset(told["reached"]))


@dataclass
class Stage:
    """An installation, the process that acts on it, and everybody's tokens."""

    world: World
    player: Player
    settings: dict[str, Any] = field(default_factory=dict)
    without: dict[str, Any] | None = None  # a protection that a test takes away
    rehearsal: bool = False  # nobody is harmed, nor are processes of their own needed
    ahead: float = 0.0  # how far wall time is ahead: leases run out without waiting
    _tokens: dict[str, str] = field(default_factory=dict)
    _keys: "count[int]" = field(default_factory=count)

    # ------------------------------------------------------------ what can be asked

    def file(self, files: Iterable[tuple[str, str]] = (), **changed: Any) -> Act:
        """Somebody files the usual request."""
        body = {"process": "open_data_request", "form": REQUEST | changed}
        return self._post("/api/v1/cases", body, {}, list(files))

    def complete(self, node: str, by: str = "", **changed: Any) -> Act:
        """The right person answers an open task as usual."""
        task = self.world.task(node)
        form = {k: v for k, v in (ANSWERS.get(node, {}) | changed).items() if v is not None}
        path = f"/api/v1/tasks/{task.id}/complete"
        return self._post(path, {"form": form}, self._bearer(by or f"{task.part}.{task.role}"))

    def claim(self, node: str, by: str = "") -> Act:
        task = self.world.task(node)
        return self._post(f"/api/v1/tasks/{task.id}/claim", None, self._bearer(by or f"{task.part}.{task.role}"))

    def send(self, message: str, files: Iterable[tuple[str, str]] = (), **form: Any) -> Act:
        """The applicant sends something into the case."""
        from engine import cases

        with self.world.database.reading(SYSTEM) as reading:
            known = cases.submitted(reading, self.world.case_id, self.world.applicant().id or "")
        codes = {"Duban-Reference": known.reference, "Duban-Query-Code": known.query_code}
        return self._post(f"/api/v1/status/messages/{message}", {"form": form}, codes, list(files))

    def deploy(self, zipped: bytes) -> Act:
        """An administrator deploys a process."""
        return self._post("/api/v1/processes", None, self._bearer("administrator")) | {"zip": zipped.hex()}

    def release(self, node: str, by: str) -> Act:
        return self._post(f"/api/v1/tasks/{self.world.task(node).id}/release", None, self._bearer(by))

    def try_again(self, by: str = "administrator") -> Act:
        """An operator lets the stopped case try again."""
        incident = self.world.one(Incident, case_id=self.world.case_id, resolved_at=None)
        return self._post(f"/api/v1/incidents/{incident.id}/retry", {"reason": "已更正"}, self._bearer(by))

    def work(self) -> Act:
        """A worker does what is due."""
        return {"do": "work"}

    def _post(self, path: str, body: Any, headers: dict[str, str], files: Any = ()) -> Act:
        """A request; sent again, it has the same key."""
        key = {"Idempotency-Key": f"key-{next(self._keys)}"}
        return {"do": "request", "path": path, "json": body, "headers": key | headers, "files": files}

    def _bearer(self, lane: str) -> dict[str, str]:
        where = f"{self.world.case_id}:{lane}"  # another case may be another agency's
        if where not in self._tokens:
            person = self._administrator() if lane.startswith("administrator") else self.world.person(lane)
            with self.world.database.unit_of_work(SYSTEM) as uow:
                self._tokens[where] = directory.create_token(uow, person.id or "", "test")
        return {"Authorization": f"Bearer {self._tokens[where]}"}

    def _administrator(self) -> Actor:
        with self.world.database.unit_of_work(SYSTEM) as uow:
            made = directory.create_person(uow, f"officer-{next(self._keys)}", "某人", "!", duty="administrator")
            return directory.actor_of(uow, made.id)

    # ------------------------------------------------------------ doing it

    def do(self, act: Act, meanwhile: Callable[[], None] | None = None) -> Outcome:
        """One act; it may be harmed."""
        return self.player.play(self._plan(act), meanwhile)[0]

    def at_once(self, *acts: Act) -> list[Outcome]:
        """Several acts from processes of their own, which start together."""
        return self.player.play(self._plan(*acts))

    def meet(self, first: Act, place: str, second: Act) -> list[Outcome]:
        """The second begins while the first stands at a place, and the first goes on when the second waits or has ended."""
        first_told, second_told = self.player.play(
            self._plan(first | {"harm": "wait", "at": place}, second | {"harm": "tell", "at": "db.begins"})
        )
        assert first_told.harmed == {place}, first_told
        return [first_told, second_told]

    def insist(
        self, act: Act, harm: str, spare: set[str], meanwhile: Callable[[], None] | None = None
    ) -> Iterable[Outcome]:
        """Ask again and again, harmed at other places each time, until it goes through unharmed; yields what came of each."""
        while True:
            outcome = self.do(act | {"harm": harm, "spare": sorted(spare)}, meanwhile)
            self.ahead += LEASES_RUN_OUT
            yield outcome
            if not outcome.harmed:
                return
            spare |= outcome.harmed

    def _plan(self, *acts: Act) -> dict[str, Any]:
        settings = self.world.database.settings
        return {
            "var": str(settings.var),
            "url": settings.url,
            "settings": self.settings,
            "at": self.world.watch.at.isoformat(),
            "ahead": self.ahead,
            "without": self.without,
            "rehearsal": self.rehearsal,
            "acts": list(acts),
        }
