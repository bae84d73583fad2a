"""Numbers without a gap: for cases and for official papers, whoever issues at the same time."""

import pytest

from engine import numbers, tasks
from engine.models import Notice, NumberSequence, Task
from tests.factories import ANSWERS, World, at_once


def test_papers_that_are_signed_at_once_get_neighbouring_numbers(world: World) -> None:
    waiting = []
    for _ in range(4):
        world.submit()
        waiting.append((world.reach("sign_reply").id, world.person("data_provider.leader")))

    def signing(task_id: str, leader: object) -> object:
        def sign() -> Task:
            with world.database.unit_of_work(leader) as uow:  # type: ignore[arg-type]
                return tasks.complete(uow, task_id, ANSWERS["sign_reply"])

        return sign

    signed = at_once(*(signing(*each) for each in waiting))  # type: ignore[arg-type]
    assert all(isinstance(answer, Task) for answer in signed), signed
    issued = sorted(n.number or "" for n in world.all(Notice, name="reply"))
    assert issued == [f"筑交开放复〔2026〕{n}号" for n in range(1, 5)]


def test_a_number_that_was_not_used_is_given_out_again(world: World) -> None:
    for expected in (1, 1):
        with pytest.raises(ZeroDivisionError), world.database.unit_of_work() as uow:
            assert numbers.next_number(uow, "somebody", "数复", 2026) == expected
            raise ZeroDivisionError
    with world.database.unit_of_work() as uow:
        assert numbers.next_number(uow, "somebody", "数复", 2026) == 1
        assert numbers.next_number(uow, "somebody", "数复", 2026) == 2
        assert numbers.next_number(uow, "somebody", "数复", 2027) == 1
        assert numbers.next_number(uow, "somebody", "数转", 2026) == 1
        assert numbers.next_number(uow, "other", "数复", 2026) == 1


def test_many_who_take_numbers_at_once_leave_no_gap(world: World) -> None:
    def take() -> list[int]:
        taken = []
        for _ in range(10):
            with world.database.unit_of_work() as uow:
                taken.append(numbers.next_number(uow, "somebody", "数复", 2026))
        return taken

    taken = at_once(*[take] * 4)
    assert sorted(n for each in taken for n in each) == list(range(1, 41))  # type: ignore[union-attr]
    assert world.one(NumberSequence).last == 40


def test_the_year_of_a_number_is_the_year_in_guiyang(world: World) -> None:
    world.travel("2026-12-31T23:59")
    assert world.submit().reference == "KF-2026-000001"
    world.travel("2027-01-01T00:00")
    assert world.submit().reference == "KF-2027-000001"
