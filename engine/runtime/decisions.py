"""Decision tables: DMN files whose cells are expressions of the same sandbox.

Of the hit policies there are UNIQUE (at most one rule may match), FIRST (the first that matches, in the order of the
table) and COLLECT (a list of what all matching rules say).

An input cell is empty or ``-`` (anything), a value or a list of values (``"a","b"``), a comparison (``> 3``), an
interval (``[1..5]``, ``]1..5[``), a negation (``not("a","b")``), or a condition in which ``?`` stands for the input.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.runtime import expressions
from engine.runtime.errors import ExpressionInvalid, Fault
from engine.runtime.expressions import Effort
from engine.runtime.xmlfile import DMN_NAMESPACES, Refused, children, read_xml, text_of

INPUT = "input_value_"  # the name under which a condition with ? reads the input
POLICIES = ("UNIQUE", "FIRST", "COLLECT")
MOST_RULES = 1_000
MOST_CELLS = 10_000
MOST_EXPRESSIONS = 200_000  # characters of all cells of a file
_NAME = re.compile(r"[^\W\d]\w*\Z")
_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>|in\b|not\s+in\b)\s*(?=\S)")
_NEGATION = re.compile(r"not\s*\((.*)\)\Z", re.DOTALL)
_OUTSIDE_QUOTES = re.compile(r"""("(?:[^"\\]|\\.)*+(?:"|\Z|\\)|'(?:[^'\\]|\\.)*+(?:'|\Z|\\))|\?""", re.DOTALL)


@dataclass(frozen=True)
class Rule:
    """One row: a condition on each input, a value for each output."""

    number: int
    conditions: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """One decision table."""

    id: str
    file: str
    policy: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rules: tuple[Rule, ...]

    def decide(self, names: Mapping[str, Any], effort: Effort | None = None) -> dict[str, Any]:
        """The outputs for named values: of the rule that matches (nothing where none does), or lists of all.

        Raises ExpressionInvalid where a cell cannot be calculated, or two rules of a UNIQUE table match.
        """
        effort = effort or Effort()
        given = [expressions.evaluate(text, names, effort) for text in self.inputs]
        matching = (rule for rule in self.rules if self._matches(rule, given, names, effort))
        if self.policy == "COLLECT":
            rows = [self._values(rule, names, effort) for rule in matching]
            return {name: [row[i] for row in rows] for i, name in enumerate(self.outputs)}
        found = next(matching, None)
        if found is None:
            return dict.fromkeys(self.outputs)
        if self.policy == "UNIQUE" and (other := next(matching, None)) is not None:
            raise ExpressionInvalid(
                f"rules {found.number} and {other.number} of the decision both match, though only one may"
            )
        return dict(zip(self.outputs, self._values(found, names, effort), strict=True))

    def reads(self) -> frozenset[str]:
        """The variables that the table reads."""
        texts = [*self.inputs, *(t for r in self.rules for t in (*filter(None, r.conditions), *r.values))]
        return frozenset().union(*map(expressions.names_read, texts)) - {INPUT}

    @staticmethod
    def _matches(rule: Rule, given: list[Any], names: Mapping[str, Any], effort: Effort) -> bool:
        for condition, value in zip(rule.conditions, given, strict=True):
            if condition and not expressions.evaluate(condition, _With(INPUT, value, names), effort):
                return False
        return True

    @staticmethod
    def _values(rule: Rule, names: Mapping[str, Any], effort: Effort) -> list[Any]:
        return [expressions.evaluate(text, names, effort) for text in rule.values]


class _With(dict[str, Any]):
    """Named values with one more in front."""

    def __init__(self, name: str, value: Any, names: Mapping[str, Any]) -> None:
        super().__init__({name: value})
        self.names = names

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.names

    def __missing__(self, name: str) -> Any:
        return self.names[name]


# ------------------------------------------------------------------------------------------------ cells


def condition_of(cell: str) -> str:
    """An input cell as an expression over the input, or nothing where anything matches; raises ExpressionInvalid."""
    cell = cell.strip()
    if cell in ("", "-"):
        return ""
    if len(cell) > expressions.LONGEST_TEXT:
        raise ExpressionInvalid(f"it is longer than {expressions.LONGEST_TEXT} characters")
    negation = _NEGATION.match(cell)
    condition = f"not ({_test(negation[1].strip())})" if negation else _test(cell)
    expressions.check_expression(condition)
    return condition


def _test(cell: str) -> str:
    """One positive test of the input as an expression."""
    low, dots, high = cell[1:-1].partition("..")
    if dots and cell[0] in "[](" and cell[-1] in "])[":
        above, below = (">=" if cell[0] == "[" else ">"), ("<=" if cell[-1] == "]" else "<")
        return f"{INPUT} {above} ({low}) and {INPUT} {below} ({high})"
    asked = _OUTSIDE_QUOTES.sub(lambda found: found[1] or INPUT, cell)
    if asked != cell:
        return asked
    if comparison := _COMPARISON.match(cell):
        expressions.check_expression(cell[comparison.end() :])
        return f"{INPUT} {comparison[1]} ({cell[comparison.end() :]})"
    expressions.check_expression(f"[{cell}]")
    return f"{INPUT} in [{cell}]"


# ------------------------------------------------------------------------------------------------ reading


def read_decisions(file: str, source: bytes) -> tuple[list[Decision], list[Fault]]:
    """The decision tables of a .dmn file, with every fault that reading finds."""
    try:
        root = read_xml(file, source)
    except Refused as refused:
        return [], [refused.fault]
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in DMN_NAMESPACES:
        return [], [Fault(file, "", f"is not DMN: its root is {str(root.tag)[:120]}")]
    reader = _Reader(file, name.namespace)
    cells = [len(text_of(text) or "") for text in root.iter(f"{{{name.namespace}}}text")]
    if len(cells) > MOST_CELLS or sum(cells) > MOST_EXPRESSIONS:
        return [], [Fault(file, "", f"has more than {MOST_CELLS} cells or {MOST_EXPRESSIONS} characters in them")]
    decisions = [
        d for tag, node in children(root, name.namespace) if tag == "decision" and (d := reader.decision(node))
    ]
    if not decisions and not reader.faults:
        reader.fault(None, "contains no decision table")
    return decisions, reader.faults


class _Reader:
    def __init__(self, file: str, namespace: str) -> None:
        self.file, self.namespace = file, namespace
        self.faults: list[Fault] = []

    def fault(self, element: str | None, reason: str) -> None:
        self.faults.append(Fault(self.file, element or "", reason))

    def parts(self, node: etree._Element, wanted: str) -> list[etree._Element]:
        return [part for tag, part in children(node, self.namespace) if tag == wanted]

    def decision(self, node: etree._Element) -> Decision | None:
        ident = node.get("id") or ""
        if not ident:
            self.fault(None, "a decision has no id")
        for tag, _ in children(node, self.namespace):
            if tag in ("informationRequirement", "knowledgeRequirement"):
                self.fault(ident, "a decision that rests on others is not supported: its inputs are case data")
            elif tag in ("literalExpression", "context", "invocation", "relation", "list", "functionDefinition"):
                self.fault(ident, "only decision tables are supported")
        tables = self.parts(node, "decisionTable")
        if len(tables) != 1:
            self.fault(ident, "a decision has exactly one decision table")
            return None
        return self.table(ident, tables[0])

    def table(self, ident: str, table: etree._Element) -> Decision:
        policy = (table.get("hitPolicy") or "UNIQUE").upper()
        if policy not in POLICIES:
            self.fault(ident, f"the hit policy {policy[:40]} is not supported: use UNIQUE, FIRST or COLLECT")
        if table.get("aggregation"):
            self.fault(ident, "aggregation is not supported: collect a list and calculate with it")
        inputs = tuple(self.input(ident, i) for i in self.parts(table, "input"))
        outputs = tuple(self.output(ident, o) for o in self.parts(table, "output"))
        if not outputs:
            self.fault(ident, "the table has no output")
        if len(set(outputs)) < len(outputs):
            self.fault(ident, "two outputs have the same name")
        rows = self.parts(table, "rule")
        if not rows:
            self.fault(ident, "the table has no rules")
        if len(rows) > MOST_RULES:
            self.fault(ident, f"the table has more than {MOST_RULES} rules")
            rows = []
        rules = tuple(
            self.rule(ident, number, row, len(inputs), len(outputs)) for number, row in enumerate(rows, start=1)
        )
        return Decision(ident, self.file, policy, inputs, outputs, rules)

    def input(self, ident: str, node: etree._Element) -> str:
        texts = [text_of(t) for e in self.parts(node, "inputExpression") for t in self.parts(e, "text")]
        if not texts or texts[0] is None:
            self.fault(node.get("id") or ident, "the input has no expression")
            return "null"
        return self.checked(node.get("id") or ident, texts[0], expressions.check_expression)

    def output(self, ident: str, node: etree._Element) -> str:
        name = node.get("name") or ""
        if not _NAME.match(name) or name in expressions.RESERVED:
            self.fault(node.get("id") or ident, f"the output “{name[:60]}” has no name that a variable can have")
        return name

    def rule(self, ident: str, number: int, row: etree._Element, inputs: int, outputs: int) -> Rule:
        at = row.get("id") or ident
        conditions = [self.cell(c) for c in self.parts(row, "inputEntry")]
        values = [self.cell(c) for c in self.parts(row, "outputEntry")]
        if len(conditions) != inputs or len(values) != outputs:
            self.fault(at, f"rule {number} does not have one cell for each input and output")
            return Rule(number, (), ())
        for value in values:
            if not value:
                self.fault(at, f"rule {number} has an output without a value: write null for nothing")
        return Rule(
            number,
            tuple(self.checked(at, c, condition_of) for c in conditions),
            tuple(self.checked(at, v, expressions.check_expression) for v in values if v),
        )

    def cell(self, node: etree._Element) -> str:
        texts = self.parts(node, "text")
        return text_of(texts[0]) or "" if texts else ""

    def checked(self, at: str, text: str, check: Any) -> str:
        """The text as the check gives it back; a fault, and null, when it refuses."""
        try:
            result = check(text)
        except ExpressionInvalid as error:
            self.fault(at, f"the expression “{text[:80]}” is not allowed: {error}")
            return "null"
        return text if result is None else result
