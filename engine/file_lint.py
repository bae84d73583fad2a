"""Which files a bundle may hold: names that are what they seem, and sizes that can be judged within seconds."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from engine.runtime import Fault

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
PLACES = re.compile(
    rf"process\.toml|(?:{NAME}/)?{NAME}\.bpmn|(?:{NAME}/)?{NAME}\.dmn|forms/{NAME}\.(?:schema|ui)\.json"
    rf"|notices/{NAME}/(?:notice\.toml|body(?:\.en)?\.html\.j2|sample\.json|samples/{NAME}\.json)|locale/{NAME}\.toml"
    rf"|scenarios/{NAME}\.toml"
)
LARGEST = {  # KB of all files of a kind together
    ".bpmn": 4 * 1024,
    ".dmn": 2 * 1024,
    ".json": 1024,
    ".toml": 512,
    ".j2": 256,
}


def file_faults(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Files that a bundle does not have; what is in them is not looked at."""
    for path in sorted(files):
        if not PLACES.fullmatch(path):
            yield Fault(path, "", "is not a file of a bundle: see bpmn/README.md for their names")


def size_faults(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Kinds of files that are more, all together, than can be judged within seconds."""
    size: Counter[str] = Counter()
    for path, content in files.items():
        if not path.startswith("scenarios/"):
            size[f".{path.rpartition('.')[2]}"] += len(content)
    for kind, most in LARGEST.items():
        if size[kind] > most * 1024:
            yield Fault("process.toml", "", f"the {kind} files of the bundle are larger than {most} KB together")
