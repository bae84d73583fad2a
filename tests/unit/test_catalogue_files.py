"""The catalogue as CSV and as DCAT-AP: every bad line is named, nothing is taken in by halves, nothing is lost on the way."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from engine import catalogue_csv, catalogue_dcat, item_form, jsonld
from engine.csv_tables import LARGEST, MOST_FAULTS, FileFaulty
from engine.models import CatalogueItem, CatalogueRevision, Organisation
from engine.settings import Settings

SETTINGS = Settings()
THEN = datetime(2026, 4, 21, 1, tzinfo=UTC)
OWNER = Organisation(
    code="gy-jtw", name="贵阳市交通委员会", name_en="Transport", short_name="市交委", kind="agency", level="city"
)
ITEM = {
    "name": "公共停车场",
    "name_en": "Public car parks",
    "description": "名称、位置，\n“泊位”总数。",
    "domain": "transport",
    "sharing": "conditional",
    "conditions": "限于核实经营资格。",
    "opening": "open",
    "format": "csv",
    "url": "https://data.example.cn/parks",
    "update_frequency": "monthly",
    "fields": "名称，文本\n泊位，数值，个",
    "classification": "general",
    "data_since": "2018-01-01",
    "contact": "科技处，0851-1234",
}
CLOSED = ITEM | {"opening": "closed", "exemption": "law", "url": "https://inside.example.cn/parks", "name_en": ""}
HEAD = "名称,内容说明,领域,共享属性,开放属性,更新频率,数据分级"
LINE = "路况,每日路况。,交通,无条件共享,planned,每日,一般数据"


def row(values: dict[str, Any], code: str = "gy-jtw-0001", **changed: Any) -> tuple[Any, Any, Any]:
    said: dict[str, Any] = {"item_id": "i", "number": 1, "drafted_at": THEN, "drafted_by": "system", "settled_at": THEN}
    columns = item_form.columns(values)
    return CatalogueItem(code=code, organisation_id="o"), CatalogueRevision(**(said | columns | changed)), OWNER


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode("utf-8-sig")


def faults(content: bytes) -> list[str]:
    with pytest.raises(FileFaulty) as caught:
        catalogue_dcat.read_either(SETTINGS, content)
    return [fault.sentence("zh") for fault in caught.value.faults]


def dataset(values: dict[str, Any] = ITEM, **changed: Any) -> dict[str, Any]:
    return catalogue_dcat.dataset(SETTINGS, *row(values, **changed))


# ---------------------------------------------------------------- CSV


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize("values", [ITEM, CLOSED])
def test_a_table_in_either_language_reads_back_as_it_was_written(locale: str, values: dict[str, Any]) -> None:
    text = catalogue_csv.write(SETTINGS, [row(values), row(values, "gy-jtw-0002")], locale)
    assert text.startswith("\ufeff" + ("目录编码" if locale == "zh" else "Code"))
    lines = catalogue_csv.read(SETTINGS, text.encode())
    assert [line.code for line in lines] == ["gy-jtw-0001", "gy-jtw-0002"]
    for line in lines:
        assert {k: v for k, v in line.values.items() if v} == {k: v for k, v in values.items() if v}


@pytest.mark.parametrize("frequency", catalogue_dcat.FREQUENCIES)
def test_every_frequency_has_a_word_in_a_table_and_reads_back(frequency: str) -> None:
    text = catalogue_csv.write(SETTINGS, [row(ITEM | {"update_frequency": frequency})])
    assert frequency not in text
    (line,) = catalogue_csv.read(SETTINGS, text.encode())
    assert line.values["update_frequency"] == frequency


def test_no_spreadsheet_takes_a_text_for_a_formula() -> None:
    for name in ("=1+1", "+1", "-1", "@x", "＝cmd|", "＠x"):
        text = catalogue_csv.write(SETTINGS, [row(ITEM | {"name": f"{name}名称"})])
        (head, cells) = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
        assert cells[head.index("名称")] == f"'{name}名称"
        (line,) = catalogue_csv.read(SETTINGS, text.encode())
        assert line.values["name"] == f"{name}名称"


def test_the_name_of_an_organisation_is_no_formula_either() -> None:
    item, said, owner = row(ITEM)
    named = Organisation(**owner.model_dump() | {"short_name": "=cmd|'/c calc'!A1"})
    text = catalogue_csv.write(SETTINGS, [(item, said, named)])
    (_, cells) = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert cells[1] == "'=cmd|'/c calc'!A1"


def test_every_bad_line_is_named_with_what_is_wrong_and_good_ones_are_not() -> None:
    stars, now_and_then = LINE.replace("交通", "占星"), LINE.replace("每日,", "偶尔,")
    lines = [
        stars.replace("路况,", "星象,"),
        "",
        LINE.replace("路况,", "路灯,"),
        now_and_then.replace("路况,", "桥梁,"),
    ]
    found = faults(table(HEAD, LINE, *lines))
    assert [sentence[:3] for sentence in found] == ["第3行", "第6行"]
    assert "领域" in found[0]
    assert "更新频率" in found[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (table(HEAD + ",颜色", LINE + ",红"), "没有“颜色”这一栏"),
        (table(HEAD + ",名称", LINE + ",x"), "出现两次"),
        (table("领域", "交通"), "缺少“名称”或者“目录编码”一栏"),
        (table(HEAD), "没有任何内容"),
        (table(HEAD, "", ""), "没有任何内容"),
        (b"", "应有表头"),
        (f"{HEAD}\n{LINE}".encode("utf-16-le"), "UTF-8"),
        (f"{HEAD}\n{LINE}".encode("utf-16")[:-1], "UTF-8"),
        (f"{HEAD}\n{LINE}".encode() + b"\xff", "UTF-8"),
        (b"PK\x03\x04" + b"0" * 40, "另存为“CSV UTF-8”"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "另存为“CSV UTF-8”"),
        (b"x" * (LARGEST + 1), "2MB"),
        (table(HEAD, '"' + LINE), "不是有效的CSV"),
        (table(HEAD, LINE, '"路"况' + LINE), "第3行：不是有效的CSV，请检查引号"),
        (f"{HEAD}\r{LINE.replace('交通', '占星')}".encode(), "第2行："),
        (table(HEAD, *[LINE] * (catalogue_csv.MOST_LINES + 1)), "应有表头和 1 到 1000 行"),
        (table("目录编码,操作", ",删除"), "删除的应当写明目录编码"),
        (table(HEAD.replace(",", "，"), LINE.replace(",", "，")), "用逗号分隔"),
        (table(HEAD + ",", LINE + ",没有表头的"), "第2行：比表头多出内容"),
        (table(HEAD + ",联系方式", LINE + ",8.51123E+11"), "第2行：“联系方式”是“8.51123E+11”"),
        (table(HEAD, LINE + ",多出来的"), "第2行：比表头多出内容"),
        (table(HEAD + ",操作", LINE + ",修改"), "只能留空或者写“删除”"),
        (table(HEAD, LINE, LINE), "第3行：与第2行重复：路况"),
        (table("目录编码,操作", "gy-jtw-0001,删除", "gy-jtw-0001,删除"), "第3行：与第2行重复：gy-jtw-0001"),
        (table("目录编码,操作", "gy\x00jtw,删除"), "目录编码只有字母"),
        (table(HEAD + ",目录编码", LINE + ",gy-jtw-0001"), "应当保留全部栏目，缺少：英文名称"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(content: bytes, words: str) -> None:
    assert words in "".join(faults(content))


SAVED = {
    "GBK, as Chinese Excel saves CSV": lambda text: text.encode("gb18030"),
    "Unicode text, between tabs": lambda text: text.replace(",", "\t").encode("utf-16"),
    "big-endian": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-8 with its mark": lambda text: text.encode("utf-8-sig"),
    "UTF-8 without": lambda text: text.encode(),
    "semicolons": lambda text: text.replace(",", ";").encode(),
    "a first line that names the separator": lambda text: b"sep=,\r\n" + text.encode(),
    "lines as Windows ends them": lambda text: text.replace("\n", "\r\n").encode(),
    "lines as old Macs end them": lambda text: text.replace("\n", "\r").encode(),
    "what is left of merged cells": lambda text: (",,,\n\n" + text + "\n,,,,,,,\n" * 1500).encode(),
}


@pytest.mark.parametrize("save", SAVED.values(), ids=SAVED.keys())
def test_a_table_is_read_however_an_office_saved_it(save: Any) -> None:
    (line,) = catalogue_csv.read(SETTINGS, save(f"{HEAD}\n{LINE}\n"))
    assert (line.values["name"], line.values["sharing"]) == ("路况", "unconditional")


def test_a_bad_line_has_the_number_that_the_spreadsheet_shows_whatever_is_empty_above_it() -> None:
    assert faults(table(",,", HEAD, "", LINE, LINE.replace("交通", "占星")))[0].startswith("第5行：")


@pytest.mark.parametrize(
    "written", ["2018/1/1", "2018-01-01", "2018年1月1日", "2018.1.1", "２０１８／１／１", "2018/1/1 0:00"]
)
def test_a_day_is_read_as_spreadsheets_and_people_write_it(written: str) -> None:
    (line,) = catalogue_csv.read(SETTINGS, table(HEAD + ",数据起始日期", f"{LINE},{written}"))
    assert line.values["data_since"] == "2018-01-01"


def test_a_day_that_there_is_not_is_refused() -> None:
    assert "第2行：" in faults(table(HEAD + ",数据起始日期", LINE + ",2018/2/30"))[0]


def test_width_and_case_of_choices_headings_and_codes_do_not_matter() -> None:
    head, said = "CODE,Action," + HEAD.replace("名称", " 名 称 "), "ｇｙ－ｊｔｗ－０００１,删除," + LINE
    (line,) = catalogue_csv.read(SETTINGS, table(head, said.replace("planned", "ＰＬＡＮＮＥＤ")))
    assert (line.code, line.removes, line.values["opening"]) == ("gy-jtw-0001", True, "planned")


def test_a_text_that_begins_with_an_apostrophe_keeps_it() -> None:
    for name in ("'=x 名称", "''=x 名称", "'名称"):
        (line,) = catalogue_csv.read(SETTINGS, catalogue_csv.write(SETTINGS, [row(ITEM | {"name": name})]).encode())
        assert line.values["name"] == name


def test_what_the_public_is_not_told_is_left_as_it_is_when_its_table_comes_back() -> None:
    for locale, words in (("zh", "（不公开）"), ("en", "(not public)")):
        text = catalogue_csv.write(SETTINGS, [row(CLOSED | {"url": "", "contact": ""})], locale, public=True)
        assert text.count(words) == 2
        (line,) = catalogue_csv.read(SETTINGS, text.encode())
        assert line.kept == {"url", "contact"}
        assert not {"url", "contact"} & line.values.keys()
    assert "（不公开）" not in catalogue_csv.write(SETTINGS, [row(ITEM)], public=True)


def test_a_line_may_take_an_item_out_without_saying_what_it_was() -> None:
    for word in ("删除", "remove", "Remove"):
        (line,) = catalogue_csv.read(SETTINGS, table("Code,Action", f"gy-jtw-0001,{word}"))
        assert (line.removes, line.code) == (True, "gy-jtw-0001")


def test_a_file_full_of_faults_tells_the_first_hundred() -> None:
    assert len(faults(table(HEAD, *[LINE.replace("交通", "占星")] * 300))) == MOST_FAULTS


# ---------------------------------------------------------------- DCAT-AP


@pytest.mark.parametrize("values", [ITEM, CLOSED])
def test_a_dataset_reads_back_as_it_was_written(values: dict[str, Any]) -> None:
    document = catalogue_dcat.document(SETTINGS, row(values))
    (line,) = catalogue_dcat.read_either(SETTINGS, json.dumps(document).encode())
    assert (line.code, line.owner) == ("gy-jtw-0001", "gy-jtw")
    assert line.values == {k: v for k, v in values.items() if v}


def test_a_page_of_the_catalogue_reads_back_in_its_order() -> None:
    rows = [row(ITEM, f"gy-jtw-000{number}") for number in (1, 2, 3)]
    page = catalogue_dcat.catalogue(SETTINGS, rows, total=7, here="x", following="y", publisher="市大数据局")
    assert [line.code for line in catalogue_dcat.read(SETTINGS, json.dumps(page).encode())] == [r[0].code for r in rows]
    whole, paging, *_ = page["@graph"]
    assert (whole["@type"], len(whole["dcat:dataset"])) == ("dcat:Catalog", 3)
    assert (paging["hydra:totalItems"], paging["hydra:next"]) == (7, {"@id": "y"})


def test_texts_carry_their_language_and_what_has_no_english_says_none() -> None:
    zh, en = ({"@value": ITEM["name"], "@language": "zh"}, {"@value": ITEM["name_en"], "@language": "en"})
    assert dataset()["dct:title"] == [zh, en]
    assert dataset(CLOSED)["dct:title"] == [zh]
    assert [text["@language"] for text in dataset()["dcat:keyword"]] == ["zh", "en"]


@pytest.mark.parametrize(("ours", "theirs"), catalogue_dcat.FREQUENCIES.items())
def test_every_frequency_is_one_of_the_authority_table(ours: str, theirs: str) -> None:
    told = dataset(ITEM | {"update_frequency": ours})["dct:accrualPeriodicity"]["@id"]
    assert told == f"http://publications.europa.eu/resource/authority/frequency/{theirs}"


def test_every_frequency_and_format_of_the_form_has_its_word_in_dcat() -> None:
    choices = {field.name: {value for value, _ in field.options} for field in item_form.of(SETTINGS).fields}
    assert choices["update_frequency"] == catalogue_dcat.FREQUENCIES.keys()
    assert choices["format"] == catalogue_dcat.FORMATS.keys()


def test_only_what_is_open_can_be_fetched() -> None:
    (found,) = dataset()["dcat:distribution"]
    assert found["dcat:downloadURL"] == {"@id": ITEM["url"]}
    assert "dcat:downloadURL" not in dataset(ITEM | {"format": "api"})["dcat:distribution"][0]
    assert "dcat:distribution" not in dataset(CLOSED)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "JSON-LD"),
        (b"{}", "没有数据集"),
        (b'{"@graph": 3}', "JSON-LD"),
        (b'{"@graph": [3, null, {"@type": "dcat:Catalog"}]}', "没有数据集"),
        (b'{"@graph": [3, null, {"@type": ["dcat:Dataset"]}]}', "名称"),
        (b'{"@context": "https://example.cn/x.jsonld", "@type": "Ding"}', "引用了网上的@context"),
        (b'{"@context": {"a": "b:c", "b": "a:d"}, "@type": "a:Dataset"}', "JSON-LD"),
        (b'{"dct:a":' * 600 + b"1" + b"}" * 600, "JSON-LD"),
        (b"[" + b",".join([b'{"@context": {}}'] * 200) + b"]", "JSON-LD"),
        (b'{"@type": "dcat:Dataset", "dct:title": "\\ud800x"}', "JSON-LD"),
        (b'{"a":' * 100_000, "JSON-LD"),
        (b"{" + b" " * catalogue_dcat.LARGEST, "4MB"),
        (b'{"@type": "dcat:Dataset"}', "名称"),
        (b'{"@type": "dcat:Dataset", "dct:title": 3, "dcat:distribution": [3], "dct:publisher": []}', "名称"),
    ],
)
def test_what_is_no_such_catalogue_is_refused_as_a_whole(content: bytes, words: str) -> None:
    assert words in "".join(faults(content))


def test_as_many_items_as_may_come_at_once_come_in_one_file_of_either_kind() -> None:
    rows = [row(ITEM | {"name": f"公共停车场{n}"}, f"gy-jtw-{n:04}") for n in range(1, catalogue_csv.MOST_LINES + 1)]
    whole = catalogue_dcat.catalogue(SETTINGS, rows, total=len(rows), here="x", following=None, publisher="市大数据局")
    assert len(catalogue_dcat.read(SETTINGS, json.dumps(whole, ensure_ascii=False, indent=1).encode())) == len(rows)
    assert len(catalogue_csv.read(SETTINGS, catalogue_csv.write(SETTINGS, rows).encode())) == len(rows)


@pytest.mark.parametrize("heading", ["名称", "颜色", ""])
def test_an_endless_head_is_refused(heading: str) -> None:
    assert faults(",".join([heading] * 250_000 + ["x"]).encode())


def test_many_datasets_that_share_one_endless_thing_are_judged() -> None:
    big = {"@id": "urn:big", "dct:format": ["x"] * 100_000, "dcat:accessURL": [str(n) for n in range(100_000)]}
    link = {"@id": "urn:big"}
    shared = {"@type": "dcat:Dataset", "dcat:distribution": [link] * 20, "dct:publisher": link, "dct:temporal": link}
    graph = [big, *(shared | {"@id": f"urn:{n}"} for n in range(catalogue_csv.MOST_LINES))]
    assert len(faults(json.dumps({"@graph": graph}).encode())) == MOST_FAULTS


def test_an_address_that_leads_nowhere_by_itself_is_refused_and_none_is_made_up() -> None:
    here = {"@id": "x", "@type": "dcat:Dataset", "dcat:distribution": {"dcat:accessURL": {"@id": "files/data.csv"}}}
    said = "".join(faults(json.dumps(here | {"dct:title": "名称", "duban:opening": "open"}).encode()))
    assert "网址" in said
    assert "example.org" not in said


@pytest.mark.parametrize(
    ("media_type", "format_"),
    [("text/csv", "csv"), (f"{catalogue_dcat.IANA}text/csv", "csv"), (catalogue_dcat.FORMATS["docx"][1], "docx")],
)
def test_a_media_type_is_told_by_its_name_or_its_address(media_type: str, format_: str) -> None:
    told = {"@type": "Dataset", "title": "名称", "distribution": {"mediaType": media_type}}
    graph = jsonld.read(json.dumps(told).encode())
    (node,) = graph.of_type("dcat:Dataset")
    assert catalogue_dcat._told_by_dcat(SETTINGS, graph, node)["format"] == format_


def test_one_code_told_in_two_ways_is_refused() -> None:
    others = [dataset() | {"@id": "https://example.cn/2"}, dataset() | {"duban:domain": "culture"}]
    for other, words in zip(others, ("重复：gy-jtw-0001", "duban:domain说了不止一次"), strict=True):
        assert words in "".join(faults(json.dumps({"@graph": [dataset(), other]}).encode()))


def test_what_the_public_is_not_told_is_left_as_it_is_when_its_file_comes_back() -> None:
    told = catalogue_dcat.document(SETTINGS, row(CLOSED | {"url": "", "contact": ""}), public=True)
    (line,) = catalogue_dcat.read(SETTINGS, json.dumps(told).encode())
    assert line.kept == {"url", "contact"}
    assert "duban:withheld" not in catalogue_dcat.document(SETTINGS, row(ITEM), public=True)


def expanded(told: Any) -> Any:
    """As other programs write it: without a context, every name in full, every value a list of things."""
    if isinstance(told, list):
        return [part for one in told for part in expanded(one)]
    if not isinstance(told, dict):
        return [{"@value": told}]
    if "@value" in told:
        return [{name: _full(value) if name == "@type" else value for name, value in told.items()}]
    names = {name: [_full(value)] if name == "@type" else value for name, value in told.items() if name != "@context"}
    return [{_full(name): value if name[0] == "@" else expanded(value) for name, value in names.items()}]


def _full(name: str) -> str:
    return name if name.startswith("@") else jsonld.full(name)


def flattened(told: dict[str, Any]) -> dict[str, Any]:
    """As other programs write it: every thing for itself, under words of their own for the keywords and the languages."""
    house, copies = told["dct:publisher"], told.get("dcat:distribution", [])
    context = {"id": "@id", "kind": "@type", "dc": "http://purl.org/dc/terms/", "own": "urn:duban:catalogue#"}
    context |= {"title": {"@id": "dc:title", "@container": "@language"}}
    context |= {"accessURL": {"@id": "http://www.w3.org/ns/dcat#accessURL", "@type": "@id"}}
    alone = {name.replace("duban:", "own:"): v for name, v in told.items() if name not in ("@id", "@type", "dct:title")}
    titles = {text["@language"]: text["@value"] for text in told["dct:title"]}
    alone |= {"id": told["@id"], "kind": ["dcat:Dataset", "dcat:Resource"], "title": titles}
    alone |= {"dct:publisher": {"id": house["@id"]}, "dcat:distribution": [{"id": copy["@id"]} for copy in copies]}
    addresses = [{"id": copy["@id"], "accessURL": copy["dcat:accessURL"]["@id"]} for copy in copies]
    return {"@context": ["https://example.cn/never-fetched", context], "@graph": [house, *addresses, alone]}


@pytest.mark.parametrize(
    "rewrite", [expanded, flattened, lambda told: {"@type": "dcat:Catalog", "dcat:dataset": [told]}]
)
@pytest.mark.parametrize("values", [ITEM, CLOSED])
def test_a_dataset_reads_back_however_another_program_has_written_it(values: dict[str, Any], rewrite: Any) -> None:
    told = rewrite(dataset(values))
    (line,) = catalogue_dcat.read_either(SETTINGS, json.dumps(told).encode())
    assert (line.code, line.owner) == ("gy-jtw-0001", "gy-jtw")
    assert line.values == {k: v for k, v in values.items() if v}


FOREIGN = {
    "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
    "@type": "dcat:Catalog",
    "dataset": [
        {
            "@type": "dcat:Dataset",
            "identifier": "5f0c-parks",
            "title": "停车场",
            "description": "公共停车场。",
            "keyword": ["交通", "停车"],
            "accrualPeriodicity": "R/P1M",
            "publisher": {"@type": "org:Organization", "name": "市交委"},
            "temporal": {"startDate": "2018-01-01T00:00:00+08:00"},
            "distribution": [
                {"@type": "dcat:Distribution", "downloadURL": "https://x.example/p.csv", "mediaType": "text/csv"}
            ],
            "duban:sharing": "unconditional",
            "duban:opening": "open",
            "duban:classification": "general",
        }
    ],
}


def test_the_words_of_other_portals_are_understood_and_what_they_do_not_say_is_asked_for() -> None:
    (line,) = catalogue_dcat.read(SETTINGS, json.dumps(FOREIGN).encode())
    assert line.owner == "市交委"
    said = {"name": "停车场", "domain": "transport", "update_frequency": "monthly", "format": "csv"}
    assert said.items() <= line.values.items()
    assert (line.values["url"], line.values["data_since"]) == ("https://x.example/p.csv", "2018-01-01")
    (told,) = FOREIGN["dataset"]
    bare = {name: value for name, value in told.items() if not name.startswith("duban:")}
    wanted = [sentence.split("：")[-1] for sentence in faults(json.dumps(FOREIGN | {"dataset": bare}).encode())]
    assert wanted == ["请选择共享属性", "请选择开放属性", "请选择数据分级"]


def test_a_foreign_dataset_has_no_code_of_ours() -> None:
    (told,) = FOREIGN["dataset"]
    bare = {name: value for name, value in told.items() if not name.startswith("duban:")}
    sentences = faults(json.dumps(FOREIGN | {"dataset": bare}).encode())
    assert sentences[0].startswith("第1行：停车场：")  # and not by its identifier


def test_several_distributions_are_refused_where_an_item_has_one() -> None:
    told = dataset()
    told["dcat:distribution"].append({"@type": "dcat:Distribution", "dcat:accessURL": {"@id": "https://x.example/2"}})
    assert "有 2 个获取地址" in faults(json.dumps(told).encode())[0]


def test_a_harvester_of_ckan_finds_the_short_name_of_a_format_and_whom_to_ask() -> None:
    told = dataset(ITEM | {"contact": "科技处，0851-87654321，kj@guiyang.example"})
    (copy,) = told["dcat:distribution"]
    assert (copy["dct:format"]["@type"], copy["dct:format"]["rdfs:label"]) == ("dct:IMT", "CSV")
    ask = told["dcat:contactPoint"]
    assert ask["vcard:hasTelephone"]["vcard:hasValue"] == {"@id": "tel:+86-851-87654321"}
    assert ask["vcard:hasEmail"] == {"@id": "mailto:kj@guiyang.example"}
    assert told["dct:accessRights"]["@id"].endswith("/PUBLIC")
    assert dataset(CLOSED)["dct:accessRights"]["@id"].endswith("/NON_PUBLIC")


def test_every_id_of_a_page_is_absolute() -> None:
    page = catalogue_dcat.catalogue(
        SETTINGS,
        [row(ITEM), row(CLOSED, "gy-jtw-0002")],
        total=2,
        here="http://127.0.0.1:8000/catalogue.jsonld",
        following=None,
        publisher="",
    )

    def ids(node: Any) -> list[str]:
        if isinstance(node, list):
            return [found for part in node for found in ids(part)]
        if not isinstance(node, dict):
            return []
        return ([node["@id"]] if "@id" in node else []) + [found for part in node.values() for found in ids(part)]

    assert ids(page)
    assert [found for found in ids(page) if not found.startswith(("http://", "https://"))] == []


def test_every_bad_dataset_is_named_by_its_code() -> None:
    datasets = [dataset(), dataset(code="gy-jtw-0002"), dataset(code="gy-jtw-0003")]
    datasets[1]["duban:domain"] = "astrology"
    datasets[2]["duban:update_frequency"] = "sometimes"
    found = faults(json.dumps({"@graph": datasets}).encode())
    assert [sentence.split("：")[1] for sentence in found] == ["gy-jtw-0002", "gy-jtw-0003"]
