"""The database is away for a while: people are told to try again, the worker goes on, and nobody restarts anything."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.worker import Metronome
from engine.models import Breach
from tests.application import application
from tests.factories import REQUEST, installation
from tests.postgres import PostgresServer


def eventually(true: Callable[[], bool], seconds: float = 30) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.postgresql_only
def test_while_the_database_is_away_one_is_told_to_try_again_and_afterwards_all_goes_on(
    city_url: str, tmp_path: Path, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    postgres.keep_safe(city_url.rpartition("/")[2])
    with installation(city_url, tmp_path, metronome_seconds=0.05) as world:
        world.submit()
        metronome = Metronome(world.database)
        client = TestClient(application(world.database), raise_server_exceptions=False)
        filing = {"process": "open_data_request", "form": REQUEST}
        metronome.start()
        with postgres.away():
            world.travel("2026-05-07T00:00")  # the clock runs out meanwhile
            answers = [client.post("/api/v1/cases", json=filing), client.get("/api/v1/processes")]
            assert [(a.status_code, a.json()["type"]) for a in answers] == [
                (503, "urn:duban:problem:database-busy")
            ] * 2
            assert all("retry-after" in answer.headers for answer in answers)
            assert client.get("/readyz").status_code == 503
            assert eventually(lambda: "sweep failed" in caplog.text)
        assert client.post("/api/v1/cases", json=filing).status_code == 201
        assert eventually(lambda: len(world.all(Breach)) == 1)
        metronome.stop()
