"""Decision tables: which rule matches, what a cell may say, what is refused."""

import pytest

from engine.runtime import ExpressionFailed, ExpressionInvalid, Faulty, parse
from engine.runtime.decisions import read_decisions
from tests.drawing import decision, each, process, rule, sub
from tests.unit.runtime.journey import Journey

DECIDE = process("start > r > end", r=rule("d"))


def decided(table: bytes, **data: object) -> dict[str, object]:
    return dict(Journey(DECIDE, data, d_dmn=table).step.writes)


@pytest.mark.parametrize(
    ("cell", "matching", "other"),
    [
        ('"a"', ["a"], ["b", 1, None]),
        ('"a","b"', ["a", "b"], ["c", None]),
        ("> 3", [4, 3.5], [3, -1]),
        ("<= 3", [3, 0], [4]),
        ("!= 3", [4, "3", None], [3]),
        ("[1..3]", [1, 2, 3], [0, 4]),
        ("]1..3[", [2], [1, 3]),
        ("(1..3]", [2, 3], [1, 4]),
        ('not("a","b")', ["c", None], ["a", "b"]),
        ("not([1..3])", [0, 4], [2]),
        ("not(> 3)", [3], [4]),
        ("? > 1 and ? < limit", [2], [1, 5]),
        ("len(?) > 2", ["abc", [1, 2, 3]], ["ab"]),
        ("in ['a', other]", ["a", "z"], ["b"]),
        ("not in ['a']", ["b"], ["a"]),
        ("true", [True], [False, None]),
        ("null", [None], [False, 0, ""]),
        ('"why?"', ["why?"], ["why"]),
        ('"not(a)"', ["not(a)"], ["a"]),
        ("other", ["z"], ["a"]),
        ("-1", [-1], [1]),
        ("1 + 1", [2], [1]),
        ("-", ["x", None, 5], []),
        ("", ["x", None, 5], []),
    ],
)
def test_cells(cell: str, matching: list[object], other: list[object]) -> None:
    table = decision("d", ["x"], ["y"], [([cell], ['"hit"'])])
    for value in matching:
        assert decided(table, x=value, limit=5, other="z") == {"y": "hit"}, value
    for value in other:
        assert decided(table, x=value, limit=5, other="z") == {"y": None}, value


def test_all_inputs_of_a_rule_must_match() -> None:
    table = decision("d", ["a", "b"], ["y", "z"], [(["1", "-"], ["a + b", "'first'"]), (["2", "2"], ["0", "'second'"])])
    assert decided(table, a=1, b=7) == {"y": 8, "z": "first"}
    assert decided(table, a=2, b=2) == {"y": 0, "z": "second"}
    assert decided(table, a=2, b=3) == {"y": None, "z": None}


def test_two_rules_of_a_unique_table_may_not_match() -> None:
    table = decision("d", ["x"], ["y"], [(["> 1"], ["1"]), (["> 2"], ["2"])])
    assert decided(table, x=2) == {"y": 1}
    with pytest.raises(ExpressionFailed, match="rules 1 and 2"):
        decided(table, x=3)


def test_a_collecting_table_gives_all_matches_in_order() -> None:
    table = decision("d", ["x"], ["y"], [(["> 2"], ["'b'"]), (["> 1"], ["'a'"]), (["> 9"], ["'c'"])], policy="COLLECT")
    assert decided(table, x=3) == {"y": ["b", "a"]}
    assert decided(table, x=0) == {"y": []}


def test_the_first_match_of_a_first_table_counts() -> None:
    rules = [(["> 5"], ["'high'", "x"]), (["> 1"], ["'some'", "0"]), (["-"], ["'any'", "null"])]
    table = decision("d", ["x"], ["y", "z"], rules, policy="FIRST")
    assert decided(table, x=9) == {"y": "high", "z": 9}
    assert decided(table, x=3) == {"y": "some", "z": 0}
    assert decided(table, x=0) == {"y": "any", "z": None}


def test_a_first_table_without_a_match_gives_nothing() -> None:
    assert decided(decision("d", ["x"], ["y"], [(["1"], ["'one'"])], policy="FIRST"), x=2) == {"y": None}


def test_what_comes_after_the_first_match_is_not_looked_at() -> None:
    """The second row could not be compared with a text; a UNIQUE table, which looks at all rows, must fail there."""
    rules = [(["'a'"], ["1"]), (["> 3"], ["2"])]
    assert decided(decision("d", ["x"], ["y"], rules, policy="FIRST"), x="a") == {"y": 1}
    with pytest.raises(ExpressionFailed):
        decided(decision("d", ["x"], ["y"], rules), x="a")


def test_a_decision_within_a_loop_writes_the_local_of_its_instance() -> None:
    body = sub("i_start > r > i_end", each("xs", "x", "ys", "y"), r=rule("d"))
    table = decision("d", ["x"], ["y"], [(["> 1"], ['"many"']), (["<= 1"], ['"one"'])])
    journey = Journey(process("start > S > end", S=body), {"xs": [1, 2]}, d_dmn=table)
    assert journey.data["ys"] == ["one", "many"]
    assert "y" not in journey.data


def test_a_comparison_that_makes_no_sense_fails_at_the_node() -> None:
    with pytest.raises(ExpressionFailed) as caught:
        decided(decision("d", ["x"], ["y"], [(["> 1"], ["1"])]), x="a")
    assert caught.value.data["node"] == "r"


def test_one_file_may_hold_several_decisions() -> None:
    one, two = (decision(n, ["x"], [f"y_{n}"], [(["-"], [f"'{n}'"])]) for n in ("d", "e"))
    both = one.replace(b"</definitions>", two[two.index(b"<decision ") :])
    journey = Journey(process("start > r > s > end", r=rule("d"), s=rule("e")), {"x": 1}, d_dmn=both)
    assert journey.data == {"x": 1, "y_d": "d", "y_e": "e"}


def test_a_table_says_what_it_reads() -> None:
    table = decision("d", ["a.b", "len(c)"], ["y"], [(["> limit", '"a", other'], ["result + 1"])])
    (read,), faults = read_decisions("d.dmn", table)
    assert faults == []
    assert read.reads() == {"a", "c", "limit", "other", "result"}


@pytest.mark.parametrize("policy", ["ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "nonsense"])
def test_other_hit_policies_are_refused(policy: str) -> None:
    with pytest.raises(Faulty, match="hit policy"):
        decided(decision("d", ["x"], ["y"], [(["-"], ["1"])], policy=policy))


GOOD = decision("d", ["x"], ["y"], [(["1"], ["2"])])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"<text>x</text>", b"<text></text>", "no expression"),
        (b"<text>x</text>", b"<text>().__class__</text>", "not allowed"),
        (b"<text>1</text>", b"<text>open('/etc/passwd')</text>", "not allowed"),
        (b"<text>2</text>", b"<text></text>", "without a value"),
        (b"<text>2</text>", b"<text>9**9**9**9**</text>", "not allowed"),
        (b'name="y"', b'name="two words"', "no name"),
        (b'name="y"', b'name="len"', "no name"),
        (b"decisionTable", b"literalExpression", "only decision tables"),
        (b'hitPolicy="UNIQUE"', b'hitPolicy="COLLECT" aggregation="SUM"', "aggregation"),
        (b"<input ", b"<knowledgeRequirement/><input ", None),
        (b"<decisionTable", b"<informationRequirement/><decisionTable", "rests on others"),
        (b"https://www.omg.org/spec/DMN/20191111/MODEL/", b"urn:other", "is not DMN"),
        (b'<inputEntry id="d_r0c0"><text>1</text></inputEntry>', b"", "one cell for each"),
    ],
)
def test_faults_of_tables(old: bytes, new: bytes, reason: str | None) -> None:
    assert old in GOOD
    changed = GOOD.replace(old, new)
    if reason is None:
        parse({"p.bpmn": DECIDE, "d.dmn": changed}, "p")
    else:
        with pytest.raises(Faulty, match=reason):
            parse({"p.bpmn": DECIDE, "d.dmn": changed}, "p")


def test_a_cell_cannot_reach_out() -> None:
    for cell in ('"{0.__class__}".format(?)', "?.__class__", "[x for x in ?]", "9**9**9**9"):
        with pytest.raises((Faulty, ExpressionInvalid, ExpressionFailed)):
            decided(decision("d", ["x"], ["y"], [([cell], ["1"])]), x=1)
