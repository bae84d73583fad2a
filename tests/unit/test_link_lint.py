"""What the lint says of cases that are opened as parts of another (``[opens.X] part = true``)."""

import pytest

from api.composition import registry
from engine import lint
from tests.bundles import bundle
from tests.drawing import service

PART = """
[opens.rest]
process = "trial"
link = "split_off"
part = true
since = "case.submitted_on"
form = { agency = "to" }
document = { first = "case.reference" }
participants = { data_provider = "to" }
"""
DATA = {"to": "string", "first": "string"}


def faults(opening: str) -> list[str]:
    drawn = bundle(
        "start > look > split > close > end",
        DATA,
        {"look": {"to": "string"}},
        more=opening,
        split=service("case.open", name="'rest'"),
        close=service("case.close"),
    )
    judged = lint.lint_bundle(drawn, lint.vocabulary(registry(), frozenset({"case_handler"})))
    return [fault.reason for fault in judged if fault.element.startswith("opens")]


def test_a_part_of_a_case_is_one_of_the_same_process() -> None:
    assert faults(PART) == []
    assert faults(PART.replace('process = "trial"', 'process = "review"')) == [
        "a part of a case is one of the same process, trial"
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("{ agency =", "{ organ =", "there is no field of the start form organ"),
        ("{ first =", "{ second =", "there is no field under [data] second"),
        ("{ data_provider =", "{ provider =", "there is no participant provider"),
        ("case.submitted_on", "submitted", "reads submitted, which process.toml does not declare under [data]"),
        ("part = true", "", "since and document are for what is a part of the case (part = true)"),
    ],
)
def test_what_it_hands_over_is_known_there(old: str, new: str, reason: str) -> None:
    assert faults(PART.replace(old, new)) == [reason]
