"""Reading JSON and TOML that strangers wrote: within limits of size, depth and number, and without second meanings.

A key that is given twice, a number that is none, an endless row of dots: what a lenient reader would take in some way or
other, or for minutes, is refused with a sentence.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable
from math import isfinite
from typing import Any

LARGEST = 256 * 1024  # bytes of one file
MOST_VALUES = 5_000  # of one JSON file, keys not counted
DEEPEST = 30
MOST_DOTS = 200  # in one line of TOML: the library needs the square of it
LARGEST_NUMBER = 2**63 - 1


class Unreadable(ValueError):
    """The file cannot be used; the message says why."""


def read_json(source: bytes) -> Any:
    """The value of a JSON file; raises Unreadable."""
    _check_size(source)
    try:
        text = source.decode("utf-8-sig")
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_int, parse_float=_float
        )
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"is not JSON: {_short(error)}") from None
    _check_values(value)
    return value


def read_toml(source: bytes) -> dict[str, Any]:
    """The tables of a TOML file; raises Unreadable."""
    _check_size(source)
    for number, line in enumerate(source.split(b"\n"), start=1):
        if line.count(b".") > MOST_DOTS:
            raise Unreadable(f"line {number} has more than {MOST_DOTS} dots")
    try:
        return tomllib.loads(source.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # ValueError: a number of thousands of digits
        raise Unreadable(_short(error)) from None


def _check_size(source: bytes) -> None:
    if len(source) > LARGEST:
        raise Unreadable(f"is larger than {LARGEST // 1024} KB")


def _check_values(value: Any) -> None:
    """Not too many, not too deep, and every text one that can be written down again."""
    number, stack = 0, [(value, 1)]
    while stack:
        item, depth = stack.pop()
        number += 1
        if number > MOST_VALUES:
            raise Unreadable(f"has more than {MOST_VALUES} values")
        if depth > DEEPEST:
            raise Unreadable(f"is nested deeper than {DEEPEST}")
        if isinstance(item, dict):
            _check_texts(item)
            stack.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, list):
            stack.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, str):
            _check_texts([item])


def _check_texts(texts: Iterable[str]) -> None:
    if any("\ud800" <= c <= "\udfff" for text in texts for c in text):
        raise Unreadable("has a text that is not valid Unicode")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
        raise Unreadable(f"gives the key “{twice[:60]}” twice")
    return made


def _refuse_constant(name: str) -> Any:
    raise Unreadable(f"{name} is not a number")


def _int(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > LARGEST_NUMBER:
        raise Unreadable(f"the number {digits[:20]}… is too large")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise Unreadable(f"the number {digits[:20]} is too large")
    return number


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
