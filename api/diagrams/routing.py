"""The way of each line: around the shapes, off the labels, with few bends, few crossings and no two lines in one track.

Lines are drawn one after the other, short forward ones first; each later one sees those before it. A second round draws
each again among all the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from api.diagrams.geometry import Box, Path, Point, segments, span
from api.diagrams.lattice import DOWN, RIGHT, UP, Lattice, Port
from api.diagrams.model import TASKS, Flow, Node, Scope
from api.diagrams.placing import Plan

BEHIND_A_SHAPE = 100_000.0
NEAR_A_SHAPE, IN_THE_MARGIN = 4.0, 3.0
OVER_A_LABEL = 45.0
PORT_IN_USE, PORT_OF_MANY_BRANCHES = 45.0, 18.0
NEAR_BOUNDARY_EVENTS = 20.0


@dataclass(frozen=True, slots=True)
class _Manners:
    """What it costs to cross another line and to run along it."""

    crossing: float
    sharing: float


STRANGERS = _Manners(26.0, 0.6)
SAME_TARGET = _Manners(3.0, 0.02)
SAME_SOURCE = _Manners(26.0, 0.1)
ONE_OF_MANY_BRANCHES = _Manners(8.0, 0.05)
MESSAGE = _Manners(7.0, 0.6)  # dashed: easily told from what it crosses


class Router:
    """Draws the lines of one plan; `paths` is the result so far."""

    def __init__(self, plan: Plan, messages_first: bool = False) -> None:
        self.plan, self.page = plan, plan.page
        self.nodes: Mapping[str, Node] = plan.page.nodes()
        self.flows: Mapping[str, Flow] = plan.page.flows()
        self.home = {flow.id: scope for scope in plan.page.all_scopes() for flow in scope.flows}
        self.owner = {node: scope.id for scope in plan.page.all_scopes() for node in scope.nodes}
        self.branches = dict.fromkeys(self.nodes, 0)
        for flow in self.flows.values():
            self.branches[flow.source] = self.branches.get(flow.source, 0) + 1
        self.paths: dict[str, Path] = {}
        self._bare = {scope.id: self._scope_lattice(scope) for scope in plan.page.all_scopes()}
        messages, inner = [message.id for message in plan.page.messages], sorted(self.home, key=self._ease)
        self._order = messages + inner if messages_first else inner + messages

    def route_all(self, labels: Mapping[str, Box]) -> None:
        """Draw every line, or draw it again, keeping off these labels."""
        ready = {scope: self._with_labels(lattice, labels) for scope, lattice in self._bare.items()}
        for flow_id in self._order:
            self.paths.pop(flow_id, None)
            home = self.home.get(flow_id)
            if home is not None:
                lattice = ready[home.id].copy()
            else:
                lattice = self._with_labels(self._message_lattice(self.flows[flow_id]), labels)
            if flow_id in labels:  # its own label moves with it
                lattice.charge(labels[flow_id].grown(2), -OVER_A_LABEL)
            self.paths[flow_id] = self._route(self.flows[flow_id], lattice)
        self.paths = {flow_id: self.paths[flow_id] for flow_id in self.flows}

    def _ease(self, flow_id: str) -> tuple[bool, bool, float]:
        """Lines that turn back come last, those of boundary events before them, short ones first."""
        flow, scope = self.flows[flow_id], self.home[flow_id]
        seat = scope.seat(flow.source)
        a, b = self.plan.boxes[seat], self.plan.boxes[flow.target]
        turns_back = (seat, scope.seat(flow.target)) in self.plan.grids[scope.id].turning_back
        return turns_back, seat != flow.source, abs(a.x - b.x) + abs(a.y - b.y)

    # ------------------------------------------------------------------------------------------------------- lattices

    def _scope_lattice(self, scope: Scope) -> Lattice:
        """The tracks of a process or subprocess, dear near its shapes and all but closed behind them."""
        tracks = self.plan.tracks[scope.id]
        lattice = Lattice(tracks.xs, tracks.ys)
        for shape in [*scope.nodes, *(handler.id for handler in scope.handlers)]:
            _charge_shape(lattice, self.plan.boxes[shape])
        return lattice

    def _message_lattice(self, message: Flow) -> Lattice:
        """The tracks of all pools and of the gaps between them; only the event subprocesses concerned are open."""
        inside = {self.owner.get(message.source), self.owner.get(message.target)}
        entered = [h for h in self.page.handlers().values() if h.id in inside]
        xs, ys = set(self.plan.between.xs), set(self.plan.between.ys)
        for scope in [*self.page.scopes, *entered]:
            xs |= self.plan.tracks[scope.id].xs
            ys |= self.plan.tracks[scope.id].ys
        lattice = Lattice(xs, ys)
        for scope in self.page.scopes:
            closed = [h.id for h in scope.handlers if h not in entered]
            for shape in [*scope.nodes, *closed]:
                _charge_shape(lattice, self.plan.boxes[shape])
        for shape in [node for handler in entered for node in handler.nodes]:
            _charge_shape(lattice, self.plan.boxes[shape])
        for pool in self.page.pools:
            if pool.scope is None and pool.id not in (message.source, message.target):
                lattice.charge(self.plan.boxes[pool.id], BEHIND_A_SHAPE / 2)
        return lattice

    def _with_labels(self, lattice: Lattice, labels: Mapping[str, Box]) -> Lattice:
        twin = lattice.copy()
        for label in [*labels.values(), *self.plan.titles.values()]:
            twin.charge(label.grown(2), OVER_A_LABEL)
        return twin

    # ---------------------------------------------------------------------------------------------------------- lines

    def _route(self, flow: Flow, lattice: Lattice) -> Path:
        for other, path in self.paths.items():
            manners = self._manners(flow, self.flows[other])
            for a, b in segments(path):
                lattice.charge_line(span(a, b), manners.crossing, manners.sharing)
        message = flow.id not in self.home
        starts, goals = self._exits(flow, message, lattice), self._entries(flow, message, lattice)
        many = self.branches.get(flow.source, 0) > 2
        in_use = self._left_through(flow.source) | self._entered_through(flow.source)
        starts = _uncrowded(starts, in_use, PORT_OF_MANY_BRANCHES if many else PORT_IN_USE)
        goals = _uncrowded(goals, self._left_through(flow.target), PORT_IN_USE)
        return lattice.way(starts, goals)

    def _manners(self, flow: Flow, other: Flow) -> _Manners:
        if other.target == flow.target:
            return SAME_TARGET
        if other.source == flow.source:
            return ONE_OF_MANY_BRANCHES if self.branches[flow.source] > 2 else SAME_SOURCE
        if flow.id not in self.home or other.id not in self.home:
            return MESSAGE
        return STRANGERS

    def _left_through(self, shape: str) -> set[Point]:
        """The ports through which lines leave a shape so far."""
        return {path[0] for other, path in self.paths.items() if self.flows[other].source == shape}

    def _entered_through(self, shape: str) -> set[Point]:
        return {path[-1] for other, path in self.paths.items() if self.flows[other].target == shape}

    def _exits(self, flow: Flow, message: bool, lattice: Lattice) -> list[Port]:
        """Where a line may leave its source: forwards on the right, back over the top or the bottom."""
        node, box = self.nodes.get(flow.source), self.plan.boxes[flow.source]
        if node is None:
            return self._pool_ports(flow.source, flow.target, lattice, leaving=True)
        top, bottom = Port((box.cx, box.y), UP), Port((box.cx, box.bottom), DOWN)
        if node.host is not None:
            return [bottom]
        if message:
            return [top, bottom]
        behind = self.plan.boxes[flow.target].right < box.x
        easy = node.is_gateway or behind
        crowd = self._crowded_below(node)
        return [
            Port((box.right, box.cy), RIGHT, 12.0 if behind else 0.0),
            Port(bottom.point, DOWN, (2.0 if easy else 14.0) + crowd),
            Port(top.point, UP, 3.0 if easy else 15.0),
        ]

    def _entries(self, flow: Flow, message: bool, lattice: Lattice) -> list[Port]:
        """Where a line may enter its target: on the left, or from above or below."""
        node, box = self.nodes.get(flow.target), self.plan.boxes[flow.target]
        if node is None:
            return self._pool_ports(flow.target, flow.source, lattice, leaving=False)
        gateway = node.is_gateway
        from_above = Port((box.cx, box.y), DOWN, 0.0 if message else 4.0 if gateway else 10.0)
        below = (0.0 if message else 5.0 if gateway else 12.0) + self._crowded_below(node)
        from_below = Port((box.cx, box.bottom), UP, below)
        return [from_above, from_below] if message else [Port((box.x, box.cy), RIGHT), from_above, from_below]

    def _crowded_below(self, node: Node) -> float:
        """The lower edge of a task belongs to its boundary events."""
        guests = sum(other.host == node.id for other in self.nodes.values())
        return NEAR_BOUNDARY_EVENTS * guests if node.kind in TASKS else 0.0

    def _pool_ports(self, pool: str, partner: str, lattice: Lattice, leaving: bool) -> list[Port]:
        """All along the edge of a pool that faces the partner."""
        box, other = self.plan.boxes[pool], self.plan.boxes[partner]
        downwards = other.cy > box.cy
        y = box.bottom if downwards else box.y
        heading = DOWN if downwards == leaving else UP
        along = [x for x in lattice.xs if box.x + 40 < x < box.right - 10] or [box.cx]
        return [Port((x, y), heading) for x in along]


def _charge_shape(lattice: Lattice, box: Box) -> None:
    """No line behind a shape; near it only where need be; upright lines keep to the middle between two columns."""
    lattice.charge(box.grown(-0.5), BEHIND_A_SHAPE)
    lattice.charge(box.grown(13), NEAR_A_SHAPE)
    lattice.charge(Box(box.x - 24, box.y, box.width + 48, box.height), IN_THE_MARGIN, across=False)


def _uncrowded(ports: list[Port], in_use: set[Point], price: float) -> list[Port]:
    """The same ports, dearer where another line uses them; lines that enter may share a port with each other."""
    return [Port(p.point, p.heading, p.price + price) if p.point in in_use else p for p in ports]
