"""Holiday notices and the dates that they move: numbers for administrators, decisions for supervisors and leaders."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from api.deps import ApiAdministrator, ApiPerson, Door, OnlyOnce
from api.json.shapes import Asked, PageOf, Shape, page_of
from engine import calendar_versions, holiday_notices, printed_corrections
from engine.db import Reading, UnitOfWork
from engine.models import HolidayNotice
from engine.strict import LARGEST

router = APIRouter(tags=["calendar"])
HolidayId = Annotated[str, Path(max_length=64, description="The holiday notice's id")]
CorrectionId = Annotated[str, Path(max_length=64, description="The correction's id")]


class HolidayNoticeShape(Shape):
    """A year's holiday notice that was brought in."""

    id: str
    year: int
    version: str = Field(description="Of what it says", examples=["2027.1a2b3c4d"])
    source: str
    state: str = Field(description="proposed, in force, superseded, discarded")
    proposed_at: datetime
    decided_at: datetime | None
    reason: str | None


class CalendarShape(Shape):
    """The calendar that counts now, and all notices that were brought in."""

    version: str
    years: list[int] = Field(description="Whose holidays are known; dates that depend on others are provisional")
    notices: list[HolidayNoticeShape]


class MoveShape(Shape):
    """A clock whose date moves. No subject: an administrator reads no case."""

    reference: str
    clock: str
    before: date
    after: date
    was_late: bool
    is_late: bool
    waits: bool = Field(description="An issued paper prints the later date: a person decides")


class ShareShape(Shape):
    """What it does in one organisation, in cases."""

    organisation: str
    moved: int
    become_overdue: int
    cease_overdue: int
    waiting: int


class ConsequencesShape(HolidayNoticeShape):
    """A notice with what it would move, or what is still to be corrected by it."""

    moved: int
    become_overdue: int
    cease_overdue: int
    waiting: int
    certain: int = Field(description="Dates that stay and lose their mark of being provisional")
    remarks: list[str] = Field(description="What is unusual; approving asks to have read it again")
    organisations: list[ShareShape]
    moves: list[MoveShape]


class Proposal(Asked):
    """A notice as a file."""

    file: str = Field(default="notice", max_length=100, description="Its name, for messages")
    text: str = Field(max_length=LARGEST, description="TOML or JSON, see bpmn/shared/calendars/README.md")


class Reason(Asked):
    """Why; the record keeps it."""

    reason: str = Field(max_length=1000, description="At most 500 characters")


class Approval(Reason):
    """Why, and whether what is unusual was read again."""

    read_again: bool = False


class DecidedShape(Shape):
    """What was decided on."""

    id: str
    state: str


class WaitingShape(Shape):
    """A printed due date that a new calendar would make earlier."""

    id: str
    reference: str
    subject: str
    clock: str
    organisation: str
    before: date
    after: date
    paper: str
    paper_number: str | None
    source: str
    raised_at: datetime


# ---------------------------------------------------------------- holiday notices


@router.get("/calendar", summary="The calendar and its holiday notices")
def show_calendar(door: ApiAdministrator) -> CalendarShape:
    """The newest year first."""
    with door.reading() as reading:
        calendar, rows = calendar_versions.current(reading), holiday_notices.listed(reading)
    states = holiday_notices.states(rows)
    notices = [HolidayNoticeShape.model_validate(_plain(row, states[row.id])) for row in rows]
    return CalendarShape(version=calendar.version, years=sorted(calendar.years), notices=notices)


@router.post("/calendar/notices", status_code=201, summary="Propose a holiday notice")
def propose(asked: Proposal, door: ApiAdministrator, once: OnlyOnce) -> ConsequencesShape:
    """Nothing moves yet: the answer is the dry run. One that is in force already is refused (409)."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        return {"id": holiday_notices.propose(uow, asked.text, asked.file).id}

    answer = once.write(door, asked.model_dump(), act)
    return _consequences(door, answer["id"])


@router.get("/calendar/notices/{holiday_id}", summary="What a holiday notice moves")
def show(holiday_id: HolidayId, door: ApiAdministrator) -> ConsequencesShape:
    """The dry run of a proposed one; of one in force, what is still to be corrected."""
    return _consequences(door, holiday_id)


@router.post("/calendar/notices/{holiday_id}/approve", summary="Approve a holiday notice")
def approve(holiday_id: HolidayId, asked: Approval, door: ApiAdministrator, once: OnlyOnce) -> DecidedShape:
    """It counts from now on, and a job corrects the dates, each case with an entry in its record."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        row = holiday_notices.approve(uow, holiday_id, asked.reason, read_again=asked.read_again)
        return {"id": row.id, "state": "in force"}

    return DecidedShape.model_validate(once.write(door, asked.model_dump(), act))


@router.post("/calendar/notices/{holiday_id}/discard", summary="Discard a proposed holiday notice")
def discard(holiday_id: HolidayId, asked: Reason, door: ApiAdministrator, once: OnlyOnce) -> DecidedShape:
    """It stays on record, and moves nothing."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        row = holiday_notices.discard(uow, holiday_id, asked.reason)
        return {"id": row.id, "state": row.state}

    return DecidedShape.model_validate(once.write(door, asked.model_dump(), act))


def _consequences(door: Door, holiday_id: str) -> ConsequencesShape:
    with door.reading() as reading:
        row = holiday_notices.find(reading, holiday_id)
        return ConsequencesShape.model_validate(_told(reading, row))


def _told(reading: Reading, row: HolidayNotice) -> dict[str, Any]:
    notice = holiday_notices.said_by(row)
    plan = holiday_notices.consequences(reading, notice)
    state = holiday_notices.states(holiday_notices.listed(reading, row.year))[row.id]
    chinese = reading.actor.locale.startswith("zh")
    remarks = holiday_notices.remarks(reading, notice) if state == "proposed" else ()
    counts = ("moved", "become_overdue", "cease_overdue", "waiting", "certain")
    return {
        **_plain(row, state),
        **{name: getattr(plan, name) for name in counts},
        "remarks": [remark.zh if chinese else remark.en for remark in remarks],
        "organisations": holiday_notices.by_organisation(reading, plan),
        "moves": [move for move in plan.moves if not move.private],
    }


def _plain(row: HolidayNotice, state: str) -> dict[str, Any]:
    shown = ("id", "year", "version", "source", "proposed_at", "decided_at", "reason")
    return {name: getattr(row, name) for name in shown} | {"state": state}


# ---------------------------------------------------------------- printed dates that wait


@router.get("/calendar/held", summary="Printed dates that wait for a decision")
def held(
    door: ApiPerson,
    request: Request,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PageOf[WaitingShape]:
    """Yours to decide: as leader of the organisation that owes the answer, or as supervisor over it."""
    with door.reading() as reading:
        return page_of(WaitingShape, printed_corrections.waiting(reading, after, limit), request)


@router.post("/calendar/held/{correction_id}/approve", summary="Let a printed date become earlier")
def approve_held(correction_id: CorrectionId, asked: Reason, door: ApiPerson, once: OnlyOnce) -> DecidedShape:
    """The clock moves, and a corrective notice that names the old date is issued."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        row = printed_corrections.approve(uow, correction_id, asked.reason)
        return {"id": row.id, "state": row.state}

    return DecidedShape.model_validate(once.write(door, asked.model_dump(), act))


@router.post("/calendar/held/{correction_id}/refuse", summary="Keep a printed date for good")
def refuse_held(correction_id: CorrectionId, asked: Reason, door: ApiPerson, once: OnlyOnce) -> DecidedShape:
    """The clock keeps the date that is printed; no later recount makes it earlier."""

    def act(uow: UnitOfWork) -> dict[str, Any]:
        row = printed_corrections.refuse(uow, correction_id, asked.reason)
        return {"id": row.id, "state": row.state}

    return DecidedShape.model_validate(once.write(door, asked.model_dump(), act))
