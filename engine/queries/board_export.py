"""The board's list to take along: the lines of the screen with the applicant, masked as exports are."""

from collections.abc import Iterator

from sqlmodel import col, select

from engine.db import Reading
from engine.errors import Invalid
from engine.models import Case, Party
from engine.queries import paging
from engine.queries.board import ALL, board_list
from engine.queries.rows import masked_name
from engine.views import OverdueRow, Wanted

MOST = 20_000


class TooManyLines(Invalid):
    """The list has more than {most} lines; please narrow it down before exporting it."""

    zh = "列表超过{most}行，请先缩小筛选范围再导出。"

    def __init__(self) -> None:
        super().__init__(most=MOST)


def export_rows(
    reading: Reading, view: str, wanted: Wanted = ALL, search_for: str = "", most: int = MOST
) -> Iterator[tuple[OverdueRow, str]]:
    """Every line of a list of the board, page by page, each with its applicant. Raises TooManyLines after so many."""
    after: str | None = None
    number = 0
    while True:
        page = board_list(reading, view, wanted, search_for=search_for, after=after, limit=paging.MOST)
        applicants = _applicants(reading, [row.case_id for row in page.rows])
        for row in page.rows:
            number += 1
            if number > most:
                raise TooManyLines()
            yield row, applicants.get(row.case_id, "")
        after = page.next_key
        reading.session.expunge_all()  # what was sent need not be kept in memory
        if after is None:
            return


def _applicants(reading: Reading, case_ids: list[str]) -> dict[str, str]:
    query = (
        select(Case, Party).join(Party, col(Party.case_id) == col(Case.id)).where(col(Case.id).in_(case_ids))
    ).order_by(col(Party.id))
    named: dict[str, str] = {}
    for case, party in reading.session.exec(query):
        if case.id not in named:
            named[case.id] = masked_name(reading, case, party, "export")
    return named
