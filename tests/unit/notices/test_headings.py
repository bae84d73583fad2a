"""The title on a paper may be made of its facts; where it cannot be a title, the paper has that of its kind."""

from typing import Any

import msgspec
import pytest

from engine.manifest import NoticeRule
from engine.runtime import ExpressionInvalid
from notices import headings

RULE = NoticeRule(
    title="答复书",
    title_en="Reply",
    form="letter",
    issuer="a",
    addressee="b",
    series="复",
    facts={"dataset": "dataset"},
    heading="'关于' + dataset + '|的答复' if dataset else None",
)


@pytest.mark.parametrize(
    ("dataset", "shown"),
    [
        ("停车数据", "关于停车数据|的答复"),
        ("停车\n数据", "关于停车 数据|的答复"),
        (None, "答复书"),
        ("", "答复书"),
        ("长" * 193, "关于" + "长" * 193 + "|的答复"),
        ("长" * 196, "答复书"),
    ],
)
def test_the_title_says_what_it_is_about(dataset: Any, shown: str) -> None:
    assert headings.title(RULE, {"dataset": dataset, "other": 1}) == shown


def test_without_a_heading_a_paper_has_the_title_of_its_kind() -> None:
    assert headings.title(msgspec.structs.replace(RULE, heading=None), {}) == "答复书"


def test_a_heading_reads_nothing_but_the_facts_of_the_notice() -> None:
    with pytest.raises(ExpressionInvalid):
        headings.title(msgspec.structs.replace(RULE, heading="other"), {"other": "x"})
