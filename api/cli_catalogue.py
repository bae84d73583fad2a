"""``duban catalogue``: the catalogue brought in from a file, and written to one, as CSV or as JSON-LD (DCAT-AP)."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_errors import refuse

if TYPE_CHECKING:
    from engine.catalogue_csv import Line
    from engine.items import Row
    from engine.settings import Settings

app = typer.Typer(help="The catalogue of data, from a file and to one.", rich_markup_mode=None)
CSV, JSONLD = ".csv", (".jsonld", ".json")
File = Annotated[Path, typer.Argument(help="Its name ends in .csv or .jsonld")]
House = Annotated[str, typer.Option(help="Code of the organisation; it alone is read and changed", show_default=False)]


@app.command("import")
def bring_in(file: File, organisation: House = "") -> None:
    """Propose what a file says, whole or not at all; each bad line is named. Heads of unit of the owners agree at the desk."""
    from api.cli import open_database
    from engine import catalogue_csv, directory
    from engine.access import SYSTEM

    is_jsonld, database = _is_jsonld(file), open_database()
    if organisation:
        with database.reading(SYSTEM) as reading:
            directory.organisation(reading, organisation)
    with _faults_one_by_one():
        lines = _read(database.settings, file, is_jsonld)
        with database.unit_of_work() as uow:
            if organisation:
                catalogue_csv.of_one_house(uow, lines, organisation)
            count = catalogue_csv.draft(uow, lines, organisation=organisation or None)
    print(
        f"{count} proposal{' waits' if count == 1 else 's wait'} for a head of unit of the owner: /desk/catalogue/drafts"
    )


@app.command("export")
def write(
    file: File,
    organisation: House = "",
    published: Annotated[bool, typer.Option("--published", help="Only what the public sees")] = False,
    english: Annotated[bool, typer.Option("--english", help="CSV headed in English")] = False,
) -> None:
    """Write the items as they are now; the file can be brought in again."""
    from api.cli import open_database
    from engine import audit, catalogue_csv, directory, item_lists
    from engine.access import PUBLIC, SYSTEM

    is_jsonld, database = _is_jsonld(file), open_database()
    if organisation:
        with database.reading(SYSTEM) as reading:
            directory.organisation(reading, organisation)
    with database.reading(PUBLIC if published else SYSTEM) as reading:
        rows = item_lists.every(reading, item_lists.Asked(organisation=organisation))
        publisher = item_lists.publisher(reading)
        if is_jsonld:
            text = _jsonld(reading.settings, rows, publisher, public=published)
        else:
            text = catalogue_csv.write(reading.settings, rows, "en" if english else "zh", public=published)
    file.write_text(text, encoding="utf-8", newline="")
    with database.unit_of_work() as uow:
        audit.record(uow, "catalogue.exported", stream="reads", rows=len(rows))
    print(f"{len(rows)} item{'' if len(rows) == 1 else 's'} written to {file}")


def _is_jsonld(file: Path) -> bool:
    ending = file.suffix.lower()
    if ending != CSV and ending not in JSONLD:
        refuse(f"{file}: what it holds is told by its ending, .csv or .jsonld")
    return ending in JSONLD


def _read(settings: "Settings", file: Path, is_jsonld: bool) -> "list[Line]":
    from engine import catalogue_csv, catalogue_dcat

    with file.open("rb") as opened:
        content = opened.read(catalogue_dcat.LARGEST + 1)
    return (catalogue_dcat.read if is_jsonld else catalogue_csv.read)(settings, content)


def _jsonld(settings: "Settings", rows: "list[Row]", publisher: str, *, public: bool) -> str:
    import json

    from engine import catalogue_dcat

    here = settings.base_url.rstrip("/") + "/catalogue.jsonld"
    document = catalogue_dcat.catalogue(
        settings, rows, total=len(rows), here=here, following=None, publisher=publisher, public=public
    )
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


@contextmanager
def _faults_one_by_one() -> Iterator[None]:
    """Every fault of a file in a line of its own."""
    from engine.csv_tables import FileFaulty

    try:
        yield
    except FileFaulty as error:
        for fault in error.faults:
            print(f"duban: {fault.sentence('en')}", file=sys.stderr)
        raise typer.Exit(2) from None
