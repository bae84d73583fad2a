"""文号: the number of an official paper, gapless for each organisation, series and year (筑交数复〔2026〕7号)."""

from datetime import date

from engine import numbers
from engine.db import UnitOfWork
from engine.models import Organisation


def allot(uow: UnitOfWork, organisation: Organisation, series: str, day: date) -> str:
    """The next number of an organisation's series, allotted in the transaction that issues the paper."""
    number = numbers.next_number(uow, organisation.id, series, day.year)
    return f"{organisation.document_prefix}{series}〔{day.year}〕{number}号"
