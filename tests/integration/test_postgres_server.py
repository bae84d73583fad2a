"""The throw-away PostgreSQL that the other tests stand on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests import machine
from tests.postgres import PostgresServer, find_binaries


def _dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_two_databases_of_one_template_do_not_see_each_other(postgres: PostgresServer) -> None:
    with psycopg.connect(_dsn(postgres.create("mother"))) as connection:
        connection.execute("CREATE TABLE item (name text)")
    postgres.freeze("mother")
    first, second = postgres.create("first", "mother"), postgres.create("second", "mother")
    with psycopg.connect(_dsn(first)) as connection:
        connection.execute("INSERT INTO item VALUES ('公共停车场')")
    with psycopg.connect(_dsn(first)) as one, psycopg.connect(_dsn(second)) as other:
        assert one.execute("SELECT name FROM item").fetchall() == [("公共停车场",)]
        assert other.execute("SELECT count(*) FROM item").fetchone() == (0,)
    for name in ("first", "second"):
        postgres.drop(name)


def test_a_database_is_dropped_although_a_connection_was_left_open(postgres: PostgresServer) -> None:
    with psycopg.connect(_dsn(postgres.create("forgotten"))) as connection:
        postgres.drop("forgotten")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_nobody_gets_in_without_the_password(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=postgres.port, user="postgres", password="guess", dbname="postgres")


def test_the_server_ends_with_the_tests_even_when_they_are_killed() -> None:
    binaries = find_binaries() or machine.missing("PostgreSQL")
    script = (
        "import pathlib, sys, time\n"
        "from tests.postgres import PostgresServer\n"
        "server = PostgresServer(pathlib.Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server._process.pid, server.folder, flush=True)\n"
        "time.sleep(60)\n"
    )
    tests = subprocess.Popen(
        [sys.executable, "-c", script, str(binaries)], cwd=machine.ROOT, stdout=subprocess.PIPE, text=True
    )
    assert tests.stdout is not None
    with tests:
        server, folder = tests.stdout.readline().split()
        assert Path("/proc", server).exists()
        os.kill(tests.pid, signal.SIGKILL)
    give_up = time.monotonic() + 15
    while _runs(server) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not _runs(server)
    subprocess.run(["rm", "-rf", folder], check=True)


def _runs(pid: str) -> bool:
    try:
        return "\nState:\tZ" not in Path("/proc", pid, "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
