"""Charts: to measure, in words, and nothing in them acts or styles by itself."""

import re

from lxml import etree

from api import charts

KINDS = ("late4", "soon")


def widths(svg: str) -> list[float]:
    return [float(value) for value in etree.fromstring(svg).xpath("//*[local-name()='rect']/@width")]


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    svg = charts.stacked(
        "分布", [charts.BarRow("甲局", (4, 0), "4 / 4"), charts.BarRow("乙局", (1, 1), "1 / 2")], KINDS
    )
    whole, half, other = widths(svg)
    assert whole > 3 * half
    assert half == other


def test_a_chart_of_nothing_is_a_chart() -> None:
    assert widths(charts.stacked("分布", [], KINDS)) == []
    assert widths(charts.columns("各月", ["1月"], [(0, 0)], [""])) == []
    assert len(widths(charts.share("按时率", 0, 0))) == 1


def test_what_is_late_stands_on_what_is_in_time() -> None:
    svg = etree.fromstring(charts.columns("各月", ["1月"], [(3, 1)], ["75%"]))
    green, red = svg.xpath("//*[local-name()='rect']")
    assert float(red.get("y")) + float(red.get("height")) <= float(green.get("y"))
    assert float(green.get("height")) > 2 * float(red.get("height"))


def test_a_chart_says_in_words_what_it_shows() -> None:
    svg = etree.fromstring(charts.stacked("分布", [charts.BarRow("甲局", (4, 1), "4 / 5")], KINDS))
    assert (svg.get("role"), svg.get("aria-label")) == ("img", "分布：甲局 4 / 5")


def test_a_name_cannot_bring_markup_along() -> None:
    bad = '"><script>alert(1)</script>'
    svg = charts.stacked(bad, [charts.BarRow(bad, (1, 0), bad)], KINDS)
    assert "<script" not in svg
    assert etree.fromstring(svg).xpath("//*[local-name()='script']") == []


def test_no_chart_has_a_style_or_a_script_of_its_own() -> None:
    drawn = [
        charts.stacked("分布", [charts.BarRow("甲局", (4, 1), "4 / 5")], KINDS),
        charts.columns("各月", ["1月"], [(3, 1)], ["75%"]),
        charts.share("按时率", 3, 1),
    ]
    for svg in drawn:
        assert not re.search(r"style=|<script|\bon[a-z]+=", svg)
