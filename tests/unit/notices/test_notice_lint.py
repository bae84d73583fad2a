"""What is wrong with a notice is said before it is deployed: names that nobody declared, samples that lack or lie, idle facts."""

import json
from typing import Any

import pytest

from notices.lint import notice_faults

TOML = """
title = "答复书"
title_en = "Reply"
form = "letter"
issuer = "data_provider"
addressee = "applicant"
series = "数复"
{more}
[facts]
reference = "case.reference"
dataset = "dataset"
due_on = "deadlines.reply.due_on"
"""
MANIFEST = """
[process]
key = "x"
title = "x"
title_en = "x"
article = "21.1"
reference_prefix = "X"
subject = "dataset"
start_form = "request"
[participants.data_provider]
title = "x"
title_en = "x"
[data]
dataset = "string"
"""
BODY = "<p>{{ reference }}：{{ dataset }}，{{ due_on|date_zh }}</p>"
FACTS: dict[str, Any] = {"reference": "KF-2026-000001", "dataset": "停车数据", "due_on": "2026-05-06"}


def faults(body: str = BODY, facts: Any = FACTS, more: str = "", **others: str) -> tuple[list[str], list[str]]:
    """The faults and the warnings of a bundle with one notice."""
    files = {
        "process.toml": MANIFEST,
        "notices/reply/notice.toml": TOML.replace("{more}", more),
        "notices/reply/body.html.j2": body,
        "notices/reply/sample.json": facts if isinstance(facts, str) else json.dumps(facts),
        **{f"notices/reply/{path.replace('__', '.')}": text for path, text in others.items()},
    }
    found = list(notice_faults({path: text.encode() for path, text in files.items()}))
    return [str(f) for f in found if not f.warning], [str(f) for f in found if f.warning]


def test_a_notice_that_fits_together_has_no_fault() -> None:
    assert faults() == ([], [])


@pytest.mark.parametrize(
    "extra",
    [
        "{{ missing }}",
        "{% macro m() %}{{ missing }}{% endmacro %}{{ m() }}",
        "{% for x in dataset %}{{ missing }}{% endfor %}",
        "{% for missing in dataset %}{% endfor %}{{ missing }}",
        "{% if missing is defined %}x{% endif %}",
        "{% if dataset %}{% set missing = 1 %}{% endif %}{{ missing }}",
        "{{ dataset if missing else dataset }}",
        "{{ dataset|default(missing) }}",
        "{{ facts.missing }}",
        "{{ facts['missing'] }}",
        "{% with missing = 1 %}{% endwith %}{{ missing }}",
    ],
)
def test_a_template_that_asks_for_what_is_not_declared_is_refused(extra: str) -> None:
    [fault], _ = faults(BODY + extra)
    assert "uses missing, which is no fact of notice.toml" in fault
    [english], _ = faults(body__en__html__j2=extra)
    assert "body.en.html.j2" in english


@pytest.mark.parametrize(
    "extra",
    ["{{ facts }}", "{% set all = facts %}{{ all.missing }}", "{{ facts[dataset] }}", "{{ facts.items() }}{{ facts }}"],
)
def test_facts_are_read_by_their_names_only(extra: str) -> None:
    found, _ = faults(BODY + extra)
    assert any("reads facts as a whole" in fault for fault in found)


def test_a_sample_that_lacks_what_the_text_needs_is_refused() -> None:
    found, _ = faults(facts={k: v for k, v in FACTS.items() if k != "due_on"})
    assert found == ["notices/reply/sample.json: due_on: is missing: the text needs it"]


@pytest.mark.parametrize(("name", "value"), [("dataset", 3), ("dataset", ["x"]), ("due_on", "soon"), ("reference", 7)])
def test_a_sample_that_holds_what_its_fact_cannot_be_is_refused(name: str, value: Any) -> None:
    [fault], _ = faults(facts=FACTS | {name: value})
    assert f"sample.json: {name}: holds no" in fault


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '"x"', "[" * 5000])
def test_a_sample_that_is_no_object_of_facts_is_refused(broken: str) -> None:
    found, _ = faults(facts=broken)
    assert len(found) == 1
    assert found[0].startswith("notices/reply/sample.json")


def test_further_samples_are_judged_alike() -> None:
    found, _ = faults(**{"samples/late__json": json.dumps({"reference": "x", "dataset": "x"})})
    assert found == ["notices/reply/samples/late.json: due_on: is missing: the text needs it"]


def test_a_name_in_a_sample_that_is_no_fact_is_pointed_out() -> None:
    found, warnings = faults(facts=FACTS | {"datset": "x", "organisation": "贵阳市交通委员会"})
    assert (found, warnings) == ([], ["notices/reply/sample.json: datset: warning: is no fact of notice.toml"])


def test_a_fact_that_nothing_uses_is_pointed_out_unless_the_heading_shows_it() -> None:
    body = "<p>{{ reference }}，{{ due_on|date_zh }}</p>"
    _, warnings = faults(body)
    assert warnings == ["notices/reply/notice.toml: facts.dataset: warning: is used by no text, heading or attachment"]
    assert faults(body, more="heading = \"'关于' + dataset + '的答复'\"") == ([], [])
