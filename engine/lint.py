"""What a process may not contain: every fault with file, element and reason.

``lint_files`` judges bare .bpmn and .dmn files, ``lint_bundle`` the folder of a process: there the drawing must also fit what
``process.toml`` declares, what forms and notices there are, who works in this city and what this installation can do. A
warning does not hinder deployment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import data_lint, file_lint, flow_lint, link_lint, manifest_lint
from engine.operations import Check, Registry
from engine.runtime import Fault
from engine.runtime.parser import Reading, read
from engine.statutes import Articles

MOST_FAULTS = 300


@dataclass(frozen=True)
class Vocabulary:
    """What a bundle may name that is not in it: operations with the JSON Schema of their parameters, and roles.

    Roles, articles and kinds of links that are not given are not checked. A parameter's schema may say by ``x-refers`` what
    its text names: a ``notice``, a ``participant``, an ``outcome``, a ``deadline`` or an ``event``. ``checks`` judge what the
    engine does not understand.
    """

    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    roles: frozenset[str] | None = None
    checks: tuple[Check, ...] = ()
    articles: Articles = field(default_factory=dict)
    links: frozenset[str] | None = None


def vocabulary(
    registry: Registry,
    roles: frozenset[str] | None = None,
    articles: Articles | None = None,
    links: frozenset[str] | None = None,
) -> Vocabulary:
    """The vocabulary of an installation."""
    parameters = {name: operation.parameters for name, operation in registry.operations.items()}
    return Vocabulary(parameters, roles, tuple(registry.checks), articles or {}, links)


def lint_files(files: Mapping[str, bytes]) -> list[Fault]:
    """Faults of bare .bpmn and .dmn files, taken together; operations, roles, forms and diagrams are not checked."""
    reading = read(files)
    faults = [*reading.faults, *_checked(reading, _common(reading))]
    if not any(process.executable for process in reading.processes.values()):
        drawn = [drawing.file for drawing in reading.drawings if drawing.processes]
        faults.extend(Fault(file, "", "contains no executable process") for file in drawn[:1])
    use = data_lint.Use(reading.processes, reading.decisions, {})
    if not use.people_write():  # the fields of a form are not told by a bare file
        faults.extend(_checked(reading, data_lint.unwritten(use, frozenset())))
    return _in_order(faults)


def lint_bundle(files: Mapping[str, bytes], vocabulary: Vocabulary) -> list[Fault]:
    """Faults of a bundle, by its files relative to its folder; ``process.toml`` is one of them."""
    unjudged = [*file_lint.file_faults(files), *file_lint.size_faults(files)]
    if unjudged:
        return _in_order(unjudged)
    reading = read(files)
    faults = [*reading.faults, *_checked(reading, _common(reading))]
    faults.extend(
        manifest_lint.bundle_faults(files, reading, vocabulary.operations, vocabulary.roles, vocabulary.articles)
    )
    faults.extend(link_lint.unknown_kinds(files.get(manifest_lint.MANIFEST, b""), vocabulary.links))
    faults.extend(fault for check in vocabulary.checks for fault in check(files))
    return _in_order(faults)


def _common(reading: Reading) -> Iterator[Fault]:
    """What is judged of every drawing, bare or in a bundle."""
    yield from flow_lint.flow_faults(reading.processes)
    yield from data_lint.parallel_writers(data_lint.Use(reading.processes, reading.decisions, {}))


def _checked(reading: Reading, faults: Iterator[Fault]) -> list[Fault]:
    """Faults of a drawing that could be read; a broken one has said what is wrong already."""
    return [] if any(not process.elements for process in reading.processes.values()) else list(faults)


def _in_order(faults: list[Fault]) -> list[Fault]:
    """By file and element, each once, warnings last and only where nothing is wrong, no more than anybody reads."""
    wrong = {(fault.file, fault.element) for fault in faults if not fault.warning}
    told = {fault for fault in faults if not (fault.warning and (fault.file, fault.element) in wrong)}
    ordered = sorted(told, key=lambda fault: (fault.warning, fault.file, fault.element, fault.reason))
    if len(ordered) <= MOST_FAULTS:
        return ordered
    more = Fault(ordered[0].file, "", f"has {len(ordered) - MOST_FAULTS} more faults")
    return [*ordered[:MOST_FAULTS], more]
