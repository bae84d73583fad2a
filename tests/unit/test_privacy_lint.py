"""What a process promises about people it must be able to keep: each promise that it cannot is a fault with file and place."""

from collections.abc import Callable

import pytest

from api.composition import registry
from engine import lint
from tests import confidential

Files = dict[str, bytes]


def faults(change: Callable[[Files], None] = lambda files: None) -> list[str]:
    files = confidential.bundle()
    change(files)
    found = lint.lint_bundle(files, lint.vocabulary(registry()))
    return [f"{fault.file} {fault.element}: {fault.reason}" for fault in found if not fault.warning]


def replacing(file: str, before: str, after: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert before.encode() in files[file], before
        files[file] = files[file].replace(before.encode(), after.encode(), 1)

    return change


def test_a_process_that_keeps_its_promises_has_no_faults() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("process.toml", "sealed = true", "", "says opened_by, but is not sealed"),
        (
            "process.toml",
            'opened_by = ["city_data_bureau.',
            'opened_by = ["nobody.',
            "opened_by names the participant nobody",
        ),
        ("process.toml", 'anonymous_field = "anonymous"', 'anonymous_field = "facts"', "no yes-or-no field facts"),
        ("process.toml", 'subject = "organisation_complained"', 'subject = "facts"', "reads the free text facts"),
        (
            "notices/inquiry/notice.toml",
            'summary = "summary"',
            'summary = "facts"',
            "the very words of who filed the case",
        ),
        ("forms/receive.schema.json", '"title": "plan"', '"title": "plan", "x-personal": "name"', "and nowhere else"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_a_fault(file: str, before: str, after: str, said: str) -> None:
    assert [fault for fault in faults(replacing(file, before, after)) if said in fault]
