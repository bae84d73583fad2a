"""``duban incidents``, ``duban incident …``: what needs an operator, and what an operator does about it.

The machine's own command line is nobody in particular: the record says ``system``, with the reason that was given.
"""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from engine.db import UnitOfWork
    from engine.situations import Situation, Stopped

app = typer.Typer(help="Cases that have stopped, and other incidents.", rich_markup_mode=None)
Ident = Annotated[str, typer.Argument(metavar="ID", help="Of the incident, or the beginning of it")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the record keeps it", show_default=False)]
TokenId = Annotated[str, typer.Option("--token", help="Of several tokens, which one (default: the one that is held)")]


def list_incidents() -> None:
    """List what needs an operator: id, since when, kind, process and step."""
    from api.cli import open_database
    from engine import situations
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        for row in situations.listed(reading):
            print(
                f"{row.id}  {_moment(row.at)}  {row.kind}  {' · '.join(filter(None, (row.process, row.place)))}".rstrip()
            )


@app.command()
def show(incident: Ident) -> None:
    """Say what happened, where the case stands and which fields the step reads. Values are never shown."""
    from api.cli import open_database
    from engine import situations
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        found = situations.of_incident(reading, situations.whole_id(reading, incident))
    print("\n".join(_told(found)))


def _told(found: "Situation") -> "Iterator[str]":
    incident, case = found.incident, found.case
    yield f"{incident.id}  {incident.kind}  {'settled' if incident.resolved_at else 'open'}"
    yield incident.sentence
    yield f"since {_moment(found.since)}, tried {found.tries} time{'' if found.tries == 1 else 's'}"
    if case is not None:
        yield from _told_of_case(case)
        if incident.revision is not None:
            yield f"data: revision {incident.revision} then, {case.revision} now"
    for act in found.acts:
        yield f"{_moment(act.at)}  {act.name}  {' '.join(act.fields) or act.to}  {act.reason}"


def _told_of_case(case: "Stopped") -> "Iterator[str]":
    yield f"process: {case.bundle.key}, version {case.bundle.version}"
    for token in case.tokens:
        yield f"token: {token.id} at {token.node}{' (held)' if token.held else ''}"
        yield f"  may be moved to: {' '.join(token.destinations) or 'nowhere'}"
    for field in case.fields:
        reads = ", read here" if field in case.reads else ""
        yield f"field: {field.name} ({field.kind}, {'filled' if field.filled else 'empty'}{reads})"


# ---------------------------------------------------------------- acts


@app.command()
def retry(incident: Ident, reason: Reason) -> None:
    """Try again what failed, with the data as they are now."""
    from engine import repairs

    with _acting(incident, "Tried again") as (uow, ident):
        repairs.retry(uow, ident, reason)


@app.command()
def resolve(incident: Ident, reason: Reason) -> None:
    """Close an incident that was dealt with in another way."""
    from engine import repairs

    with _acting(incident, "Closed") as (uow, ident):
        repairs.resolve(uow, ident, reason)


@app.command()
def correct(
    incident: Ident,
    values: Annotated[
        list[str],
        typer.Argument(metavar="FIELD=VALUE…", help="Lists and objects as JSON; an empty value empties the field"),
    ],
    reason: Reason,
) -> None:
    """Correct data of the stopped case; then let it be tried again."""
    from engine import repairs

    typed = dict(_pair(text) for text in values)
    if len(typed) < len(values):
        refuse("A field is named twice.")
    with _acting(incident, "Corrected") as (uow, ident):
        repairs.correct(uow, ident, repairs.read_values(uow, ident, typed), reason)


@app.command()
def move(
    incident: Ident,
    to: Annotated[str, typer.Option("--to", metavar="NODE", help="Id of the step", show_default=False)],
    reason: Reason,
    token: TokenId = "",
) -> None:
    """Put a token of the stopped case on another step."""
    from engine import repairs

    with _acting(incident, "Moved") as (uow, ident):
        repairs.move(uow, ident, token or _held(uow, ident), to, reason)


@app.command()
def cancel(incident: Ident, reason: Reason, token: TokenId = "") -> None:
    """Take a token of the stopped case away; the other branches go on."""
    from engine import repairs

    with _acting(incident, "Cancelled") as (uow, ident):
        repairs.cancel(uow, ident, token or _held(uow, ident), reason)


@contextmanager
def _acting(incident: str, done: str) -> "Iterator[tuple[UnitOfWork, str]]":
    """One act; then it is said what has become of it."""
    from api.cli import open_database
    from engine import incidents, situations

    with open_database().unit_of_work() as uow:
        ident = situations.whole_id(uow, incident)
        yield uow, ident
        still_open = incidents.find(uow, ident).resolved_at is None
    for warning in uow.warnings:
        print(warning.sentence())
    print(f"{done}; the incident is {'still open' if still_open else 'settled'}.")


def _held(uow: "UnitOfWork", ident: str) -> str:
    from engine import incidents

    token = incidents.find(uow, ident).token
    if token is None:
        refuse("This incident holds no token: say which one with --token (see `duban incident show`).")
    return token


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        refuse(f"“{text[:40]}” is no FIELD=VALUE.")
    return name, value


def _moment(at: "datetime") -> str:
    from engine.clock import SHANGHAI

    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
