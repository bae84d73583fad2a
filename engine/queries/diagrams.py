"""The diagrams of a process, alone or with the state of a case: which steps are done, current, or held."""

from collections.abc import Iterable, Mapping

from engine.definitions import Bundle
from engine.runtime import Node
from engine.views import DiagramView


def of_bundle(bundle: Bundle, locale: str, states: Mapping[str, str]) -> list[DiagramView]:
    """The drawings of a process, the main one first; ``states`` says by id what is known of steps."""
    nodes = bundle.blueprint.nodes
    names = {} if locale.startswith("zh") else {k: str(v) for k, v in bundle.english.get("nodes", {}).items()}
    views = []
    for path, source in bundle.diagrams().items():
        process = next((node.process for node in nodes.values() if node.file == path), None)
        if process is not None:
            views.append(DiagramView(_title(bundle, process, locale), process, source, dict(states), names))
    return sorted(views, key=lambda view: view.process != bundle.key)


def states_of(bundle: Bundle, done: Iterable[str], current: Iterable[str], held: Iterable[str]) -> dict[str, str]:
    """The state of each step; a call activity is where its called process is."""
    states = dict.fromkeys(done, "done")
    for name, nodes in (("current", list(current)), ("held", list(held))):
        states |= dict.fromkeys([*nodes, *_callers(bundle, nodes)], name)
    return states


def _callers(bundle: Bundle, nodes: Iterable[str]) -> list[str]:
    """The call activities around some steps, from the inside to the outside."""
    known = bundle.blueprint.nodes
    inside = {known[node].process for node in nodes if node in known}
    found: list[Node] = []
    while calling := [n for n in known.values() if n.called in inside and n not in found]:
        found += calling
        inside |= {node.process for node in calling}
    return [node.id for node in found]


def _title(bundle: Bundle, process: str, locale: str) -> str:
    if process == bundle.key:
        return bundle.text(bundle.manifest.process, "title", locale)
    caller = next((node.id for node in bundle.blueprint.nodes.values() if node.called == process), process)
    return bundle.node_title(caller, locale)
