"""The sandbox of expressions: what it calculates, and what it stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Invalid
from engine.runtime import DeadlineRef, ExpressionInvalid, check_expression, evaluate, members_read, names_read
from engine.runtime.expressions import check_script, deadlines_read, names_read_by_script, names_written

NAMES = {
    "n": 3,
    "text": "申请",
    "items": [1, 2, 3],
    "applicant": {"name": "王某", "address": {"city": "贵阳"}},
    "nothing": None,
    "flag": True,
    "data": {"items": 5},
    "long": "x" * 100_000,
    "many": list(range(10_000)),
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("n + 1", 4),
        ("n > 2 and flag", True),
        ("not flag or n == 3", True),
        ("applicant.address.city == '贵阳'", True),
        ("applicant['address'].city", "贵阳"),
        ("applicant.phone", None),
        ("data.items", 5),
        ("len(items) + sum(items)", 9),
        ("max(items) if flag else 0", 3),
        ("items[-1]", 3),
        ("items[1:]", [2, 3]),
        ("text + '书'", "申请书"),
        ("'请' in text", True),
        ("4 not in items", True),
        ("'name' in applicant", True),
        ("1 < n <= 3", True),
        ("nothing is None", True),
        ("nothing == null and true and not false", True),
        ("[n, {'a': text}]", [3, {"a": "申请"}]),
        ("(1, 2)", [1, 2]),
        ("-n + +n", 0),
        ("7 // 2 + 7 % 2", 4),
        ("2 ** 10", 1024),
        ("round(2.567, 2)", 2.57),
        ("str(n) + '号'", "3号"),
        ("int('12') + float('0.5')", 12.5),
        ("any([0, 1]) and not all([0, 1])", True),
        ("bool(text)", True),
        ("deadline('reply')", DeadlineRef("reply")),
        ("'a' or undefined_name", "a"),
        ("items + [4]", [1, 2, 3, 4]),
        ("abs(-3)", 3),
        ("min(2, 1)", 1),
    ],
)
def test_what_expressions_calculate(expression: str, value: object) -> None:
    assert evaluate(expression, NAMES) == value


@pytest.mark.parametrize(
    "expression",
    [
        "().__class__.__bases__[0].__subclasses__()",
        "text.__class__",
        "applicant.__init__",
        "applicant._private",
        "'{0.__class__}'.format(1)",
        "'%s' % text",
        "'%99999999d' % 1",
        "f'{n:9999999999}'",
        "f'{n}'",
        "text.upper()",
        "data.items()",
        "items.append(4)",
        "open('/etc/passwd')",
        "__import__('os')",
        "eval('1')",
        "exec('1')",
        "getattr(n, 'real')",
        "type(n)",
        "globals()",
        "lambda: 1",
        "(lambda: 1)()",
        "[x for x in items]",
        "{x for x in items}",
        "{x: x for x in items}",
        "(x for x in items)",
        "sum(x for x in items)",
        "(y := 5)",
        "{*items}",
        "[*items]",
        "{**applicant}",
        "len(*items)",
        "len(obj=items)",
        "{1, 2}",
        "{1: 2}",
        "n << 1000000",
        "1 << 100",
        "n >> 1",
        "~n",
        "n & 1",
        "n | 1",
        "n ^ 1",
        "n @ n",
        "b'bytes'",
        "1j",
        "...",
        "await n",
        "yield",
        "n = 1",
        "import os",
        "n; n",
        "",
        "   ",
        "n +",
        "${n}",
        "= n > 3",
        "len",
        "n(1)",
        "items[0](1)",
        "'\\ud800'",
        "\0",
        "1e999",
        "99999999999999999999",
        "*items",
        "deadline(n)",
        "deadline('')",
        "deadline",
        "undefined_name",
        "text - 1",
        "text * 3",
        "items * 3",
        "3 * 'ab'",
        "n / 0",
        "n % 0",
        "items[99]",
        "applicant['phone']",
        "n.real",
        "n[0]",
        "nothing.name",
        "text.city",
        "flag.real",
        "1 < 'a'",
        "'a' in 5",
        "sum(applicant)",
        "sum(['a'])",
        "str(items)",
        "int('x')",
        "int(items)",
        "float('nan')",
        "float('inf')",
        "float(items)",
        "any(n)",
        "round(n, 999)",
        "round('a')",
        "len(n)",
        "min()",
        "max([])",
        "-text",
        "(-1) ** 0.5",
        "0 ** -1",
    ],
)
def test_what_is_refused_with_a_sentence(expression: str) -> None:
    with pytest.raises(ExpressionInvalid) as caught:
        evaluate(expression, NAMES)
    assert str(caught.value).strip()
    assert isinstance(caught.value, Invalid)


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "2**9999999",
        "9**9**9**9**9",
        "2.0**99999",
        "10**10 * 10**10",
        "int('9' + '9')**40",
        "long + long",
        "many + many",
        "int(long)",
        "'x' * 10**9",
        "[0] * 10**9",
        "(" * 500 + "1" + ")" * 500,
        "[" * 150 + "]" * 150,
        "-" * 3000 + "1",
        "not " * 900 + "1",
        "+".join(["1"] * 1900),
        "a" + ".b" * 1900,
        "a" + "[0]" * 1000,
        "x if x else " * 300 + "1",
        "x" * 5000,
        "1" * 4001,
        "(" * 4000,
        "{'a':" * 300,
    ],
)
def test_bombs_are_stopped(expression: str) -> None:
    with pytest.raises(ExpressionInvalid):
        evaluate(expression, {**NAMES, "a": {"b": 1}, "x": 0})


def test_values_cannot_grow_by_containing_themselves() -> None:
    names: dict[str, object] = {"x": ["seed"] * 10}
    with pytest.raises(ExpressionInvalid):
        for _ in range(60):
            names["x"] = evaluate("[x, x]", names)
    names = {"x": "seed"}
    with pytest.raises(ExpressionInvalid):
        for _ in range(60):
            names["x"] = evaluate("x + x", names)


def test_a_check_needs_no_values() -> None:
    check_expression("applicant.name == other and n > 3")
    with pytest.raises(ExpressionInvalid, match="methods"):
        check_expression("applicant.name.upper()")


def test_members_read_of_a_variable_are_known_unless_it_is_read_otherwise() -> None:
    assert members_read("parts.a.code in (b, parts.c.codes) and d.e", "parts") == {"a", "c"}
    assert members_read("parts['a'].code == parts.c", "parts") == {"*", "c"}
    assert members_read("a.parts", "parts") == frozenset()


def test_names_read() -> None:
    assert names_read("a.b + c[d] + len(e) and f if g else 'h'") == {"a", "c", "d", "e", "f", "g"}
    assert names_read("deadline('reply') or true or null") == frozenset()
    assert deadlines_read("deadline('reply') if a else deadline(\"other\")") == {"reply", "other"}


def test_scripts_are_assignments_and_nothing_else() -> None:
    check_script("a = 1\nb = a + c  # a comment\n")
    assert names_read_by_script("a = 1\nb = a + c\nd = d + 1") == {"c", "d"}
    assert names_written("a = 1\nb = 2") == {"a", "b"}
    for bad in (
        "a.b = 1",
        "a[0] = 1",
        "a = b = 1",
        "a += 1",
        "a, b = 1, 2",
        "for x in y: a = 1",
        "import os",
        "def f(): pass",
        "print(1)",
        "a: int = 1",
        "len = 1",
        "true = 1",
        "__builtins__ = 1",
        "",
        "a = " + "1 + " * 10_000 + "1",
        "del a",
        "while True: a = 1",
    ):
        with pytest.raises(ExpressionInvalid):
            check_script(bad)


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_a_sentence(text: str) -> None:
    assert _ends_well(text)


def _ends_well(expression: str) -> bool:
    """Whether an expression gives a value, or is refused with a sentence."""
    try:
        evaluate(expression, NAMES)
    except ExpressionInvalid as error:
        return str(error) != ""
    return True


_ATOMS = st.sampled_from(
    ["n", "text", "items", "applicant", "nothing", "many", "long", "1", "'a'", "[]", "{}", "2.5", "true"]
)
_EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "==", "<", "in", "and", "or", "is"]), inner
        ).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["len", "sum", "min", "max", "str", "int", "any", "round", "abs"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}[{t[1]}]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        inner.map(lambda e: f"[{e}, {e}]"),
        inner.map(lambda e: f"{e}.name"),
    ),
    max_leaves=25,
)


@given(_EXPRESSIONS)
def test_any_expression_ends_soon_with_a_value_or_a_sentence(expression: str) -> None:
    assert _ends_well(expression)
