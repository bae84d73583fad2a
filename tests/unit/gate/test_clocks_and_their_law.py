"""What the gate asks of clocks that may be moved: the rule allows it, and the law that is cited knows it."""

import pytest

from api.composition import registry
from engine import lint, statutes
from engine.runtime import Fault
from engine.settings import ROOT, Settings
from engine.statutes import Article, Articles, Limit
from tests.bundles import bundle
from tests.drawing import Drawn, service
from tests.unit.test_lint import found

KEPT = statutes.known(Settings(bundles=ROOT / "bpmn"))
HANDLING = """
[deadlines.handling]
title = "办理期限"
title_en = "Handling"
days = 10
basis = "regulatory"
owed_by = "data_provider"
starts_on = "case.submitted"
stops_on = ["case.closed"]
"""


def judged(files: dict[str, bytes], articles: Articles = KEPT) -> list[Fault]:
    return [f for f in lint.lint_bundle(files, lint.vocabulary(registry(), None, articles)) if not f.warning]


def with_clock(
    changed: str = "", articles: Articles = KEPT, text: str = "start > work > end", **nodes: Drawn
) -> list[Fault]:
    return judged(bundle(text, {"moved": "object"}, more=HANDLING + changed, **nodes), articles)


def statutory(old: str, new: str, articles: Articles = KEPT) -> list[Fault]:
    files = bundle("start > work > end")
    text = files["process.toml"].decode()
    assert old in text
    return judged(files | {"process.toml": text.replace(old, new).encode()}, articles)


# ---------------------------------------------------------------- the law


def test_the_four_numbers_of_the_regulation_stand_with_their_articles() -> None:
    limits = {number: a.limit.days for (number, _), a in KEPT.items() if a.limit is not None}
    assert limits == {"13.2": 15, "15.2": 10, "21.1": 10, "21.2": 10}
    for article in KEPT.values():
        if article.limit is not None:
            assert article.limit == Limit(article.limit.days, "calendar", 0, "none", "none")


@pytest.mark.parametrize(
    ("new", "part"),
    [
        ("days = 12", "says 12 calendar days, and Art. 21(1) of the Regulation"),
        ('days = 10\nunit = "working"', "says 10 working days, and Art. 21(1)"),
        ("days = 10\nextension_days = 5", "allows an extension of 5 days; Art. 21(1)"),
        ('days = 10\nsuspension = "allowed"', "allows a suspension; Art. 21(1)"),
        ('days = 10\nrestart = "allowed"', "allows a restart; Art. 21(1)"),
    ],
)
def test_a_clock_of_the_law_is_the_one_of_its_article(new: str, part: str) -> None:
    faults = statutory("days = 10", new)
    assert found(faults, "deadlines.reply", part), faults
    assert statutory("days = 10", new, {}) == []  # where no articles are kept, they are not checked


def test_an_internal_target_may_cite_an_article_and_be_shorter() -> None:
    assert statutory('days = 10\nbasis = "statutory"', 'days = 7\nbasis = "internal"') == []


def test_an_article_that_nobody_keeps_is_refused() -> None:
    for old, new, element in (
        ('article = "21.1"\nowed_by', 'article = "99"\nowed_by', "deadlines.reply"),
        ('article = "21.1"\nowed_by', 'article = "21.1"\ntext_version = "2099"\nowed_by', "deadlines.reply"),
        ('article = "21.1"\nreference_prefix', 'article = "99"\nreference_prefix', "process.article"),
    ):
        assert found(statutory(old, new), element, "is not in shared/statutes.toml")
        assert statutory(old, new, {}) == []


def test_another_law_has_other_limits() -> None:
    """A text that sets working days and allows an extension and a suspension: a profile is data."""
    limit = Limit(20, "working", extension_days=20, suspension="allowed")
    other = Article("18.1", "第十八条第一款", "某条例", "Other Regulation", "", "2025", limit)
    kept = {**KEPT, ("18.1", "2025"): other}
    clock = 'days = 20\nunit = "working"\nextension_days = 20\nsuspension = "allowed"\ntext_version = "2025"'

    def of(text: str) -> list[Fault]:
        files = bundle("start > work > end")
        manifest = files["process.toml"].decode().replace("days = 10", text)
        manifest = manifest.replace('article = "21.1"\nowed_by', 'article = "18.1"\nowed_by')
        return judged(files | {"process.toml": manifest.encode()}, kept)

    assert of(clock) == []
    assert found(of(clock.replace("extension_days = 20", "extension_days = 21")), "deadlines.reply", "at most 20 days")
    assert found(of(clock + '\nrestart = "allowed"'), "deadlines.reply", "allows a restart")


# ---------------------------------------------------------------- what may be moved


def move(act: str, name: str = "'handling'", **more: str) -> Drawn:
    return service(f"deadline.{act}", result="moved", deadline=name, reason="'等待鉴定结论'", **more)


ALLOWED = {
    "suspend": 'suspension = "allowed"\n',
    "resume": 'suspension = "allowed"\n',
    "restart": 'restart = "allowed"\n',
    "extend": "extension_days = 5\n",
}


@pytest.mark.parametrize("act", ALLOWED)
def test_a_step_moves_a_clock_only_as_its_rule_allows(act: str) -> None:
    node = move(act, **({"days": "5"} if act == "extend" else {}))
    text = "start > work > m > end"
    assert with_clock(ALLOWED[act], text=text, m=node) == []
    faults = with_clock("", text=text, m=node)
    assert found(faults, "m", "which the rule of the clock (process.toml) does not allow"), faults


def test_a_step_names_a_clock_that_there_is() -> None:
    faults = with_clock(ALLOWED["suspend"], text="start > work > m > end", m=move("suspend", "'nothing'"))
    assert found(faults, "m", "there is no deadline nothing")


def test_a_step_needs_a_reason_and_a_number_of_days() -> None:
    bare = service("deadline.extend", deadline="'handling'", reason="'x'")
    assert found(with_clock(ALLOWED["extend"], text="start > work > m > end", m=bare), "m", "needs the parameter days")
    wrong = move("extend", days="'five'")
    assert found(with_clock(ALLOWED["extend"], text="start > work > m > end", m=wrong), "m", "days does not fit")


WAITING = """
[deadlines.wait]
title = "等待时限"
title_en = "Waiting"
days = 5
basis = "internal"
owed_by = "data_provider"
starts_on = "deadline.suspended:{name}"
stops_on = ["deadline.resumed:{name}", "case.closed"]
"""


def test_another_clock_may_go_by_a_suspension_that_a_person_can_make() -> None:
    assert with_clock(ALLOWED["suspend"] + WAITING.format(name="handling")) == []
    assert found(with_clock(WAITING.format(name="handling")), "deadlines.wait", "never starts")
    assert found(with_clock(WAITING.format(name="nothing")), "deadlines.wait", "there is no deadline nothing")


def test_a_process_cannot_claim_that_a_clock_was_moved() -> None:
    claimed = service("case.announce", event="'deadline.suspended:handling'")
    faults = with_clock(ALLOWED["suspend"], text="start > work > m > end", m=claimed)
    assert found(faults, "m", "is made known by the engine")


@pytest.mark.parametrize("cutoff", ["17:30", "00:01", "23:59", "09:00"])
def test_office_hours_end_at_a_time_of_day(cutoff: str) -> None:
    assert with_clock(f'cutoff = "{cutoff}"\n') == []


@pytest.mark.parametrize("cutoff", ["24:00", "00:00", "17:60", "9:00", "17.30", "", "下午五点半", "17:30:00", "١٧:٣٠"])
def test_what_is_no_time_of_day_is_refused(cutoff: str) -> None:
    assert found(with_clock(f'cutoff = "{cutoff}"\n'), "deadlines.handling", "cutoff is the end of office hours")


# ---------------------------------------------------------------- limits that a case sets


def test_an_order_may_set_the_days_and_the_law_may_not_be_set_by_a_case() -> None:
    ordered = HANDLING.replace('"regulatory"', '"ordered"') + 'days_from = "moved_days"\n'
    data = {"moved": "object", "moved_days": "integer"}
    assert judged(bundle("start > work > end", data, more=ordered)) == []
    assert found(
        judged(bundle("start > work > end", data, more=ordered.replace('"ordered"', '"regulatory"'))),
        "deadlines.handling",
        "its last day is counted, and no field of the case can set it",
    )
    both = ordered + 'due_on = "moved_on"\n'
    assert found(
        judged(bundle("start > work > end", data | {"moved_on": "date"}, more=both)), "deadlines.handling", "not both"
    )


def test_a_clock_that_several_events_start_starts_on_each_that_happens_only() -> None:
    several = HANDLING.replace('"case.submitted"', '["case.submitted", "trial.changed"]')
    assert found(
        judged(bundle("start > work > end", {"moved": "object"}, more=several)),
        "deadlines.handling",
        "never starts: nothing makes trial.changed known",
    )
    none = HANDLING.replace('"case.submitted"', "[]")
    nothing = judged(bundle("start > work > end", {"moved": "object"}, more=none))
    assert found(nothing, "deadlines.handling", "starts on nothing")
