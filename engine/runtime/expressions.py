"""Expressions of processes: one small sandbox for conditions, scripts, timers, parameters, decision cells and rules.

A bundle is data that an administrator may upload, so an expression is never given to Python. It is parsed, checked
against a short list of allowed forms, and walked by the evaluator below. There are no methods, attributes of objects,
loops, comprehensions or formatted strings; ``a.b`` is ``a["b"]`` and nothing else. No form repeats; what one expression,
one table or one advance of a case may cost all together is an ``Effort``: every step and every item touched counts.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, NoReturn

from engine.runtime.errors import ExpressionInvalid
from engine.runtime.values import DeadlineRef

LONGEST_TEXT = 4_000  # characters of an expression; of a script, LONGEST_SCRIPT
LONGEST_SCRIPT = 8_000
DEEPEST = 40
LONGEST_STRING = 100_000
LONGEST_LIST = 10_000
LARGEST_NUMBER = 2**63 - 1  # whole numbers must fit the stored state
HEAVIEST = 200_000  # items and characters/16 of a result
MOST_EFFORT = 1_000_000  # steps, items and characters/8 touched; about a second

CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


# ------------------------------------------------------------------------------------------------ functions


def _as_text(value: Any = "") -> str:
    if not isinstance(value, str | int | float | bool | type(None)):
        raise ExpressionInvalid("str() takes a text, a number or a truth value")
    return "" if value is None else str(value)


def _as_int(value: Any = 0) -> int:
    if not isinstance(value, str | int | float):
        raise ExpressionInvalid("int() takes a text or a number")
    if isinstance(value, str) and len(value) > 300:
        raise ExpressionInvalid("int() takes at most 300 digits")
    return _bounded(int(value))  # type: ignore[no-any-return]


def _as_float(value: Any = 0) -> float:
    if not isinstance(value, str | int | float):
        raise ExpressionInvalid("float() takes a text or a number")
    return _bounded(float(value))  # type: ignore[no-any-return]


def _total(values: Any) -> Any:
    if not isinstance(values, list | tuple) or not all(isinstance(v, int | float) for v in values):
        raise ExpressionInvalid("sum() takes a list of numbers")
    return _bounded(sum(values))


def _rounded(value: Any, digits: Any = 0) -> Any:
    if not isinstance(value, int | float) or not isinstance(digits, int) or not -20 <= digits <= 20:
        raise ExpressionInvalid("round() takes a number and at most 20 digits")
    return _bounded(round(value, digits) if digits else round(value))


def _is_any(values: Any) -> bool:
    return any(_items(values))


def _is_all(values: Any) -> bool:
    return all(_items(values))


def _items(values: Any) -> Sequence[Any]:
    if not isinstance(values, list | tuple):
        raise ExpressionInvalid("a list is needed here")
    return values


def _deadline(name: Any) -> DeadlineRef:
    if not isinstance(name, str) or not name:
        raise ExpressionInvalid("deadline() takes the name of a deadline in quotes")
    return DeadlineRef(name)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "deadline": _deadline,
    "len": len,
    "sum": _total,
    "min": min,
    "max": max,
    "abs": abs,
    "round": _rounded,
    "any": _is_any,
    "all": _is_all,
    "str": _as_text,
    "int": _as_int,
    "float": _as_float,
    "bool": bool,
}
LOOKING = frozenset({"sum", "min", "max", "any", "all"})  # those that look at every item
RESERVED = frozenset(FUNCTIONS) | frozenset(CONSTANTS)


# ------------------------------------------------------------------------------------------------ operators


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _add(a: Any, b: Any) -> Any:
    if isinstance(a, str) and isinstance(b, str):
        if len(a) + len(b) > LONGEST_STRING:
            raise ExpressionInvalid(f"the text would be longer than {LONGEST_STRING} characters")
        return a + b
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) + len(b) > LONGEST_LIST:
            raise ExpressionInvalid(f"the list would be longer than {LONGEST_LIST} items")
        return [*a, *b]
    return _arithmetic(operator.add, a, b)


def _arithmetic(operation: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    if not (_is_number(a) and _is_number(b)):
        raise ExpressionInvalid(f"{_kind(a)} and {_kind(b)} cannot be calculated with each other")
    return _bounded(operation(a, b))


def _power(a: Any, b: Any) -> Any:
    if not (_is_number(a) and _is_number(b)):
        raise ExpressionInvalid(f"{_kind(a)} and {_kind(b)} cannot be calculated with each other")
    if isinstance(a, int) and isinstance(b, int) and b > 0 and a.bit_length() * b > 128:
        raise ExpressionInvalid("the number would be too large")
    result = a**b
    if isinstance(result, complex):
        raise ExpressionInvalid("the root of a negative number cannot be taken")
    return _bounded(result)


def _bounded(number: Any) -> Any:
    if isinstance(number, int) and abs(number) > LARGEST_NUMBER:
        raise ExpressionInvalid("the number would be too large")
    if isinstance(number, float) and not isfinite(number):
        raise ExpressionInvalid("the number would not be finite")
    return number


def _contains(item: Any, container: Any) -> bool:
    if isinstance(container, str) and isinstance(item, str):
        return item in container
    if isinstance(container, list | tuple | Mapping):
        return item in container
    raise ExpressionInvalid(f"{_kind(item)} cannot be looked for in {_kind(container)}")


BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: _add,
    ast.Sub: lambda a, b: _arithmetic(operator.sub, a, b),
    ast.Mult: lambda a, b: _arithmetic(operator.mul, a, b),
    ast.Div: lambda a, b: _arithmetic(operator.truediv, a, b),
    ast.FloorDiv: lambda a, b: _arithmetic(operator.floordiv, a, b),
    ast.Mod: lambda a, b: _arithmetic(operator.mod, a, b),
    ast.Pow: _power,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda a, b: a is b or (b is None and a is None),
    ast.IsNot: lambda a, b: a is not b,
    ast.In: _contains,
    ast.NotIn: lambda a, b: not _contains(a, b),
}


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    kinds = {
        str: "a text",
        bool: "a truth value",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "an object" if isinstance(value, Mapping) else f"a {type(value).__name__}")


# ------------------------------------------------------------------------------------------------ parsing and checking

_LEAVES: tuple[type[ast.AST], ...] = (ast.Name, ast.Constant)
_ALLOWED: tuple[type[ast.AST], ...] = (
    *(ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.Attribute, ast.Subscript, ast.Slice),
    *(ast.List, ast.Tuple, ast.Dict, ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd, ast.Load),
    *_LEAVES,
    *BINARY,
    *COMPARISONS,
)
_NAMES_OF_FORMS: Mapping[type[ast.AST], str] = {
    ast.JoinedStr: "formatted strings",
    ast.Lambda: "functions",
    ast.ListComp: "comprehensions",
    ast.SetComp: "comprehensions",
    ast.DictComp: "comprehensions",
    ast.GeneratorExp: "comprehensions",
    ast.LShift: "shifts",
    ast.RShift: "shifts",
    ast.NamedExpr: "assignments within an expression",
    ast.Starred: "starred expressions",
    ast.Set: "sets",
    ast.Invert: "operations on bits",
    ast.BitAnd: "operations on bits",
    ast.BitOr: "operations on bits",
    ast.BitXor: "operations on bits",
    ast.MatMult: "products of matrices",
}


class Effort:
    """What the expressions of one advance may still cost; raises ExpressionInvalid when it is spent."""

    def __init__(self, left: int = MOST_EFFORT) -> None:
        self.left = left

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise ExpressionInvalid("it would take too long")

    def touch(self, *values: Any) -> None:
        """Pay for values that are looked at as a whole: compared, searched, added up or copied."""
        for value in values:
            if isinstance(value, str):
                self.spend(len(value) // 8)
            elif isinstance(value, list | tuple | Mapping):
                self.spend(_weight(value))


def _refuse(reason: str) -> NoReturn:
    raise ExpressionInvalid(reason)


def _parse(text: str, longest: int, mode: str) -> ast.AST:
    if len(text) > longest:
        _refuse(f"it is longer than {longest} characters")
    if not text.strip():
        _refuse("it is empty")
    if "\0" in text:
        _refuse("it contains a null character")
    try:
        return ast.parse(text.strip(), mode=mode)
    except (SyntaxError, ValueError) as error:
        _refuse(f"it cannot be read ({getattr(error, 'msg', None) or error})")
    except (RecursionError, MemoryError):
        _refuse("it is nested too deeply")


def _check(tree: ast.AST) -> None:
    """Every node of the tree is of an allowed form, none too deep; without recursion, since the tree may be hostile."""
    stack: list[tuple[ast.AST, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > DEEPEST:
            _refuse("it is nested too deeply")
        if not isinstance(node, _ALLOWED):
            _refuse(f"{_NAMES_OF_FORMS.get(type(node), type(node).__name__)} are not available")
        _check_form(node)
        stack.extend((child, depth + 1) for child in _operands(node))


def _check_form(node: ast.AST) -> None:
    if isinstance(node, ast.Constant):
        _check_constant(node.value)
    elif isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name):
            _refuse("only functions called by their name are available, no methods")
        if node.func.id not in FUNCTIONS:
            _refuse(f"there is no function {node.func.id}(); there are {', '.join(sorted(FUNCTIONS))}")
        if node.keywords:
            _refuse("functions take no named arguments")
    elif isinstance(node, ast.Name) and node.id.startswith("__"):
        _refuse(f"{node.id} is not available")
    elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
        _refuse(f".{node.attr} is not available")
    elif isinstance(node, ast.Dict) and not all(
        isinstance(k, ast.Constant) and isinstance(k.value, str) for k in node.keys
    ):
        _refuse("the keys of an object are texts in quotes")


def _check_constant(value: object) -> None:
    if not isinstance(value, str | int | float | bool | type(None)):
        _refuse(f"{type(value).__name__} constants are not available")
    if _is_number(value):
        _bounded(value)
    if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
        _refuse("a text in it is not valid Unicode")


def _operands(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Call):
        return list(node.args)  # the name of the function is no variable
    return list(ast.iter_child_nodes(node))


@lru_cache(maxsize=4096)
def parsed(expression: str) -> ast.expr:
    """The checked tree of an expression; raises ExpressionInvalid."""
    tree = _parse(expression, LONGEST_TEXT, "eval")
    assert isinstance(tree, ast.Expression)  # noqa: S101 - for the type checker
    _check(tree.body)
    return tree.body


@lru_cache(maxsize=512)
def assignments(script: str) -> tuple[tuple[str, ast.expr], ...]:
    """The lines ``name = expression`` of a script; raises ExpressionInvalid."""
    tree = _parse(script, LONGEST_SCRIPT, "exec")
    assert isinstance(tree, ast.Module)  # noqa: S101 - for the type checker
    out = []
    for line in tree.body:
        if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
            _refuse(f"line {line.lineno} is not of the form name = expression")
        name = line.targets[0].id
        if name in RESERVED or name.startswith("__"):
            _refuse(f"{name} is a reserved name")
        _check(line.value)
        out.append((name, line.value))
    return tuple(out)


def check_expression(expression: str) -> None:
    """Refuse an expression that the sandbox does not allow; raises ExpressionInvalid with a sentence."""
    _refuse_deadlines(parsed(expression))


def check_time(expression: str) -> None:
    """The same for the time of a timer, which may refer to deadlines by their names in quotes."""
    for call in _calls_of_deadline(parsed(expression)):
        if not all(isinstance(argument, ast.Constant) for argument in call.args):
            _refuse("deadline() takes the name of a deadline in quotes")


def _refuse_deadlines(tree: ast.AST) -> None:
    if next(_calls_of_deadline(tree), None):
        _refuse("deadline() is for timers: it is no value that could be kept or compared")


def _calls_of_deadline(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "deadline":
            yield node


def check_script(script: str) -> None:
    """Refuse a script that is more than assignments; raises ExpressionInvalid with a sentence."""
    for _, tree in assignments(script):
        _refuse_deadlines(tree)


def names_read(expression: str) -> frozenset[str]:
    """The variables that an expression reads, ``a`` for ``a.b``."""
    return _names(parsed(expression))


def members_read(expression: str, name: str) -> frozenset[str]:
    """The members of a variable that an expression reads: ``b`` for ``a.b``; ``*`` where it reads the variable otherwise."""
    found: set[str] = set()
    stack: list[ast.AST] = [parsed(expression)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name:
            found.add(node.attr)
            continue
        if isinstance(node, ast.Name) and node.id == name:
            found.add("*")
        stack.extend(_operands(node))
    return frozenset(found)


def names_read_by_script(script: str) -> frozenset[str]:
    """The variables that a script reads before it writes them itself."""
    read: set[str] = set()
    written: set[str] = set()
    for name, value in assignments(script):
        read |= _names(value) - written
        written.add(name)
    return frozenset(read)


def names_written(script: str) -> frozenset[str]:
    """The variables that a script assigns."""
    return frozenset(name for name, _ in assignments(script))


def deadlines_read(expression: str) -> frozenset[str]:
    """The names of deadlines that an expression refers to."""
    return frozenset(
        argument.value
        for call in _calls_of_deadline(parsed(expression))
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )


def constant(expression: str) -> Any:
    """The value of an expression that is nothing but a constant in quotes or a number; else None."""
    tree = parsed(expression)
    return tree.value if isinstance(tree, ast.Constant) else None


def _names(tree: ast.AST) -> frozenset[str]:
    out: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and node.id not in CONSTANTS:
            out.add(node.id)
        stack.extend(_operands(node))
    return frozenset(out)


# ------------------------------------------------------------------------------------------------ evaluating


def evaluate(expression: str, names: Mapping[str, Any], effort: Effort | None = None) -> Any:
    """The value of an expression over named values; raises ExpressionInvalid with a sentence."""
    return value_of(parsed(expression), names, effort)


def value_of(tree: ast.expr, names: Mapping[str, Any], effort: Effort | None = None) -> Any:
    """The value of a checked tree; raises ExpressionInvalid with a sentence."""
    effort = effort or Effort()
    try:
        result = _Walk(names, effort).value(tree)
    except ExpressionInvalid:
        raise
    except ZeroDivisionError:
        raise ExpressionInvalid("division by zero") from None
    except (ValueError, LookupError) as error:  # their messages quote the value, which may be what a party wrote
        raise ExpressionInvalid(f"a value does not fit ({type(error).__name__})") from None
    except (TypeError, ArithmeticError, RecursionError) as error:
        raise ExpressionInvalid(str(error) or type(error).__name__) from None
    effort.touch(result)
    return result


def _weight(value: Any) -> int:
    """How many items a value has; refuses one that grew by containing itself many times over, or for ever."""
    weight, stack = 0, [(value, 0)]
    while stack:
        item, depth = stack.pop()
        weight += 1 + len(item)
        for part in item.values() if isinstance(item, Mapping) else item:
            if isinstance(part, str):
                weight += len(part) // 16
            elif isinstance(part, list | tuple | Mapping):
                stack.append((part, depth + 1))
        if weight > HEAVIEST or depth > DEEPEST:
            raise ExpressionInvalid("the value would be too large")
    return weight


class _Walk:
    """One evaluation: a walk over a checked tree."""

    def __init__(self, names: Mapping[str, Any], effort: Effort) -> None:
        self.names, self.effort = names, effort

    def value(self, node: ast.AST) -> Any:
        self.effort.spend(1)
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.variable(name)
            case ast.Attribute(value=inner, attr=key):
                return self.member(self.value(inner), key)
            case ast.Subscript(value=inner, slice=index):
                return self.item(self.value(inner), index)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self.value(item) for item in items]
            case ast.Dict(keys=keys, values=values):
                return {self.value(k): self.value(v) for k, v in zip(keys, values, strict=True) if k is not None}
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.call(name, [self.value(a) for a in args])
        return self.operation(node)

    def operation(self, node: ast.AST) -> Any:
        match node:
            case ast.Compare():
                return self.comparison(node)
            case ast.BoolOp(op=op, values=values):
                return self.junction(op, values)
            case ast.UnaryOp(op=op, operand=operand):
                return self.sign(op, self.value(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return self.calculation(op, self.value(left), self.value(right))
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body) if self.value(test) else self.value(other)
        raise ExpressionInvalid(f"{type(node).__name__} is not available")

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name in LOOKING:
            self.effort.touch(*arguments)
        return FUNCTIONS[name](*arguments)

    def calculation(self, op: ast.operator, left: Any, right: Any) -> Any:
        result = BINARY[type(op)](left, right)
        if isinstance(result, str | list):
            self.effort.spend(len(result) // 8)
        return result

    def variable(self, name: str) -> Any:
        if name in self.names:
            return self.names[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        raise ExpressionInvalid(f"there is no value “{name}”")

    @staticmethod
    def member(owner: Any, key: str) -> Any:
        if isinstance(owner, Mapping):
            return owner.get(key)
        raise ExpressionInvalid(f"{_kind(owner)} has no “.{key}”")

    def item(self, owner: Any, index: ast.AST) -> Any:
        if not isinstance(owner, Mapping | list | tuple | str):
            raise ExpressionInvalid(f"{_kind(owner)} has no items")
        if isinstance(index, ast.Slice):
            bounds = [None if part is None else self.value(part) for part in (index.lower, index.upper, index.step)]
            self.effort.spend(len(owner) // 8)
            return owner[slice(*bounds)]
        key = self.value(index)
        try:
            return owner[key]
        except (KeyError, IndexError):
            raise ExpressionInvalid(f"{_kind(owner)} has no such item") from None

    def comparison(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.value(comparator)
            if not isinstance(op, ast.Is | ast.IsNot):
                self.effort.touch(left, right)
            if not COMPARISONS[type(op)](left, right):
                return False
            left = right
        return True

    def junction(self, op: ast.boolop, values: Sequence[ast.AST]) -> Any:
        wanted, result = isinstance(op, ast.Or), None
        for value in values:
            result = self.value(value)
            if bool(result) is wanted:
                break
        return result

    @staticmethod
    def sign(op: ast.unaryop, value: Any) -> Any:
        if isinstance(op, ast.Not):
            return not value
        if not _is_number(value):
            raise ExpressionInvalid(f"{_kind(value)} has no sign")
        return -value if isinstance(op, ast.USub) else +value
