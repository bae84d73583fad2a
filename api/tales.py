"""Tales: stories of the bundles as the demonstration tells them, with other words and around the present day.

A story has fixed dates; a tale moves all of them by the same number of weeks, so that weekdays and distances stay as they
were, and breaks off where ``demonstration.toml`` says. All tales are told side by side: time never runs back.
"""

import heapq
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from api import stories
from api.scenarios import Stopwatch, Story, Untrue
from engine import clock, directory, maintenance, tasks
from engine.access import SYSTEM, Actor
from engine.db import Database
from engine.errors import EngineError
from engine.models import Membership, Person, Task

LONGEST_PAUSE = timedelta(days=1)
OFFICE = (9, 18)  # o'clock, from and until when people work
BETWEEN_STEPS = timedelta(hours=2, minutes=35)
AT_LEAST = timedelta(minutes=5)
PATIENCE = 30  # days that a tale waits for a task: holidays may lie otherwise than in the story
SATURDAY = 5
MIDDLE_OF_MONTH = 15
ACTIONS = ("task", "message", "submit", "merge", "unmerge", "items")
ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
CHINESE_DAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(?:(\d{1,2})日)?")
TOKEN = re.compile(r"@(year|quarter|quarter_from|quarter_until)?([+-]\d+)?d?")
LAST_PLAIN_CHARACTER = "\uffff"  # steps that show what no font can print have characters beyond it


def tell(tales: Iterable["Tale"], watch: Stopwatch, until: datetime) -> Iterator[int]:
    """Tell all tales side by side up to an instant; yields how many are over, each time that one is."""
    waiting = []
    for number, tale in enumerate(tales):
        voice = tale.told()
        waiting.append((next(voice), number, tale, voice))
    heapq.heapify(waiting)
    over = 0
    while waiting:
        at, number, tale, voice = heapq.heappop(waiting)
        if at < until:
            watch.at = at
            following = next(voice, None)
            if following is not None:
                heapq.heappush(waiting, (following, number, tale, voice))
                continue
        over += 1
        yield over


class Tale(Story):
    """A story of a bundle, told with the words and in the time of one case of the demonstration."""

    def __init__(self, database: Database, watch: Stopwatch, bundle: Path, case: dict[str, Any], now: datetime) -> None:
        super().__init__(database, watch, bundle)
        self.case, self.now = case, now
        self.stopped: str | None = None  # why the tale could not go on; nothing, when it was told as far as it should
        self.at = case.get("filed", now)
        self.year = now.year  # of the story's dates

    def told(self) -> Iterator[datetime]:
        """Do one thing after the other; yields the instant at which the next one is to be done."""
        try:
            yield from self._dated() if "words" not in self.case else self._paced()
            self._hand_out()
        except (Untrue, EngineError) as error:
            self.stopped = error.sentence() if isinstance(error, EngineError) else str(error)

    def begins(self) -> datetime:
        """When its first case is filed."""
        return next(self.told())

    # ------------------------------------------------------------ evenly, between the filing and today

    def _paced(self) -> Iterator[datetime]:
        """File the case, and do the first steps of the story between then and now."""
        yield self.at
        story = stories.read(self.bundle / "scenarios" / f"{self.case['story']}.toml")
        form = self._reworded(story["submit"]["form"]) | self.case["applicant"]
        form |= {"dataset": self.case["dataset"]} | ({"agency": self.case["agency"]} if "agency" in self.case else {})
        form.pop("email", None)
        self._begin({"form": form})
        yield from self.go_on()

    def go_on(self) -> Iterator[datetime]:
        """Do the first steps of the story between the present of the case and now."""
        story = stories.read(self.bundle / "scenarios" / f"{self.case['story']}.toml")
        steps = [s for s in story["steps"] if ("task" in s or "message" in s) and "refused" not in s]
        steps = steps[: self.case["steps"]]
        pause = min(LONGEST_PAUSE, (self.now - self.at) / (len(steps) + 1))
        for step in steps:
            self.at += pause
            yield self.at
            self._act(step | {"form": self._reworded(step.get("form", {}))})
            self._settle()

    def _reworded(self, form: dict[str, Any]) -> dict[str, Any]:
        words = self.case["words"]
        soon = clock.day_of(self.now) + timedelta(days=7)
        known = {"dataset": self.case["dataset"], "number": self.case["number"], "soon": soon.isoformat()}
        return {k: words[k].format(**known) if k in words else v for k, v in form.items()}

    # ------------------------------------------------------------ as the story has it, whole weeks later

    def _dated(self) -> Iterator[datetime]:
        """The story, and those that go on with the cases that came out of it (``then``)."""
        name, count = self.case["story"], self.case.get("steps")
        yield from self._retold(name, self._weeks(name, count), count)
        for further in self.case.get("then", []):
            folder, _, file = further["story"].partition("/")
            heard = further | {"say": self.case["say"] | further.get("say", {})}
            next_one = Tale(self.database, self.watch, self.bundle.parent / folder, heard, self.now)
            next_one.at = self.at
            next_one.cases["main"] = self._case_called(further["in"])
            story = next_one._story(file)
            away = clock.day_of(self.at) - clock.day_of(next_one._start(story))
            yield from next_one._scenes(story, away + timedelta(days=further.get("after", 1)), further.get("steps"))
            self.at, self.cases["main"] = next_one.at, next_one.cases["main"]

    def _weeks(self, name: str, count: int | None) -> timedelta:
        """By how many weeks the story is moved: the last thing that is told happened ``ends`` ago, or a few days before."""
        last = list(self._timetable(self._story(name), timedelta(0), count))[-1][0]
        days = (clock.day_of(self.now) - clock.day_of(last)).days - int(self.case["ends"].strip("-d"))
        return timedelta(weeks=days // 7)

    def _story(self, name: str) -> dict[str, Any]:
        return stories.read(self.bundle / "scenarios" / f"{name}.toml")

    def _retold(self, name: str, shift: timedelta, count: int | None) -> Iterator[datetime]:
        story = self._story(name)
        self.at = self._start(story) + shift
        if "source" in story:
            folder, _, file = story["source"]["story"].partition("/")
            before = Tale(self.database, self.watch, self.bundle.parent / folder, self.case, self.now)
            yield from before._retold(file, shift, None)
            self.cases = {"source": before.cases["main"]} | {
                f"source_{alias}": case_id for alias, case_id in before.cases.items() if alias != "main"
            }
            self.at = max(self.at, before.at + BETWEEN_STEPS)
        yield self.at
        self._begin(self._in_other_words(story["submit"], shift))
        yield from self._scenes(story, shift, count)

    def _start(self, story: dict[str, Any]) -> datetime:
        start = stories.shanghai(story["start"])
        self.year = start.year
        return start

    def _scenes(self, story: dict[str, Any], shift: timedelta, count: int | None) -> Iterator[datetime]:
        """The first ``count`` actions of a story, each when its time has come and what it needs is there."""
        for at, step in self._timetable(story, shift, count):
            if step is None:
                continue
            self.at = max(at, self.at + AT_LEAST)
            yield self.at
            for _ in range(PATIENCE):
                if self._ready(step):
                    break
                self.at += timedelta(days=1)
                yield self.at
            self.case_id = self._case_called(step.get("in", "main"))
            self._act(self._in_other_words(step, shift))
            self._settle()

    def _timetable(
        self, story: dict[str, Any], shift: timedelta, count: int | None
    ) -> Iterator[tuple[datetime, dict[str, Any] | None]]:
        """When the story is filed, and what is done when; between steps without a time people do something else."""
        at = self._start(story) + shift
        yield at, None
        done = 0
        for step in story.get("steps", []):
            if "travel" in step:
                at = max(at, stories.shanghai(step["travel"]) + shift)
            if not _is_told(step):
                at = _when(step["at"], at, shift) if "at" in step else at
                continue
            if count is not None and done == count:
                return
            at = _when(step.get("at"), at, shift)
            done += 1
            yield at, step

    def _ready(self, step: dict[str, Any]) -> bool:
        try:
            self.case_id = self._case_called(step.get("in", "main"))
        except Untrue:
            return False
        return "task" not in step or step["task"] in self._open()

    def _in_other_words(self, told: Any, shift: timedelta, field: str = "") -> Any:
        """A submission or step with the words, the fields and the dates of this tale."""
        if isinstance(told, dict):
            return {k: self._in_other_words(v, shift, k) for k, v in told.items() if k != "at"}
        if field in self.case.get("set", {}):
            return self._filled(self.case["set"][field])
        if isinstance(told, list):
            return [self._in_other_words(value, shift) for value in told]
        if isinstance(told, date) and not isinstance(told, datetime):
            return told + shift
        if not isinstance(told, str):
            return told
        for before, after in self.case.get("say", {}).items():
            told = told.replace(before, after)
        return moved(told, shift, self.year)

    def _filled(self, value: Any) -> Any:
        """``@-5d`` is a day seen from today, ``@year+30d`` the year of a day, ``@quarter`` the last one that is over."""
        found = TOKEN.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return value
        today = clock.day_of(self.now)
        day = today + timedelta(days=int(found[2] or 0))
        if found[1] is None:
            return day.isoformat()
        if found[1] == "year":
            return day.year
        filed = clock.day_of(self.at)
        until = date(filed.year, filed.month - (filed.month - 1) % 3, 1) - timedelta(days=1)
        if found[1] == "quarter_until":
            return until.isoformat()
        if found[1] == "quarter_from":
            return date(until.year, until.month - 2, 1).isoformat()
        return f"{until.year}年第{'一二三四'[until.month // 3 - 1]}季度"

    # ------------------------------------------------------------ who acts

    def person(self, lane: str) -> Actor:
        """Somebody of the city who has this role, of the unit that the story names; a second one where it asks for one."""
        place, _, nth = lane.partition("#")
        place, _, unit = place.partition("@")
        part, _, roles = place.partition(".")
        role = roles.partition("+")[0]
        with self.database.reading(SYSTEM) as reading:
            organisation = self._organisation(reading.session, part)
            holders = (
                select(Person.id, Membership.unit)
                .join(Membership, col(Membership.person_id) == col(Person.id))
                .where(col(Membership.organisation_id) == organisation.id, col(Membership.role) == role)
            )
            people = list(reading.session.exec(holders.order_by(col(Person.login))))
            people = [found for found in people if found[1] == unit] or people
            if not people:
                raise Untrue(f"nobody is {role} of {organisation.code}")
            return directory.actor_of(reading, people[(int(nth or 1) - 1) % len(people)][0])

    def _hand_out(self) -> None:
        """In an inbox, some tasks are claimed already: those of every other case."""
        if self.case["number"] % 2:
            return
        with self.database.reading(SYSTEM) as reading:
            waiting = select(Task).where(col(Task.case_id) == self.case_id, col(Task.state) == "open")
            found = [t for t in reading.session.exec(waiting) if t.organisation_id]
        for task in found:
            with suppress(EngineError), self.database.unit_of_work(self.person(f"{task.part}.{task.role}")) as uow:
                tasks.claim(uow, task.id)  # unless four eyes or a recusal keep this one from it

    def _settle(self) -> None:
        maintenance.settle(self.database)


def _is_told(step: dict[str, Any]) -> bool:
    """A tale tells what was done: neither what was refused, nor what no font could print."""
    return (
        any(way in step for way in ACTIONS)
        and "refused" not in step
        and all(c <= LAST_PLAIN_CHARACTER for c in str(step))
    )


def _when(said: Any, before: datetime, shift: timedelta) -> datetime:
    """When a step is done: as it says, and otherwise some hours later, in the hours of an office."""
    if isinstance(said, str) and said.startswith("+"):
        return stories.moment(said, before)
    if said is not None:
        return max(stories.shanghai(said) + shift, before + AT_LEAST)
    at = before + BETWEEN_STEPS
    opens, closes = OFFICE
    local = at.astimezone(clock.SHANGHAI)
    if local.hour >= closes:
        local = datetime.combine(local.date() + timedelta(days=1), time(opens, local.minute), clock.SHANGHAI)
    if local.hour < opens:
        local = local.replace(hour=opens)
    while local.weekday() >= SATURDAY:
        local += timedelta(days=1)
    return local


def moved(text: str, shift: timedelta, year: int) -> str:
    """A text with its dates moved; a day without a year is one of the story's."""

    def chinese(found: re.Match[str]) -> str:
        named, month, day = found.groups()
        if named is None and day is None:
            return found[0]
        then = date(int(named or year), int(month), int(day or MIDDLE_OF_MONTH)) + shift
        return (f"{then.year}年" if named else "") + f"{then.month}月" + (f"{then.day}日" if day else "")

    text = ISO_DAY.sub(lambda m: (date(int(m[1]), int(m[2]), int(m[3])) + shift).isoformat(), text)
    return CHINESE_DAY.sub(chinese, text)
