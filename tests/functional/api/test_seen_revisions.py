"""What a program has seen (If-Match), and what came between."""

from tests.household import Household


def test_an_unclaimed_task_is_finished_with_the_revision_that_was_seen(household: Household) -> None:
    household.file()
    program, task = household.program_of("handler"), f"/api/v1/tasks/{household.task('handler')}"
    seen = program.get(task).headers["ETag"]
    answer = program.post(f"{task}/complete", json={"form": {"intake_action": "proceed"}}, headers={"If-Match": seen})
    assert answer.status_code == 200, answer.text


def test_a_task_that_was_put_back_and_taken_again_is_not_the_one_that_was_seen(household: Household) -> None:
    household.file()
    program, task = household.program_of("handler"), f"/api/v1/tasks/{household.task('handler')}"
    seen = program.get(task).headers["ETag"]
    for what in ("claim", "release"):
        assert program.post(f"{task}/{what}").status_code == 200
    answer = program.post(f"{task}/complete", json={"form": {"intake_action": "proceed"}}, headers={"If-Match": seen})
    assert answer.status_code == 412, answer.text
