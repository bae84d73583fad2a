"""Changes a sound bundle at random: bytes, tags, attributes, subtrees, values. Each is small; what they break is not."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from engine import definitions
from tests.unit.test_lint import bundle

REAL = Path(__file__).resolve().parents[3] / "bpmn" / "open_data_request"
EVERY = 12  # each so many changes the whole real bundle is changed instead of the small one
VALUES = (
    b"", b" ", b"-1", b"0", b"99999999999999999999", b"1e999", b"null", b"true", b"[]", b"{}", b"'x'", b'"', b"<", b"&",
    b"&#0;", b"\0", b"\xff", "\u202e".encode(), b"__class__", b"../x", b"x" * 5_000, b"(" * 200, b"9**9**9", b"%s", b"{{",
    b"deadline('x')", b"P1D", b"R/PT0S", b"*", b"\n", b"a\nb", b"1" * 5_000,
)  # fmt: skip
TAGS = (
    b"userTask", b"serviceTask", b"scriptTask", b"startEvent", b"endEvent", b"boundaryEvent", b"subProcess",
    b"exclusiveGateway", b"parallelGateway", b"inclusiveGateway", b"eventBasedGateway", b"sequenceFlow", b"process",
    b"callActivity", b"receiveTask", b"lane", b"laneSet", b"timerEventDefinition", b"messageEventDefinition",
    b"errorEventDefinition", b"intermediateCatchEvent", b"businessRuleTask", b"decisionTable", b"rule", b"inputEntry",
    b"multiInstanceLoopCharacteristics", b"standardLoopCharacteristics", b"extensionElements",
)  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """A changed bundle, and what was changed."""

    what: str
    files: dict[str, bytes]


@cache
def sound(real: bool) -> dict[str, bytes]:
    return definitions.read_folder(REAL) if real else bundle()


def mutated(random: Random, number: int) -> Iterator[Mutation]:
    for n in range(number):
        files = dict(sound(n % EVERY == EVERY - 1))
        done = []
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            path = random.choice(sorted(files))
            change = random.choice(CHANGES)
            files[path] = change(random, files[path])
            done.append(f"{change.__name__} {path}")
        yield Mutation(", ".join(done), files)


def flip(random: Random, content: bytes) -> bytes:
    """One bit."""
    if not content:
        return b"\0"
    at = random.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << random.randrange(8)]) + content[at + 1 :]


def cut(random: Random, content: bytes) -> bytes:
    """A stretch is missing."""
    at = random.randrange(len(content) + 1)
    return content[:at] + content[at + random.choice((1, 5, 50, 100_000)) :]


def repeat(random: Random, content: bytes) -> bytes:
    """A stretch stands there several times."""
    at = random.randrange(len(content) + 1)
    part = content[at : at + random.choice((1, 20, 300))]
    return content[:at] + part * random.choice((2, 3, 40)) + content[at:]


def swap_tag(random: Random, content: bytes) -> bytes:
    """One kind of element becomes another, all over the file or once."""
    found = re.findall(rb"<(?:\w+:)?(\w+)", content)
    if not found:
        return content
    return content.replace(random.choice(found), random.choice(TAGS), random.choice((-1, 2)))


def drop_attribute(random: Random, content: bytes) -> bytes:
    return _replaced(random, content, rb'\s[\w:]+="[^"]*"', lambda found: b"")


def swap_attributes(random: Random, content: bytes) -> bytes:
    """A value that stands elsewhere in the file."""
    values = re.findall(rb'="([^"]*)"', content) or [b"x"]
    return _replaced(random, content, rb'="[^"]*"', lambda found: b'="' + random.choice(values) + b'"')


def nasty_value(random: Random, content: bytes) -> bytes:
    return _replaced(random, content, rb'(?<=")[^"]*(?=")|(?<=>)[^<]+(?=<)', lambda found: random.choice(VALUES))


def drop_line(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    del lines[random.randrange(len(lines))]
    return b"\n".join(lines)


def swap_lines(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    a, b = random.randrange(len(lines)), random.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"\n".join(lines)


def repeat_element(random: Random, content: bytes) -> bytes:
    """An element with all that is in it, once more."""
    return _replaced(random, content, rb"<(\w+)\b[^>]*>.{0,2000}?</\1>", lambda found: found * 2)


def _replaced(random: Random, content: bytes, pattern: bytes, change: Callable[[bytes], bytes]) -> bytes:
    found = list(re.finditer(pattern, content, re.DOTALL))
    if not found:
        return content
    chosen = random.choice(found)
    return content[: chosen.start()] + change(chosen[0]) + content[chosen.end() :]


CHANGES = (
    flip, cut, repeat, swap_tag, drop_attribute, swap_attributes, nasty_value, nasty_value, drop_line, swap_lines,
    repeat_element,
)  # fmt: skip
