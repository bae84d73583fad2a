"""The life of a case while machines die: whatever ends where, the case goes on from there as if nothing had happened."""

import ast
import shutil
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.failpoints import failpoint
from engine.settings import ROOT
from tests.factories import installation
from tests.faults.invariants import effects, require_nothing_left_over, require_whole
from tests.faults.mailbox import Mailbox
from tests.faults.stage import Outcome, Player, Stage
from tests.faults.story import STORY, finished, played
from tests.postgres import PostgresServer

BUSY = 503


@cache
def places() -> dict[str, str]:
    """Every named place in the code, and where it stands."""
    found: dict[str, str] = {}
    for path in [p for folder in ("engine", "notices", "api") for p in sorted((ROOT / folder).rglob("*.py"))]:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == failpoint.__name__:
                name, where = ast.literal_eval(call.args[0]), f"{path.relative_to(ROOT)}:{call.lineno}"
                assert name not in found, f"{name} is named twice: {found[name]} and {where}"
                assert name.partition(".")[0] in (path.stem, path.parent.name), f"{where} names another module: {name}"
                found[name] = where
    return found


@pytest.fixture
def posting(stage: Stage, mailbox: Mailbox) -> Stage:
    """An installation that sends mail."""
    stage.settings = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port}
    return stage


@pytest.fixture(scope="session")
def quiet_story(
    sqlite_city: Path, tmp_path_factory: pytest.TempPathFactory, player: Player, mailbox: Mailbox
) -> dict[str, Any]:
    """What the story leaves behind when nothing happens to anybody."""
    folder = tmp_path_factory.mktemp("quiet")
    shutil.copyfile(sqlite_city, folder / "duban.db")
    with installation(f"sqlite:///{folder / 'duban.db'}", folder) as world:
        played(Stage(world, player, {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port}))
        require_whole(world)
        require_nothing_left_over(world)
        return effects(world)


def require_the_same(stage: Stage, quiet_story: dict[str, Any]) -> None:
    finished(stage)
    require_whole(stage.world)
    require_nothing_left_over(stage.world)
    told = effects(stage.world)
    for name, value in quiet_story.items():
        assert told[name] == value, name


def disturbed(stage: Stage, harm: str, **how: Any) -> Iterator[Outcome]:
    """The story, each act harmed and asked for again until it is done.

    On SQLite each kind of act is harmed at every place that it passes; on PostgreSQL each place has its turn once.
    """
    spared: defaultdict[str, set[str]] = defaultdict(set)
    for step in STORY:
        act = step(stage)
        kind = act.get("path", "work").rpartition("/")[2] if stage.world.database.sqlite else ""
        for outcome in stage.insist(act, harm, spared[kind], **how):
            yield outcome
        assert outcome.ok, outcome


def require_every_place(seen: set[str]) -> None:
    missed = {name: where for name, where in places().items() if name not in seen}
    assert not missed, f"nothing happened here: {missed}"


def test_whoever_is_killed_wherever_the_case_goes_on_as_if_nothing_had_happened(
    posting: Stage, quiet_story: dict[str, Any]
) -> None:
    killed: set[str] = set()
    for outcome in disturbed(posting, "kill"):
        killed |= outcome.harmed
        require_whole(posting.world)
    require_the_same(posting, quiet_story)
    require_every_place(killed)


@pytest.mark.postgresql_only
def test_when_the_connections_are_cut_one_is_told_to_try_again_and_that_helps(
    posting: Stage, quiet_story: dict[str, Any]
) -> None:
    cut: set[str] = set()
    for outcome in disturbed(posting, "cut"):
        cut |= outcome.harmed
        assert outcome.ok or outcome.status == BUSY, outcome
        require_whole(posting.world)
    require_the_same(posting, quiet_story)
    require_every_place(cut)


@pytest.mark.postgresql_only
def test_when_the_database_crashes_one_is_told_to_try_again_and_nothing_is_lost(
    posting: Stage, postgres: PostgresServer, quiet_story: dict[str, Any]
) -> None:
    postgres.keep_safe(posting.world.database.settings.url.rpartition("/")[2])
    crashed: set[str] = set()
    for outcome in disturbed(posting, "wait", meanwhile=postgres.crash):
        crashed |= outcome.harmed
        assert outcome.ok or outcome.status == BUSY, outcome
    require_the_same(posting, quiet_story)
    require_every_place(crashed)
