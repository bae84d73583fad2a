"""The catalogue of attacks on the sandbox: refused at deployment or stopped at work, in little time and memory."""

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

import pytest

from engine.runtime import ExpressionFailed, Faulty
from tests.confined import Keeper, keeper
from tests.drawing import (
    Drawn,
    after,
    at,
    boundary,
    catch,
    decision,
    each,
    every,
    exclusive,
    loop,
    message,
    process,
    rule,
    script,
    service,
    throw,
    user,
)
from tests.unit.gate.attacks import ATTACKS, GROWING_SCRIPTS, GROWN, SCRIPTS, kept_values
from tests.unit.runtime.journey import Journey


@pytest.fixture(scope="module")
def kept() -> Iterator[Keeper]:
    with keeper() as made:
        yield made


@pytest.mark.parametrize("kind", ATTACKS)
def test_no_attack_on_an_expression_gets_through(kept: Keeper, kind: str) -> None:
    """All of a kind together within five seconds of the processor and 512 MB."""
    ending = kept.run("tests.unit.gate.judging:attack", kind)
    assert (ending.code, ending.out, ending.err) == (0, "", ""), ending


@pytest.mark.parametrize("lawful", [False, True], ids=["unlawful", "growing"])
def test_no_attack_by_a_script_gets_through(kept: Keeper, lawful: bool) -> None:
    assert SCRIPTS
    assert GROWING_SCRIPTS
    ending = kept.run("tests.unit.gate.judging:attack_by_script", lawful)
    assert (ending.code, ending.out, ending.err) == (0, "", ""), ending


def keyed(expression: str) -> Drawn:
    """A catching event that means one of several messages of a name."""
    value = f'<spiffworkflow:property name="messageKey" value={quoteattr(expression)}/>'
    held = f"<extensionElements><spiffworkflow:properties>{value}</spiffworkflow:properties></extensionElements>"
    return catch(held + message("m"))


PLACES = {
    "a condition": lambda e: process(f"start > g; g [{e}] > end; g [] > end2", g=exclusive()),
    "a script": lambda e: process("start > a > end", a=script(f"x = {e}")),
    "a parameter": lambda e: process("start > a > end", a=service("v.x", n=e)),
    "a payload": lambda e: process("start > a > end", a=throw(message("m", payload=e))),
    "a message key": lambda e: process("start > a > end", a=keyed(e)),
    "a date": lambda e: process("start > a > end; b > end2", b=boundary("a", at(e))),
    "a duration": lambda e: process("start > a > end; b > end2", b=boundary("a", after(e))),
    "a cycle": lambda e: process("start > a > end; b > end2", b=boundary("a", every(e), False)),
    "a collection": lambda e: process("start > a > end", a=user(each(e, "i"))),
    "a number of instances": lambda e: process("start > a > end", a=user(each("", "i", times=e))),
    "the condition of a loop": lambda e: process("start > a > end", a=script("x = 1")).replace(
        b"</scriptTask>", loop(e, test_before=True).encode() + b"</scriptTask>"
    ),
}
THROUGH = ("().__class__", "open('x')", "9**9**9", "many + many", f"[{GROWN}, twin]", "deadline(text)", "'a' < n")


@pytest.mark.parametrize("expression", THROUGH)
@pytest.mark.parametrize("place", PLACES)
def test_the_sandbox_is_the_same_in_every_place(place: str, expression: str) -> None:
    with pytest.raises((Faulty, ExpressionFailed)):
        Journey(PLACES[place](expression), kept_values())


@pytest.mark.parametrize("expression", THROUGH)
def test_the_sandbox_is_the_same_in_decision_tables(expression: str) -> None:
    for table in (
        decision("d", [expression], ["y"], [(["-"], ["1"])]),
        decision("d", ["n"], ["y"], [([f"? == 3 and {expression}"], ["1"])]),
        decision("d", ["n"], ["y"], [(["-"], [expression])]),
    ):
        with pytest.raises((Faulty, ExpressionFailed)):
            Journey(process("start > r > end", r=rule("d")), kept_values(), d_dmn=table)


def test_what_one_advance_may_cost_is_shared_by_all_its_expressions() -> None:
    """Each comparison alone is lawful; a flow that makes it again and again is stopped, and says where."""
    compare = f"x = {GROWN} == twin"
    once = Journey(process("start > s > end", s=script(compare)), kept_values())
    assert once.step.finished
    text = "start > m > s > g; g [n == 3] > m; g [] > end"
    with pytest.raises(ExpressionFailed) as stopped:
        Journey(process(text, m=exclusive(), g=exclusive(), s=script(compare)), kept_values())
    assert stopped.value.data["node"] in ("s", "g")
    assert "too long" in str(stopped.value)


def test_a_table_of_costly_cells_is_stopped() -> None:
    table = decision("d", [GROWN], ["y"], [(["? != twin"], ["1"])] * 500)
    with pytest.raises(ExpressionFailed, match="too long"):
        Journey(process("start > r > end", r=rule("d")), kept_values(), d_dmn=table)
