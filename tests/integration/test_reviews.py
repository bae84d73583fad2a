"""A review of a reply: who replied has no hand in it, whatever way the work comes to them; what is silence is a choice."""

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import stories
from api.scenarios import Story
from engine import absences, clock, definitions, directory, handovers, query_codes, recusals, tasks
from engine.access import PUBLIC, SYSTEM, Actor
from engine.cases import submit
from engine.errors import EngineError
from engine.models import Case, Handover, Party, Person, Task
from engine.origins import OriginRefused
from tests.application import application
from tests.factories import BUNDLES, World

REVIEW = BUNDLES / "review"
BUREAU_ITSELF = tomllib.loads((REVIEW / "scenarios" / "bureau_replied_itself.toml").read_text(encoding="utf-8"))
FORM: dict[str, Any] = BUREAU_ITSELF["submit"]["form"]
PASSED = {"check_opinion": "approve"}


def deployed(world: World, **changed: str) -> None:
    """The review, with words of process.toml changed."""
    files = dict(definitions.read_folder(REVIEW))
    for old, new in changed.items():
        files["process.toml"] = files["process.toml"].replace(f"{old} = false".encode(), f"{old} = {new}".encode())
    with world.database.unit_of_work(SYSTEM) as uow:
        definitions.deploy(uow, files)


def told(world: World, until: str) -> Story:
    """The story of the bureau that reviews its own reply, up to the task that waits then."""
    deployed(world)
    steps = BUREAU_ITSELF["steps"]
    end = next(number for number, step in enumerate(steps) if step.get("task") == until)
    story = Story(world.database, world.watch, REVIEW)
    world.watch.at = stories.shanghai("2026-04-21T09:30")
    story.tell(BUREAU_ITSELF | {"steps": steps[:end]})
    world.case_id = story.cases["main"]
    return story


def test_four_eyes_and_recusal_hold_whatever_way_the_work_comes(world: World) -> None:
    story = told(world, "check_result")
    task_id = world.task("check_result").id
    bureau, unit = "city_data_bureau", "政策法规科"
    colleague = story.person(f"{bureau}.unit_head@{unit}#9")
    leader = story.person(f"{bureau}.leader@局领导#2")
    today = clock.day_of(world.watch.at)

    def recused() -> Actor:
        made = story.person(f"{bureau}.unit_head@{unit}#8")
        with world.database.unit_of_work(made) as uow:
            recusals.recuse(uow, world.case().reference, "与申请人有亲属关系")
        return made

    def namesake() -> Actor:
        made = story.person(f"{bureau}.unit_head@{unit}#7")
        with world.database.unit_of_work(SYSTEM) as uow:
            uow.session.get_one(Person, made.id).name = FORM["applicant_name"]
        return made

    kept_away: dict[str, Actor] = {
        "审查原答复的人，不能自己审核复核意见。": story.person(f"{bureau}.case_handler+unit_head#5"),
        "办理过原申请的人员，不能审查对该答复的复核。": story.person(f"{bureau}.unit_head"),
        "作出答复的科室的人员，不能审查对该答复的复核。": story.person(f"{bureau}.unit_head@数据资源科#6"),
        "已对本件回避，不能办理。": recused(),
        "按照回避规定": namesake(),
    }
    api = TestClient(application(world.database))

    def ask(actor: Actor, path: str, body: dict[str, Any]) -> Any:
        with world.database.unit_of_work(SYSTEM) as uow:
            token = directory.create_token(uow, actor.id, "test")
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "zh"}
        return api.post(f"/api/v1/tasks/{path}", json=body, headers=headers)

    def act(actor: Actor, verb: Callable[..., Any], *given: Any) -> str:
        try:
            with world.database.unit_of_work(actor) as uow:
                verb(uow, *given)
        except EngineError as error:
            return error.sentence("zh")
        return "nothing refused it"

    def in_their_place(barred: Actor) -> str:
        """Somebody in another role stands in for them."""
        substitute = story.person(f"{bureau}.registrar@{unit}#{barred.id[:6]}")
        with world.database.unit_of_work(barred) as uow:
            absence = absences.enter(uow, substitute.id, today, today, "leave")
        with world.database.reading(SYSTEM) as reading:
            standing_in = directory.actor_of(reading, substitute.id)
        said = act(standing_in, tasks.claim, task_id)
        act(barred, absences.end, absence.id)
        return said

    def for_another(barred: Actor) -> str:
        """They stand in for a colleague who has the task."""
        with world.database.unit_of_work(colleague) as uow:
            tasks.claim(uow, task_id)
            absence = absences.enter(uow, barred.id, today, today, "leave")
        with world.database.reading(SYSTEM) as reading:
            standing_in = directory.actor_of(reading, barred.id)
        said = act(standing_in, tasks.complete, task_id, PASSED)
        with world.database.unit_of_work(colleague) as uow:
            absences.end(uow, absence.id)
            tasks.release(uow, task_id)
        return said

    ways: dict[str, Callable[[Actor], str]] = {
        "claim": lambda barred: act(barred, tasks.claim, task_id),
        "complete": lambda barred: act(barred, tasks.complete, task_id, PASSED),
        "delegate": lambda barred: act(colleague, handovers.delegate, task_id, barred.id, "请协办"),
        "reassign": lambda barred: act(leader, handovers.reassign, task_id, barred.id, "调整"),
        "in their place": in_their_place,
        "for another": for_another,
        "claim by a program": lambda barred: ask(barred, f"{task_id}/claim", {}).text,
        "complete by a program": lambda barred: ask(barred, f"{task_id}/complete", {"form": PASSED}).text,
        "in bulk": lambda barred: (
            ask(leader, "reassign", {"tasks": [task_id], "person": barred.id, "reason": "调整"}).text
        ),
    }
    for rule, barred in kept_away.items():
        for way, tried in ways.items():
            said = tried(barred)
            assert rule in said, f"{way}: {said}"
            waiting = world.one(Task, id=task_id)
            assert (waiting.state, waiting.assignee_id, waiting.owner_id) == ("open", None, None), (way, rule)
    assert world.all(Handover) == []
    assert act(colleague, tasks.complete, task_id, PASSED) == "nothing refused it"


def asked_for_a_review(world: World, case_id: str) -> str:
    """The applicant of a case asks for its review; the id of the new case."""
    with world.database.reading(SYSTEM) as reading:
        case, party = reading.session.get_one(Case, case_id), world.one(Party, case_id=case_id)
        proof = {"source_case": case.reference, "source_code": query_codes.query_code(reading, case, party)}
    with world.database.unit_of_work(PUBLIC) as uow:
        return submit(uow, "review", FORM | proof).case_id


@pytest.mark.sqlite_only
def test_silence_is_reviewed_only_where_whoever_runs_the_process_says_so(world: World) -> None:
    deployed(world)
    silent = world.submit().case_id
    world.travel("2026-05-06T23:00")
    world.work()
    with pytest.raises(OriginRefused, match=r"Art\. 29"):
        asked_for_a_review(world, silent)
    deployed(world, review_on_silence="true")
    with pytest.raises(OriginRefused):  # the time limit has not passed
        asked_for_a_review(world, silent)
    world.travel("2026-05-07T09:00")
    world.work()
    world.case_id = asked_for_a_review(world, silent)
    world.work()

    def do(lane: str, node: str, **form: Any) -> None:
        with world.database.unit_of_work(world.person(lane)) as uow:
            tasks.complete(uow, world.task(node).id, form)
        world.work()

    examined = {"review_facts": "至今没有答复。", "review_reasons": "应当自申请之日起10日内答复。"}
    met = {"applicant_matches": "yes", "in_scope": "yes", "reviewed_before": "no"}
    do("city_data_bureau.case_handler", "check_acceptance", intake_action="accept", **met)
    do("data_provider.case_handler", "submit_materials", agency_facts="无", agency_view="change", agency_reasons="无")
    with pytest.raises(tasks.RuleViolated):
        do("city_data_bureau.case_handler", "examine", result="upheld", **examined)
    asks = {"requirements": "作出答复。", "act_by": "2026-05-20"}
    do("city_data_bureau.case_handler", "examine", result="redo_reply", **asks, **examined)
    do("city_data_bureau.unit_head", "check_result", **PASSED)
    do("city_data_bureau.leader", "sign_result", sign_opinion="sign")
    assert world.facts()["outcome"] == "redo_reply"
    assert world.open_tasks() == ["draft_reply"]
