"""Reports on how data are shared and opened: figures of a period, and the cases behind them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.deps import ApiAnyone, ApiOverseer
from api.json.shapes import Shape
from engine import reports
from engine.reports import Line, Period, Value

router = APIRouter(tags=["supervision"])
Day = Annotated[date, Query()]


class ValueShape(Shape):
    """A figure of one organisation."""

    number: int = Field(description="What is counted; of a rate the numerator")
    base: int | None = Field(description="Of a rate the denominator; of days, of how many they are the mean")
    mean: float | None = Field(description="Of days")
    rate: float | None = Field(description="In percent; nothing where there was nothing to count")
    parts: list[tuple[str, int]]


class LineShape(Shape):
    """The figures of one organisation (code `-`: not determined yet), or of all together (no code)."""

    code: str
    name: str
    figures: dict[str, ValueShape]


class FigureShape(Shape):
    """How a figure comes about."""

    key: str
    title: str
    formula: str
    shown: str = Field(description="count, rate or days")


class ReportShape(Shape):
    """A report over a period."""

    key: str
    title: str
    article: str
    since: date
    until: date
    figures: list[FigureShape]
    lines: list[LineShape]
    total: LineShape


class TracedShape(Shape):
    """The cases behind a figure, as far as you may see them."""

    references: list[str]
    hidden: int = Field(description="How many more there are")


class PublishedShape(Shape):
    """A report that was published."""

    id: str
    report: str
    title: str
    since: date
    until: date
    organisation: str
    published_at: datetime
    content: dict[str, Any]


@router.get("/reports/{report}", summary="A report over a period")
def show(report: Annotated[str, Path(max_length=40)], door: ApiOverseer, since: Day, until: Day) -> ReportShape:
    """Of the organisations that you oversee (Art. 22, 27, 28)."""
    with door.reading() as reading:
        table = reports.make(reading, report, Period(since, until))
    chinese = door.locale.startswith("zh")
    return ReportShape(
        key=report,
        title=table.report.title if chinese else table.report.title_en,
        article=table.report.article,
        since=since,
        until=until,
        figures=[
            FigureShape(
                key=f.key,
                title=f.title if chinese else f.title_en,
                formula=f.formula if chinese else f.formula_en,
                shown=f.shown,
            )
            for f in table.figures
        ],
        lines=[_line(line) for line in table.lines],
        total=_line(table.total),
    )


@router.get("/figures/{figure}/cases", summary="The cases behind a figure")
def cases_behind(
    figure: Annotated[str, Path(max_length=40)],
    door: ApiOverseer,
    since: Day,
    until: Day,
    part: Literal["of", "that"] = "that",
    organisation: Annotated[str, Query(max_length=64)] = "",
) -> TracedShape:
    """Those that it counts (`that`), or of which it is a share (`of`)."""
    with door.reading() as reading:
        trace = reports.trace(reading, figure, Period(since, until), part, organisation)
    return TracedShape(references=[case.reference for case in trace.cases], hidden=trace.hidden)


@router.get("/published-reports", summary="Reports that were published")
def published(door: ApiAnyone) -> list[PublishedShape]:
    """For anybody, the newest first."""
    with door.reading() as reading:
        return [
            PublishedShape(
                id=found.id,
                report=found.report,
                title=str(found.content["title"]),
                since=found.since,
                until=found.until,
                organisation=organisation.name,
                published_at=found.published_at,
                content=found.content,
            )
            for found, organisation in reports.published(reading)
        ]


def _line(line: Line) -> LineShape:
    return LineShape(code=line.code, name=line.name, figures={key: _value(v) for key, v in line.values.items()})


def _value(value: Value) -> ValueShape:
    parts = list(value.parts)
    return ValueShape(number=value.number, base=value.base, mean=value.mean, rate=value.rate, parts=parts)
