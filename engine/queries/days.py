"""Days of Guiyang, told by the database: what is counted by day is grouped there and not fetched row by row."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class shanghai_day(FunctionElement[str]):
    """The day of an instant, as 2026-04-20. China has one time zone and no summer time."""

    type = String()
    inherit_cache = True


@compiles(shanghai_day, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+8 hours')"


@compiles(shanghai_day, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"
