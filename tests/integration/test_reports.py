"""Figures of a period say what they count, lead to their cases, and are the same however they are looked at."""

from datetime import date

import pytest

from engine import report_rules, reports
from engine.access import PUBLIC, Actor
from engine.errors import Invalid
from engine.models import Case, PublishedReport
from engine.report_rules import ReportsFaulty
from engine.reports import NotYoursToPublish, Period, PeriodFaulty, Table, Value
from engine.settings import ROOT
from tests.factories import World, at_once

YEAR = Period.of_year(2026)


@pytest.fixture
def told(world: World) -> World:
    """One request answered in time, one late, one refused, one withdrawn, and one that is still open and late."""
    world.submit()
    answer(world)
    world.submit(dataset="逾期后才答复的数据")
    world.travel("+20d")
    answer(world)
    world.submit(dataset="不予开放的数据")
    refuse(world)
    world.submit(dataset="撤回的数据")
    world.send("withdraw", reason="不需要了。")
    world.submit(dataset="至今没有答复的数据")
    world.travel("+40d")
    world.work()
    return world


def answer(world: World) -> None:
    world.reach("sign_reply")
    world.do("sign_reply")
    world.print_nothing()
    world.work()


def refuse(world: World) -> None:
    world.reach("assess")
    world.do(
        "assess",
        exemption="personal_privacy",
        exemption_scope="whole",
        exemption_facts="含有个人信息。",
        desensitisation="impossible",
        desensitisation_assessment="不能脱敏。",
        in_catalogue="no",
    )
    if "confidentiality_review" in world.open_tasks():
        world.do("confidentiality_review")
    world.do(
        "draft_reply",
        decision="refused",
        refusal_item="personal_privacy",
        reasons="涉及个人隐私。",
        desensitisation_statement="不能脱敏。",
        planned_opening_on=None,
        opened_part=None,
        refused_part=None,
    )
    world.do("review_reply")
    world.do("sign_reply")
    world.print_nothing()
    world.work()


def overseer(world: World) -> Actor:
    return world.member("gy-zf", "supervisor", login="zf.watch")


def table(world: World, period: Period = YEAR, by: Actor | None = None) -> Table:
    with world.database.reading(by or overseer(world)) as reading:
        return reports.make(reading, "evaluation", period)


def value(made: Table, key: str) -> Value:
    return made.total.values[key]


def test_what_was_answered_late_is_in_the_denominator_of_timeliness_and_what_was_withdrawn_is_not(told: World) -> None:
    watch = overseer(told)
    made = table(told, by=watch)
    assert value(made, "open_filed").number == 5
    assert (value(made, "open_reply").number, value(made, "open_reply").base) == (3, 4)
    assert (value(made, "open_timely").number, value(made, "open_timely").base) == (2, 4)
    assert value(made, "open_timely").rate == 50.0
    assert value(made, "open_refused").parts == (("personal_privacy", 1),)
    assert {line.code for line in made.lines} == {"gy-jtw"}

    leads_to_its_cases(told, made, watch)
    months = [table(told, Period.of_month(2026, month), watch) for month in range(1, 13)]
    for figure in made.figures:  # the months of a year add up to the year
        if figure.shown != "days":
            assert value(made, figure.key).number == sum(value(month, figure.key).number for month in months), (
                figure.key
            )
    assert Period.of_month(2026, 12).until == date(2026, 12, 31)


def leads_to_its_cases(told: World, made: Table, watch: Actor) -> None:
    """Behind each figure stand exactly the cases that it counts."""
    with told.database.reading(watch) as reading:
        for figure in made.figures:
            for part, number in (
                ("that", made.total.values[figure.key].number),
                ("of", made.total.values[figure.key].base),
            ):
                if figure.shown == "days" or number is None:
                    continue
                trace = reports.trace(reading, figure.key, YEAR, "of" if part == "of" else "that")
                assert len(trace.cases) + trace.hidden == number, (figure.key, part)
        late = reports.trace(reading, "open_timely", YEAR, "of", "gy-jtw").cases
        in_time = reports.trace(reading, "open_timely", YEAR, "that", "gy-jtw").cases
    subjects = {case.subject for case in late} - {case.subject for case in in_time}
    assert subjects == {"逾期后才答复的数据", "至今没有答复的数据"}


def test_whoever_oversees_one_organisation_sees_its_figures_and_no_others(world: World) -> None:
    world.submit()
    world.submit(agency="gy-jyj", dataset="学区数据")
    mine = table(world, by=world.member("gy-jyj", "leader", login="jyj.leader"))
    assert {line.code for line in mine.lines} == {"gy-jyj"}
    assert value(mine, "open_filed").number == 1
    with pytest.raises(reports.access.NotOverseer):
        table(world, by=world.member("gy-jyj", "case_handler", login="jyj.handler"))


def test_the_same_figures_are_published_once_though_two_publish_them_at_once(world: World) -> None:
    world.submit()
    leaders = [world.member("gy-sjj", "leader", login=f"sjj.leader{number}") for number in (1, 2)]

    def publish(leader: Actor) -> str:
        with world.database.unit_of_work(leader) as uow:
            return reports.publish(uow, "evaluation", YEAR).id

    first, second = at_once(lambda: publish(leaders[0]), lambda: publish(leaders[1]))
    assert first == second
    world.submit(dataset="又一件申请")
    assert publish(leaders[0]) != first  # the figures have changed
    assert len(world.all(PublishedReport)) == 2


def test_a_published_report_stays_and_names_no_case_and_no_person(world: World) -> None:
    world.submit()
    leader = world.member("gy-sjj", "leader", login="sjj.leader")
    watch = world.member("gy-sjj", "supervisor", login="sjj.watch")
    with pytest.raises(NotYoursToPublish), world.database.unit_of_work(watch) as uow:
        reports.publish(uow, "evaluation", YEAR)
    with world.database.unit_of_work(leader) as uow:
        ident = reports.publish(uow, "evaluation", YEAR).id
    world.submit(dataset="公布以后提出的申请")
    with world.database.reading(PUBLIC) as reading:
        ((found, organisation),) = reports.published(reading)
        kept, _ = reports.publication(reading, ident)
    assert (found.id, organisation.code) == (ident, "gy-sjj")
    said = str(kept.content)
    for case in world.all(Case):
        assert case.reference not in said
        assert case.subject not in said


def test_a_period_that_cannot_be_is_refused(world: World) -> None:
    watch = overseer(world)
    assert table(world, Period(date(2026, 1, 1), date(2026, 1, 31)), watch)
    for first, last in (
        (date(2026, 2, 1), date(2026, 1, 31)),
        (date(2017, 1, 1), date(2026, 1, 1)),
        (date(9999, 1, 1), date(9999, 12, 31)),
        (date.min, date(1, 2, 1)),
    ):
        with pytest.raises(PeriodFaulty):
            Period(first, last)


def test_the_figures_of_this_city_are_sound_and_a_slip_is_named() -> None:
    source = (ROOT / "bpmn" / "shared" / "reports.toml").read_bytes()
    rules = report_rules.read(source)
    assert {figure for report in rules.reports for figure in report.figures} == {f.key for f in rules.figures}
    for wrong, reason in (
        (b'[[reports]]\nkey="a"\ntitle="a"\ntitle_en="a"\narticle="27"\nfigures=["x"]', "there is no figure x"),
        (source.replace(b'when = "filed"', b'when = "due"', 1), "of.when is one of filed, closed"),
        (source.replace(b"formula =", b"formular =", 1), "formula"),
    ):
        with pytest.raises(ReportsFaulty) as refused:
            report_rules.read(wrong)
        assert isinstance(refused.value, Invalid)
        assert reason in refused.value.sentence()
