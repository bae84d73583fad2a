"""What the gate's tests ask of a child process: lint these files, unpack this archive, evaluate this expression."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

from api.composition import registry
from engine import definitions, lint
from engine.runtime.errors import ExpressionInvalid, Fault
from engine.runtime.expressions import Effort, assignments, check_expression, check_script, evaluate, value_of
from tests.unit.gate import attacks, mutations

ROLES = frozenset({"case_handler", "leader"})


def lint_files(packed: str) -> None:
    """Print how the lint of bare files ended: name, exit code, lines; for each entry of a catalogue in JSON."""
    _judge(packed, lint.lint_files)


def lint_bundles(packed: str) -> None:
    """The same for bundles."""
    _judge(packed, lambda files: lint.lint_bundle(files, lint.vocabulary(registry(), ROLES)))


def _judge(packed: str, judge: Callable[[dict[str, bytes]], list[Fault]]) -> None:
    endings = []
    for name, files in json.loads(Path(packed).read_text()).items():
        faults = judge({path: base64.b64decode(content) for path, content in files.items()})
        lines = [str(fault).encode(errors="replace").decode() for fault in faults]
        endings.append([name, int(any(not fault.warning for fault in faults)), "\n".join(lines)])
    print(json.dumps(endings))


def mutate(seed: int, number: int) -> None:
    """Change a sound bundle at random again and again; print whatever is neither clean nor a list of faults."""
    for mutation in mutations.mutated(Random(seed), number):
        faults = lint.lint_bundle(mutation.files, lint.vocabulary(registry(), ROLES))
        assert all(len(str(fault).split(": ", 2)) == 3 for fault in faults), mutation.what
        if all(fault.warning for fault in faults):
            deploy(mutation.files)


def deploy(files: dict[str, bytes]) -> None:
    """What passes the gate can be used: told apart into flow and words, read and built."""
    flow, words = definitions.split(files)
    bundle = definitions.Bundle("", "", 1, 1, flow, words)
    assert bundle.blueprint.nodes
    for name in bundle.notices():
        assert bundle.notice(name)
    assert bundle.form(bundle.manifest.process.start_form)
    assert bundle.english is not None


def attack(kind: str) -> None:
    """Try every attack of a kind; print those that were neither refused nor stopped with our own error."""
    held = attacks.values()
    for number, expression in enumerate(attacks.ATTACKS[kind]):
        try:
            check_expression(expression)
            evaluate(expression, held)
        except ExpressionInvalid as stopped:
            if str(stopped).strip():
                continue
        print(f"{kind} {number}: {expression[:80]!r} got through")


def attack_by_script(lawful: bool) -> None:
    """The same for whole scripts: ``lawful`` ones are assignments that grow beyond all bounds."""
    for number, script in enumerate(attacks.GROWING_SCRIPTS if lawful else attacks.SCRIPTS):
        try:
            check_script(script)
            run_script(script)
        except ExpressionInvalid:
            continue
        print(f"script {number}: {script[:80]!r} got through")


def run_script(script: str) -> None:
    held, effort = attacks.values(), Effort()
    for name, tree in assignments(script):
        held[name] = value_of(tree, held, effort)
