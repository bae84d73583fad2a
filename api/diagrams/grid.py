"""Which column and which row of its lane each step stands in.

Columns follow the flow from left to right (the longest way from a start, not counting the lines that turn back); a step
whose only predecessor stands in the neighbouring lane goes straight under or above it. Rows keep a step level with what
leads to it.
"""

from dataclasses import dataclass, field

from api.diagrams.model import Flow, Scope

# What a row costs a step: each row away from its predecessor, and a line that would run through a step in between.
ROW_AWAY = 3
STEP_IN_THE_WAY = 4


@dataclass(slots=True)
class Grid:
    """Column and row of every step; `under` maps an end event to the boundary event that it hangs below."""

    column: dict[str, int] = field(default_factory=dict)
    row: dict[str, int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)  # how many in each lane
    under: dict[str, str] = field(default_factory=dict)
    turning_back: set[tuple[str, str]] = field(default_factory=set)

    @property
    def columns(self) -> int:
        return 1 + max(self.column.values(), default=0)


@dataclass(slots=True)
class _Links:
    """Who follows whom, boundary events counted as the task they sit on, without the lines that turn back."""

    order: list[str]
    after: dict[str, list[str]]
    before: dict[str, list[str]] = field(default_factory=dict)


def arrange(scope: Scope) -> Grid:
    """The grid of one process or subprocess."""
    grid = Grid()
    links = _links(scope)
    grid.turning_back = _turning_back(scope, links)
    links.before = {n: [] for n in links.order}
    for source in links.order:
        for target in dict.fromkeys(links.after[source]):
            if (source, target) not in grid.turning_back:
                links.before[target].append(source)
    grid.under = _hanging(scope, links)
    _choose_columns(scope, links, grid)
    _choose_rows(scope, links, grid)
    return grid


def _links(scope: Scope) -> _Links:
    order = [node.id for node in scope.seated()]
    after: dict[str, list[str]] = {n: [] for n in order}
    for flow in scope.flows:
        after[scope.seat(flow.source)].append(scope.seat(flow.target))
    return _Links(order, after)


def _turning_back(scope: Scope, links: _Links) -> set[tuple[str, str]]:
    """The lines that close a loop: those that lead to a step still open on the way here from a start."""
    back: set[tuple[str, str]] = set()
    is_open: dict[str, bool] = {}
    for first in sorted(links.order, key=lambda n: scope.nodes[n].kind != "startEvent"):
        if first in is_open:
            continue
        is_open[first] = True
        trail = [(first, iter(links.after[first]))]
        while trail:
            here, ahead = trail[-1]
            for there in ahead:
                if is_open.get(there):
                    back.add((here, there))
                elif there not in is_open:
                    is_open[there] = True
                    trail.append((there, iter(links.after[there])))
                    break
            else:
                is_open[here] = False
                trail.pop()
    return back


def _hanging(scope: Scope, links: _Links) -> dict[str, str]:
    """End events that only the first boundary event of a task in the same lane leads to: they hang right below it."""
    found: dict[str, str] = {}
    for flow in scope.flows:
        source, target = scope.nodes[flow.source], scope.nodes[flow.target]
        if source.host is None or target.kind != "endEvent" or links.before[target.id] != [source.host]:
            continue
        alone = sum(f.target == target.id for f in scope.flows) == 1
        first = scope.guests(source.host)[0].id == source.id and source.id not in found.values()
        if alone and first and scope.lane_of(source.host) == scope.lane_of(target.id):
            found[target.id] = source.id
    return found


def _ranks(links: _Links) -> dict[str, int]:
    """The number of steps on the longest way to each step."""
    waiting = {n: len(links.before[n]) for n in links.order}
    after: dict[str, list[str]] = {n: [] for n in links.order}
    for target, sources in links.before.items():
        for source in sources:
            after[source].append(target)
    rank = dict.fromkeys(links.order, 0)
    ready = [n for n in links.order if not waiting[n]]
    for here in ready:  # grows while it is read
        for there in after[here]:
            rank[there] = max(rank[there], rank[here] + 1)
            waiting[there] -= 1
            if not waiting[there]:
                ready.append(there)
    return rank


def _choose_columns(scope: Scope, links: _Links, grid: Grid) -> None:
    rank = _ranks(links)
    taken: set[tuple[int, int]] = set()
    hosts = {node.host for node in scope.nodes.values()}

    def stacks(source: str, target: str) -> bool:
        """Whether the target can stand right under or above the source, in the next lane."""
        lane = scope.lane_of(target)
        return (
            abs(scope.lane_of(source) - lane) == 1
            and len(links.before[target]) == len(links.after[source]) == 1
            and not scope.nodes[source].is_event
            and not scope.nodes[target].is_event
            and source not in hosts
            and (lane, grid.column[source]) not in taken
        )

    for target in sorted(links.order, key=rank.__getitem__):
        column = 0
        for source in links.before[target]:
            beside = target not in grid.under and not stacks(source, target)
            column = max(column, grid.column[source] + beside)
        grid.column[target] = column
        taken.add((scope.lane_of(target), column))


def _choose_rows(scope: Scope, links: _Links, grid: Grid) -> None:
    taken: set[tuple[int, int, int]] = set()
    below = _below_their_task(scope)

    def price(node: str, row: int) -> int:
        lane, total = scope.lane_of(node), 0
        for source in links.before[node]:
            if scope.lane_of(source) != lane:
                continue
            level = grid.row[source] + ((source, node) in below)
            total += ROW_AWAY * abs(level - row)
            between = range(grid.column[source] + 1, grid.column[node])
            if level == row and any((lane, column, row) in taken for column in between):
                total += STEP_IN_THE_WAY
        return total

    for node in sorted(links.order, key=lambda n: (grid.column[n], links.order.index(n))):
        lane, column = scope.lane_of(node), grid.column[node]
        free = (row for row in range(len(links.order) + 2) if (lane, column, row) not in taken)
        grid.row[node] = min(free, key=lambda row: price(node, row))
        taken.add((lane, column, grid.row[node]))
    grid.rows = [1 + max((r for la, _, r in taken if la == lane), default=-1) for lane in range(len(scope.lanes))]


def _below_their_task(scope: Scope) -> set[tuple[str, str]]:
    """Pairs (task, step) where the step is reached through a boundary event: it goes one row lower."""

    def through_guest(flow: Flow) -> bool:
        return scope.nodes[flow.source].host is not None

    return {(scope.seat(flow.source), flow.target) for flow in scope.flows if through_guest(flow)}
