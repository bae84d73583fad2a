"""Lists to take along: exactly the lines that were looked at, as a spreadsheet or as comma-separated text.

Both are written line by line into a file that is sent and forgotten, so that memory does not grow with the list. A cell
that a spreadsheet would take for a formula is disarmed.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO

import xlsxwriter

from engine import clock

BOM = "\ufeff"  # or a spreadsheet would not know that it is UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
CHUNK = 64 * 1024
IN_MEMORY = 1024 * 1024
WIDTHS = (22, 36, 18, 18, 24, 24, 18, 14, 10, 18, 14)
Cell = str | int | date | datetime | None


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    ending: str
    media_type: str


CSV = Kind("csv", "text/csv; charset=utf-8")
XLSX = Kind("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
KINDS = {"csv": CSV, "xlsx": XLSX}


def disarmed(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def write(kind: Kind, title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """A file with a head and these lines, at its beginning again."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (whoever sends it closes it)
    (_write_csv if kind is CSV else _write_xlsx)(file, title, heads, rows)
    file.seek(0)
    return file


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, which is closed at the end."""
    with file:
        while piece := file.read(CHUNK):
            yield piece


def _write_csv(file: IO[bytes], _title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    text.write(BOM)
    writer = csv.writer(text)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([disarmed(_plain(cell)) for cell in row])
    text.detach()


def _plain(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M}"
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def _write_xlsx(file: IO[bytes], title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Line by line: the library keeps only the line that it is at. Texts are texts, whatever they begin with."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for at, width in enumerate(WIDTHS[: len(heads)]):
            sheet.set_column(at, at, width)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, heads, bold)
        for number, row in enumerate(rows, start=1):
            for at, cell in enumerate(row):
                if isinstance(cell, datetime):
                    local = cell.astimezone(clock.SHANGHAI).replace(tzinfo=None)
                    sheet.write_datetime(number, at, local, moment)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, at, cell, day)
                elif isinstance(cell, int):
                    sheet.write_number(number, at, cell)
                elif cell is not None:
                    sheet.write_string(number, at, cell)  # a text is never a formula
