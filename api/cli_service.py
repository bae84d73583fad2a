"""The command line for the service of papers: mails that came back."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli_errors import refuse

TEMPORARY = 75  # of sysexits: a mail server that pipes a report to us brings it again later


def bounces(
    file: Annotated[
        str, typer.Argument(help="A report of a mail server, or a mailbox of them; - reads the standard input")
    ],
) -> None:
    """Note which mails came back (delivery status notifications, RFC 3464): made for the pipe of a mail server.

    What is no such report, or not about a mail of ours, is said and otherwise left alone. Exit code 75 asks to bring it again.
    """
    from api.cli import open_database
    from engine.errors import Unavailable
    from notices import bounces as reports

    source = _read(file, reports.MOST_BYTES)
    found = reports.read(source)
    if not found:
        print("No report about a mail that came back.")
        return
    database = open_database()
    try:
        for bounce in found:
            noted = reports.note(database, bounce)
            print(f"{bounce.message_id} {bounce.status} {noted.outcome}")
    except Unavailable as error:
        print(error, file=sys.stderr)
        raise typer.Exit(TEMPORARY) from None


def _read(file: str, most: int) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(most)
    path = Path(file)
    if not path.is_file():
        refuse(f"There is no file {path}.")
    with path.open("rb") as stream:
        return stream.read(most)
