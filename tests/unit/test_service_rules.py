"""When a paper counts as served is data: read, judged, and never a statutory duty."""

from pathlib import Path

import pytest

from engine import calendars, service_defaults
from engine.manifest import read_notice
from engine.settings import ROOT, Settings
from tests.integration.test_service import order_files
from tests.unit.test_lint import judged

KEPT = Settings(bundles=ROOT / "bpmn")
NOTICE = 'title = "x"\ntitle_en = "x"\nform = "slip"\nissuer = "a"\naddressee = "b"\n{}\n[facts]\n'


def days(text: str, settings: Settings = KEPT) -> calendars.Rule | None:
    return service_defaults.deemed_after(settings, read_notice(NOTICE.format(text).encode()))


def test_a_notice_says_what_differs_from_the_default() -> None:
    assert service_defaults.of(KEPT).deemed.basis == "internal"
    assert days("") == calendars.Rule(5, "working", "none")
    assert days("[service]\ndeemed_days = 7") == calendars.Rule(7, "working", "none")
    assert days('[service]\nunit = "calendar"') == calendars.Rule(5, "calendar", "none")
    assert days("[service]\ndeemed_days = 0") is None
    assert days('[service]\nserved_by = "receipt"') is None


def test_without_a_file_nothing_is_deemed_served(tmp_path: Path) -> None:
    assert days("", Settings(bundles=tmp_path)) is None
    assert service_defaults.faults(tmp_path / "service.toml") == []


@pytest.mark.parametrize(
    "change",
    [
        ("days = 5", "days = -1"),
        ("days = 5", "days = 400"),
        ("days = 5", 'days = "5"'),
        ('unit = "working"', 'unit = "weeks"'),
        ('basis = "internal"', 'basis = "statutory"'),
        ("source = ", "sauce = "),
        ("[deemed]", "[deemed"),
        ("[deemed]", "[other]"),
    ],
)
def test_a_faulty_file_is_found_by_lint(tmp_path: Path, change: tuple[str, str]) -> None:
    file = tmp_path / "service.toml"
    file.write_text((ROOT / "bpmn" / "shared" / "service.toml").read_text(encoding="utf-8").replace(*change))
    assert service_defaults.faults(file)


def test_a_bundle_whose_orders_run_from_their_service_is_sound() -> None:
    assert judged(order_files()) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"by_post"', '"nothing"', "reads nothing"),
        ('"by_post"', '"1 +"', "is not allowed"),
        (', "post", "in_person"]', ', "in_person"]', "is about a channel that channels lacks: post"),
        ("[facts]", 'served_by = "receipt"\ndeemed_days = 3\n[facts]', "is never deemed served"),
        ("[facts]", "deemed_days = -1\n[facts]", "Expected `int` >= 0"),
        ("[facts]", 'served_by = "pigeon"\n[facts]', "Invalid enum value"),
        ('"portal", ', "", "lacks portal"),
    ],
)
def test_rules_of_service_that_cannot_be_are_found_by_lint(old: str, new: str, reason: str) -> None:
    files, name = order_files(), "notices/order/notice.toml"
    files[name] = files[name].decode().replace(old, new).encode()
    faults = judged(files)
    assert any(fault.file == name and reason in fault.reason for fault in faults), faults
