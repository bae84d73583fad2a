"""``duban calendar``: holiday notices of years, what they would move, and printed dates that wait for a person."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli_errors import refuse

if TYPE_CHECKING:
    from engine.db import Database
    from engine.holiday_notices import Remark
    from engine.holidays import YearNotice
    from engine.models import HolidayNotice
    from engine.recount import Move, Plan

app = typer.Typer(help="Holidays and make-up days, and the due dates that they move.", rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="As JSON")]


@app.command("import")
def bring_in(
    file: Annotated[
        Path, typer.Argument(help="The notice of a year, as TOML or JSON (bpmn/shared/calendars/README.md)")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would move")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without being asked")] = False,
    reason: Annotated[str, typer.Option(help="Why; it is recorded  [the notice's source]", show_default=False)] = "",
    read_again: Annotated[
        bool, typer.Option("--read-again", help="What is unusual about the notice was read again and is right")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring in a year's holiday notice: say what moves, ask for approval, correct the dates. Run again, it goes on."""
    from api.cli import open_database
    from engine import corrections, holiday_notices, holidays
    from engine.access import SYSTEM

    text = _text(file)
    notice = holidays.parse_notice(text, file.name)
    database = open_database()
    with database.reading(SYSTEM) as reading:
        known = holiday_notices.is_in_force(reading, notice)
        plan = holiday_notices.consequences(reading, notice)
        remarks = () if known else holiday_notices.remarks(reading, notice)
    if not as_json:
        _tell(notice, plan, remarks, known)
    if known and not plan.moves and not plan.certain and not as_json:
        print("Nothing is left to do.")
    if dry_run or (known and not plan.moves and not plan.certain):
        return _print_json(notice, plan, remarks, known, None) if as_json else None
    if remarks and not read_again:
        refuse(
            "Nothing was changed: read the notice again, and say that you have with --read-again. See the notes above."
        )
    if not yes:
        _ask(plan)
    if not known:
        _approve(database, text, file.name, reason or notice.source, read_again)
    corrected = corrections.correct_all(database, notice.source)
    if as_json:
        return _print_json(notice, plan, remarks, known, corrected)
    return print(f"{corrected} case{'' if corrected == 1 else 's'} corrected.")


def _text(file: Path) -> str:
    """The text of a file that may be a notice, or so much of it that it is seen to be too large."""
    from engine.holidays import NoticeFaulty
    from engine.strict import LARGEST

    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoticeFaulty(file.name, "it is not UTF-8", "不是 UTF-8 文本") from error


def _approve(database: "Database", text: str, file: str, reason: str, read_again: bool) -> None:
    from engine import holiday_notices

    with database.unit_of_work() as uow:
        row = holiday_notices.propose(uow, text, file)
        holiday_notices.approve(uow, row.id, reason, read_again=read_again)


def _ask(plan: "Plan") -> None:
    if not sys.stdin.isatty():
        refuse("Nothing was changed: approve with --yes, or look first with --dry-run.")
    if not typer.confirm("Approve, and correct the dates?", err=True):
        refuse("Nothing was changed.")


# ---------------------------------------------------------------- telling


def _tell(notice: "YearNotice", plan: "Plan", remarks: "tuple[Remark, ...]", known: bool) -> None:
    """What moves: the counts in the first line, then what to mind, then one line a clock."""
    print(plan.sentence("en"))
    print(f"{notice.year}: {notice.source} ({notice.version}){', in force already' if known else ''}")
    if plan.certain:
        print(f"{plan.certain} provisional date{' stays' if plan.certain == 1 else 's stay'} and become certain")
    if plan.waiting:
        print(f"{plan.waiting} more: a printed date would become earlier, which a person decides (duban calendar held)")
    for remark in remarks:
        print(f"note: {remark.en}")
    for move in plan.moves:
        print(_line(move))


def _line(move: "Move") -> str:
    turn = {(False, True): "  becomes overdue", (True, False): "  ceases to be overdue"}
    waits = "  printed: waits for approval" if move.waits else turn.get((move.was_late, move.is_late), "")
    return f"{move.reference}  {move.clock}  {move.before} → {move.after}{waits}"


def _print_json(
    notice: "YearNotice", plan: "Plan", remarks: "tuple[Remark, ...]", known: bool, corrected: int | None
) -> None:
    document: dict[str, Any] = {
        "year": notice.year,
        "source": notice.source,
        "version": notice.version,
        "in_force": known or corrected is not None,
        "moved": plan.moved,
        "become_overdue": plan.become_overdue,
        "cease_overdue": plan.cease_overdue,
        "waiting": plan.waiting,
        "certain": plan.certain,
        "remarks": [remark.en for remark in remarks],
        "moves": [_plain(move) for move in plan.moves],
        "corrected": corrected,
    }
    print(json.dumps(document, ensure_ascii=False, indent=2))


def _plain(move: "Move") -> dict[str, Any]:
    shown = ("reference", "process_key", "clock", "before", "after", "was_late", "is_late", "waits")
    return {
        name: value if isinstance(value, bool) else str(value) for name, value in asdict(move).items() if name in shown
    }


# ---------------------------------------------------------------- looking


@app.command("list")
def list_notices(as_json: AsJson = False) -> None:
    """The years that are known, and every notice that was brought in."""
    from api.cli import open_database
    from engine import calendar_versions, holiday_notices
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        calendar = calendar_versions.current(reading)
        rows = holiday_notices.listed(reading)
        states = holiday_notices.states(rows)
    if as_json:
        known = [_notice(row, states[row.id]) for row in rows]
        print(
            json.dumps(
                {"version": calendar.version, "years": sorted(calendar.years), "notices": known},
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    print(f"{calendar.version}: {min(calendar.years)} to {max(calendar.years)} are known; later years are provisional.")
    for row in rows:
        print(f"{row.version}  {states[row.id]:10}  {row.proposed_at:%Y-%m-%d}  {row.source}")


def _notice(row: "HolidayNotice", state: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "year": row.year,
        "version": row.version,
        "source": row.source,
        "state": state,
        "reason": row.reason,
    }


@app.command()
def show(year: Annotated[int, typer.Argument(min=2004, max=2100)], as_json: AsJson = False) -> None:
    """The holidays and make-up days of a year, as they count now."""
    from api.cli import open_database
    from engine import calendar_versions
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        calendar = calendar_versions.current(reading)
    days = calendar.special_days(year)
    if as_json:
        plain = [{"date": day.isoformat(), "kind": verdict.kind, "name": verdict.holiday} for day, verdict in days]
        print(
            json.dumps(
                {"year": year, "published": year in calendar.years, "version": calendar.version, "days": plain},
                ensure_ascii=False,
                indent=2,
            )
        )
        return
    print(f"{year}: {'published' if year in calendar.years else 'not published; only the days that the law fixes'}")
    for day, verdict in days:
        print(
            f"{day.isoformat()}  {'make-up working day' if verdict.kind == 'makeup' else 'holiday'}  {verdict.holiday}"
        )


@app.command()
def held(as_json: AsJson = False) -> None:
    """Printed due dates that a new calendar would make earlier: they wait until a supervisor or leader decides on the desk."""
    from api.cli import open_database
    from engine import printed_corrections
    from engine.access import SYSTEM
    from engine.printed_corrections import Waiting

    with open_database().reading(SYSTEM) as reading:
        found: list[Waiting] = []
        page = printed_corrections.waiting(reading, limit=200)
        found += page.rows
        while page.next_key:
            page = printed_corrections.waiting(reading, page.next_key, limit=200)
            found += page.rows
    if as_json:
        print(
            json.dumps([{**asdict(row), "subject": None} for row in found], ensure_ascii=False, indent=2, default=str)
        )
        return
    for row in found:
        print(f"{row.reference}  {row.clock}  {row.before} → {row.after}  {row.organisation}  printed in {row.paper}")
    if not found:
        print("No printed date waits.")
