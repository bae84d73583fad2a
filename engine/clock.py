"""The two clocks: wall time, which leases and sessions use, and legal time, in which cases live.

Nothing else in the product reads a clock. Legal time equals wall time except in a demonstration, where it travels by an
offset that is read once for each unit of work (``engine.db``). Instants are UTC; days are counted in Shanghai.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def wall() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)


def day_of(instant: datetime) -> date:
    """The calendar day on which an instant falls in Guiyang."""
    return instant.astimezone(SHANGHAI).date()


def end_of(day: date) -> datetime:
    """The instant at which a day is over (24:00 in Shanghai), as the exclusive UTC instant 00:00 of the next day."""
    return datetime.combine(day + timedelta(days=1), time.min, SHANGHAI).astimezone(UTC)


def start_of(day: date) -> datetime:
    """The first instant of a day in Shanghai, in UTC."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)
