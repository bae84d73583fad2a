"""Reports on screen: figures by organisation with their formulas, the cases behind each, as files, and what was published."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api import deps, exports, files, formview, i18n, rendering
from api.deps import Door, PageAnyone, PageOverseer
from api.pages import posted as sent_form
from api.pages.frame import viewer
from api.pages.posted import Key, Sent, Word
from engine import audit, clock, report_rules, reports
from engine.db import Reading, UnitOfWork
from engine.errors import Forbidden, Invalid
from engine.report_rules import Figure
from engine.reports import Line, Period, Table, Value
from notices import render
from notices.sheets import Sheet
from notices.templates import numeral_zh

router = APIRouter()
PDF = "application/pdf"
FIRST_YEAR = 2017  # in which the regulation came into force
UNKNOWN_ITEM = "-"
ITEMS = {  # of Art. 18(1), by which refusals are told apart
    "state_secret": ("涉及国家秘密", "state secrets"),
    "trade_secret": ("涉及商业秘密", "trade secrets"),
    "personal_privacy": ("涉及个人隐私", "personal privacy"),
    "law": ("法律法规规定不得开放", "barred by law"),
    "-": ("未注明", "not said"),
}


@dataclass(frozen=True)
class Asked:
    """Which report over which period: a year, a month of it, or any days."""

    report: str
    year: int
    month: int
    since: str
    until: str

    @property
    def period(self) -> Period:
        if self.since or self.until:
            try:
                return Period(date.fromisoformat(self.since), date.fromisoformat(self.until))
            except ValueError:
                raise reports.PeriodFaulty() from None
        return Period.of_month(self.year, self.month) if self.month else Period.of_year(self.year)

    @property
    def address(self) -> dict[str, str]:
        """The same as a query of an address."""
        if self.since or self.until:
            return {"report": self.report, "since": self.since, "until": self.until}
        return {"report": self.report, "year": str(self.year), "month": str(self.month or "")}


def _asked(
    report: Annotated[str, Query(max_length=40)] = "assessment",
    year: Annotated[int, Query(ge=FIRST_YEAR, le=2200)] = 0,
    month: Annotated[str, Query(pattern="^([1-9]|1[0-2])?$")] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> Asked:
    return Asked(report, year, int(month or 0), since, until)


Wanted = Annotated[Asked, Depends(_asked)]


def _settled(asked: Asked, reading: Reading) -> Asked:
    """This year, where no period is named."""
    if asked.year or asked.since or asked.until:
        return asked
    return Asked(asked.report, clock.day_of(reading.now).year, asked.month, "", "")


@router.get("/board/reports")
def show(request: Request, door: PageOverseer, asked: Wanted, said: Word = "") -> Response:
    return _draw(request, door, asked, said=said)


@router.get("/board/reports/file")
def download(door: PageOverseer, asked: Wanted, format: Literal["xlsx", "csv", "pdf"] = "xlsx") -> Response:
    """The same figures as a spreadsheet, as text or as a PDF; the taking is on record."""
    with door.reading() as reading:
        asked = _settled(asked, reading)
        table = reports.make(reading, asked.report, asked.period)
    name = _filename(table, door.locale)
    with door.writing() as uow:
        audit.record(uow, "report.exported", stream="reads", report=asked.report, format=format)
    if format == "pdf":
        return files.download(f"{name}.pdf", PDF, render.sheet(_sheet(table)))
    kind = exports.KINDS[format]
    made = exports.write(kind, table.report.title, _heads(door.locale), _cells(table, door.locale))
    return files.download(f"{name}.{kind.ending}", kind.media_type, exports.chunks(made))


@router.get("/board/reports/cases")
def cases_behind(
    request: Request,
    door: PageOverseer,
    asked: Wanted,
    figure: Annotated[str, Query(max_length=40)],
    part: Literal["of", "that"] = "that",
    organisation: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The cases that a figure counts, or of which it is a share."""
    with door.reading() as reading:
        asked = _settled(asked, reading)
        trace = reports.trace(reading, figure, asked.period, part, organisation)
        return rendering.page(
            request,
            "report_cases.html",
            here="reports",
            canonical="/board/reports",
            viewer=viewer(reading, door),
            trace=trace,
            asked=asked,
            part=part,
            period=asked.period,
        )


@router.post("/board/reports/publish")
def publish(request: Request, door: PageOverseer, asked: Wanted, posted: Sent) -> Response:
    """A leader makes the figures public, as they stand now."""

    def write(uow: UnitOfWork) -> deps.Answer:
        return {"id": reports.publish(uow, asked.report, _settled(asked, uow).period).id}

    try:
        done = sent_form.once(posted, "page /board/reports/publish").write(door, asked.address, write)
    except (Invalid, Forbidden) as error:
        fault = formview.FaultView(error.sentence(door.locale), "publish")
        return _draw(request, door, asked, problems=[fault], status=error.status)
    return RedirectResponse(f"/reports/{done['id']}", 303)


def _draw(
    request: Request,
    door: Door,
    asked: Asked,
    *,
    problems: Sequence[formview.FaultView] = (),
    status: int = 200,
    said: str = "",
) -> Response:
    faults = list(problems)
    with door.reading() as reading:
        asked = _settled(asked, reading)
        table = None
        try:
            table = reports.make(reading, asked.report, asked.period)
        except Invalid as error:
            faults.append(formview.FaultView(error.sentence(door.locale), "since"))
            status = error.status
        return rendering.page(
            request,
            "reports.html",
            status,
            here="reports",
            canonical="/board/reports",
            viewer=viewer(reading, door),
            table=table,
            asked=asked,
            reports=report_rules.of(reading.settings).reports,
            years=range(clock.day_of(reading.now).year, FIRST_YEAR - 1, -1),
            may_publish=reports.publishing_seat(reading) is not None,
            problems=faults,
            said=said,
            value=_shown,
            item=_item,
            submission=sent_form.new_submission(),
        )


# ---------------------------------------------------------------- what was published


@router.get("/reports")
def list_published(request: Request, door: PageAnyone) -> Response:
    with door.reading() as reading:
        return rendering.page(
            request,
            "reports_published.html",
            here="reports",
            canonical="/reports",
            rows=[_row(p, o.name) for p, o in reports.published(reading)],
        )


@router.get("/reports/{ident}")
def show_published(request: Request, door: PageAnyone, ident: Key) -> Response:
    with door.reading() as reading:
        found, organisation = reports.publication(reading, ident)
        content = found.content
        return rendering.page(
            request,
            "report_published.html",
            here="reports",
            canonical=f"/reports/{ident}",
            row=_row(found, organisation.name),
            content=content,
            value=lambda figure, value: _shown_plain(figure["shown"], value, door.locale),
            item=_item,
        )


def _row(found: Any, organisation: str) -> dict[str, Any]:
    named = ("title", "title_en", "article")
    return {n: found.content[n] for n in named} | {
        "id": found.id,
        "since": found.since,
        "until": found.until,
        "published_at": found.published_at,
        "organisation": organisation,
    }


# ---------------------------------------------------------------- how a figure is said


def _shown(figure: Figure, value: Value, locale: str) -> str:
    said = {"number": value.number, "base": value.base, "mean": value.mean}
    return _shown_plain(figure.shown, said, locale)


def _shown_plain(shown: str, value: Mapping[str, Any], locale: str) -> str:
    """``12``, ``95.0 %`` (with how many of how many beside it), ``6.4``; a dash where there is nothing to say."""
    if shown == "count":
        return str(value["number"])
    if not value["base"]:
        return "—"
    return f"{value['mean']:.1f}" if shown == "days" else f"{100 * value['number'] / value['base']:.1f}%"


def _item(key: str, locale: str) -> str:
    """What a part of a figure is called."""
    zh, en = ITEMS.get(key, (key, key))
    return zh if locale.startswith("zh") else en


def _heads(locale: str) -> list[str]:
    _ = i18n.gettext(locale)
    return [_("Organisation"), _("Figure"), _("Value"), _("Counted"), _("Out of"), _("Formula")]


def _cells(table: Table, locale: str) -> Iterator[Sequence[exports.Cell]]:
    chinese = locale.startswith("zh")
    _ = i18n.gettext(locale)
    total = Line("", _("All together"), table.total.values)
    for line in (*table.lines, total):
        for figure in table.figures:
            value = line.values[figure.key]
            title = figure.title if chinese else figure.title_en
            formula = figure.formula if chinese else figure.formula_en
            yield (line.name, title, _shown(figure, value, locale), value.number, value.base, formula)
            for key, number in value.parts:
                yield (line.name, f"{title}：{_item(key, locale)}", str(number), number, value.number, "")


def _filename(table: Table, locale: str) -> str:
    title = table.report.title if locale.startswith("zh") else table.report.title_en
    return f"{title}-{table.period.since:%Y%m%d}-{table.period.until:%Y%m%d}"


def _sheet(table: Table) -> Sheet:
    """The report on paper, in Chinese: tables of a few figures each, then the formulas."""
    groups = [table.figures[at : at + 5] for at in range(0, len(table.figures), 5)]
    lines = [*table.lines, Line("", "合计", table.total.values)]
    facts = {
        "period": f"{_day(table.period.since)}至{_day(table.period.until)}",
        "article": f"《贵阳市政府数据共享开放条例》第{numeral_zh(int(table.report.article))}条",
        "groups": [
            {
                "heads": [figure.title for figure in group],
                "rows": [
                    {"name": line.name, "cells": [_cell(figure, line.values[figure.key]) for figure in group]}
                    for line in lines
                ],
            }
            for group in groups
        ],
        "formulas": [{"title": figure.title, "formula": figure.formula} for figure in table.figures],
    }
    return Sheet("report", table.report.title, facts)


def _cell(figure: Figure, value: Value) -> str:
    shown = _shown(figure, value, "zh")
    return f"{shown}（{value.number}/{value.base}）" if figure.shown == "rate" and value.base else shown


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
