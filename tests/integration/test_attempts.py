"""Guessing is limited; being right never counts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from api.composition import compose
from engine import attempts, clock
from engine.access import PUBLIC
from engine.attempts import TooManyAttempts
from engine.db import Database
from engine.models import FailedAttempts
from engine.settings import Settings

KEY = "login:王小明"


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Database:
    return compose(Settings(var=tmp_path, database_url=database_url, max_attempts=3, attempts_window_minutes=15))


def fail(database: Database, times: int, key: str = KEY) -> None:
    for _ in range(times):
        with database.unit_of_work(PUBLIC) as uow:
            attempts.failed(uow, key)


def check(database: Database, key: str = KEY, allowance: int = 1) -> None:
    with database.reading(PUBLIC) as reading:
        attempts.check(reading, key, allowance=allowance)


def test_after_the_allowed_number_of_wrong_attempts_there_is_a_pause(database: Database) -> None:
    fail(database, 2)
    check(database)
    fail(database, 1)
    with pytest.raises(TooManyAttempts) as refused:
        check(database)
    assert 0 < refused.value.data["retry_after"] <= 15 * 60
    assert "15" in refused.value.sentence("zh")


def test_looking_is_not_counted(database: Database) -> None:
    for _ in range(20):
        check(database)


def test_one_key_does_not_limit_another(database: Database) -> None:
    fail(database, 5)
    check(database, "login:somebody else")


def test_an_allowance_multiplies_the_number(database: Database) -> None:
    fail(database, 5)
    check(database, allowance=2)
    fail(database, 1)
    with pytest.raises(TooManyAttempts):
        check(database, allowance=2)


def test_after_the_pause_counting_begins_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(database, 3)
    later = clock.wall() + timedelta(minutes=16)
    monkeypatch.setattr(clock, "wall", at(later))
    check(database)
    fail(database, 2)
    check(database)
    fail(database, 1)
    with pytest.raises(TooManyAttempts):
        check(database)


def test_what_is_limited_is_stored_only_as_a_hash(database: Database) -> None:
    fail(database, 1)
    with database.reading(PUBLIC) as reading:
        (row,) = reading.session.exec(select(FailedAttempts)).all()
    assert len(row.id) == 64
    assert "王小明" not in row.id


def test_old_counts_are_forgotten(database: Database) -> None:
    fail(database, 1)
    with database.unit_of_work() as uow:
        assert attempts.forget(uow, clock.wall()) == 0
        assert attempts.forget(uow, clock.wall() + timedelta(hours=1)) == 1


def at(instant: datetime) -> Callable[[], datetime]:
    return lambda: instant
