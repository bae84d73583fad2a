"""Walk a process at random: whoever may act does something valid, time passes, until the case and all that came of it are closed.

What people answer is made from the form (choices, texts, numbers, dates, whatever its conditions ask for), or taken from a
story of the bundle; what a rule refuses is answered otherwise. After each step the walk looks whether what must always hold
still does.
"""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from api import stories
from api.scenarios import ANY_PDF, Stopwatch, Story
from api.stories import shanghai
from engine import catalogue, clock, definitions, documents, incidents, maintenance, messages, tasks
from engine.access import SYSTEM, Actor
from engine.clock_lint import owes_an_answer
from engine.db import Database
from engine.definitions import Bundle
from engine.errors import EngineError, Forbidden, Invalid, NotFound
from engine.form_problems import FormInvalid
from engine.forms import Form
from engine.models import Case, CaseLink, Deadline, Organisation, Party, ProcessInstance, Task, Timer

MOST_STEPS = 250
TRIES = 60  # answers that are tried for one form before it is said that there is none
MENDINGS = 12  # of an answer that a rule refuses
COLLEAGUES = 6  # of one lane
WORDS = [
    "依照职责分工办理。",
    "情况属实，有记录为证。",
    "按照规定执行，三日内反馈。",
    "已经核对。",
    "公共停车场泊位数据",
]
PAPERWORK = (
    "notice.render",
    "notice.manuscript",
    "notice.translate",
    "notice.email",
    "reminder.digest",
)  # after decisions

NEW_ITEM = {
    "description": "随机走查拟定的目录项。",
    "domain": "transport",
    "sharing": "unconditional",
    "opening": "planned",
    "update_frequency": "monthly",
    "classification": "general",
}


class Stuck(AssertionError):
    """Something that must always hold does not."""


@cache
def told(bundle: Path) -> dict[str, list[dict[str, Any]]]:
    """What the stories of a bundle answer, by task or message."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(bundle.glob("scenarios/*.toml")):
        for step in tomllib.loads(file.read_text(encoding="utf-8")).get("steps", []):
            name = step.get("task") or step.get("message")
            if name and "refused" not in step:
                found.setdefault(name, []).append(step.get("form", {}))
    return found


@dataclass
class Answers:
    """Valid answers to forms: from the schema, or as stories of the bundle have them."""

    bundle: Path
    dice: random.Random
    today: datetime

    def candidates(self, name: str, form: Form) -> Iterator[dict[str, Any]]:
        """Answers that the form accepts, one after the other."""
        for _ in range(TRIES):
            examples = told(self.bundle).get(name)
            if examples and self.dice.random() < 0.4:
                said = self.dice.choice(examples)
                yield form.coerce({k: [str(x) for x in v] if isinstance(v, list) else str(v) for k, v in said.items()})
            elif (made := self._made(form)) is not None:
                yield made

    def mended(self, form: Form, answer: dict[str, Any], name: str) -> dict[str, Any] | None:
        """The same answer with another value in the one field that a rule complains about."""
        schema = form.schema.get("properties", {}).get(name)
        changed = self._made(form, {**answer, name: self._value(schema)}) if schema else None
        return changed if changed != answer else None

    def _made(self, form: Form, answer: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """An answer that the form accepts, made anew or from one that nearly is."""
        fields = form.schema.get("properties", {})
        wanted = set(form.schema.get("required", ()))
        if answer is None:
            answer = {n: self._value(f) for n, f in fields.items() if n in wanted or self.dice.random() < 0.4}
        for _ in range(12):
            problems = form.problems(answer)
            if not problems:
                return answer
            for problem in problems:
                if problem.field in fields:
                    answer[problem.field] = self._value(fields[problem.field])
        return None

    def _value(self, schema: dict[str, Any]) -> Any:
        if choices := [c["const"] for c in schema.get("oneOf", ())] or schema.get("enum"):
            return self.dice.choice(choices)
        match schema.get("type"):
            case "boolean":
                return self.dice.random() < 0.5
            case "integer" | "number":
                low, high = int(schema.get("minimum", 1)), int(schema.get("maximum", 60))
                return self.dice.randint(low, max(low, min(high, low + 90)))
            case "array":
                items = [c["const"] for c in schema.get("items", {}).get("oneOf", ())] or ["一"]
                return self.dice.sample(items, self.dice.randint(min(1, len(items)), len(items)))
        return self._text(schema)

    def _text(self, schema: dict[str, Any]) -> str:
        if schema.get("format") == "date":
            return (clock.day_of(self.today) + timedelta(days=self.dice.randint(-3, 30))).isoformat()
        if schema.get("format") == "uri":
            return "https://data.example.cn/dataset/1"
        if schema.get("format") == "email":
            return "someone@example.com"
        if "pattern" in schema:
            return self.dice.choice(["13800000000", "12345", "2026-001", "A1", "筑数通〔2026〕1号"])
        text = self.dice.choice(WORDS) * (1 + int(schema.get("minLength", 0)) // 5)
        return text[: schema.get("maxLength", 200)]


@dataclass
class Walk:
    """One case, and those that come of it, on their way through random answers."""

    database: Database
    watch: Stopwatch
    bundle: Path
    dice: random.Random
    trace: list[str] = field(default_factory=list)
    case_id: str = ""

    # ------------------------------------------------------------ the walk

    def begin(self, file: Path) -> None:
        """File the case as a story of the bundle has it (after the story out of which it comes)."""
        told = stories.read(file)
        self.watch.at = shanghai(told["start"])
        story = Story(self.database, self.watch, self.bundle, PAPERWORK)
        if "source" in told:
            story._tell_before(told["source"]["story"], self.watch.at)
        story._begin(told["submit"])
        self.case_id = story.case_id
        self.trace.append(f"filed as in {file.stem} at {self.watch.at:%Y-%m-%d %H:%M}")

    def to_the_end(self) -> int:
        """Walk until everything is closed; the number of steps. Raises Stuck."""
        for number in range(MOST_STEPS):
            self._settle()
            open_cases = self._open_cases()
            if not open_cases:
                return number
            for case in open_cases:
                self._must_hold(case)
            self._step(open_cases)
        raise Stuck(self._said(f"not ended after {MOST_STEPS} steps"))

    def _step(self, open_cases: list[Case]) -> None:
        waiting = self._tasks(open_cases)
        roll = self.dice.random()
        if waiting and roll < 0.8:
            self._do(self.dice.choice(waiting))
        elif roll < 0.88 and self._send(self.dice.choice(open_cases)):
            return
        else:
            self._let_time_pass(open_cases)

    def _settle(self) -> None:
        maintenance.settle(self.database, leave=PAPERWORK)
        with self.database.reading(Actor("person", duty="administrator")) as reading:
            found = incidents.open_incidents(reading)
        if found:
            raise Stuck(self._said(f"an incident: {found[0].sentence}"))

    # ------------------------------------------------------------ what people and time do

    def _do(self, task: Task) -> None:
        bundle, form = self._form_of(task)
        self._draft_item(bundle, task)
        answers = Answers(self.bundle.parent / bundle.key, self.dice, self.watch.at)
        refused: EngineError | None = None
        for made in answers.candidates(task.node, form):
            answer: dict[str, Any] | None = made
            for _ in range(MENDINGS):
                if answer is None:
                    break
                refused = self._complete(task, answer, form.demands_attachments)
                if refused is None:
                    self.trace.append(f"{bundle.key}.{task.node} {answer}")
                    self.watch.at += timedelta(hours=1)
                    return
                faulty = refused.problems[0].field if isinstance(refused, FormInvalid) else ""
                answer = answers.mended(form, answer, faulty)
        raise Stuck(self._said(f"nobody can do {bundle.key}.{task.node}: {refused and refused.sentence()}"))

    def _draft_item(self, bundle: Bundle, task: Task) -> None:
        """Where a rule of the task asks for revisions of the catalogue, a new item is drafted first."""
        if not any("revisions" in rule.refuse_when for rule in bundle.manifest.rules if rule.task == task.node):
            return
        with self.database.unit_of_work(self._person(task, 1)) as uow:
            if not catalogue.drafts(uow, task.case_id):
                catalogue.draft(uow, NEW_ITEM | {"name": f"目录项{task.id}"}, case_id=task.case_id)

    def _complete(self, task: Task, answer: dict[str, Any], scan: bool) -> EngineError | None:
        """Let the first colleague who may complete a task; the sentence that refuses the answer, or everybody."""
        refused: EngineError | None = None
        for nth in range(1, COLLEAGUES + 1):
            try:
                with self.database.unit_of_work(self._person(task, nth)) as uow:
                    files = [documents.store(uow.settings, "扫描件.pdf", BytesIO(ANY_PDF))] if scan else []
                    tasks.complete(uow, task.id, answer, files)
                return None
            except Forbidden as error:  # another colleague may
                refused = error
            except Invalid as error:  # a rule: another answer may do
                return error
        return refused

    def _send(self, case: Case) -> bool:
        """Let somebody send a message that is accepted now."""
        with self.database.reading(SYSTEM) as reading:
            bundle = definitions.of_case(reading, case)
            offered = [
                a.rule for a in messages.offered(reading, case) if a.refusal is None and a.rule.sender != "system"
            ]
        if not offered:
            return False
        rule = self.dice.choice(offered)
        with self.database.reading(SYSTEM) as reading:
            form = definitions.form(reading, bundle, rule.form, "zh") if rule.form else messages.NO_FIELDS
        answers = Answers(self.bundle.parent / bundle.key, self.dice, self.watch.at)
        for answer in answers.candidates(rule.name, form):
            try:
                with self.database.unit_of_work(self._sender(case, rule.sender)) as uow:
                    messages.send(uow, case.id, rule.name, answer)
            except (Forbidden, Invalid, NotFound):  # or the sender is told nothing of the case yet
                continue
            self.trace.append(f"{bundle.key} message {rule.name} {answer}")
            self.watch.at += timedelta(hours=1)
            return True
        return False

    def _let_time_pass(self, open_cases: list[Case]) -> None:
        """To just after the next timer or clock, or a few days on."""
        ids = [case.id for case in open_cases]
        with self.database.reading(SYSTEM) as reading:
            dues = [*reading.session.exec(select(Timer.due_at).where(col(Timer.case_id).in_(ids)))]
        ahead = sorted(due for due in dues if due is not None and due > self.watch.at)
        if ahead and self.dice.random() < 0.7:
            self.watch.at = ahead[0] + timedelta(minutes=1)
        else:
            self.watch.at += timedelta(days=self.dice.randint(1, 12))
        self.trace.append(f"time passes to {self.watch.at:%Y-%m-%d %H:%M}")

    def _person(self, task: Task, nth: int) -> Actor:
        """Of the organisation for which the task waits: while nobody plays its part, of the one that stands in."""
        with self.database.reading(SYSTEM) as reading:
            house = reading.session.get_one(Organisation, task.organisation_id)
        return self._story(task.case_id).person(f"{house.code}.{task.role}#{nth}")

    def _sender(self, case: Case, sender: str) -> Actor:
        if "." in sender:
            return self._story(case.id).person(sender)
        with self.database.reading(SYSTEM) as reading:
            party = reading.session.exec(
                select(Party).where(col(Party.case_id) == case.id, col(Party.part) == sender)
            ).one()
        return Actor("party", id=party.id, case_id=case.id)

    def _story(self, case_id: str) -> Story:
        story = Story(self.database, self.watch, self.bundle, PAPERWORK)
        story.case_id = case_id
        return story

    # ------------------------------------------------------------ what must always hold

    def _must_hold(self, case: Case) -> None:
        """An open case waits for somebody who exists, or for a time or message; and while an answer is owed a clock runs."""
        with self.database.reading(SYSTEM) as reading:
            bundle = definitions.of_case(reading, case)
            of_case = list(
                reading.session.exec(select(Task).where(col(Task.case_id) == case.id, col(Task.state) == "open"))
            )
            timers = list(reading.session.exec(select(Timer).where(col(Timer.case_id) == case.id)))
            instance = reading.session.exec(
                select(ProcessInstance).where(col(ProcessInstance.case_id) == case.id)
            ).one()
            clocks = list(reading.session.exec(select(Deadline).where(col(Deadline.case_id) == case.id)))
        if instance.finished_at is not None:
            raise Stuck(self._said(f"{bundle.key} is finished, and the case is still open"))
        orphans = [task.node for task in of_case if task.organisation_id is None]
        if orphans:
            raise Stuck(self._said(f"nobody may do {bundle.key}.{orphans[0]}"))
        if not of_case and not any(t.due_at for t in timers) and not instance.listening and not instance.parked:
            raise Stuck(self._said(f"{bundle.key} waits for nothing"))
        stage = next((s for s in bundle.manifest.stages if s.key == case.stage), None)
        notices = {name: bundle.notice(name) for name in bundle.notices()}
        owed = owes_an_answer(bundle.manifest, notices) and stage is not None
        if owed and stage is not None and stage.waits_for in bundle.manifest.participants and of_case:
            running = [c for c in clocks if c.started_at is not None and c.stopped_at is None]
            if not running:
                raise Stuck(self._said(f"{bundle.key} waits at {stage.key} for {stage.waits_for}, and no clock runs"))

    # ------------------------------------------------------------ looking

    def _open_cases(self) -> list[Case]:
        """The case and all that came of it, as far as they are open."""
        with self.database.reading(SYSTEM) as reading:
            found, waiting = set(), {self.case_id}
            while waiting:
                found |= waiting
                linked = reading.session.exec(select(CaseLink.to_id).where(col(CaseLink.from_id).in_(sorted(waiting))))
                waiting = set(linked) - found
            cases = select(Case).where(col(Case.id).in_(sorted(found)), col(Case.closed_at).is_(None))
            return list(reading.session.exec(cases.order_by(col(Case.reference))))

    def _tasks(self, open_cases: list[Case]) -> list[Task]:
        ids = [case.id for case in open_cases]
        with self.database.reading(SYSTEM) as reading:
            waiting = select(Task).where(col(Task.case_id).in_(ids), col(Task.state) == "open")
            return list(reading.session.exec(waiting.order_by(col(Task.case_id), col(Task.node), col(Task.created_at))))

    def _form_of(self, task: Task) -> tuple[Bundle, Form]:
        with self.database.reading(SYSTEM) as reading:
            case = reading.session.get_one(Case, task.case_id)
            bundle = definitions.of_case(reading, case)
            return bundle, tasks.form_of(reading, bundle, task)

    def _said(self, what: str) -> str:
        return "\n".join([what, *self.trace[-40:]])
