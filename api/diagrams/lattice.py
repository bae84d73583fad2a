"""The street map on which lines find their way: tracks that cross, and a price for each step from crossing to crossing.

A way is found by the A* search over (crossing, direction of travel), so that bends have a price too.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from api.diagrams.geometry import Box, Path, Point, straightened

RIGHT, DOWN, LEFT, UP = range(4)
_TURNS = tuple(tuple(turn for turn in range(4) if turn != (heading + 2) % 4) for heading in range(4))
NO_WAY = float("inf")
BEND = 11.0
PER_PIXEL = 0.05
MOST_GOALS_TO_AIM_AT = 6

Prices = list[float]


@dataclass(frozen=True, slots=True)
class Port:
    """A place where a line may leave or enter a shape, travelling in `heading`, at a price."""

    point: Point
    heading: int
    price: float = 0.0


class Lattice:
    """Crossing tracks. `across` holds the price of the step right of each crossing, `down` of the step below it.

    There is no way beyond the last track; since the lists run row by row, the step left of a first column and the step
    above a first row (index -1 and the like) are such steps too.
    """

    def __init__(self, xs: Iterable[float], ys: Iterable[float]) -> None:
        self.xs, self.ys = sorted(set(xs)), sorted(set(ys))
        rightwards = [*((b - a) * PER_PIXEL for a, b in pairwise(self.xs)), NO_WAY]
        downwards = [*((b - a) * PER_PIXEL for a, b in pairwise(self.ys)), NO_WAY]
        self.across: Prices = rightwards * len(self.ys)
        self.down: Prices = [price for price in downwards for _ in self.xs]

    def charge(self, box: Box, price: float, *, across: bool = True, down: bool = True) -> None:
        """Make every step that touches the inside of a box dearer."""
        wide, xs, ys = len(self.xs), self.xs, self.ys
        if across:
            columns = range(max(0, bisect_right(xs, box.x) - 1), min(wide - 1, bisect_left(xs, box.right)))
            for row in range(bisect_right(ys, box.y), bisect_left(ys, box.bottom)):
                for column in columns:
                    self.across[row * wide + column] += price
        if down:
            rows = range(max(0, bisect_right(ys, box.y) - 1), min(len(ys) - 1, bisect_left(ys, box.bottom)))
            for column in range(bisect_right(xs, box.x), bisect_left(xs, box.right)):
                for row in rows:
                    self.down[row * wide + column] += price

    def charge_line(self, line: Box, crossing: float, sharing: float) -> None:
        """Make it dearer to cross a line that is already there, or to run along it (within seven pixels)."""
        if line.width == 0:
            self._charge_upright(line, crossing, sharing)
        else:
            self._charge_level(line, crossing, sharing)

    def _charge_upright(self, line: Box, crossing: float, sharing: float) -> None:
        wide, xs, ys = len(self.xs), self.xs, self.ys
        column = bisect_left(xs, line.x)
        on_track = column < wide and xs[column] == line.x
        steps = [c for c in ([column - 1, column] if on_track else [column - 1]) if 0 <= c < wide - 1]
        price = crossing / (2 if on_track else 1)
        for row in range(bisect_left(ys, line.y), bisect_right(ys, line.bottom)):
            for step in steps:
                self.across[row * wide + step] += price
        rows = range(max(0, bisect_right(ys, line.y) - 1), min(len(ys) - 1, bisect_left(ys, line.bottom)))
        for near in range(bisect_right(xs, line.x - 7), bisect_left(xs, line.x + 7)):
            for row in rows:
                self.down[row * wide + near] += sharing * (20 + ys[row + 1] - ys[row])

    def _charge_level(self, line: Box, crossing: float, sharing: float) -> None:
        wide, xs, ys = len(self.xs), self.xs, self.ys
        row = bisect_left(ys, line.y)
        on_track = row < len(ys) and ys[row] == line.y
        steps = [r for r in ([row - 1, row] if on_track else [row - 1]) if 0 <= r < len(ys) - 1]
        price = crossing / (2 if on_track else 1)
        for column in range(bisect_left(xs, line.x), bisect_right(xs, line.right)):
            for step in steps:
                self.down[step * wide + column] += price
        columns = range(max(0, bisect_right(xs, line.x) - 1), min(wide - 1, bisect_left(xs, line.right)))
        for near in range(bisect_right(ys, line.y - 7), bisect_left(ys, line.y + 7)):
            for column in columns:
                self.across[near * wide + column] += sharing * (20 + xs[column + 1] - xs[column])

    def copy(self) -> "Lattice":
        """The same map with prices of its own."""
        twin = Lattice.__new__(Lattice)
        twin.xs, twin.ys = self.xs, self.ys
        twin.across, twin.down = self.across[:], self.down[:]
        return twin

    def way(self, starts: Sequence[Port], goals: Sequence[Port]) -> Path:
        """The cheapest line from one of the starts to one of the goals; the ports must lie on tracks."""
        return _Search(self, starts, goals).path()

    def _first_crossing(self, port: Port) -> int | None:
        """The crossing at which a line that leaves through this port reaches the tracks."""
        return self._crossing(port, outwards=True)

    def _last_crossing(self, port: Port) -> int | None:
        """The crossing from which a line enters through this port."""
        return self._crossing(port, outwards=False)

    def _crossing(self, port: Port, outwards: bool) -> int | None:
        level = port.heading in (RIGHT, LEFT)
        along, fixed = (self.xs, self.ys) if level else (self.ys, self.xs)
        here, beside = port.point if level else (port.point[1], port.point[0])
        forwards = (port.heading in (RIGHT, DOWN)) == outwards
        k = bisect_left(along, here) if forwards else bisect_right(along, here) - 1
        other = bisect_left(fixed, beside)
        if not 0 <= k < len(along) or other == len(fixed) or fixed[other] != beside:
            return None
        column, row = (k, other) if level else (other, k)
        return row * len(self.xs) + column


class _Search:
    """One search. A state is a crossing and the direction in which the line arrives there."""

    def __init__(self, lattice: Lattice, starts: Sequence[Port], goals: Sequence[Port]) -> None:
        self.lattice, self.wide, self.tall = lattice, len(lattice.xs), len(lattice.ys)
        self.goals: dict[int, Port] = {}
        for port in sorted(goals, key=lambda p: -p.price):
            crossing = lattice._last_crossing(port)
            if crossing is not None:
                self.goals[crossing * 4 + port.heading] = port
        self.starts: dict[int, Port] = {}
        for port in sorted(starts, key=lambda p: -p.price):
            crossing = lattice._first_crossing(port)
            if crossing is not None:
                self.starts[crossing * 4 + port.heading] = port
        (x, _), (_, y) = starts[0].point, goals[0].point
        self.elbow = straightened((starts[0].point, (x, y), goals[0].point))  # for ports off all tracks
        self.aims = [self._point(state // 4) for state in self.goals]
        self.guesses: dict[int, float] = {}

    def path(self) -> Path:
        """Search, and follow the way back to where it began."""
        if not self.starts or not self.goals:
            return self.elbow
        came, last = self._run()
        points = [self.goals[last].point]
        state = last
        while True:
            points.append(self._point(state // 4))
            if came[state] < 0:
                break
            state = came[state]
        points.append(self.starts[state].point)
        return straightened(points[::-1])

    def _run(self) -> tuple[dict[int, int], int]:
        """Where each state was reached from, and the goal reached first. Most of the time of a layout is spent here."""
        across, down, wide = self.lattice.across, self.lattice.down, self.wide
        moves = ((1, across, 0), (wide, down, 0), (-1, across, -1), (-wide, down, -wide))  # by direction
        goals, guess, push, pop = self.goals, self._guess, heapq.heappush, heapq.heappop
        came: dict[int, int] = {}
        queue = [(port.price + guess(state // 4), port.price, state, -1) for state, port in self.starts.items()]
        heapq.heapify(queue)
        while queue:
            _, cost, state, origin = pop(queue)
            if state < 0:
                return came, origin
            if state in came:
                continue
            came[state] = origin
            if state in goals:
                total = cost + goals[state].price
                push(queue, (total, total, -1, state))
            crossing, heading = divmod(state, 4)
            for turn in _TURNS[heading]:
                offset, prices, shift = moves[turn]
                total = cost + prices[crossing + shift]
                there = crossing + offset
                if total < NO_WAY and there * 4 + turn not in came:
                    total = total if turn == heading else total + BEND
                    push(queue, (total + guess(there), total, there * 4 + turn, state))
        raise AssertionError("every crossing of a lattice is connected with every other")

    def _guess(self, crossing: int) -> float:
        """The least that the rest of the way can cost; nothing is known when there are many goals."""
        if len(self.aims) > MOST_GOALS_TO_AIM_AT:
            return 0.0
        known = self.guesses.get(crossing)
        if known is None:
            x, y = self._point(crossing)
            known = NO_WAY
            for a, b in self.aims:
                far = (abs(x - a) + abs(y - b)) * PER_PIXEL + (BEND if x != a and y != b else 0.0)
                known = min(known, far)
            self.guesses[crossing] = known
        return known

    def _point(self, crossing: int) -> Point:
        row, column = divmod(crossing, self.wide)
        return self.lattice.xs[column], self.lattice.ys[row]
