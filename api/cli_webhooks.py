"""``duban webhook …``: other systems that are told what happens here."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.db import UnitOfWork

app = typer.Typer(help="Other systems that are told what happens here.", rich_markup_mode=None)
Name = Annotated[str, typer.Argument(help="Name or id of the subscription")]


@app.command("list")
def list_webhooks() -> None:
    """List the systems that are told: id, state, name, address, kinds of events."""
    from api.cli import open_database
    from engine import webhooks
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        for row in webhooks.listed(reading):
            state = "paused" if not row.active else "failing" if row.failing_since else "active"
            print(f"{row.id}  {state:<7}  {row.name}  {row.address}  {' '.join(row.kinds)}")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the system is called")],
    address: Annotated[str, typer.Argument(help="https:// and a public machine")],
    kinds: Annotated[
        list[str],
        typer.Option(
            "--kind", help="Kind of event, e.g. notice.served; several times, or none for all", show_default=False
        ),
    ] = [],  # noqa: B006
    processes: Annotated[
        list[str],
        typer.Option("--process", help="Key of a process; several times, or none for all", show_default=False),
    ] = [],  # noqa: B006
) -> None:
    """Tell another system from now on. The secret is printed this once."""
    from api.cli import open_database
    from engine import webhooks

    with open_database().unit_of_work() as uow:
        _, secret = webhooks.subscribe(uow, name, address, kinds or webhooks.KINDS, processes)
    print(secret)


@app.command()
def messages(
    name: Name, limit: Annotated[int, typer.Option(min=1, max=200, help="How many, newest first")] = 20
) -> None:
    """List messages to a system: id, when, kind, state, attempts, last answer."""
    from api.cli import open_database
    from engine import webhooks
    from engine.access import SYSTEM
    from engine.clock import SHANGHAI
    from engine.queries import webhooks as found

    with open_database().reading(SYSTEM) as reading:
        for row in found.messages(reading, webhooks.named(reading, name).id, limit=limit).items:
            at = f"{row.created_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
            print(f"{row.id}  {at}  {row.kind}  {row.state}  {row.attempts}  {row.status or '-'}  {row.error}".rstrip())


@app.command()
def test(name: Name) -> None:
    """Send a test message; `duban webhook messages` says whether it arrived."""
    from engine import webhook_events, webhooks

    with _acting(name) as (uow, ident):
        webhook_events.send_test(uow, webhooks.find(uow, ident))
    print("A test message will be sent.")


@app.command()
def pause(name: Name) -> None:
    """Send nothing until it is resumed; what happens meanwhile is kept."""
    from engine import webhook_deliveries

    with _acting(name) as (uow, ident):
        webhook_deliveries.pause(uow, ident)
    print("Paused.")


@app.command()
def resume(name: Name) -> None:
    """Send again, what waited first."""
    from engine import webhook_deliveries

    with _acting(name) as (uow, ident):
        number = webhook_deliveries.resume(uow, ident)
    print(f"Resumed; {number} messages had waited.")


@app.command()
def rotate(name: Name) -> None:
    """Give a system another secret, printed this once; the one before signs beside it for a week."""
    from engine import webhooks

    with _acting(name) as (uow, ident):
        secret = webhooks.rotate(uow, ident)
    print(secret)


@app.command()
def replay(
    name: Name,
    message: Annotated[str, typer.Option("--message", help="Id of one message (default: all dead letters)")] = "",
) -> None:
    """Send dead letters again, under the ids that they had."""
    from engine import webhook_deliveries

    with _acting(name) as (uow, ident):
        if message:
            webhook_deliveries.replay(uow, ident, message)
        number = 1 if message else webhook_deliveries.replay_dead(uow, ident)
    print(f"{number} messages will be sent again.")


@app.command()
def remove(name: Name) -> None:
    """Tell a system no longer."""
    from engine import webhooks

    with _acting(name) as (uow, ident):
        webhooks.remove(uow, ident)
    print("Removed.")


@contextmanager
def _acting(name: str) -> "Iterator[tuple[UnitOfWork, str]]":
    from api.cli import open_database
    from engine import webhooks

    with open_database().unit_of_work() as uow:
        yield uow, webhooks.named(uow, name).id
