"""The command line ``duban``: what an operator, an author of processes or a curious person does from a terminal.

Every command is a few lines over the same verbs that pages and programs use. What a command needs is imported within it, so
that ``duban due`` answers at once. Errors are one clear line and exit code 2.
"""

import json
import os
import sys
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from api import (
    cli_calendar,
    cli_catalogue,
    cli_diagrams,
    cli_incidents,
    cli_keys,
    cli_migrate,
    cli_notices,
    cli_people,
    cli_seals,
    cli_service,
    cli_webhooks,
)
from api.cli_errors import Stopped, explain, refuse

if TYPE_CHECKING:
    from engine.db import Database
    from engine.holidays import Calendar, YearNotice
    from engine.runtime import Fault
    from engine.settings import Settings

app = typer.Typer(
    name="duban",
    help="Duban 督办: cases, legal clocks and official notices.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The database.", rich_markup_mode=None)
app.add_typer(db, name="db")
app.add_typer(cli_notices.app, name="notice")
app.add_typer(cli_calendar.app, name="calendar")
app.add_typer(cli_catalogue.app, name="catalogue")
app.add_typer(cli_people.app, name="user")
app.add_typer(cli_diagrams.app, name="diagram")
app.command("seals")(cli_seals.seals)
app.command("verify-notice")(cli_seals.verify_notice)
app.command("migrate")(cli_migrate.migrate)
app.command("bounces")(cli_service.bounces)
app.command("incidents")(cli_incidents.list_incidents)
app.add_typer(cli_incidents.app, name="incident")
app.add_typer(cli_webhooks.app, name="webhook")
app.add_typer(cli_keys.app, name="keys")

MOST_FILES = 100  # that are judged together as bare files: each may be 2 MB
BundlePath = Annotated[Path, typer.Argument(help="Folder of a process, e.g. bpmn/open_data_request")]


def main() -> NoReturn:
    """Run the command line; every error becomes one line on stderr and exit code 2."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(0)
    except Exception as error:
        code, line = explain(error)
        if line:
            print(f"duban: {line}", file=sys.stderr)
        sys.exit(code)


@app.callback(invoke_without_command=True)
def _without_command(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def open_database(settings: "Settings | None" = None) -> "Database":
    """The database of this installation, with everything registered; its tables must be there."""
    from api.composition import compose
    from api.health import what_is_lacking
    from engine import settings as declared

    database = compose(settings or declared.Settings())
    lacking = what_is_lacking(database)
    if lacking:
        refuse(lacking)
    return database


# ---------------------------------------------------------------- running


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on  [DUBAN_HOST, 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on  [DUBAN_PORT, 8000]", min=0, max=65535)] = None,
    worker: Annotated[bool, typer.Option(help="Do due work in this process too")] = True,
    trust_proxy: Annotated[
        str, typer.Option(envvar="DUBAN_TRUST_PROXY", help="Addresses of proxies whose X-Forwarded-For is believed")
    ] = "",
) -> None:
    """Serve portal, desk, board and interface."""
    from api import serving
    from engine.settings import Settings

    settings = Settings()
    serving.serve(settings, host or settings.host, settings.port if port is None else port, worker, trust_proxy)


@app.command()
def worker() -> None:
    """Do due work (jobs, timers, reminders) without serving anything."""
    from api import serving
    from api.worker import run_until_stopped

    serving.log_to_stderr()
    run_until_stopped(open_database())


@db.command("recount")
def db_recount() -> None:
    """Count anew how many clocks were answered in time and late, from the clocks themselves."""
    from engine import results

    print(f"{results.recount(open_database())} counts of results were written.")


@db.command("upgrade")
def db_upgrade() -> None:
    """Make the tables, or bring them to this version."""
    from engine.db import upgrade
    from engine.settings import Settings

    upgrade(Settings().url)
    print("The database has the tables of this version.")


@app.command()
def seed(
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing when there is data already")] = False,
    count: Annotated[int | None, typer.Option("--cases", min=0, help="Only so many cases", show_default=False)] = None,
) -> None:
    """Make the tables and fill them with a demonstration city."""
    from sqlmodel import select

    from api import seed as city
    from api.composition import compose
    from engine.access import SYSTEM
    from engine.db import upgrade
    from engine.models import Organisation
    from engine.settings import Settings

    settings = Settings()
    if not settings.demo:
        refuse("Only a demonstration is seeded, for everybody in it has the same password: set DUBAN_DEMO=1.")
    upgrade(settings.url)
    database = compose(settings)
    with database.reading(SYSTEM) as reading:
        seeded = reading.session.exec(select(Organisation.id).limit(1)).first() is not None
    if seeded:
        if not if_empty:
            refuse("There is data already; with --if-empty it is left as it is.")
        print("There is data already; nothing was done.")
        return
    city.seed(database, count=count)


@app.command(context_settings={"ignore_unknown_options": True})
def travel(
    by: Annotated[str, typer.Argument(help="How far, e.g. +10d, -2d, +1w, +36h", show_default=False)],
) -> None:
    """Move the legal time of a demonstration; what has become due happens at once."""
    from api.serving import demonstration
    from engine import clock, maintenance

    distance = read_distance(by)
    database = open_database(demonstration())
    if not database.settings.demo:
        refuse("Only a demonstration can travel in time, and there is none here: `make demo` makes one.")
    with database.unit_of_work() as uow:
        now = maintenance.travel(uow, distance)
    happened = maintenance.sweep(database)
    print(
        f"It is now {now.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M} in Guiyang; {happened} clocks and timers were due."
    )


def read_distance(text: str) -> timedelta:
    """+10d, -2d, +1w2d, 36h as a distance in time."""
    import re

    found = re.fullmatch(r"([+-]?)((?:[0-9]{1,6}[wdhm])+)", text.strip().lower())
    if not found:
        refuse(f"“{text[:40]}” is not a distance in time; write it as +10d, -2d, +1w or +36h.")
    units = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
    parts = re.findall(r"([0-9]+)([wdhm])", found[2])
    try:
        distance = sum((timedelta(**{units[unit]: int(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        refuse(f"“{text[:40]}” is too far.")
    return -distance if found[1] == "-" else distance


# ---------------------------------------------------------------- processes


@app.command()
def deploy(paths: Annotated[list[Path], typer.Argument(help="Folders of processes")]) -> None:
    """Make processes the current versions; running cases stay on theirs. Unchanged ones stay as they are."""
    from engine import definitions
    from engine.access import SYSTEM
    from engine.runtime import Faulty

    bundles = [(path, definitions.read_folder(_folder(path))) for path in paths]
    database = open_database()
    for path, files in bundles:
        try:
            with database.unit_of_work() as uow:
                key = definitions.deploy(uow, files).key
        except Faulty as error:
            for fault in error.faults:
                print(f"{path}/{fault}", file=sys.stderr)
            refuse(f"{path} was not deployed.")
        with database.reading(SYSTEM) as reading:
            bundle = definitions.current(reading, key)
        print(f"{key}: version {bundle.version}, words revision {bundle.revision}")


def _folder(path: Path) -> Path:
    """The folder of a process; whatever else lies there is refused with what to do instead."""
    if path.exists() and not path.is_dir():
        refuse(
            f"{path} is not the folder of a process. A ZIP file is unpacked first, or uploaded on the page of processes."
        )
    return path


@app.command()
def lint(paths: Annotated[list[Path], typer.Argument(help="Folders of processes, or .bpmn and .dmn files")]) -> None:
    """Say what is wrong with processes: one line a fault, `file: element: reason`. Exit code 0, or 1 with faults."""
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        refuse(f"There is no file or folder {', '.join(missing[:5])}.")
    folders = [path for path in paths if path.is_dir()]
    faults = [*_linted_files([path for path in paths if path not in folders])]
    faults += [(folder, fault) for path in folders for folder, found in _linted(path) for fault in found]
    for path, fault in faults:
        print(f"{path}/{fault}" if path.is_dir() else str(fault))
    raise typer.Exit(1 if any(not fault.warning for _, fault in faults) else 0)


def _linted(path: Path) -> "list[tuple[Path, list[Fault]]]":
    """The faults of a bundle, or of each bundle in a folder and of what they share beside them."""
    from api.composition import registry
    from engine import definitions, ladder, link_kinds, report_rules, roles, service_defaults, statutes
    from engine import lint as rules
    from engine.fragments import FragmentCollides, FragmentMissing
    from engine.manifest import ManifestFaulty
    from engine.runtime import Fault
    from engine.settings import Settings

    manifest = definitions.MANIFEST
    folders = [path] if (path / manifest).is_file() else definitions.bundle_folders(path)
    if not folders:
        refuse(f"There is no process in {path}: no {manifest}.")
    settings = Settings()
    links = link_kinds.known(settings) or None
    vocabulary = rules.vocabulary(registry(), roles.known(settings), statutes.known(settings), links)

    def judged(folder: Path) -> "list[Fault]":
        try:
            return rules.lint_bundle(definitions.read_folder(folder), vocabulary)
        except (FragmentMissing, FragmentCollides, ManifestFaulty) as error:  # the fragments that it uses do not fit
            return [Fault(manifest, "process.uses", error.sentence())]

    found = [(folder, judged(folder)) for folder in folders]
    if path in folders:
        return found
    shared = path / "shared"
    beside = ladder.faults(shared / ladder.FILE) + service_defaults.faults(shared / service_defaults.FILE)
    beside += report_rules.faults(shared / report_rules.FILE) + link_kinds.faults(shared / link_kinds.FILE)
    return [*found, (path, beside)]


def _linted_files(paths: list[Path]) -> "list[tuple[Path, Fault]]":
    """The faults of bare files, judged together: one may call a process or a decision of another."""
    from engine import lint as rules
    from engine.definitions import read_file
    from engine.runtime.xmlfile import LARGEST_FILE

    for path in paths:
        if path.suffix not in (".bpmn", ".dmn"):
            refuse(f"{path} is neither the folder of a process nor a .bpmn or .dmn file.")
        if not path.is_file():
            refuse(f"{path} is not a plain file.")
    if len(paths) > MOST_FILES:
        refuse(f"These are {len(paths)} files; judge at most {MOST_FILES} at once.")
    found = rules.lint_files({str(path): read_file(path, LARGEST_FILE) for path in paths}) if paths else []
    return [(Path(fault.file), fault) for fault in found]


@app.command()
def test(bundle: BundlePath) -> None:
    """Play the scenarios of a process and compare. Exit code 0, or 1 when one does not come true."""
    from api import coverage, scenarios
    from engine import definitions

    definitions.read_folder(_folder(bundle))  # what is no process says so before a city is founded for it
    results = scenarios.run(bundle)
    for result in results:
        print(f"{'ok  ' if result.ok else 'FAIL'} {result.file}: {result.title}")
        if result.fault:
            print(f"     {result.fault}")
    failed = sum(not result.ok for result in results)
    print(f"{len(results) - failed} of {len(results)} scenarios came true.")
    measured = coverage.measure(bundle, (node for result in results for node in result.passed))
    print(measured.sentence())
    for file, drawn in measured.untaken:
        print(f"     not taken: {file}: {drawn}")
    raise typer.Exit(1 if failed else 0)


# ---------------------------------------------------------------- days


@app.command()
def due(
    date: Annotated[str, typer.Argument(help="The day of the start (2026-04-20); it is not counted")],
    days: Annotated[int, typer.Argument(help="How many days")],
    unit: Annotated[str, typer.Option(help="calendar, or working")] = "calendar",
    explain_days: Annotated[bool, typer.Option("--explain", help="Say what every day counts for")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON")] = False,
) -> None:
    """Count a due date by the statutory rules. The first line is the date alone."""
    from engine import calendars

    if unit not in ("calendar", "working"):
        refuse(f"The unit is calendar or working, not {unit[:40]}.")
    rule = calendars.Rule(days, "working" if unit == "working" else "calendar")
    counted = calendars.explain(rule, calendars.read_day(date), _calendar())
    if as_json:
        print(json.dumps(calendars.due_document(counted, every_day=explain_days), ensure_ascii=False, indent=2))
        return
    print("\n".join(calendars.due_lines(counted, every_day=explain_days, locale=_language())))


def _calendar() -> "Calendar":
    """The calendar of this installation. Asked of the environment and of the file itself: reading all settings and opening
    the database would take longer than counting. On PostgreSQL, notices that were approved there are left to the server."""
    from engine import holidays

    root = Path(__file__).resolve().parent.parent
    folder = Path(os.environ.get("DUBAN_BUNDLES") or root / "bpmn") / "shared" / "calendars"
    url = os.environ.get("DUBAN_DATABASE_URL") or f"sqlite:///{os.environ.get('DUBAN_VAR') or root / 'var'}/duban.db"
    approved = _approved(Path(url.removeprefix("sqlite:///"))) if url.startswith("sqlite:///") else []
    return holidays.overlaid([*holidays.read_folder(folder), *approved])


def _approved(file: Path) -> "list[YearNotice]":
    """The notices that were approved in a database file, the last one last; none where there is no such file or table."""
    import sqlite3

    from engine import holidays

    if not file.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT text, year FROM holiday_notice WHERE number IS NOT NULL ORDER BY number")
            return [holidays.parse_notice(text, str(year)) for text, year in rows]
    except sqlite3.Error:  # of an older version, or just being written
        return []


def _language() -> str:
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if said.lower().startswith("zh") else "en"


# ---------------------------------------------------------------- proof


@app.command()
def verify() -> None:
    """Check that everything belongs together: flows and rows, numbers and papers, files, the record; for after a crash or a
    restored backup. Exit code 0, or 1 with a line for each fault."""
    from engine import consistency
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        faults = consistency.verify(reading)
    for fault in faults:
        print(fault)
    if not faults:
        print("Everything belongs together.")
    raise typer.Exit(1 if faults else 0)


@app.command()
def alarms() -> None:
    """Say what should have been heard and was not: receipts, timers, deliveries, the worker … Exit code 0, or 1 with a line for
    each alarm: kind, number, words."""
    from engine import silence
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        found = silence.alarms(reading)
    for alarm in found:
        print(f"{alarm.kind}: {alarm.count}: {alarm.zh if _language() == 'zh' else alarm.en}")
    if not found:
        print("All is heard of.")
    raise typer.Exit(1 if found else 0)


@app.command("verify-audit")
def verify_audit() -> None:
    """Check that nobody changed or removed anything in the record. Exit code 0, or 1 with a line for each break."""
    from engine import maintenance

    faults = maintenance.verify_audit(open_database())
    for fault in faults:
        print(fault)
    if not faults:
        print("The record is whole.")
    raise typer.Exit(1 if faults else 0)


with suppress(AttributeError):  # Chinese is printed whatever the terminal's encoding is believed to be
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.stderr.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


if __name__ == "__main__":
    main()

__all__ = ["Stopped", "app", "main"]
