"""Which days are working days: published years, years to come, and the notice that arrives in the autumn."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendars import Rule, count
from engine.holidays import (
    Calendar,
    DayOutOfRange,
    NoticeFaulty,
    Verdict,
    load,
    parse_notice,
    published,
    read_notice,
    statutory_days,
)

NOTICE_2027 = """
year = 2027
source = "国务院办公厅关于2027年部分节假日安排的通知（测试）"

[[holiday]]
name = "元旦"
from = 2026-12-31
to = 2027-01-02
makeup = [2027-01-03]

[[holiday]]
name = "春节"
from = 2027-02-05
to = 2027-02-12
makeup = [2027-01-31, 2027-02-14]
"""


def notice_file(folder: Path, text: str, name: str = "2027.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_published_years_say_what_the_published_table_says() -> None:
    calendar = published()
    day = date(min(calendar.years), 1, 1)
    while day.year in calendar.years:
        assert calendar.is_workday(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)
    assert day.year == max(calendar.years) + 1


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (date(2026, 4, 20), Verdict("workday")),
        (date(2026, 4, 25), Verdict("weekend")),
        (date(2026, 5, 1), Verdict("holiday", "劳动节")),
        (date(2026, 5, 2), Verdict("holiday", "劳动节")),
        (date(2026, 5, 9), Verdict("makeup", "劳动节")),
        (date(2026, 6, 19), Verdict("holiday", "端午节")),
        (date(2026, 9, 25), Verdict("holiday", "中秋节")),
        (date(2015, 9, 3), Verdict("holiday", "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日")),
    ],
)
def test_every_day_has_a_verdict_and_a_chinese_name(day: date, verdict: Verdict) -> None:
    assert published().verdict(day) == verdict


def test_a_year_to_come_counts_the_days_that_the_law_fixes() -> None:
    year = 2030
    assert year not in published().years, "choose a later year"
    assert dict(statutory_days(year)) == {
        date(2030, 1, 1): "元旦",
        date(2030, 2, 2): "春节",
        date(2030, 2, 3): "春节",
        date(2030, 2, 4): "春节",
        date(2030, 2, 5): "春节",
        date(2030, 4, 5): "清明节",
        date(2030, 5, 1): "劳动节",
        date(2030, 5, 2): "劳动节",
        date(2030, 6, 5): "端午节",
        date(2030, 9, 12): "中秋节",
        date(2030, 10, 1): "国庆节",
        date(2030, 10, 2): "国庆节",
        date(2030, 10, 3): "国庆节",
    }
    assert published().verdict(date(2030, 2, 4)) == Verdict("holiday", "春节")
    assert published().verdict(date(2030, 2, 6)) == Verdict("workday")
    assert published().verdict(date(2030, 2, 9)) == Verdict("weekend")
    assert not published().covered(date(2030, 2, 4))


def test_two_festivals_on_one_day_are_both_named() -> None:
    assert statutory_days(2031)[date(2031, 10, 1)] == "国庆节、中秋节"


def test_qingming_agrees_with_the_formula_of_another_author() -> None:
    for year in range(2027, 2100):
        terms = chinese_calendar.get_solar_terms(date(year, 4, 1), date(year, 4, 30))
        expected = next(day for day, name in terms if name == "清明")
        assert statutory_days(year)[expected] == "清明节", year


def test_the_lunar_festivals_keep_step_with_the_mean_moon() -> None:
    """The true new moon is at most 14 hours from the mean one; days start at midnight in Beijing."""
    mean_new_moon, month = date(2000, 1, 6), 29.530588853  # that day at 22:20 in Beijing, 0.93 of the day
    for year in range(2027, 2101):
        days = {name: day for day, name in reversed(statutory_days(year).items())}
        new_year = sorted(day for day, name in statutory_days(year).items() if name == "春节")[1]
        mid_autumn = next(day for day, name in statutory_days(year).items() if "中秋节" in name)
        for day, age in ((new_year, 0), (days["端午节"], 4), (mid_autumn, 14)):
            off = ((day - mean_new_moon).days + 0.5 - 0.93 - age) % month
            assert min(off, month - off) < 1.1, (year, day)
        assert 21 <= (new_year - date(year, 1, 1)).days + 1 <= 52, year


@pytest.mark.parametrize("day", [date(2003, 12, 31), date(2101, 1, 1)])
def test_a_day_beyond_the_tables_is_refused(day: date) -> None:
    with pytest.raises(DayOutOfRange):
        published().verdict(day)


def test_a_notice_replaces_its_year_and_touches_the_december_before(tmp_path: Path) -> None:
    notice_file(tmp_path, NOTICE_2027)
    calendar = load(tmp_path)
    assert calendar.verdict(date(2026, 12, 31)) == Verdict("holiday", "元旦")
    assert calendar.verdict(date(2027, 1, 3)) == Verdict("makeup", "元旦")
    assert calendar.verdict(date(2027, 2, 12)) == Verdict("holiday", "春节")
    assert calendar.verdict(date(2027, 2, 14)) == Verdict("makeup", "春节")
    assert calendar.verdict(date(2027, 4, 5)) == Verdict("workday"), "only what the notice says counts"
    assert calendar.verdict(date(2026, 5, 9)) == published().verdict(date(2026, 5, 9))
    assert calendar.covered(date(2027, 6, 1))
    assert not calendar.covered(date(2028, 1, 1))


def test_a_due_date_is_no_longer_provisional_once_the_notice_is_there(tmp_path: Path) -> None:
    start = date(2027, 1, 26)
    before = count(Rule(10), start, published())
    notice_file(tmp_path, NOTICE_2027)
    after = count(Rule(10), start, load(tmp_path))
    assert (before.day, before.provisional) == (date(2027, 2, 9), True)
    assert (after.day, after.provisional) == (date(2027, 2, 14), False)
    assert before.calendar_version != after.calendar_version


def test_a_corrected_notice_overrides_a_published_year(tmp_path: Path) -> None:
    text = 'year = 2026\nsource = "更正"\n[[holiday]]\nname = "劳动节"\nfrom = 2026-05-01\nto = 2026-05-03\n'
    notice_file(tmp_path, text, "2026.toml")
    calendar = load(tmp_path)
    assert calendar.verdict(date(2026, 5, 4)) == Verdict("workday")
    assert calendar.verdict(date(2026, 5, 9)) == Verdict("weekend")
    assert calendar.verdict(date(2025, 10, 1)) == Verdict("holiday", "国庆节")


def test_several_notices_are_laid_over_in_the_order_of_their_years(tmp_path: Path) -> None:
    notice_file(tmp_path, NOTICE_2027)
    text = 'year = 2026\nsource = "更正"\n[[holiday]]\nname = "元旦"\nfrom = 2026-01-01\nto = 2026-01-03\n'
    notice_file(tmp_path, text, "2026.toml")
    assert load(tmp_path).verdict(date(2026, 12, 31)) == Verdict("holiday", "元旦")


def test_the_version_follows_what_the_notice_says_and_not_its_layout(tmp_path: Path) -> None:
    def version(text: str) -> str:
        return parse_notice(text, "2027.toml").version

    assert version(NOTICE_2027) == version("# a comment\n" + NOTICE_2027)
    assert version(NOTICE_2027) != version(NOTICE_2027.replace("2027-02-12", "2027-02-11"))
    assert load(tmp_path).version == published().version
    notice_file(tmp_path, NOTICE_2027)
    assert load(tmp_path).version == f"{published().version}+{version(NOTICE_2027)}"


def test_a_notice_that_forgets_a_statutory_day_is_found_out() -> None:
    notice = parse_notice(NOTICE_2027, "2027.toml")
    assert date(2027, 5, 1) in notice.omitted()
    assert date(2027, 2, 6) not in notice.omitted()


@pytest.mark.parametrize(
    ("found", "put", "words"),
    [
        ("year = 2027", 'year = "2027"', "year"),
        ("year = 2027", "year = 1827", "year"),
        ("year = 2027", "year = 2027\nregion = 1", "region"),
        ('source = "国务院办公厅关于2027年部分节假日安排的通知（测试）"', "", "source"),
        ("to = 2027-01-02", "to = 2026-12-30", "元旦"),
        ("to = 2027-02-12", "to = 2027-12-12", "春节"),
        ("to = 2027-02-12", 'to = "2027-02-12"', "to"),
        ("to = 2027-02-12", "to = 2027-02-12T00:00:00", "to"),
        ("to = 2027-02-12", "", "to"),
        ("to = 2027-02-12", "to = 2028-02-12", "2028"),
        ("from = 2026-12-31", "from = 2026-11-30", "2026-11-30"),
        ("from = 2027-02-05", "from = 2027-01-02", "2027-01-02"),
        ("makeup = [2027-01-03]", "makeup = [2027-01-04]", "2027-01-04"),
        ("makeup = [2027-01-03]", "makeup = [2027-01-02]", "2027-01-02"),
        ("makeup = [2027-01-03]", "makeup = 2027-01-03", "makeup"),
        ("makeup = [2027-01-03]", "makeup = [2027-01-31]", "2027-01-31"),
        ('name = "春节"', 'name = " "', "name"),
        ("[[holiday]]", "[[holidays]]", "holidays"),
        ("year = 2027", "year = = 2027", "TOML"),
    ],
)
def test_a_mistyped_notice_is_refused_with_the_place(found: str, put: str, words: str) -> None:
    assert found in NOTICE_2027
    with pytest.raises(NoticeFaulty) as refused:
        parse_notice(NOTICE_2027.replace(found, put), "2027.toml")
    assert words in refused.value.sentence("en")
    assert "2027.toml" in refused.value.sentence("zh")


def test_the_example_for_operators_is_a_notice_that_can_be_read() -> None:
    guide = Path(__file__).parents[2] / "bpmn" / "shared" / "calendars" / "README.md"
    example = guide.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    assert parse_notice(example, "2027.toml").year == 2027


def test_a_notice_without_holidays_is_refused() -> None:
    for text in (
        'year = 2027\nsource = "x"',
        'year = 2027\nsource = "x"\nholiday = []',
        'year = 2027\nsource = "x"\nholiday = [1]',
    ):
        with pytest.raises(NoticeFaulty):
            parse_notice(text, "2027.toml")


def test_a_notice_under_another_years_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoticeFaulty, match=r"2027\.toml"):
        load(notice_file(tmp_path, NOTICE_2027, "2028.toml").parent)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "2027.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NoticeFaulty):
        read_notice(path)
    with pytest.raises(NoticeFaulty):
        read_notice(tmp_path / "2029.toml")


def test_a_notice_may_be_written_as_json() -> None:
    toml = parse_notice(NOTICE_2027, "2027.toml")
    holidays = [
        {"name": "元旦", "from": "2026-12-31", "to": "2027-01-02", "makeup": ["2027-01-03"]},
        {"name": "春节", "from": "2027-02-05", "to": "2027-02-12", "makeup": ["2027-01-31", "2027-02-14"]},
    ]
    written = json.dumps({"year": 2027, "source": toml.source, "holiday": holidays}, ensure_ascii=False)
    assert parse_notice("\ufeff \n" + written, "2027.json") == toml


@pytest.mark.parametrize(
    "day", ["2027-1-1", "20270101", "2027-01-01T00:00", "2027-02-30", 20270101, None, "2028-01-01"], ids=str
)
def test_a_day_in_json_is_written_in_one_way(day: object) -> None:
    holiday = {"name": "元旦", "from": day, "to": day}
    with pytest.raises(NoticeFaulty):
        parse_notice(json.dumps({"year": 2027, "source": "x", "holiday": [holiday]}), "2027.json")


@pytest.mark.parametrize(
    "text", ["{", '{"year": NaN}', "[" * 100_000, '{"a":' * 1_000, "x = " + "1" * 5_000, "a" + ".b" * 999]
)
def test_a_hostile_file_is_refused_at_once(text: str) -> None:
    with pytest.raises(NoticeFaulty):
        parse_notice(text, "2027.toml")


@pytest.mark.parametrize("source", ["第一行\\n第二行", "长" * 201, "\\u001b[2J"])
def test_a_source_is_one_line_of_text(source: str) -> None:
    with pytest.raises(NoticeFaulty, match="source"):
        parse_notice(NOTICE_2027.replace("国务院办公厅关于2027年部分节假日安排的通知（测试）", source), "2027.toml")


def test_a_version_never_grows_longer_than_a_clock_can_keep() -> None:
    calendar, versions = published(), set[str]()
    for year in range(2027, 2060):
        holiday = f'[[holiday]]\nname = "元旦"\nfrom = {year}-01-01\nto = {year}-01-01\n'
        calendar = calendar.with_notice(parse_notice(f'year = {year}\nsource = "x"\n{holiday}', "x"))
        versions.add(calendar.version)
        assert len(calendar.version) <= 64
        assert calendar.version.startswith(published().version)
    assert len(versions) == 33
    assert calendar.is_workday(date(2027, 1, 1)) is False


def test_a_day_may_be_supposed_to_be_a_holiday_or_a_working_day() -> None:
    supposed = published().supposing([date(2026, 4, 21), date(2027, 3, 1)], [date(2026, 5, 1), date(2026, 4, 25)])
    assert supposed.verdict(date(2026, 4, 21)) == Verdict("holiday", "假设")
    assert supposed.verdict(date(2027, 3, 1)).kind == "holiday"
    assert supposed.verdict(date(2026, 5, 1)).is_workday
    assert supposed.verdict(date(2026, 4, 25)).is_workday
    assert supposed.verdict(date(2027, 10, 1)).kind == "holiday", (
        "the days of the law stay in a year that is not published"
    )
    assert supposed.years == published().years
    with pytest.raises(DayOutOfRange):
        published().supposing([date(2101, 1, 1)])


@given(
    start=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    days=st.integers(0, 40),
    more=st.lists(st.dates(date(2026, 1, 1), date(2027, 3, 1)), max_size=5),
    unit=st.sampled_from(["calendar", "working"]),
)
def test_a_holiday_more_never_shortens_a_period(
    start: date, days: int, more: list[date], unit: Literal["calendar", "working"]
) -> None:
    rule = Rule(days, unit)
    assert count(rule, start, published().supposing(more)).day >= count(rule, start, published()).day


def test_the_days_of_a_year_and_of_each_holiday_are_listed_in_order() -> None:
    notice = parse_notice(NOTICE_2027, "2027.toml")
    (first, days), _ = notice.by_holiday()
    assert (first, days.holidays[0], days.makeup) == ("元旦", date(2026, 12, 31), (date(2027, 1, 3),))
    listed = published().with_notice(notice).special_days(2027)
    assert [day for day, _ in listed] == sorted(day for day, _ in listed)
    assert (date(2027, 1, 31), Verdict("makeup", "春节")) in listed
    assert published().special_days(2027)[0] == (date(2027, 1, 1), Verdict("holiday", "元旦"))


def test_the_calendar_cannot_be_changed_behind_its_version() -> None:
    calendar: Calendar = published()
    with pytest.raises(TypeError):
        calendar.holidays[date(2026, 4, 20)] = "假日"  # type: ignore[index]
