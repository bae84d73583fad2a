"""A ``duban serve`` in a process of its own, on a free port of 127.0.0.1, which ends with the block."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from time import perf_counter, sleep

from engine.settings import ROOT, Settings

PATIENCE = 60  # seconds until it is ready, and until it has ended


@dataclass(frozen=True)
class Server:
    """Where it listens, and how long it took until it said that it was ready."""

    port: int
    ready_after: float  # seconds


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """Serve an installation, worker included; raises RuntimeError when it does not get ready."""
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
    environment = kept | {"DUBAN_VAR": str(settings.var), "DUBAN_DATABASE_URL": settings.database_url}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    begun = perf_counter()
    with (settings.var / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        while not _ready(port):
            if process.poll() is not None or perf_counter() - begun > PATIENCE:
                raise RuntimeError(f"the server did not get ready: {(settings.var / 'server.log').read_text()[-2000:]}")
            sleep(0.01)
        yield Server(port, perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
