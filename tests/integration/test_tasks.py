"""Tasks when people meet: two who claim, two who complete, one who completes while the case goes another way."""

from collections.abc import Callable

from engine import tasks
from engine.access import Actor
from engine.messages import MessageRefused
from engine.models import AuditEvent, Notice, Task
from engine.tasks import SeparationViolated, TaskAlreadyClaimed, TaskAlreadyEnded, TaskNotFound
from tests.factories import ANSWERS, World, at_once

HANDLER, COLLEAGUE = "data_provider.case_handler", "data_provider.case_handler#2"


def claiming(world: World, task: Task, actor: Actor) -> Callable[[], Task]:
    def act() -> Task:
        with world.database.unit_of_work(actor) as uow:
            return tasks.claim(uow, task.id)

    return act


def completing(world: World, task: Task, actor: Actor) -> Callable[[], Task]:
    def act() -> Task:
        with world.database.unit_of_work(actor) as uow:
            return tasks.complete(uow, task.id, ANSWERS[task.node])

    return act


def test_of_two_who_claim_at_once_one_has_the_task_and_the_other_learns_who(world: World) -> None:
    world.submit()
    people = [world.person(HANDLER), world.person(COLLEAGUE)]
    answers = at_once(*(claiming(world, world.task("check"), person) for person in people))
    (winner,) = (answer for answer in answers if isinstance(answer, Task))
    (loser,) = (answer for answer in answers if not isinstance(answer, Task))
    assert isinstance(loser, TaskAlreadyClaimed)
    assert world.task("check").assignee_id == winner.assignee_id
    assert loser.data["by"] == "gy-jtw.case_handler." + str([p.id for p in people].index(winner.assignee_id or "") + 1)


def test_of_two_who_complete_at_once_one_does_and_the_flow_goes_on_once(world: World) -> None:
    world.submit()
    people = [world.person(HANDLER), world.person(COLLEAGUE)]
    answers = at_once(*(completing(world, world.task("check"), person) for person in people))
    assert [type(a) for a in answers].count(Task) == 1
    assert all(isinstance(a, Task | TaskAlreadyEnded | TaskAlreadyClaimed) for a in answers)
    assert world.open_tasks() == ["assess"]


def test_a_double_click_completes_a_task_once(world: World) -> None:
    world.submit()
    task, handler = world.task("check"), world.person(HANDLER)
    answers = at_once(*[completing(world, task, handler)] * 3)
    assert [type(a) for a in answers].count(Task) == 1
    assert [type(a) for a in answers].count(TaskAlreadyEnded) == 2
    assert world.open_tasks() == ["assess"]
    assert len(world.all(AuditEvent, name="task.completed")) == 1
