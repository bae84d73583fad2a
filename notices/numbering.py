"""文号: the number of an official paper, gapless for each organisation, series and year (筑交开放复〔2026〕7号).

Every number that is given out stands in the register (发文登记簿): with the paper that has it, or, where it was spent on none,
with the reason.
"""

from datetime import date

from sqlmodel import col, select

from engine import audit, clock, numbers, reasons
from engine.db import UnitOfWork
from engine.errors import Forbidden, NotFound
from engine.models import Notice, NumberSequence, Organisation, RegisteredNumber

KEEPERS = ("registrar", "unit_head", "leader")
"""Who keeps the register of an organisation."""


class NotRegisterKeeper(Forbidden):
    """The register of numbers is kept by the registrar, the heads of unit and the leaders of the organisation."""

    zh = "发文登记簿由本机关登记员、科室负责人和分管领导管理。"


class SeriesUnknown(NotFound):
    """The organisation has given out no number of the series “{series}” yet."""

    zh = "本机关尚未使用过“{series}”字号。"
    quotes = True


def allot(uow: UnitOfWork, notice: Notice, organisation: Organisation, series: str, day: date) -> None:
    """Give a paper the next number of an organisation's series, in the transaction that issues it."""
    given = _next(uow, organisation, series, day)
    notice.number = given.number
    given.notice_id = notice.id
    uow.add(notice)
    uow.add(given)


def void(uow: UnitOfWork, code: str, series: str, reason: str) -> RegisteredNumber:
    """Spend the next number of a series on no paper of this system: it was spoiled, or stands on a paper made elsewhere.

    By whoever keeps the register; the reason stands there for good. Raises NotRegisterKeeper, ReasonMissing, SeriesUnknown.
    """
    organisation = uow.session.exec(select(Organisation).where(col(Organisation.code) == code)).first()
    if organisation is None or organisation.id not in uow.actor.organisations(*KEEPERS):
        raise NotRegisterKeeper()
    why = reasons.given(reason)
    known = select(NumberSequence.id).where(
        col(NumberSequence.owner) == organisation.id, col(NumberSequence.series) == series
    )
    if uow.session.exec(known.limit(1)).first() is None:
        raise SeriesUnknown(series=series[:40])
    given = _next(uow, organisation, series, clock.day_of(uow.now))
    given.voided_by, given.void_reason = str(uow.actor), why
    uow.add(given)
    audit.record(uow, "number.voided", stream="administration", number=given.number, organisation=organisation.id)
    return given


def _next(uow: UnitOfWork, organisation: Organisation, series: str, day: date) -> RegisteredNumber:
    ordinal = numbers.next_number(uow, organisation.id, series, day.year)
    return RegisteredNumber(
        organisation_id=organisation.id,
        series=series,
        year=day.year,
        ordinal=ordinal,
        number=f"{organisation.document_prefix}{series}〔{day.year}〕{ordinal}号",
        given_on=day,
        given_at=uow.now,
    )
