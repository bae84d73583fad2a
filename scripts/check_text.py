"""What no other tool looks at: Chinese punctuation, and a few rules of the house that a reader of one file cannot see.

    python scripts/check_text.py [FOLDER]

Prints one line a fault (``file:line: reason``) and exits with 1 when there is one.

- Beside Chinese characters punctuation is full-width: in templates, bundles, translations, and texts within the code.
- No file names a package registry, or a path of somebody's machine.
- Only ``engine/db.py`` commits (and the migrations, by themselves); only ``engine/clock.py`` reads a clock.
- No code asks which process it has before it: what differs between processes lives in ``bpmn/``.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

HAN = r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
BESIDE_HAN = re.compile(rf"{HAN} ?[,;:?!()]|[,;:?!()] ?{HAN}|{HAN}\.(?![\w.])|{HAN}\.\.\.|\.\.\.{HAN}")
CODE_FOLDERS = ("engine/", "notices/", "api/")
CLOCKS = re.compile(
    r"(?:^|\.)(?:datetime\.(?:now|utcnow|today)|date\.today|time\.(?:time|time_ns|localtime|gmtime|ctime)"
    r"|func\.(?:now|current_timestamp|current_date))$"
)
COMMITTERS = ("engine/db.py", "engine/migrations/env.py")
REGISTRY = re.compile(
    r"https?://(?:[\w-]+\.)*(?:pypi|npmjs|pythonhosted|npmmirror|registry|mirrors?|crates|deb)\.[\w-]"
    r"|--(?:extra-)?index-url[= ]\S|^\s*(?:@[\w-]+:)?registry\s*=|^\s*index-url\s*="
)
RESOLVED = re.compile(REGISTRY.pattern + '|"resolved":')
SOMEBODYS_PATH = re.compile(r"(?<![\w./:}*-])/(?:work|root|home/\w+|Users/\w+)/\w")


@dataclass(frozen=True)
class Fault:
    """Something in a file that is against a rule."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


def check(root: Path) -> list[Fault]:
    """All faults in the files of a checkout (those that git knows or would take)."""
    processes = {path.parent.name for path in root.glob("bpmn/*/process.toml")}
    faults: list[Fault] = []
    for name in _files(root):
        raw = (root / name).read_bytes()
        if b"\0" in raw:
            continue
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            faults.append(Fault(name, 1, "is neither UTF-8 text nor binary"))
            continue
        faults += _addresses(name, text)
        faults += _punctuation(name, text)
        if name.endswith(".py") and name.startswith(CODE_FOLDERS):
            faults += _code(name, text, processes)
    return sorted(faults, key=lambda fault: (fault.file, fault.line))


def _files(root: Path) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True)
    return [name for name in listed.stdout.decode().split("\0") if name and (root / name).is_file()]


def _addresses(name: str, text: str) -> Iterator[Fault]:
    for number, line in enumerate(text.splitlines(), 1):
        pattern = RESOLVED if name.endswith("package-lock.json") else REGISTRY
        if match := pattern.search(line):
            yield Fault(name, number, f"names a package registry: {match.group().strip()}")
        if match := SOMEBODYS_PATH.search(line):
            yield Fault(name, number, f"names a path of one machine: {match.group()}…")


# --- Chinese punctuation ---


def _punctuation(name: str, text: str) -> Iterator[Fault]:
    reader = _reader(name)
    if reader is None:
        return
    try:
        prose = list(reader(text))
    except (ValueError, SyntaxError, etree.XMLSyntaxError) as error:
        yield Fault(name, 1, f"cannot be read: {error}")
        return
    for passage, line in prose:
        if match := BESIDE_HAN.search(passage):
            around = passage[max(0, match.start() - 6) : match.end() + 6].replace("\n", " ")
            found = line + passage.count("\n", 0, match.start()) if line else _line_of(text, passage)
            yield Fault(name, found, f"half-width punctuation beside Chinese: {around}")


Passages = Iterator[tuple[str, int]]  # a text that people read, and its line (0: look for it in the file)


def _reader(name: str) -> Callable[[str], Passages] | None:
    """How to find the texts that people read in a file, or None where English is written, or nothing Chinese."""
    stem, suffix = Path(name).stem, Path(name).suffix
    if suffix == ".py" and name.startswith(CODE_FOLDERS):
        return _python_texts
    if suffix == ".po":
        return None if "en" in Path(name).parts else _translations
    if not name.startswith((*CODE_FOLDERS, "bpmn/")) or stem == "en" or stem.endswith(".en"):
        return None
    return {
        ".toml": _toml_texts,
        ".json": _json_texts,
        ".bpmn": _xml_texts,
        ".dmn": _xml_texts,
        ".j2": _template_text,
        ".html": _template_text,
        ".txt": _template_text,
    }.get(suffix)


def _toml_texts(text: str) -> Passages:
    return _values(tomllib.loads(text))


def _json_texts(text: str) -> Passages:
    return _values(json.loads(text))


def _values(value: Any, key: str = "") -> Passages:
    """Every string in nested tables and lists, but for patterns and English."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("pattern", "en") and not name.endswith("_en"):
                yield from _values(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(inner, key)
    elif isinstance(value, str):
        yield value, 0


def _xml_texts(text: str) -> Passages:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    for element in etree.fromstring(text.encode(), parser).iter():
        for value in (element.text, element.get("name"), element.get("label")):
            if isinstance(value, str):
                yield value, element.sourceline if isinstance(element.sourceline, int) else 0


def _template_text(text: str) -> Passages:
    """The template without comments, styles and scripts, line for line; in expressions quotes stand beside Chinese."""
    hidden = r"\{#.*?#\}|<!--.*?-->|<style\b.*?</style>|<script\b.*?</script>"
    yield re.sub(hidden, lambda match: "\n" * match.group().count("\n"), text, flags=re.S), 1


def _translations(text: str) -> Passages:
    """The translated messages of a gettext catalogue (English message ids are left alone)."""
    for match in re.finditer(r'^msgstr(?:\[\d+\])? ((?:"(?:[^"\\]|\\.)*"\s*)+)', text, re.M):
        joined = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(1)))
        yield joined, text.count("\n", 0, match.start()) + 1


def _python_texts(text: str) -> Passages:
    """Chinese sentences in the code: strings with more Chinese characters than Latin letters, docstrings aside."""
    tree = ast.parse(text)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            words = re.sub(r"\{[^}]*\}", "", node.value)
            if len(re.findall(HAN, words)) > len(re.findall(r"[A-Za-z]", words)) and "[" not in words:
                yield node.value, node.lineno


def _line_of(text: str, passage: str) -> int:
    """Where a value of a parsed file stands: the line with its first piece that is written as it is."""
    piece = next((piece for piece in passage.splitlines() if piece.strip()), passage)
    return text.count("\n", 0, max(text.find(piece), 0)) + 1


# --- rules of the house ---


def _code(name: str, text: str, processes: set[str]) -> Iterator[Fault]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            called = _dotted(node)
            if CLOCKS.search(called) and name != "engine/clock.py":
                yield Fault(name, node.lineno, f"reads a clock ({called}): take uow.now, or clock.wall()")
            if node.attr == "commit" and name not in COMMITTERS:
                yield Fault(name, node.lineno, "commits: only engine/db.py does")
        elif isinstance(node, ast.Compare) and (process := _process_asked_for(node, processes)):
            yield Fault(name, node.lineno, f"asks for the process {process}: let its manifest say what differs")


def _process_asked_for(node: ast.Compare, processes: set[str]) -> str | None:
    """The process in ``case.process_key == "complaint"``; a plain word in another comparison is no process."""
    sides = [node.left, *node.comparators]
    if not any(re.search(r"(?:^|[._])(?:key|process)$", _dotted(side)) for side in sides):
        return None
    words = {part.value for side in sides for part in ast.walk(side) if isinstance(part, ast.Constant)}
    return next((word for word in words if word in processes), None)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def main() -> int:
    """Print every fault; the number of the exit is 1 when there is one."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(root)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
