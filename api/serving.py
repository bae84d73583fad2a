"""``duban serve``: one process that answers requests and does due work, until it is told to stop."""

import logging
import signal
import socket
from importlib import import_module
from importlib.util import find_spec

import uvicorn

from api.app import create_app
from api.cli_errors import refuse
from api.composition import compose
from api.health import what_is_lacking
from api.worker import Metronome
from engine.db import Database, upgrade
from engine.settings import Settings

DEMO_FOLDER = "demo"  # below ``var``: where `make demo` keeps its city


def serve(settings: Settings, host: str, port: int, worker: bool, trusted_proxies: str) -> None:
    """Listen, say where, and serve until SIGTERM or SIGINT; what is being done is finished."""
    log_to_stderr()
    listener = listen(host, port)  # first of all: a busy port is said before anything is touched
    with listener:
        if settings.url.startswith("sqlite"):
            upgrade(settings.url)
        database = compose(settings)
        lacking = what_is_lacking(database)
        if lacking:
            refuse(lacking)
        app = create_app(database, Metronome(database) if worker else None)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # it would write searches, which may be names: api.middleware has its own
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=trusted_proxies or None,
            timeout_graceful_shutdown=15,
        )
        announce(database, host, listener.getsockname()[1])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)  # the server stops by them, then sends them on: we have been told
        uvicorn.Server(config).run(sockets=[listener])
    database.dispose()


def listen(host: str, port: int) -> socket.socket:
    """A socket on which nobody else listens."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        refuse(f"{host} is not an address of this machine.")
    listener = socket.socket(
        family, kind, protocol
    )  # named: where it is 0, asyncio leaves small answers to Nagle's wait
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        refuse(f"Cannot listen on {host}:{port} ({error.strerror}); choose another port with --port.")
    return listener


def announce(database: Database, host: str, port: int) -> None:
    """Say where everything is; in a demonstration, also who can sign in."""
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{port}"
    lines = [
        "Duban 督办",
        f"  {base}/         portal 申请与查询",
        f"  {base}/desk     desk 办理",
        f"  {base}/board    supervision 督办",
        f"  {base}/admin    administration 管理",
        f"  {base}/api/v1/openapi.json",
    ]
    if database.settings.demo:
        lines += demo_lines()
    print("\n".join(lines), flush=True)


def demo_lines() -> list[str]:
    """The logins of the demonstration, as the seed describes them, and how to travel in time."""
    if find_spec("api.seed") is None:
        return []
    logins: list[str] = getattr(import_module("api.seed"), "login_lines", list)()
    return [*logins, "  travel in time: .venv/bin/duban travel +10d"]


def demonstration() -> Settings:
    """This installation, or the city of `make demo` when the environment names no other."""
    settings = Settings()
    city = settings.var / DEMO_FOLDER
    named = {"var", "database_url", "demo"} & settings.model_fields_set
    if named or not (city / "duban.db").is_file():
        return settings
    return Settings(var=city, demo=True)


def log_to_stderr() -> None:
    """Our own lines and those of the server; of libraries only what they warn of."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("duban", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.INFO)
    for name in ("fontTools", "weasyprint"):  # they quote what they typeset
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a beat that comes while one is at work is left out
