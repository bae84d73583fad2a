"""The catalogue over HTTP: proposing, bringing in a file, agreeing, and what the public finds."""

import json
from typing import Any

import pytest
from sqlmodel import select

from engine import definitions, items
from engine.access import SYSTEM
from engine.models import Case, CatalogueRevision, DataCheck
from engine.settings import ROOT
from tests.catalogued import ITEM, enter
from tests.functional.pages.browsing import hidden, page, told
from tests.household import AGENCY, ORGANISATIONS, OTHER, Household

AGENCY_NAME, OTHER_NAME = ORGANISATIONS[AGENCY][0], ORGANISATIONS[OTHER][0]

DRAFTS, EDIT = "/desk/catalogue/drafts", "/desk/catalogue/drafts/edit"
NEW = ITEM | {"fields": "路线编号，文本\n里程，数值，公里"}


def publish(household: Household, **changed: Any) -> str:
    """An item that is current and shown to the public."""
    return enter(household.database, AGENCY, **NEW | changed)


def post(household: Household, login: str, place: str, action: str, **fields: Any) -> Any:
    browser = household.browser_of(login)
    return browser.post(action, data=hidden(page(browser.get(place)), action) | fields)


def test_a_proposal_is_kept_agreed_to_by_the_head_and_not_public_before_it_is_published(household: Household) -> None:
    assert post(household, "handler", EDIT, EDIT, **NEW).headers["location"] == f"{DRAFTS}?said=kept"
    shown = page(household.browser_of("head").get(DRAFTS))
    draft = shown.xpath("//form[contains(@action, '/agree')]//input[@name='draft']/@value")[0]
    assert post(household, "head", DRAFTS, f"{DRAFTS}/agree", draft=draft).status_code == 303
    code = f"{AGENCY}-0001"
    assert "公路养护计划" in page(household.browser_of("stranger").get(f"/desk/catalogue/items/{code}")).text_content()
    assert household.browser().get(f"/catalogue/{code}").status_code == 404
    assert "公路养护计划" not in household.browser().get("/catalogue").text


def test_what_is_wrong_comes_back_with_what_was_typed(household: Household) -> None:
    answer = post(household, "handler", EDIT, EDIT, **NEW | {"format": "pdf"})
    shown = page(answer, 422)
    assert told(shown) == ["开放的数据应当是可机读标准格式（第十九条第二款）"]
    assert shown.get_element_by_id("field-name").value == NEW["name"]


def test_a_file_is_brought_in_whole_or_every_bad_line_is_named(household: Household) -> None:
    head = "名称,内容说明,领域,共享属性,开放属性,更新频率,数据分级,数据项"
    lines = f'{head}\n路况,每日路况。,交通,无条件共享,"列入开放目录，待开放",每日,一般数据,"路线，文本；路况，文本"\n'
    browser = household.browser_of("handler")
    fields = hidden(page(browser.get(DRAFTS)), f"{DRAFTS}/import")
    bad = lines + "桥梁,桥梁检测。,占星,无条件共享,planned,每日,一般数据,\n,,transport,,,,,\n"
    refused = browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x.csv", bad.encode("utf-8-sig"))})
    assert {sentence[:3] for sentence in told(page(refused, 422))} == {"第3行", "第4行"}
    taken = browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x.csv", lines.encode("utf-8-sig"))})
    assert taken.status_code == 303
    with household.database.reading(SYSTEM) as reading:
        said = reading.session.exec(select(CatalogueRevision)).one()
    assert (said.name, said.domain, said.opening, len(said.fields)) == ("路况", "transport", "planned", 2)


def test_whose_item_it_is_is_taken_from_the_table_or_refused(household: Household) -> None:
    code = publish(household)
    public, name = household.browser().get("/catalogue.csv").text, OTHER_NAME
    browser = household.browser_of("handler")
    fields = hidden(page(browser.get(DRAFTS)), f"{DRAFTS}/import")
    for owner, said in ((name, f"第2行：{code} 不属于“{name}”"), ("某机关", "第2行：没有名为“某机关”的机关")):
        file = public.replace(f"{code},{AGENCY_NAME}", f"{code},{owner}").encode()
        refused = browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x.csv", file)})
        assert told(page(refused, 422)) == [said]
    new = "名称,内容说明,领域,共享属性,开放属性,更新频率,数据分级,数据提供机关\n"
    file = f"{new}路况,每日路况。,交通,无条件共享,planned,每日,一般数据,{name}\n".encode()
    refused = browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x.csv", file)})
    assert told(page(refused, 422))[0].startswith("第2行：目录项由数据所属机关")  # not theirs to draft for
    own = file.replace(name.encode(), AGENCY.encode())
    assert browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x.csv", own)}).status_code == 303


@pytest.mark.parametrize("opening", ["planned", "open"])
def test_where_data_that_are_not_open_can_be_had_is_for_people_who_work_here(
    household: Household, opening: str
) -> None:
    inside = "https://inside.example.cn/parking"
    code = publish(household, opening=opening, url=inside, contact="停车科，0851-7654321")
    public, handler = household.browser(), household.browser_of("handler")
    pages = [f"/catalogue/{code}", f"/catalogue/{code}.jsonld", "/catalogue.csv", "/catalogue.jsonld", "/catalogue"]
    shown = "".join(public.get(address).text for address in pages)
    shown += household.anyone.get(f"/api/v1/catalogue/{code}").text + household.anyone.get("/api/v1/catalogue").text
    assert (inside in shown, "7654321" in shown) == (opening == "open", opening == "open")
    here = handler.get(f"/desk/catalogue/items/{code}").text
    assert inside in here
    assert "7654321" in here


def test_the_public_finds_an_item_and_files_a_request_about_one_that_is_not_open(household: Household) -> None:
    opened, planned = publish(household), publish(household, name="停车泊位", opening="planned")
    listed = page(household.browser().get("/catalogue?q=停车"))
    assert [a.get("href") for a in listed.xpath("//a[@class='matter']")] == [f"/catalogue/{planned}"]
    one = page(household.browser().get(f"/catalogue/{planned}"))
    (link,) = one.xpath("//a[contains(@href, '/apply/')]/@href")
    form = page(household.browser().get(link))
    assert form.get_element_by_id("field-dataset").value == "停车泊位"
    assert form.get_element_by_id("field-catalogue_item").value == planned
    assert page(household.browser().get(f"/catalogue/{opened}")).xpath("//a[contains(@href, '/apply/')]") == []


def test_other_portals_harvest_the_catalogue_page_by_page(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.catalogue_dcat.PAGE", 1)
    codes = [publish(household), publish(household, name="停车泊位")]
    address, found = "/catalogue.jsonld", []
    while address:
        answer = household.browser().get(address)
        assert answer.headers["content-type"] == "application/ld+json"
        graph = json.loads(answer.text)["@graph"]
        found += [node for node in graph if node["@type"] == "dcat:Dataset"]
        following = next(node for node in graph if node["@type"] == "hydra:PagedCollection").get("hydra:next")
        address = "/catalogue.jsonld" + following["@id"].partition("/catalogue.jsonld")[2] if following else ""
    assert [node["dct:identifier"] for node in found] == codes
    assert found[0]["dct:accrualPeriodicity"]["@id"].endswith("/frequency/ANNUAL")
    assert found[0]["dcat:distribution"][0]["dcat:downloadURL"]["@id"] == NEW["url"]
    alone = json.loads(household.browser().get(f"/catalogue/{codes[0]}.jsonld").text)
    assert alone["dct:title"][1] == {"@value": "Road maintenance plan", "@language": "en"}


def test_what_was_taken_out_as_csv_or_jsonld_can_be_brought_in_again(household: Household) -> None:
    code = publish(household)
    browser = household.browser_of("handler")
    fields = hidden(page(browser.get(DRAFTS)), f"{DRAFTS}/import")
    csv_file = household.browser().get("/catalogue.csv").content
    jsonld = household.browser().get("/catalogue.jsonld").content
    for content in (csv_file, jsonld):
        taken = browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x", content)})
        assert taken.status_code == 303, told(page(taken, taken.status_code))
    with household.database.reading(SYSTEM) as reading:
        before = items.find(reading, code)
        after = reading.session.exec(select(CatalogueRevision).filter_by(state="drafted")).one()
        assert before is not None
        for column in ("name", "name_en", "description", "domain", "opening", "url", "fields", "update_frequency"):
            assert getattr(after, column) == getattr(before[1], column), column


def test_what_the_public_is_not_told_survives_its_files_being_brought_in_again(household: Household) -> None:
    inside, ask = "https://inside.example.cn/parking", "停车科，0851-7654321"
    publish(household, opening="planned", url=inside, contact=ask)
    browser = household.browser_of("handler")
    fields = hidden(page(browser.get(DRAFTS)), f"{DRAFTS}/import")
    for address in ("/catalogue.csv", "/catalogue.jsonld"):
        file = household.browser().get(address).content.replace("年度公路".encode(), address.encode())
        assert inside.encode() not in file
        taken = browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x", file)})
        assert taken.status_code == 303, told(page(taken, taken.status_code))
        with household.database.reading(SYSTEM) as reading:
            after = reading.session.exec(select(CatalogueRevision).filter_by(state="drafted")).one()
        assert (after.url, after.contact) == (inside, ask)
        assert after.description.startswith(address)


def test_a_file_that_is_sent_twice_adds_nothing_twice(household: Household) -> None:
    browser = household.browser_of("handler")
    fields = hidden(page(browser.get(DRAFTS)), f"{DRAFTS}/import")
    head = "名称,内容说明,领域,共享属性,开放属性,更新频率,数据分级"
    file = f"{head}\n路况,每日路况。,交通,无条件共享,planned,每日,一般数据\n".encode()
    assert browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x.csv", file)}).status_code == 303
    again = browser.post(f"{DRAFTS}/import", data=fields, files={"_attachments": ("x.csv", file)})
    assert told(page(again, 422))[0].startswith("第2行：本机关目录中已有名为“路况”")
    with household.database.reading(SYSTEM) as reading:
        assert len(reading.session.exec(select(CatalogueRevision)).all()) == 1


def test_a_workbook_is_refused_with_what_to_do_instead(household: Household) -> None:
    browser = household.browser_of("handler")
    fields = hidden(page(browser.get(DRAFTS)), f"{DRAFTS}/import")
    refused = browser.post(
        f"{DRAFTS}/import", data=fields, files={"_attachments": ("目录.csv", b"PK\x03\x04" + b"0" * 99)}
    )
    assert told(page(refused, 422)) == [
        "第1行：这是电子表格或者压缩文件，不是CSV：请用电子表格软件打开，另存为“CSV UTF-8”后再导入"
    ]


def test_a_case_about_an_item_begins_with_its_code_at_the_desk(household: Household) -> None:
    code = publish(household, sharing="conditional", conditions="限于履行职责。")
    with household.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, definitions.read_folder(ROOT / "bpmn" / "share_application"))
    browser = household.browser_of("stranger")
    (link,) = page(browser.get(f"/desk/catalogue/items/{code}")).xpath("//a[contains(@href, '/desk/new/')]/@href")
    assert link == f"/desk/new/share_application?item={code}"
    owner = page(household.browser_of("handler").get(f"/desk/catalogue/items/{code}"))
    assert owner.xpath("//a[contains(@href, '/desk/new/share')]") == []  # who has the data applies for nothing
    assert page(browser.get(link)).get_element_by_id("field-catalogue_item").value == code
    nothing = page(browser.get("/desk/new/share_application?item=gy-none-0001"))
    assert nothing.get_element_by_id("field-catalogue_item").value != code


def test_whoever_looks_sees_that_an_item_is_under_check_but_harvesters_are_not_told(household: Household) -> None:
    code, other = publish(household), publish(household, name="停车泊位")
    reference = household.file()["reference"]
    with household.database.unit_of_work(SYSTEM) as uow:
        case_id = uow.session.exec(select(Case.id).where(Case.reference == reference)).one()
        uow.add(DataCheck(item=code, case_id=case_id, begun_at=uow.now))
    for browser, base in ((household.browser(), "/catalogue"), (household.browser_of("stranger"), "/desk/catalogue")):
        rows = page(browser.get(base)).xpath(
            "//tr[.//span[@class='tag' and text()='正在校核']]//a[@class='matter']/@href"
        )
        assert [row.rpartition("/")[2] for row in rows] == [code]
        one = f"{base}/items" if base.startswith("/desk") else base
        assert "正在校核" in browser.get(f"{one}/{code}").text
        assert "正在校核" not in browser.get(f"{one}/{other}").text
    ours = household.program_of("stranger").get("/api/v1/catalogue").json()["items"]
    assert {item["code"]: item["under_check"] for item in ours} == {code: True, other: False}
    assert household.anyone.get(f"/api/v1/catalogue/{code}").json()["under_check"] is None
    harvested = [household.browser().get(f"/catalogue{ending}").text for ending in (".jsonld", ".csv")]
    with household.database.unit_of_work(SYSTEM) as uow:
        uow.session.exec(select(DataCheck)).one().ended_at = uow.now
    assert harvested == [household.browser().get(f"/catalogue{ending}").text for ending in (".jsonld", ".csv")]
    assert "正在校核" not in household.browser().get("/catalogue").text
