"""What if a day became a holiday, or a limit another one: an answer for what somebody oversees, and nothing is changed."""

from datetime import date

import pytest

from engine import what_if
from engine.models import Deadline
from tests.factories import World


@pytest.mark.sqlite_only
def test_what_if_answers_for_the_cases_that_somebody_oversees_and_changes_nothing(world: World) -> None:
    world.travel("2026-12-22T10:00")
    world.submit()
    supervisor = world.member("gy-sjj", "supervisor")
    stranger = world.member("gy-wjj", "supervisor", login="of.another.house")
    world.travel("2027-01-02T09:00")
    with world.database.reading(supervisor) as reading:
        longer = what_if.what_if(reading, holidays=[date(2027, 1, 4)])
        assert (longer.moved, longer.late_before, longer.late_after) == (1, 0, 0)
        assert [row.after for row in longer.rows] == [date(2027, 1, 5)]
        shorter = what_if.what_if(reading, days=5, process="open_data_request", deadline="reply")
        assert (shorter.moved, shorter.late_before, shorter.late_after) == (1, 0, 1)
        assert what_if.what_if(reading, days=5, deadline="fulfilment").moved == 0
        assert what_if.what_if(reading, days=7, unit="working").rows[0].after == date(2026, 12, 31)
        assert what_if.what_if(reading, workdays=[date(2027, 1, 2)]).rows[0].after == date(2027, 1, 2)
    with world.database.reading(stranger) as reading:
        assert what_if.what_if(reading, holidays=[date(2027, 1, 4)]).rows == ()
    assert world.one(Deadline, name="reply").due_on == date(2027, 1, 4)
