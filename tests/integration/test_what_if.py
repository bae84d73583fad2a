"""What if a day became a holiday, or a limit another one: an answer for what somebody oversees, and nothing is changed."""

from dataclasses import replace
from datetime import date

import pytest

from engine.models import Deadline
from engine.what_if import Supposition, what_if
from tests.factories import World


@pytest.mark.sqlite_only
def test_what_if_answers_for_the_cases_that_somebody_oversees_and_changes_nothing(world: World) -> None:
    world.travel("2026-12-22T10:00")
    world.submit()
    supervisor = world.member("gy-sjj", "supervisor")
    stranger = world.member("gy-wjj", "supervisor", login="of.another.house")
    world.travel("2027-01-02T09:00")
    holiday, worked = Supposition(date(2027, 1, 4)), Supposition(date(2027, 1, 2), worked=True)
    five_days = Supposition(process="open_data_request", clock="reply", days=5)
    with world.database.reading(supervisor) as reading:
        longer = what_if(reading, holiday)
        assert (longer.moved, longer.late_before, longer.late_after) == (1, 0, 0)
        assert [row.after for row in longer.shown] == [date(2027, 1, 5)]
        shorter = what_if(reading, five_days)
        assert (shorter.moved, shorter.late_before, shorter.late_after) == (1, 0, 1)
        assert what_if(reading, replace(five_days, clock="fulfilment")).moved == 0
        assert what_if(reading, replace(five_days, days=7, unit="working")).shown[0].after == date(2026, 12, 31)
        assert what_if(reading, worked).shown[0].after == date(2027, 1, 2)
    with world.database.reading(stranger) as reading:
        assert what_if(reading, holiday).shown == ()
    assert world.one(Deadline, name="reply").due_on == date(2027, 1, 4)
