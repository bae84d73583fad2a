"""The record of what happened, when many write at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlmodel import col, select

from engine import audit
from engine.access import SYSTEM
from engine.db import Database
from engine.models import AuditEvent
from engine.operations import Registry
from engine.settings import Settings

WRITERS, EVENTS = 4, 10


def test_many_who_sign_in_at_once_stand_in_one_unbroken_chain(database_url: str, tmp_path: Path) -> None:
    database = Database(Settings(var=tmp_path, database_url=database_url), Registry())

    def sign_in_often(_: int) -> None:
        for _ in range(EVENTS):
            with database.unit_of_work() as uow:
                audit.record(uow, "person.signed_in", stream="sign_in")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(sign_in_often, range(WRITERS)))
    with database.reading(SYSTEM) as reading:
        assert audit.verify(reading.session) == []
        events = reading.session.exec(select(AuditEvent.position).where(col(AuditEvent.stream) == "sign_in")).all()
    assert sorted(events) == list(range(1, WRITERS * EVENTS + 1))
    database.dispose()
