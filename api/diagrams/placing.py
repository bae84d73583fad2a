"""Where each shape stands: pools, lanes, steps, event subprocesses in a band below, closed participants outside.

Everything is placed on whole pixels (boxes of even width about whole centres), so that lines meet shapes exactly.
Placing also leaves behind the *tracks* between the shapes, on which the lines may run.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

from api.diagrams.geometry import Box, centred
from api.diagrams.grid import Grid, arrange
from api.diagrams.model import Lane, Node, Page, Pool, Scope
from api.diagrams.text import LABEL_WIDTH, label_size, text_width

TASK_WIDTH, TASK_HEIGHT = 110.0, 80.0
EVENT_SIZE, GATEWAY_SIZE = 36.0, 50.0
LOW_ROW = 56.0  # a row of events and gateways only
COLUMN_GAP, ROW_GAP = 50.0, 52.0
HANDLER_COLUMN_GAP, HANDLER_ROW_GAP = 40.0, 36.0
HEADER = 30.0  # the strip with the name of a pool or lane
MARGIN = 60.0
PADDING = 30.0  # between a lane's frame and what is in it
POOL_GAP = 60.0
CLOSED_POOL_HEIGHT = 56.0
EMPTY_LANE_HEIGHT = 80.0
GUEST_LABEL_GAP = 100.0
GUEST_ROOM = 26.0  # what a boundary event adds to the height of a row
HANDLER_TITLE = 30.0
HANDLER_SIDE = 22.0
HANDLER_GAP = 30.0
BAND_GAP = 22.0
FLOW_LABEL_WIDTH = 110.0
LINES_ON_ALL_SIDES = 3  # exits that, with the entry, leave a gateway no free side for its own words


@dataclass(slots=True)
class Tracks:
    """The upright (xs) and level (ys) lines of a scope on which its flows may run."""

    xs: set[float] = field(default_factory=set)
    ys: set[float] = field(default_factory=set)


@dataclass(slots=True)
class Plan:
    """A page whose shapes have their places, and whose lines do not yet."""

    page: Page
    boxes: dict[str, Box] = field(default_factory=dict)
    titles: dict[str, Box] = field(default_factory=dict)  # names of event subprocesses, inside their boxes
    tracks: dict[str, Tracks] = field(default_factory=dict)  # by scope id
    between: Tracks = field(default_factory=Tracks)  # for message flows, outside the pools
    grids: dict[str, Grid] = field(default_factory=dict)


@dataclass(slots=True)
class _Columns:
    centres: list[float]
    tracks: list[float]
    right: float


@dataclass(slots=True)
class _Handler:
    """An event subprocess with the room that it needs."""

    scope: Scope
    width: float
    height: float


def place(page: Page) -> Plan:
    """Give every shape of a page its place."""
    plan = Plan(page)
    for scope in page.all_scopes():
        plan.grids[scope.id] = arrange(scope)
        plan.tracks[scope.id] = Tracks()
    pools = {pool.scope.id: pool for pool in page.pools if pool.scope is not None}
    top = MARGIN
    for scope in page.scopes:
        top = _Placer(plan, scope, pools.get(scope.id)).place(top) + POOL_GAP
    _place_closed_pools(plan)
    return plan


def size_of(node: Node, guests: int) -> tuple[float, float]:
    """Width and height of a step; a task with many boundary events is wider."""
    if node.is_task:
        return (TASK_WIDTH, TASK_WIDTH, 150.0)[guests] if guests <= 2 else 104.0 * guests, TASK_HEIGHT
    return (GATEWAY_SIZE, GATEWAY_SIZE) if node.is_gateway else (EVENT_SIZE, EVENT_SIZE)


def guest_box(host: Box, number: int, count: int) -> Box:
    """Where the boundary event with this number sits on the lower edge of its task; the first on the right."""
    offset = host.width * (count - number - 0.5) / count if count > 1 else host.width - 22
    return centred(host.x + offset, host.bottom, EVENT_SIZE, EVENT_SIZE)


class _Placer:
    """Places one process (a pool) on a plan."""

    def __init__(self, plan: Plan, scope: Scope, pool: Pool | None) -> None:
        self.plan, self.scope, self.pool = plan, scope, pool
        self.grid, self.tracks = plan.grids[scope.id], plan.tracks[scope.id]
        self.lane_left = MARGIN + (HEADER if pool else 0)
        self.left = self.lane_left + (HEADER if scope.lanes[0].id else 0) + PADDING

    def place(self, top: float) -> float:
        """Place all below `top`; returns the lower edge."""
        columns = spread(self.scope, self.grid, self.left, COLUMN_GAP)
        self.tracks.xs.update(columns.tracks)
        self.flow_right = self.right = columns.right
        handlers = [self._measure(handler) for handler in self.scope.handlers]
        self.band_width = max([columns.right - self.left, *(h.width for h in handlers)])
        tops, y = [], top
        for number, lane in enumerate(self.scope.lanes):
            tops.append(y)
            y = self._place_lane(number, lane, columns, handlers, y)
        self._frame([*tops, y])
        return y

    def _place_lane(
        self, number: int, lane: Lane, columns: _Columns, handlers: Sequence[_Handler], top: float
    ) -> float:
        rows = self.grid.rows[number]
        y = place_rows(self.plan, self.scope, number, columns, top, ROW_GAP)
        mine = [h for h in handlers if self.scope.lane_of(h.scope.id) == number]
        if mine:
            y = self._place_band(mine, y + (14 if rows else BAND_GAP))
        elif not rows:
            y += EMPTY_LANE_HEIGHT
        title = ceil(min(text_width(lane.name, 16.0), 240.0)) + 24.0 if lane.id else 0.0
        return max(y, top + title)

    def _place_band(self, handlers: Sequence[_Handler], top: float) -> float:
        """Event subprocesses side by side, in as many bands as the pool's width asks for."""
        waiting, y = list(handlers), top
        while waiting:
            band = [waiting.pop(0)]
            while waiting and _band_width([*band, waiting[0]]) <= self.band_width + 160:
                band.append(waiting.pop(0))
            height = max(handler.height for handler in band)
            self._stretch(band)
            x = self.left
            for handler in band:
                self._place_handler(handler, Box(x, y, handler.width, height))
                x += handler.width + HANDLER_GAP
            self.right = max(self.right, x - HANDLER_GAP)
            self.tracks.ys.update((y - 12, y + height + 12))
            y += height + BAND_GAP
        return y

    def _stretch(self, band: Sequence[_Handler]) -> None:
        """A nearly full band is stretched to the width of the flow above it."""
        used = _band_width(band)
        spare = self.flow_right - self.left - used
        if 0 < spare < 0.3 * used:
            for handler in band:
                handler.width += 2 * (spare // (2 * len(band)))

    def _measure(self, handler: Scope) -> _Handler:
        grid = self.plan.grids[handler.id]
        columns = spread(handler, grid, 0, HANDLER_COLUMN_GAP)
        title = min(text_width(handler.name, 14.0), 400.0) + 24
        width = 2.0 * ceil(max(columns.right + 2 * HANDLER_SIDE, title) / 2)
        scratch = Plan(self.plan.page, grids=self.plan.grids, tracks={handler.id: Tracks()})
        height = HANDLER_TITLE + place_rows(scratch, handler, 0, columns, 0, HANDLER_ROW_GAP) + 4
        return _Handler(handler, width, max(height, 60.0))

    def _place_handler(self, handler: _Handler, box: Box) -> None:
        scope, grid, tracks = handler.scope, self.plan.grids[handler.scope.id], self.plan.tracks[handler.scope.id]
        flow_width = spread(scope, grid, 0, HANDLER_COLUMN_GAP).right
        left = box.x + (box.width - flow_width) // 2
        columns = spread(scope, grid, left, HANDLER_COLUMN_GAP)
        tracks.xs.update(x for x in columns.tracks if box.x + 6 < x < box.right - 6)
        self.plan.boxes[scope.id] = box
        self.plan.titles[scope.id] = Box(box.x + 10, box.y + 5, box.width - 20, 20)
        place_rows(self.plan, scope, 0, columns, box.y + HANDLER_TITLE, HANDLER_ROW_GAP)

    def _frame(self, edges: Sequence[float]) -> None:
        """Draw the pool and its lanes around what they hold."""
        end = self.right + PADDING
        self.tracks.xs.add(self.right + 14)
        if self.pool is not None:
            self.plan.boxes[self.pool.id] = Box(MARGIN, edges[0], end - MARGIN, edges[-1] - edges[0])
        for number, lane in enumerate(self.scope.lanes):
            if lane.id is not None:
                top, bottom = edges[number], edges[number + 1]
                self.plan.boxes[lane.id] = Box(self.lane_left, top, end - self.lane_left, bottom - top)


def _band_width(band: Sequence[_Handler]) -> float:
    return sum(handler.width for handler in band) + HANDLER_GAP * (len(band) - 1)


def spread(scope: Scope, grid: Grid, left: float, gap: float) -> _Columns:
    """The centres of the columns from `left` on; a gap is wider where a label must stand in it."""
    widths = [TASK_WIDTH if not scope.nodes else 2.0] * grid.columns
    for node in scope.seated():
        column = grid.column[node.id]
        width, _ = size_of(node, len(scope.guests(node.id)))
        if not node.is_task and node.name:
            width = max(width, label_size(node.name)[0])
        widths[column] = max(widths[column], width)
    gaps = _gaps(scope, grid, widths, gap)
    centres, tracks, x = [], [left - 14], left
    for width, room in zip(widths, gaps, strict=True):
        centres.append(x + width / 2)
        middle = x + width + room / 2
        tracks += [middle - 12, middle, middle + 12]
        tracks += [middle - 24, middle + 24] if room > 70 else []
        x += width + room
    return _Columns(centres, tracks, x - gaps[-1])


def _gaps(scope: Scope, grid: Grid, widths: Sequence[float], least: float) -> list[float]:
    """The clear space right of each column, wide enough for the labels of the lines that leave it forwards."""
    gaps = [least] * grid.columns
    for host in scope.seated():
        if len(scope.guests(host.id)) > 1:  # their labels stick out on both sides
            column = grid.column[host.id]
            for beside in (column - 1, column):
                gaps[beside] = max(gaps[beside], GUEST_LABEL_GAP) if beside >= 0 else gaps[beside]
    exits = Counter(flow.source for flow in scope.flows)
    for node in scope.seated():
        if node.is_gateway and node.name and exits[node.id] >= LINES_ON_ALL_SIDES:
            column = grid.column[node.id]
            free = (widths[column] - GATEWAY_SIZE) / 2
            gaps[column] = max(gaps[column], 2.0 * ceil((label_size(node.name)[0] - free) / 2))
    for flow in scope.flows:
        source, target = scope.seat(flow.source), scope.seat(flow.target)
        column = grid.column[source]
        if flow.name and grid.column[target] > column:
            free = (widths[column] - size_of(scope.nodes[source], 0)[0]) / 2
            room = label_size(flow.name, FLOW_LABEL_WIDTH)[0] + 26 - free
            gaps[column] = max(gaps[column], 2.0 * ceil(room / 2))
    return gaps


def place_rows(plan: Plan, scope: Scope, lane: int, columns: _Columns, top: float, gap: float) -> float:
    """Place the steps of one lane from `top` on; returns the lower edge of the last row's margin."""
    grid, tracks = plan.grids[scope.id], plan.tracks[scope.id]
    count, y = grid.rows[lane], top
    for row in range(count):
        steps = [n for n in scope.seated() if scope.lane_of(n.id) == lane and grid.row[n.id] == row]
        above, below = _reach(steps)
        tracks.ys.update((y + gap / 2 - 17, y + gap / 2 - 8) if row == 0 else (y - 10, y, y + 10))
        middle = y + gap / 2 + above
        tracks.ys.add(middle)
        for step in steps:
            _seat(plan, scope, step, columns, middle)
        guests = any(scope.guests(step.id) for step in steps)
        y = middle + below + (GUEST_ROOM if guests else 0) + gap / 2
        if row == count - 1:
            tracks.ys.update((y - gap / 2 + 8, y - gap / 2 + 17))
    return y


def _reach(steps: Iterable[Node]) -> tuple[float, float]:
    """How far a row reaches above and below its middle: half a task, or more where a label is tall."""
    above = below = LOW_ROW / 2
    for step in steps:
        if step.is_task:
            above, below = max(above, TASK_HEIGHT / 2), max(below, TASK_HEIGHT / 2)
        elif step.name:
            label = label_size(step.name, LABEL_WIDTH)[1]
            if step.is_gateway:
                above = max(above, GATEWAY_SIZE / 2 + label - 20)
            else:
                below = max(below, EVENT_SIZE / 2 + label - 18)
    return above, below


def _seat(plan: Plan, scope: Scope, step: Node, columns: _Columns, middle: float) -> None:
    """Put a step into its column, and its boundary events onto its lower edge."""
    grid, tracks = plan.grids[scope.id], plan.tracks[scope.id]
    guests = scope.guests(step.id)
    hung = plan.boxes.get(grid.under.get(step.id, ""))
    centre = hung.cx if hung is not None else columns.centres[grid.column[step.id]]
    box = centred(centre, middle, *size_of(step, len(guests)))
    plan.boxes[step.id] = box
    tracks.xs.add(centre)
    for number, guest in enumerate(guests):
        plan.boxes[guest.id] = guest_box(box, number, len(guests))
        tracks.xs.add(plan.boxes[guest.id].cx)


def _place_closed_pools(plan: Plan) -> None:
    """Closed participants are bars over or under the pools, whichever is nearer to their messages."""
    page, boxes = plan.page, plan.boxes
    open_pools = [boxes[pool.id] for pool in page.pools if pool.scope is not None]
    if not open_pools:
        open_pools = [Box(MARGIN, MARGIN + CLOSED_POOL_HEIGHT + POOL_GAP, 600, 0)]
    left, right = min(b.x for b in open_pools), max(b.right for b in open_pools)
    top, bottom = min(b.y for b in open_pools), max(b.bottom for b in open_pools)
    plan.between.xs.update((left - 14, right + 14))
    if all(pool.scope is None for pool in page.pools):  # no process lends its tracks
        plan.between.xs.update(left + 60 * n for n in range(1, int((right - left) // 60)))
    for upper in open_pools[:-1]:
        plan.between.ys.update(_gap_tracks(upper.bottom + POOL_GAP / 2))
    for pool in page.pools:
        if pool.scope is not None:
            continue
        ends = [f.target if f.source == pool.id else f.source for f in page.messages if pool.id in (f.source, f.target)]
        partners = [boxes[end] for end in ends if end in boxes]
        if sum(b.y - top for b in partners) <= sum(bottom - b.y for b in partners):
            plan.between.ys.update(_gap_tracks(top - POOL_GAP / 2))
            top -= POOL_GAP + CLOSED_POOL_HEIGHT
            y = top
        else:
            plan.between.ys.update(_gap_tracks(bottom + POOL_GAP / 2))
            y = bottom + POOL_GAP
            bottom += POOL_GAP + CLOSED_POOL_HEIGHT
        boxes[pool.id] = Box(left, y, right - left, CLOSED_POOL_HEIGHT)


def _gap_tracks(middle: float) -> tuple[float, float, float]:
    return middle - 15, middle, middle + 15
