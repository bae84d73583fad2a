"""A machine may die anywhere: the case goes on from there as if nothing had happened."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.settings import ROOT
from tests.faults.invariants import effects, require_nothing_left_over, require_whole
from tests.faults.mailbox import Mailbox
from tests.faults.stage import Stage
from tests.faults.story import STORY, finished, played


@pytest.mark.sqlite_only
def test_undisturbed(stage: Stage, mailbox: Mailbox) -> None:
    import time
    stage.settings = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port}
    t = time.time()
    played(stage)
    print("PLAYED", time.time() - t)
    require_whole(stage.world)
    require_nothing_left_over(stage.world)


@pytest.mark.sqlite_only
def test_killed(stage: Stage, mailbox: Mailbox) -> None:
    import time
    stage.settings = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port}
    t = time.time()
    n = 0
    for step in STORY:
        spare = set()
        for outcome in stage.insist(step(stage), "kill", spare):
            n += 1
            require_whole(stage.world)
        assert outcome.ok, outcome
        print(len(spare), sorted(spare))
    finished(stage)
    print("PLAYED", n, time.time() - t)
    require_whole(stage.world)
    require_nothing_left_over(stage.world)
