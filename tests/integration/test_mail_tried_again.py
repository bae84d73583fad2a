"""A mail server that was away, and an administrator who tries again."""

import socket
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from sqlmodel import col, select, update

from engine import clock, incidents, jobs, maintenance, repairs
from engine.access import SYSTEM
from engine.models import Delivery, Job
from tests.household import Household, furnish


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def state_of_mail(household: Household) -> str:
    with household.database.reading(SYSTEM) as reading:
        return reading.session.exec(select(Delivery.state).where(col(Delivery.channel) == "email")).one()


@pytest.mark.sqlite_only
def test_a_mail_that_failed_for_good_is_sent_when_an_operator_tries_again(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    household = furnish(tmp_path, database_url, smtp_host="127.0.0.1", smtp_port=port)
    household.file(email="wang@example.com")
    for _ in range(jobs.ATTEMPTS):
        maintenance.run_jobs(household.database)
        with household.database.unit_of_work() as uow:
            uow.session.execute(update(Job).values(run_at=clock.wall()))
    assert state_of_mail(household) == "failed"
    with household.database.reading(SYSTEM) as reading:
        (incident,) = incidents.open_incidents(reading)
    server = Controller(Sink(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        with household.database.unit_of_work() as uow:
            repairs.retry(uow, incident.id, "邮件服务已恢复")
        maintenance.run_jobs(household.database)
    finally:
        server.stop()
    assert state_of_mail(household) == "dispatched"
    household.database.dispose()
