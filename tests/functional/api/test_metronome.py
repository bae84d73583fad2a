"""The metronome calls what is due, whatever went wrong before."""

import re
import threading
import time
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.worker import Metronome
from engine import clock, maintenance, silence
from engine.access import SYSTEM
from engine.models import Document, Job, Notice
from tests.application import application
from tests.household import REQUEST, Household, reopen


def eventually(true: Callable[[], bool], seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return False


def receipts(household: Household) -> int:
    with household.database.reading(SYSTEM) as reading:
        return len(reading.session.exec(select(Notice.id).where(col(Notice.document_id).is_not(None))).all())


def test_a_receipt_appears_without_waiting_for_the_next_beat(small_household: Household) -> None:
    slow = reopen(small_household.database.settings.var, metronome_seconds=3600)
    app = application(slow.database, Metronome(slow.database))
    with TestClient(app) as client:
        filing = {"process": "open_data_request", "form": REQUEST}
        assert client.post("/api/v1/cases", json=filing).status_code == 201
        assert eventually(lambda: receipts(slow) == 1)
    slow.database.dispose()


def test_two_metronomes_do_each_job_once(household: Household) -> None:
    settings = household.database.settings
    others = [reopen(settings.var, settings.database_url, metronome_seconds=0.1) for _ in range(2)]
    metronomes = [Metronome(other.database) for other in others]
    for metronome in metronomes:
        metronome.start()
    for number in range(4):
        household.file(dataset=f"数据集 {number}")
    assert eventually(lambda: receipts(household) == 4)
    for metronome, other in zip(metronomes, others, strict=True):
        metronome.stop()
        other.database.dispose()
    with household.database.reading(SYSTEM) as reading:
        assert len(reading.session.exec(select(Document.id).where(col(Document.kind) == "notice")).all()) == 4
        assert set(reading.session.exec(select(Job.state))) == {"done"}


def test_a_beat_that_fails_does_not_stop_the_next(
    small_household: Household, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    beats, again = [], threading.Event()

    def failing(_: object) -> int:
        beats.append(1)
        if len(beats) > 2:
            again.set()
        raise RuntimeError("王䶮")

    monkeypatch.setattr(maintenance, "sweep", failing)
    quick = reopen(small_household.database.settings.var, metronome_seconds=0.05)
    metronome = Metronome(quick.database)
    metronome.start()
    assert again.wait(20)
    metronome.stop()
    quick.database.dispose()
    assert "sweep failed: RuntimeError" in caplog.text
    assert "王" not in caplog.text


def test_stopping_waits_for_what_is_being_done(small_household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, finished = threading.Event(), threading.Event()

    def long(_: object) -> int:
        begun.set()
        time.sleep(0.5)
        finished.set()
        return 1  # there is more: it must not go on for ever

    monkeypatch.setattr(maintenance, "run_jobs", long)
    metronome = Metronome(small_household.database)
    metronome.start()
    assert begun.wait(20)
    metronome.stop()
    assert finished.is_set()


def test_it_is_written_down_that_it_beats(small_household: Household) -> None:
    before = clock.wall()
    database = reopen(small_household.database.settings.var, metronome_seconds=0.1).database

    def heard() -> bool:
        with database.reading(SYSTEM) as reading:
            at = maintenance.heard_at(reading)
            return at is not None and at >= before

    assert not heard()
    metronome = Metronome(database)
    metronome.start()
    assert eventually(heard)
    metronome.stop()
    assert re.search(
        r"^duban_metronome_age_seconds [0-9.]+$", small_household.anyone.get("/metrics").text, re.MULTILINE
    )
    with database.reading(SYSTEM) as reading:
        assert "metronome" not in {alarm.kind for alarm in silence.alarms(reading)}
    database.dispose()
