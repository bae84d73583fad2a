"""Stories of papers that pass a whole chain of approval, one step after the other inside one drawn task."""

from pathlib import Path

from tests.chains import APPROVE, chained
from tests.processes.test_stories_of_others import played

BEGIN = """
title = "合法性审核退回，重新拟稿后依次核稿、会签、签发、用印、登记"
start = "2026-04-21T09:30"
[submit.form]
agency = "gy-jtw"
"""
STEP = """
[[steps]]
by = "{by}"
task = "{task}"
form = {form}
"""
AGREE = '{ result = "agree" }'


def step(by: str, task: str = APPROVE, form: str = AGREE, refused: str = "") -> str:
    return STEP.format(by=by, task=task, form=form) + (f'refused = "{refused}"\n' if refused else "")


def expect(**facts: str) -> str:
    return "\n[[steps]]\nexpect = { " + ", ".join(f"{name} = {value}" for name, value in facts.items()) + " }\n"


def test_a_paper_is_returned_at_the_legal_review_and_passes_the_whole_chain_anew(tmp_path: Path) -> None:
    story = BEGIN + "".join(
        [
            step("data_provider.case_handler", "write", '{ words = "不予受理" }'),
            step("data_provider.unit_head"),
            step("city_data_bureau.unit_head"),
            step("data_provider.legal_reviewer", form='{ result = "return", remark = "没有写明依据。" }'),
            expect(open='["write"]', notices="[]"),
            step("data_provider.case_handler", "write", '{ words = "不予受理" }'),
            step("data_provider.unit_head"),
            step("city_data_bureau.unit_head"),
            step("data_provider.legal_reviewer"),
            step("data_provider.unit_head+leader", refused="ApprovesTwice"),
            step("data_provider.leader#2"),
            step("data_provider.leader+seal_keeper#2", refused="ApprovesTwice"),
            step("data_provider.seal_keeper#3"),
            expect(open=f'["{APPROVE}"]', notices="[]"),
            step("data_provider.registrar"),
            expect(open="[]", status='"closed"', notices='["decision"]'),
        ]
    )
    (result,) = played(tmp_path, chained(), story)
    assert result.ok, result.fault


def test_a_paper_that_is_agreed_to_needs_no_legal_review(tmp_path: Path) -> None:
    story = BEGIN + "".join(
        [
            step("data_provider.case_handler", "write", '{ words = "同意开放" }'),
            *map(step, ("data_provider.unit_head", "city_data_bureau.unit_head", "data_provider.leader")),
            *map(step, ("data_provider.seal_keeper", "data_provider.registrar")),
            expect(open="[]", notices='["decision"]'),
        ]
    )
    (result,) = played(tmp_path, chained(), story)
    assert result.ok, result.fault


def test_one_and_the_same_person_never_drafts_and_signs(tmp_path: Path) -> None:
    short = [{"step": "sign", "lane": "data_provider.leader"}]
    story = BEGIN + "".join(
        [
            step("data_provider.case_handler+leader", "write", '{ words = "同意开放" }'),
            step("data_provider.case_handler+leader", refused="DrafterApproves"),
            step("data_provider.leader"),
            expect(open="[]", notices='["decision"]'),
        ]
    )
    (result,) = played(tmp_path, chained(short), story)
    assert result.ok, result.fault
