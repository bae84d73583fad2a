"""``duban catalogue``: from a file and to one, in terms that a head of unit agrees to before anything changes."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from api import cli
from engine.access import SYSTEM
from engine.models import CatalogueItem, CatalogueRevision
from tests.catalogued import ITEM, enter
from tests.household import AGENCY, OTHER, Household

Run = Callable[..., tuple[int, str, str]]
NEW = ITEM | {"contact": "科技处，0851-1234"}
HEAD = "目录编码,名称,内容说明,领域,共享属性,开放属性,更新频率,数据分级,操作\n"
GOOD = ",路况,每日路况。,交通,无条件共享,planned,每日,一般数据,\n"
BAD = ",桥梁,桥梁检测。,占星,无条件共享,planned,每日,一般数据,\n"


@pytest.fixture
def city(small_household: Household) -> Household:
    """Two items of two organisations, of which the public sees one, in the folder that the commands use."""
    for owner in (AGENCY, OTHER):
        enter(small_household.database, owner, publish=owner == AGENCY, **NEW)
    return small_household


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs ``duban catalogue …``: exit code, standard output, standard error."""
    monkeypatch.setenv("DUBAN_VAR", str(tmp_path))

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["duban", "catalogue", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return command


def drafted(household: Household) -> list[CatalogueRevision]:
    with household.database.reading(SYSTEM) as reading:
        return list(reading.session.exec(select(CatalogueRevision).filter_by(state="drafted")))


@pytest.mark.parametrize("name", ["items.csv", "items.jsonld"])
def test_what_was_exported_can_be_brought_in_again_without_a_loss(
    city: Household, run: Run, tmp_path: Path, name: str
) -> None:
    assert run("export", tmp_path / name)[0] == 0
    code, out, err = run("import", tmp_path / name)
    assert (code, err) == (0, "")
    assert out.startswith("2 proposals wait")
    for said in drafted(city):
        assert {column: getattr(said, column) for column in NEW} == NEW


def test_an_export_may_be_of_one_organisation_or_of_what_is_published(
    city: Household, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "items.jsonld"
    for narrowed, owner in ((("--organisation", OTHER), OTHER), (("--published",), AGENCY)):
        assert run("export", file, *narrowed)[1].startswith("1 item written")
        graph: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["@graph"]
        (dataset,) = [node for node in graph if node["@type"] == "dcat:Dataset"]
        assert dataset["dct:publisher"]["dct:identifier"] == owner
    table = tmp_path / "items.CSV"
    assert run("export", table, "--english", "--organisation", OTHER)[0] == 0
    assert table.read_text(encoding="utf-8-sig").startswith("Code,Provider,")


def test_every_bad_line_is_one_line_and_nothing_is_taken_in(city: Household, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text(HEAD + GOOD + BAD + f"{OTHER}-0001,,,,,,,,删除\n", encoding="utf-8")
    code, out, err = run("import", file, "--organisation", AGENCY)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("duban: Line 3: ")
    file.write_text(HEAD + GOOD + f"{OTHER}-0001,,,,,,,,删除\n", encoding="utf-8")
    code, _, err = run("import", file, "--organisation", AGENCY)
    assert (code, err) == (2, f"duban: Line 3: is of {OTHER}, not of {AGENCY}\n")
    code, _, err = run("import", file)
    assert (code, err) == (2, "duban: Line 2: A new item needs its owner: please name the organisation.\n")
    assert drafted(city) == []
    with city.database.reading(SYSTEM) as reading:
        assert len(reading.session.exec(select(CatalogueItem)).all()) == 2


def test_what_is_brought_in_becomes_current_when_a_head_of_unit_agrees(
    city: Household, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "new.csv"
    file.write_text(HEAD + GOOD, encoding="utf-8-sig")
    assert run("import", file, "--organisation", AGENCY)[0] == 0
    (said,) = drafted(city)
    assert said.name in city.browser_of("head").get("/desk/catalogue/drafts").text
    assert said.name not in city.browser_of("stranger").get("/desk/catalogue").text
