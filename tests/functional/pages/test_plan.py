"""The yearly plan of opening on screen: what was planned, what was moved, what is later than planned, and the plan as a file."""

from sqlmodel import col, select

from engine import cases, definitions, directory, tasks
from engine.access import SYSTEM, Actor
from engine.models import Case, Membership, Task
from engine.settings import ROOT
from tests.functional.pages.browsing import page, send
from tests.household import AGENCY, BUREAU, Household


def _somebody(household: Household, organisation: str, role: str) -> Actor:
    with household.database.unit_of_work(SYSTEM) as uow:
        login = f"{organisation}.{role}"
        person = directory.create_person(uow, login, login, "!")
        uow.add(
            Membership(person_id=person.id, organisation_id=directory.organisation(uow, organisation).id, role=role)
        )
        uow.session.flush()
        return directory.actor_of(uow, person.id)


def _plan(household: Household, dataset: str, planned_on: str) -> str:
    """An item is proposed by the agency and entered by the bureau; the number of its case."""
    with household.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(ROOT / "bpmn" / "opening_plan_item"))
    form = {
        "plan_year": 2020,
        "dataset": dataset,
        "agency": AGENCY,
        "planned_on": planned_on,
        "plan_grounds": "公众需求多。",
    }
    with household.database.unit_of_work(_somebody(household, AGENCY, "case_handler")) as uow:
        case_id = cases.file_at_desk(uow, "opening_plan_item", form, organisation=AGENCY).id
    bureau = _somebody(household, BUREAU, "unit_head")
    with household.database.unit_of_work(bureau) as uow:
        task = uow.session.exec(select(Task).where(col(Task.case_id) == case_id, col(Task.state) == "open")).one()
        tasks.complete(uow, task.id, {"plan_result": "enter"})
        return uow.session.get_one(Case, case_id).reference


def test_a_year_that_cannot_be_is_an_address_that_cannot_be(household: Household) -> None:
    for year in ("0", "99999", "abc"):
        shown = page(household.browser_of("handler").get(f"/desk/plan/{year}"), 422)
        assert "地址中的内容无效，请核对地址" in shown.text_content()


def test_the_plan_shows_what_is_later_than_planned_and_can_be_taken_along(household: Household) -> None:
    reference = _plan(household, "充电站信息", "2020-06-30")
    browser = household.browser_of("handler")
    assert browser.get("/desk/plan").headers["location"] == "/desk/plan/2020"
    shown = page(browser.get("/desk/plan/2020")).get_element_by_id("list").text_content()
    assert "充电站信息" in shown
    assert reference in shown
    assert "晚于计划" in shown
    file = send(browser, "/desk/plan/2020", "/desk/plan/2020/export", format="csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert reference in file.text
    assert "充电站信息" not in page(household.browser_of("stranger").get("/desk/plan/2020")).text_content()
