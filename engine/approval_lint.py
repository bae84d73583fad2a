"""Can a paper be approved as its ``notice.toml`` says? The chain against the drawing, its forms and its lanes."""

from collections.abc import Callable, Iterator, Mapping

from engine.manifest import ApprovalRule, NoticeRule
from engine.models import NoticeApproval
from engine.name_lint import longest
from engine.runtime import ExpressionInvalid, Fault
from engine.runtime.drawing import Element, Process, Scope
from engine.runtime.expressions import names_read
from engine.runtime.graph import reach
from engine.runtime.soundness import following

DRAFT = "notice.draft"
BEFORE, AFTER = ("review", "countersign", "legal_review"), ("seal", "register")
Judge = Callable[[str, str, str], Iterator[Fault]]  # of an expression: file, place, text


def approval_faults(
    notices: Mapping[str, NoticeRule],
    processes: Mapping[str, Process],
    fields_of: Callable[[str], frozenset[str] | None],
    wrong_lane: Callable[[str], str | None],
    expression: Judge,
) -> Iterator[Fault]:
    """Faults of all chains of a bundle; ``fields_of`` gives the fields of a user task's form, None where there is no task."""
    for name, rule in notices.items():
        file = f"notices/{name}/notice.toml"
        yield from (Fault(file, "approval", reason) for reason in _order(rule))
        for number, step in enumerate(rule.approval, 1):
            where = f"approval.{number}"
            yield from (Fault(file, where, reason) for reason in _step(step, fields_of(step.task), wrong_lane))
            yield from expression(file, where, step.passes)
            if step.when is not None:
                yield from expression(file, where, step.when)
        yield from (Fault(file, "approval", reason) for reason in _drafting(name, rule, processes))


def _order(rule: NoticeRule) -> Iterator[str]:
    """Whether there is a chain where there must be one, and its steps come in an order that makes sense."""
    steps: list[str] = [step.step for step in rule.approval]
    if not steps:
        if rule.form != "slip" and not (rule.automatic or "").strip():
            yield "a numbered paper names who approves it ([[approval]]), or says why nobody need: automatic = “…”"
        return
    if rule.automatic is not None:
        yield "is approved by people, and so it is not automatic"
    if steps.count("sign") != 1:
        yield "has one step “sign”, neither none nor several"
        return
    signed = steps.index("sign")
    if rule.approval[signed].when is not None:
        yield "is always signed: the step “sign” depends on nothing (when)"
    for position, step in enumerate(steps):
        if step in BEFORE and position > signed:
            yield f"the step “{step}” comes before “sign”"
        if step in AFTER and position < signed:
            yield f"the step “{step}” comes after “sign”"
    for once in AFTER:
        if steps.count(once) > 1:
            yield f"has the step “{once}” more than once"
    if {*AFTER} <= {*steps} and steps.index("seal") > steps.index("register"):
        yield "a paper is sealed before it is registered"


def _step(step: ApprovalRule, fields: frozenset[str] | None, wrong_lane: Callable[[str], str | None]) -> Iterator[str]:
    """One step: the task in which it is done, its lane, and the answer by which it is passed."""
    if fields is None:
        yield f"there is no user task {step.task}"
        return
    if step.lane is not None and (reason := wrong_lane(step.lane)) is not None:
        yield reason
    if step.opinion is not None and step.opinion not in fields:
        yield f"the form of {step.task} has no field {step.opinion}"
    try:
        asked = names_read(step.passes)
    except ExpressionInvalid:
        return  # said elsewhere
    if not asked & fields:
        yield f"whether it is passed does not depend on the form of {step.task}: {step.passes[:80]}"
    for column in ("passes", "lane"):
        if len(getattr(step, column) or "") > longest(NoticeApproval, column):
            yield f"{column} is longer than {longest(NoticeApproval, column)} characters"


# ---------------------------------------------------------------- the draft comes first


def _drafting(name: str, rule: NoticeRule, processes: Mapping[str, Process]) -> Iterator[str]:
    """Every task of the chain is reached with a draft only, as far as the drawing of its process tells."""
    if not rule.approval:
        return
    drawn = [
        (scope, e) for process in processes.values() for scope in process.scopes() for e in scope.elements.values()
    ]
    drafts = {e.id for _, e in drawn if _may_draft(e, name)}
    if not drafts:
        yield f"nothing drafts it: a service task {DRAFT} comes before its approval"
        return
    places = {e.id: (scope, e) for scope, e in drawn}
    first = next((step.task for step in rule.approval if step.task in places), None)
    for task in dict.fromkeys(step.task for step in rule.approval if step.task in places):
        scope, element = places[task]
        if element.repetition is not None:
            yield f"the task {task} is repeated: a paper is approved once"
        if task == first and drafts & scope.elements.keys() and _reached_without(scope, task, drafts):
            yield f"the task {task} is reached before there is a draft"


def _may_draft(element: Element, name: str) -> bool:
    """Whether a service task drafts a paper, or chooses by an expression that names it."""
    if element.verb != DRAFT:
        return False
    text = element.parameters.get("name", "")
    return f"'{name}'" in text or f'"{name}"' in text


def _reached_without(scope: Scope, task: str, drafts: set[str]) -> bool:
    """Whether a way through a scope leads to a task past every draft; what an error of the draft leads to is another way."""
    ways = {node: [n for n in after if n not in drafts] for node, after in following(scope).items()}
    starts = [element.id for element in scope.of_kind("startEvent") if element.id not in drafts]
    return task in reach(starts, ways)
