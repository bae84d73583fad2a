"""Holiday notices for tests that know no date: what is known of a year, with some days more."""

from datetime import date

from engine.holidays import Calendar


def notice(calendar: Calendar, year: int, *more: date, source: str = "国务院办公厅关于部分节假日安排的通知") -> str:
    """A year's notice as TOML: the days that the calendar knows of it, and some holidays more."""
    known = calendar.special_days(year)
    rest = {day: verdict.holiday for day, verdict in known if verdict.kind == "holiday"} | dict.fromkeys(
        more, "特别假期"
    )
    worked = [day for day, verdict in known if verdict.kind == "makeup" and day not in more]
    entries = [f'[[holiday]]\nname = "{name}"\nfrom = {day}\nto = {day}\n' for day, name in sorted(rest.items())]
    entries[0] += f"makeup = [{', '.join(map(str, worked))}]\n"
    return f'year = {year}\nsource = "{source}"\n' + "".join(entries)
