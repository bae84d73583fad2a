"""``duban user …``: people who sign in, their roles, passwords and tokens."""

import getpass
import sys
from typing import Annotated

import typer

from api.cli_errors import refuse

app = typer.Typer(help="People who sign in.", rich_markup_mode=None)
Login = Annotated[str, typer.Argument(help="The login")]


@app.command()
def add(
    login: Login,
    name: Annotated[str, typer.Argument(help="The name as it stands in the list of staff")],
    email: Annotated[str, typer.Option(help="Address for mail")] = "",
    duty: Annotated[str, typer.Option(help="none, administrator, or auditor")] = "none",
    locale: Annotated[str, typer.Option(help="zh, or en")] = "zh",
) -> None:
    """Add somebody. The password is asked for, or read from standard input."""
    from api.cli import open_database
    from engine import directory

    if locale not in ("zh", "en"):
        refuse(f"The locale is zh or en, not {locale[:40]}.")
    database = open_database()
    password_hash = directory.hash_password(_password())
    with database.unit_of_work() as uow:
        directory.create_person(uow, login, name, password_hash, email=email, locale=locale, duty=duty)
    print(f"{login} was added.")


@app.command()
def password(login: Login) -> None:
    """Give somebody another password; it is asked for, or read from standard input. Their sessions end."""
    from api.cli import open_database
    from engine import directory

    database = open_database()
    password_hash = directory.hash_password(_password())
    with database.unit_of_work() as uow:
        directory.set_password(uow, directory.person(uow, login).id, password_hash)
    print(f"{login} has another password.")


@app.command()
def role(
    login: Login,
    organisation: Annotated[str, typer.Argument(help="Code of the organisation")],
    role: Annotated[str, typer.Argument(help="What the person does there, e.g. case_handler")],
    unit: Annotated[str, typer.Option(help="The unit (科室)")] = "",
    end: Annotated[bool, typer.Option("--end", help="Take the role instead of giving it")] = False,
) -> None:
    """Let somebody work in a role of an organisation, or no longer."""
    from api.cli import open_database
    from engine import directory

    with open_database().unit_of_work() as uow:
        person_id = directory.person(uow, login).id
        organisation_id = directory.organisation(uow, organisation).id
        if end:
            directory.end_role(uow, person_id, organisation_id, role)
        else:
            directory.grant_role(uow, person_id, organisation_id, role, unit)
    print(f"{login} is {'no longer ' if end else ''}{role} of {organisation}.")


@app.command()
def token(
    login: Login,
    label: Annotated[str, typer.Option(help="What it is for")] = "command line",
    days: Annotated[int | None, typer.Option(help="Days until it ends (default: never)", min=1, max=3660)] = None,
    revoke: Annotated[str, typer.Option(help="End the token with this id instead")] = "",
    show: Annotated[bool, typer.Option("--list", help="List the tokens instead")] = False,
) -> None:
    """Make a bearer token with which a program acts as this person. It is shown this once."""
    from api.cli import open_database
    from engine import directory
    from engine.access import SYSTEM

    database = open_database()
    with database.reading(SYSTEM) as reading:
        person_id = directory.person(reading, login).id
        kept = directory.tokens(reading, person_id)
    if show:
        for each in kept:
            print(f"{each.id}  {each.created_at:%Y-%m-%d}  {each.label}")
        return
    with database.unit_of_work() as uow:
        if not revoke:
            print(directory.create_token(uow, person_id, label, days))
        elif revoke in {each.id for each in kept}:
            directory.revoke_token(uow, revoke)
            print("The token has ended.")
        else:
            refuse(f"{login} has no token with the id {revoke[:40]}.")


@app.command("list")
def list_people() -> None:
    """List everybody who signs in: login, name, duty, and role@organisation."""
    from api.cli import open_database
    from engine import directory
    from engine.access import SYSTEM

    with open_database().reading(SYSTEM) as reading:
        for person in directory.people(reading):
            roles = " ".join(f"{m.role}@{o.code}" for o, m in directory.memberships(reading, person.id))
            duty = "" if person.duty == "none" else f"  [{person.duty}]"
            gone = "" if person.active else "  (left)"
            print(f"{person.login:<24} {person.name}{duty}{gone}  {roles}".rstrip())


def _password() -> str:
    """A password from the terminal, unseen and twice, or the first line of standard input. Never an argument."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        refuse("The two passwords differ.")
    return first
