"""Personal data in lists, on pages and in exports: recognisable to who knows it, useless to who does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.masking import HIDDEN, KINDS, Kind, Level, mask


@pytest.mark.parametrize(
    ("name", "in_list", "on_page"),
    [
        ("王小明", "王某某", "王**"),
        ("张三", "张某", "张*"),
        ("王", "某", "*"),
        ("欧阳修文", "欧阳某某", "欧阳**"),
        ("司马光", "司马某", "司马*"),
        ("司马", "司某", "司*"),
        ("王䶮", "王某", "王*"),
        ("𬭚某人", "𬭚某某", "𬭚**"),
        ("王𬭚", "王某", "王*"),
        ("𬭚", "某", "*"),
        ("葛\U000e0100洪", "葛\U000e0100某", "葛\U000e0100*"),
        ("买买提·吐尔逊", "买某某", "买**·***"),
        ("〇小明", "〇某某", "〇**"),
        ("John Smith", "J***", "J*** S****"),
        ("Zoë", "Z***", "Z**"),
        ("X", "***", "*"),
        (" 王小明 ", "王某某", "王**"),
    ],
)
def test_a_name_keeps_its_surname(name: str, in_list: str, on_page: str) -> None:
    assert mask("name", name, "list") == mask("name", name, "export") == in_list
    assert mask("name", name, "page") == on_page


@pytest.mark.parametrize(
    ("phone", "in_list", "in_export"),
    [
        ("13800136021", "138****6021", "138********"),
        ("+86 138 0013 6021", "+86 138 **** 6021", "+86 138 **** ****"),
        ("0086-138-0013-6021", "0086-138-****-6021", "0086-138-****-****"),
        ("0851-85987654", "085*-****7654", "085*-********"),
        ("85987654", "******54", "********"),
        ("12345", "***45", "*****"),
        ("110", "***", "***"),
        ("１３８００１３６０２１", "１３８****６０２１", "１３８********"),
        ("电话不详", HIDDEN, HIDDEN),
    ],
)
def test_a_phone_number_hides_its_middle(phone: str, in_list: str, in_export: str) -> None:
    assert mask("phone", phone, "list") == mask("phone", phone, "page") == in_list
    assert mask("phone", phone, "export") == in_export


@pytest.mark.parametrize(
    ("email", "shown", "in_export"),
    [
        ("wang@example.com", "w***@example.com", "***@example.com"),
        ("w@example.com", "***@example.com", "***@example.com"),
        ("no address", HIDDEN, HIDDEN),
        ("@example.com", HIDDEN, HIDDEN),
        ("wang@", HIDDEN, HIDDEN),
    ],
)
def test_an_email_address_keeps_its_domain(email: str, shown: str, in_export: str) -> None:
    assert mask("email", email, "list") == mask("email", email, "page") == shown
    assert mask("email", email, "export") == in_export


def test_an_identity_number_never_shows_the_birthday() -> None:
    number = "52010219900307123X"
    assert mask("identity_number", number, "page") == "520102********123X"
    assert mask("identity_number", number, "list") == "5****************X"
    assert mask("identity_number", number, "export") == "520102************"
    assert mask("identity_number", "E12345678", "page") == "E*******8"
    assert mask("identity_number", "E12345678", "export") == "*********"
    assert mask("identity_number", "123", "page") == "***"


@pytest.mark.parametrize(
    ("address", "in_list", "on_page"),
    [
        ("贵州省贵阳市云岩区中华北路1号3单元", "贵州省贵阳市" + HIDDEN, "贵州省贵阳市云岩区" + HIDDEN),
        ("贵阳市南明区花园小区5栋", "贵阳市" + HIDDEN, "贵阳市南明区" + HIDDEN),
        ("贵阳市花果园小区5栋", "贵阳市" + HIDDEN, "贵阳市" + HIDDEN),
        ("贵州省黔南布依族苗族自治州龙里县冠山街道", "贵州省黔南布依族苗族自治州" + HIDDEN, None),
        ("新疆维吾尔自治区乌鲁木齐市天山区1号", "新疆维吾尔自治区乌鲁木齐市" + HIDDEN, None),
        ("贵阳市云岩区", "贵阳市" + HIDDEN, "贵阳市云岩区" + HIDDEN),
        ("12 Downing Street", HIDDEN, HIDDEN),
        ("花果园市场12号", HIDDEN, HIDDEN),
    ],
)
def test_an_address_stops_at_city_or_district(address: str, in_list: str, on_page: str | None) -> None:
    assert mask("address", address, "list") == mask("address", address, "export") == in_list
    shown = mask("address", address, "page")
    assert shown == on_page if on_page else shown.startswith(in_list.removesuffix(HIDDEN))


@pytest.mark.parametrize("kind", KINDS)
def test_unmasked_and_hidden_are_the_same_for_every_kind(kind: Kind) -> None:
    assert mask(kind, "王小明", "none") == "王小明"
    assert mask(kind, "王小明", "hidden") == HIDDEN
    assert mask(kind, "", "list") == ""


def test_an_unknown_kind_or_level_shows_nothing() -> None:
    with pytest.raises(KeyError):
        mask("salary", "1", "list")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="everywhere"):
        mask("name", "王小明", "everywhere")  # type: ignore[arg-type]


VISIBLE = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="*某"), min_size=1
)


@given(st.sampled_from(KINDS), st.sampled_from(["list", "page", "export", "hidden"]), VISIBLE)
def test_a_masked_value_is_never_the_value(kind: Kind, level: Level, value: str) -> None:
    masked = mask(kind, value, level)
    assert value not in masked
    assert "*" in masked or "某" in masked


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["list", "page", "export"]))
def test_four_digits_of_a_mobile_number_stay_unknown(phone: str, level: Level) -> None:
    masked = mask("phone", phone, level)
    assert len(masked) == len(phone)
    assert masked.count("*") >= 4
