"""A throw-away PostgreSQL for the tests: made, started on a free port of 127.0.0.1, and gone afterwards.

It uses the programs of Debian's package. PostgreSQL refuses to run as root, so root starts it as the user ``postgres``.
The kernel ends the server with the test process, however that one dies (``setpriv --pdeathsig``).
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from tests.machine import fast_folder

LOCALE = "C.UTF-8"
SAFE_TO_LOSE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}
WHAT_IT_IS = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


class PostgresFailed(RuntimeError):
    """PostgreSQL could not be made or started; the message ends with what it said."""


def find_binaries() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, of the newest version installed, or None."""
    versions = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if versions:
        return max(versions, key=lambda folder: float(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class PostgresServer:
    """One server with its own data folder and superuser; use it in a ``with`` block, or call ``start`` and ``stop``.

    A ``durable`` one keeps what it has committed, as an installation does: for measurements.
    """

    def __init__(self, binaries: Path, durable: bool = False) -> None:
        self.binaries, self.durable = binaries, durable
        self.password = secrets.token_hex(16)
        self.folder = Path(tempfile.mkdtemp(prefix="duban-postgres-", dir=None if durable else fast_folder()))
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Make the data folder and start; when another program takes the port first, try another one."""
        try:
            self._make_data_folder()
            for _ in range(5):
                if self._start_on(_free_port()):
                    return
            raise PostgresFailed(f"PostgreSQL did not start: {self._log()}")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server by its own process id and remove its folder."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # "fast": open connections are cut
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)  # "immediate": there is nothing here to save
                self._process.wait(timeout=10)
        self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def away(self) -> Iterator[None]:
        """End the server as a power cut ends programs; afterwards it is back on the same port and recovers from its log."""
        assert self._process
        self._process.send_signal(signal.SIGQUIT)  # "immediate": nothing is written any more
        self._process.wait(timeout=30)
        try:
            yield
        finally:
            if not self._start_on(self.port):
                raise PostgresFailed(f"PostgreSQL did not start again: {self._log()}")

    def crash(self) -> None:
        """Away for a moment."""
        with self.away():
            pass

    def keep_safe(self, database: str) -> None:
        """What is committed in this database survives a crash of the server, as everywhere outside of tests."""
        self._execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = on").format(sql.Identifier(database)))

    def url(self, database: str) -> str:
        """The address of a database, as SQLAlchemy and ``DUBAN_DATABASE_URL`` take it."""
        return f"postgresql+psycopg://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template0") -> str:
        """Make a database, a copy of ``template``, and give its address. Nobody may be connected to the template."""
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(template))
        )
        return self.url(database)

    def freeze(self, database: str) -> None:
        """Let nobody connect any more, so that the database can be copied as a template."""
        self._execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(database)))
        self._execute(
            sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(
                sql.Literal(database)
            )
        )

    def drop(self, database: str) -> None:
        """Remove a database, cutting the connections that are left."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _execute(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _make_data_folder(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self.password, encoding="ascii")
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (self.folder, password_file):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        done = subprocess.run(
            self._command(
                "initdb",
                *("--pgdata", str(self.folder / "data"), "--username", "postgres", "--pwfile", str(password_file)),
                *("--auth", "password", "--encoding", "UTF8", "--locale", LOCALE, "--no-sync", "--no-instructions"),
            ),
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PostgresFailed(f"initdb failed: {done.stderr or done.stdout}")

    def _start_on(self, port: int) -> bool:
        """Start on this port; False when the server ended at once, as it does when the port is taken."""
        self.port = port
        chosen = WHAT_IT_IS | ({} if self.durable else SAFE_TO_LOSE)
        settings = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", str(self.folder / "data"), "-p", str(port), *settings),
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            if self._process.poll() is not None:
                return False
            try:
                self._connect().close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
        raise PostgresFailed(f"PostgreSQL did not answer within 30 seconds: {self._log()}")

    def _command(self, program: str, *arguments: str) -> list[str]:
        as_owner = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *as_owner, "--pdeathsig=INT", "--", str(self.binaries / program), *arguments]

    def _log(self) -> str:
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace")[-2000:] if path.exists() else "(it said nothing)"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """Our environment without the variables that would steer PostgreSQL elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": LOCALE}
