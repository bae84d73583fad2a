"""Plays the tokens of a drawing to find joins that wait for ever, and joins at which tokens pile up.

Every choice is tried. A flow has exactly one consumer, so the order in which branches move does not matter to what they can
reach: of all nodes that could move, only one needs to be tried at a time, joins last. That keeps the game small; where it
grows beyond a limit it is given up, and the findings say that they are not complete.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from engine.runtime.drawing import Element, Scope
from engine.runtime.graph import reach, reversed_graph

MOST_TOKENS = 100_000  # looked at, over all markings of a scope
PATIENCE = 250_000  # the same, over all scopes that are judged together
MOST_EXITS = 6  # of an inclusive gateway
JOINS = ("parallelGateway", "inclusiveGateway")

Marking = tuple[tuple[str, int], ...]  # flow → tokens on it


@dataclass
class Findings:
    """Nodes with the flows on which tokens are stuck, or of which there are several."""

    stuck: dict[str, set[str]] = field(default_factory=dict)  # join → entries that never get a token
    crowded: dict[str, set[str]] = field(default_factory=dict)  # join → entries with several tokens at once
    complete: bool = True


class Patience:
    """What is left of the effort that a set of drawings may cost."""

    def __init__(self) -> None:
        self.left = PATIENCE


def play(scope: Scope, patience: Patience | None = None) -> Findings:
    """All that can happen to the tokens of one scope; subprocesses count as one step. Played once, then remembered."""
    if not isinstance(scope.played, Findings):
        scope.played = _Game(scope, patience or Patience()).play()
    return scope.played


def play_on(scope: Scope, tokens: Mapping[str, int]) -> Findings:
    """All that can happen to tokens from where they are (flow → tokens on it)."""
    return _Game(scope, Patience()).play(tokens)


def passable(scope: Scope, tokens: Mapping[str, int]) -> list[str]:
    """The joins that tokens could pass where they are."""
    game, at = _Game(scope, Patience()), {scope.flows[flow].target for flow in tokens}
    here = dict(tokens)
    return [n for n in sorted(at) if game.is_join(n) and (game.is_full(here, n) or game.may_join(here, n))]


class _Game:
    def __init__(self, scope: Scope, patience: Patience) -> None:
        self.scope, self.patience = scope, patience
        self.findings = Findings()
        self.looked_at = 0
        self.outgoing = {ident: [f.id for f in scope.outgoing(ident)] for ident in scope.elements}
        self.incoming = {ident: [f.id for f in scope.incoming(ident)] for ident in scope.elements}
        self.target = {f.id: f.target for f in scope.flows.values()}
        self.before = reversed_graph(following(scope))
        self.ways_in: dict[str, set[str]] = {}
        self.rank = {node: number for number, node in enumerate(_branch_by_branch(scope))}

    def play(self, tokens: Mapping[str, int] | None = None) -> Findings:
        begun = [_marking(dict.fromkeys(self.outgoing[s.id], 1)) for s in self.scope.of_kind("startEvent")]
        begun = begun if tokens is None else [_marking(tokens)]
        seen: set[Marking] = set(begun)
        most = min(MOST_TOKENS, self.patience.left)
        while begun:
            here = dict(begun.pop())
            self.looked_at += len(here)
            for following_tokens in self.moves(here):
                self.looked_at += len(following_tokens) + 1
                after = _marking(following_tokens)
                if after not in seen:
                    seen.add(after)
                    begun.append(after)
            if self.looked_at > most:
                self.findings.complete = False
                break
        self.patience.left -= min(self.looked_at, most)
        return self.findings

    # -------------------------------------------------------------------------------------------- moves

    def moves(self, tokens: dict[str, int]) -> Iterator[dict[str, int]]:
        """The alternatives of one node that can move; nothing when all are stuck or it is not worth going on."""
        if self.is_crowded(tokens):
            return
        at = {self.target[flow] for flow in tokens}
        plain = [n for n in at if not self.is_join(n) and not self.ends_all(n)]
        if plain:
            yield from self.step(tokens, min(plain, key=self.rank.__getitem__))
            return
        ready = [n for n in sorted(at) if self.scope.elements[n].kind == "parallelGateway" and self.is_full(tokens, n)]
        ready = ready or [n for n in sorted(at) if self.may_join(tokens, n)]
        if ready:
            yield from self.step(tokens, ready[0])
        elif not any(self.ends_all(n) for n in at):
            self.note_stuck(tokens)

    def is_join(self, node: str) -> bool:
        return self.scope.elements[node].kind in JOINS and len(self.incoming[node]) > 1

    def ends_all(self, node: str) -> bool:
        trigger = self.scope.elements[node].trigger
        ending = self.scope.elements[node].kind == "endEvent" and trigger is not None
        return ending and trigger is not None and trigger.kind in ("terminate", "error")

    def is_full(self, tokens: dict[str, int], join: str) -> bool:
        return all(flow in tokens for flow in self.incoming[join])

    def may_join(self, tokens: dict[str, int], node: str) -> bool:
        """Whether no token elsewhere can still reach an empty entry of an inclusive gateway."""
        if self.scope.elements[node].kind != "inclusiveGateway":
            return False
        empty = [f for f in self.incoming[node] if f not in tokens]
        elsewhere = {self.target[f] for f in tokens if self.target[f] != node}
        self.looked_at += len(empty) * len(elsewhere)
        return not any(elsewhere & self.upstream(node, entry) for entry in empty)

    def upstream(self, node: str, entry: str) -> set[str]:
        """The nodes from which a token can come to an entry of a gateway without passing it."""
        if entry not in self.ways_in:
            self.looked_at += len(self.before)
            before = {n: [b for b in others if b != node] for n, others in self.before.items()}
            self.ways_in[entry] = reach([self.scope.flows[entry].source], before)
        return self.ways_in[entry]

    def step(self, tokens: dict[str, int], node: str) -> Iterator[dict[str, int]]:
        left = dict(tokens)
        arrived = [f for f in self.incoming[node] if f in tokens]
        for flow in arrived if self.is_join(node) else arrived[:1]:
            _take(left, flow)
        for flows in self.exits(self.scope.elements[node]):
            after = dict(left)
            for flow in flows:
                after[flow] = after.get(flow, 0) + 1
            yield after

    def exits(self, element: Element) -> Iterator[list[str]]:
        """Which flows may get a token when a node is left: one way for each alternative."""
        out = self.outgoing[element.id]
        if element.kind in ("exclusiveGateway", "eventBasedGateway"):
            yield from ([flow] for flow in out)
        elif element.kind == "inclusiveGateway" and len(out) > 1:
            yield from self.subsets(element, out)
        else:
            yield out
        for boundary in self.scope.boundaries(element.id):
            beside = self.outgoing[boundary.id]
            yield beside if boundary.interrupting else [*out, *beside, *(beside if _repeats(boundary) else ())]

    def subsets(self, element: Element, out: list[str]) -> Iterator[list[str]]:
        chosen = [flow for flow in out if flow != element.default]
        if len(chosen) > MOST_EXITS:
            self.findings.complete = False
            chosen = chosen[:MOST_EXITS]
        for number in range(1, len(chosen) + 1):
            yield from (list(some) for some in combinations(chosen, number))
        if element.default in out:
            yield [element.default]

    # -------------------------------------------------------------------------------------------- findings

    def is_crowded(self, tokens: dict[str, int]) -> bool:
        several = [flow for flow, number in tokens.items() if number > 1]
        for flow in several:
            if self.is_join(self.target[flow]):
                self.findings.crowded.setdefault(self.target[flow], set()).add(flow)
        return any(self.is_join(self.target[f]) for f in several) or any(tokens[f] > 2 for f in several)

    def note_stuck(self, tokens: dict[str, int]) -> None:
        for join in {self.target[flow] for flow in tokens}:
            missing = {f for f in self.incoming[join] if f not in tokens}
            self.findings.stuck.setdefault(join, set()).update(missing)


def is_whole(scope: Scope) -> bool:
    """Whether every flow begins and ends in the scope, so that tokens can be played at all."""
    return all(f.source in scope.elements and f.target in scope.elements for f in scope.flows.values())


def has_joins(scope: Scope) -> bool:
    """Whether tokens can wait for each other at all."""
    return any(len(scope.incoming(e.id)) > 1 for e in scope.of_kind(*JOINS))


def following(scope: Scope) -> dict[str, list[str]]:
    """Which nodes follow each node, boundary events following their activity."""
    out = {ident: [f.target for f in scope.outgoing(ident)] for ident in scope.elements}
    for element in scope.of_kind("boundaryEvent"):
        out.setdefault(element.attached_to or "", []).append(element.id)
    return out


def _branch_by_branch(scope: Scope) -> list[str]:
    """Nodes in the order of a walk that follows one branch as far as it goes before it takes up the next."""
    after = following(scope)
    order: dict[str, None] = {}
    stack = [*reversed(scope.elements), *(start.id for start in scope.of_kind("startEvent"))]
    while stack:
        node = stack.pop()
        if node not in order:
            order[node] = None
            stack.extend(reversed(after.get(node, [])))
    return list(order)


def _repeats(boundary: Element) -> bool:
    """Whether an event that does not interrupt may come more than once; a date or a length of time comes once."""
    return boundary.trigger is not None and boundary.trigger.timer in (None, "timeCycle")


def _take(tokens: dict[str, int], flow: str) -> None:
    tokens[flow] -= 1
    if not tokens[flow]:
        del tokens[flow]


def _marking(tokens: Mapping[str, int]) -> Marking:
    return tuple(sorted(tokens.items()))
