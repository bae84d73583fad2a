"""What a notice's template may not contain: said at deployment, not on the day on which the paper is due."""

import re
from collections.abc import Iterator, Mapping

from engine.errors import EngineError
from engine.manifest import read_notice
from engine.runtime import Fault

TEMPLATE = re.compile(r"(notices/[^/]+)/body(\.en)?\.html\.j2")


def template_faults(files: Mapping[str, bytes]) -> Iterator[Fault]:
    """The faults of all templates of a bundle, as far as they show without a paper."""
    for path in sorted(files):
        if found := TEMPLATE.fullmatch(path):
            for reason in _reasons(files[path], files.get(f"{found[1]}/notice.toml", b"")):
                yield Fault(path, "", reason)


def _reasons(template: bytes, declared: bytes) -> Iterator[str]:
    from notices import templates  # Jinja is loaded where templates are judged, not by every command

    try:
        facts = {*read_notice(declared).facts, "remedy_litigation"}
    except EngineError:
        return  # that the declaration is wrong is said elsewhere
    try:
        text = template.decode()
    except UnicodeDecodeError:
        yield "is not UTF-8"
        return
    yield from templates.faults(text, facts)
