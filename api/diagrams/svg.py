"""The pen: a prepared picture becomes an SVG that a screen reader can tell and a strict content policy allows.

All looks are in `api/static/diagram.css`; there is no inline style and no script. State is never told by colour alone:
a finished step has a tick, a current one a word and a thick frame, a count the shape of a light.
"""

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path as FilePath
from re import sub

from api.diagrams.geometry import Box, Path, bounding, segments
from api.diagrams.model import BOUNDARY, GATEWAYS, TASKS, kind_of
from api.diagrams.outline import outline_of, remarks
from api.diagrams.picture import HOTTEST, Line, Picture, Shape
from api.diagrams.symbols import (
    EVENT_SIGNS,
    EXPAND_SIGN,
    GATEWAY_SIGNS,
    HEAT_SIGNS,
    LOOP_SIGN,
    PARALLEL_SIGN,
    SEQUENTIAL_SIGN,
    STOP_SIGN,
    TASK_SIGNS,
    TICK,
)
from api.diagrams.text import FONT, one_line, text_width, tidy, wrap
from api.diagrams.words import Words

STYLESHEET = FilePath(__file__).parent.parent / "static" / "diagram.css"
HEADER = 30.0
BROAD = 1240.0  # wider than a page: shown shrunk, and in full size when asked for
CORNER = 6.0
TASK_TEXT_MARGIN = 14.0
LABEL_LEAD = 17.0
TASK_LEAD = 16.5
LARGE, MEDIUM, SMALL = 15.0, 14.0, 11.0
WIDE_STEP_LABEL, WIDE_LINE_LABEL, NARROW_LINE_LABEL = (
    92.0,
    124.0,
    66.0,
)  # for translations that outgrow the room of the original


def svg(picture: Picture, words: Words, standalone: bool = False) -> str:
    """The whole drawing. A standalone one carries its style sheet, to be opened outside the application."""
    return "\n".join(part for part in _Pen(picture, words).parts(standalone) if part)


def _n(value: float) -> str:
    return f"{round(value, 1):g}"


def _text(value: str) -> str:
    return escape(tidy(value), quote=True)


@lru_cache(maxsize=1)
def _stylesheet() -> str:
    return STYLESHEET.read_text(encoding="utf-8").replace("]]>", "")


class _Pen:
    def __init__(self, picture: Picture, words: Words) -> None:
        self.picture, self.words = picture, words
        self.key = "bp-" + sub(r"[^A-Za-z0-9_-]", "-", picture.key)
        rank = {"participant": 0, "lane": 1, BOUNDARY: 4}
        self.shapes = sorted(picture.shapes.values(), key=lambda s: rank.get(s.kind, 2 if s.expanded else 3))

    def parts(self, standalone: bool) -> Iterator[str]:
        """From back to front: frames, open subprocesses, lines, steps, messages, labels, badges."""
        solid = [s for s in self.shapes if not s.is_frame and not s.expanded]
        lines = sorted(self.picture.lines.values(), key=lambda line: line.id in self.picture.taken)
        yield self._head(standalone)
        yield from (self._frame(s) for s in self.shapes if s.is_frame)
        yield from (self._step(s) for s in self.shapes if s.expanded and not s.is_frame)
        yield from (self._line(line) for line in lines if not line.is_message)
        yield from (self._step(s) for s in solid)
        yield from (self._line(line) for line in lines if line.is_message)
        yield from (self._shape_label(s) for s in solid if s.has_outside_label and s.name)
        yield from (self._line_label(line) for line in lines if line.name)
        yield from (self._badges(s) for s in self.shapes if not s.is_frame)
        yield "</svg>"

    def _head(self, standalone: bool) -> str:
        view = self._view()
        told = self.words.sentences(
            [
                self.words.named(group.title, self.words.enumerated(group.steps))
                for group in outline_of(self.picture, self.words)
            ]
        )
        arrow = "M0 1L10 5L0 9z"
        markers = [
            _marker(f"{self.key}-to", "bp-arrow", arrow),
            _marker(f"{self.key}-taken", "bp-arrow bp-arrow-done", arrow),
            _marker(f"{self.key}-sent", "bp-open", "M1 5a4 4 0 1 0 8 0a4 4 0 1 0-8 0", 5.0),
            _marker(f"{self.key}-received", "bp-open", arrow),
        ]
        kind = "bpmn broad" if view.width > BROAD else "bpmn"
        style = f"<style><![CDATA[{_stylesheet()}]]></style>" if standalone else ""
        return (
            f'<svg class="{kind}" xmlns="http://www.w3.org/2000/svg" viewBox="{" ".join(map(_n, view))}" '
            f'width="{_n(view.width)}" height="{_n(view.height)}" role="img" '
            f'aria-labelledby="{self.key}-title" aria-describedby="{self.key}-desc">\n'
            f'<title id="{self.key}-title">{_text(self.picture.title)}</title>'
            f'<desc id="{self.key}-desc">{_text(told)}</desc>{style}\n<defs>{"".join(markers)}</defs>'
        )

    def _view(self) -> Box:
        boxes = [b for s in self.shapes for b in (s.box, s.label) if b]
        boxes += [line.label for line in self.picture.lines.values() if line.label]
        boxes += [Box(x, y, 0, 0) for line in self.picture.lines.values() for x, y in line.path]
        return bounding(boxes, 16.0)

    # --------------------------------------------------------------------------------------------------------- frames

    def _frame(self, shape: Shape) -> str:
        """A pool, a lane, or a closed participant."""
        box = shape.box
        if shape.kind == "participant" and not shape.element.get("processRef"):
            name = _centred_text([one_line(shape.name, box.width - 20, LARGE)], box.cx, box.cy, LARGE, "bp-large")
            return f'<g class="bp-pool bp-closed">{_rect(box, "bp-frame")}{name}</g>'
        head = Box(box.x, box.y, min(HEADER, box.width), box.height)
        name = _turned_name(shape.name, box.height - 12)
        turned = f'<g transform="translate({_n(head.cx)} {_n(head.cy)}) rotate(-90)">{name}</g>'
        kind = "bp-lane" if shape.kind == "lane" else "bp-pool"
        return f'<g class="{kind}">{_rect(box, "bp-frame")}{_rect(head, "bp-frame bp-head")}{turned}</g>'

    # ---------------------------------------------------------------------------------------------------------- lines

    def _line(self, line: Line) -> str:
        path = _rounded(line.path)
        if line.is_message:
            ends = f'marker-start="url(#{self.key}-sent)" marker-end="url(#{self.key}-received)"'
            return f'<path class="bp-flow bp-message" d="{path}" {ends}/>'
        if line.kind != "sequenceFlow":
            return f'<path class="bp-flow bp-association" d="{path}"/>'
        taken = line.id in self.picture.taken
        end = f'marker-end="url(#{self.key}-{"taken" if taken else "to"})"'
        drawn = f'<path class="bp-flow{" bp-done" if taken else ""}" d="{path}" {end}/>'
        source = self.picture.shapes.get(line.source)
        if source is not None and source.element.get("default") == line.id:
            drawn += _default_stroke(line.path)
        return drawn

    # ---------------------------------------------------------------------------------------------------------- steps

    def _step(self, shape: Shape) -> str:
        classes = " ".join(["bp-step", *_state_classes(shape)])
        title = f"<title>{_text(self._tip(shape))}</title>"
        return f'<g class="{classes}" data-id="{_text(shape.id)}">{title}{self._body(shape)}</g>'

    def _tip(self, shape: Shape) -> str:
        kind = self.words.kind(shape.kind, shape.is_handler)
        said = self.words.named(kind, shape.name) if shape.name else kind
        return self.words.listed([said, *remarks(shape.state, self.words)])

    def _body(self, shape: Shape) -> str:
        if shape.expanded:
            return _open_subprocess(shape)
        if shape.kind in GATEWAYS:
            return _gateway(shape)
        if shape.kind.endswith("Event"):
            return _event(shape)
        if shape.kind in TASKS:
            return _task(shape)
        return _artifact(shape)

    # --------------------------------------------------------------------------------------------------------- labels

    def _shape_label(self, shape: Shape) -> str:
        """Beside an event or gateway: growing away from it when a translation takes more room than was kept."""
        own = shape.box
        box = shape.label or Box(own.cx - 42, own.bottom + 4, 84, LABEL_LEAD)
        lines = _fitted(shape.name, box, WIDE_STEP_LABEL)
        top = box.bottom - LABEL_LEAD * len(lines) if box.bottom <= own.y + 6 else box.y
        if box.right <= own.x + 8:
            return _label(lines, box.right, top, "end")
        if box.x >= own.right - 8:
            return _label(lines, box.x, top, "start")
        return _label(lines, box.cx, top, "middle")

    def _line_label(self, line: Line) -> str:
        """Beside a line; one that outgrows its room grows along a level line, and away from an upright one."""
        box = line.label or _label_room(line.path)
        on_its_left = any(0 <= x - box.right <= 8 for x, _ in line.path)
        lines = _fitted(line.name, box, NARROW_LINE_LABEL if on_its_left else WIDE_LINE_LABEL)
        if max(text_width(row) for row in lines) <= box.width:
            return _label(lines, box.cx, box.y, "middle")
        above = any(0 <= y - box.bottom <= 8 for _, y in line.path)
        top = box.bottom - LABEL_LEAD * len(lines) if above and not on_its_left else box.y
        return _label(lines, box.right if on_its_left else box.x, top, "end" if on_its_left else "start")

    # --------------------------------------------------------------------------------------------------------- badges

    def _badges(self, shape: Shape) -> str:
        state, box = shape.state, shape.box
        drawn = ""
        word = self.words.pill(state.status)
        if word and not shape.expanded:
            held = state.status == "held"
            width = text_width(word, 12.0) + (32 if held else 16)
            x = box.right + 8 - width if state.count <= 0 else box.x - 8
            pill = Box(x, box.y - 11, width, 20)
            sign = f"<g {_at(x + 14, pill.cy)}>{STOP_SIGN}</g>" if held else ""
            drawn += _pill(pill, word, "bp-badge bp-stop" if held else "bp-badge bp-now", sign, 8 if held else 0)
        if state.count > 0:
            drawn += self._count(shape)
        elif state.status == "done" and shape.kind in TASKS and not shape.expanded:
            drawn += f'<g class="bp-ok" aria-hidden="true" {_at(box.right - 3, box.y + 3)}>{TICK}</g>'
        return drawn

    def _count(self, shape: Shape) -> str:
        """The number of cases at a step, over its upper right corner, with the shape and colour of its heat."""
        heat, number = _heat(shape), shape.state.badge or self.words.count(shape.state.count)
        light = 14.0 if heat else 0.0
        width = max(26.0, text_width(number, 12.0) + 16 + light)
        pill = Box(shape.box.right + 8 - width, shape.box.y - 12, width, 22)
        sign = ""
        if heat:
            sign = f"<g {_at(pill.x + 14, pill.cy)}>{HEAT_SIGNS[heat]}</g>"
        drawn = _pill(pill, number, f"bp-badge bp-h{heat}", sign, light / 2)
        if not shape.state.note:
            return drawn
        wide = text_width(shape.state.note, 12.0) + 14
        return drawn + _pill(
            Box(shape.box.cx - wide / 2, shape.box.bottom - 9, wide, 19), shape.state.note, "bp-badge bp-note"
        )


def _fitted(name: str, box: Box, wide: float) -> tuple[str, ...]:
    """The lines of a label in the room kept for it, or, when they do not fit, in a wider one."""
    lines = wrap(name, max(box.width, FONT))
    if LABEL_LEAD * len(lines) <= box.height + 2 and max(map(text_width, lines)) <= box.width + 2:
        return lines
    return wrap(name, max(box.width, wide))


def _heat(shape: Shape) -> int:
    return max(0, min(HOTTEST, shape.state.heat))


def _state_classes(shape: Shape) -> Iterator[str]:
    if shape.is_handler and shape.expanded:
        yield "bp-handler"
    if shape.state.status is not None:
        yield f"bp-{shape.state.status}"
    if _heat(shape):
        yield f"bp-h{_heat(shape)}"


def _turned_name(name: str, room: float) -> str:
    """The name of a pool or lane: on one line, or in small letters on two when it is longer than the frame is high."""
    if text_width(name, LARGE + 1) <= room:
        return _centred_text([name], 0, 0, LARGE, "bp-large")
    return _centred_text(wrap(name, room, SMALL, 2), 0, 0, SMALL, "bp-small", 12.5)


# ------------------------------------------------------------------------------------------------------- kinds of step


def _task(shape: Shape) -> str:
    box = shape.box
    called = " bp-call" if shape.kind == "callActivity" else ""
    sign = TASK_SIGNS.get(shape.kind, "")
    drawn = _rect(box, f"bp-shape{called}", 9)
    if sign:
        drawn += f'<g class="bp-kind" transform="translate({_n(box.x + 6)} {_n(box.y + 5)}) scale(.92)">{sign}</g>'
    markers = list(_markers(shape))
    for number, marker in enumerate(markers):
        x = box.cx + 20 * (number - (len(markers) - 1) / 2)
        drawn += f"<g {_at(x, box.bottom - 12)}>{marker}</g>"
    middle = box.cy - 4 if markers else box.cy + 5
    return drawn + _task_name(shape.name, box, middle, 2 if markers else 3)


def _task_name(name: str, box: Box, middle: float, most: int) -> str:
    """Up to `most` lines in the usual size, or one more in a smaller one; what does not fit is in the tip."""
    width = max(20.0, box.width - TASK_TEXT_MARGIN)
    lines = wrap(name, width, FONT, 99)
    if len(lines) <= most:
        return _centred_text(lines, box.cx, middle, FONT, "bp-text", TASK_LEAD)
    return _centred_text(wrap(name, width, SMALL, most + 1), box.cx, middle + 1, SMALL, "bp-small", 13.5)


def _markers(shape: Shape) -> Iterator[str]:
    if shape.kind in ("callActivity", "subProcess", "transaction", "adHocSubProcess"):
        yield EXPAND_SIGN
    for child in shape.element:
        if kind_of(child) == "multiInstanceLoopCharacteristics":
            yield SEQUENTIAL_SIGN if child.get("isSequential") == "true" else PARALLEL_SIGN
        elif kind_of(child) == "standardLoopCharacteristics":
            yield LOOP_SIGN


def _event(shape: Shape) -> str:
    """Thin circle: start; double: on the way; thick: end. Dashed: what is going on goes on."""
    box, kind, element = shape.box, shape.kind, shape.element
    radius = min(box.width, box.height) / 2
    goes_on = element.get("cancelActivity") == "false" or element.get("isInterrupting") == "false"
    soft = " bp-dashed" if goes_on else ""
    thick = " bp-end" if kind == "endEvent" else ""
    drawn = f'<circle class="bp-shape{soft}{thick}" r="{_n(radius)}"/>'
    if kind in (BOUNDARY, "intermediateCatchEvent", "intermediateThrowEvent"):
        drawn += f'<circle class="bp-sign{soft}" r="{_n(max(radius - 3.5, 1))}"/>'
    throws = kind in ("endEvent", "intermediateThrowEvent")
    signs = [EVENT_SIGNS[kind_of(child)] for child in element if kind_of(child) in EVENT_SIGNS]
    drawn += "".join(sign[throws].format(full=" bp-full" if throws else "") for sign in signs[:1])
    return f"<g {_at(box.cx, box.cy)}>{drawn}</g>"


def _gateway(shape: Shape) -> str:
    box = shape.box
    corners = ((box.cx, box.y), (box.right, box.cy), (box.cx, box.bottom), (box.x, box.cy))
    diamond = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in corners) + "z"
    sign = GATEWAY_SIGNS.get(shape.kind, "")
    return f'<path class="bp-shape" d="{diamond}"/><g {_at(box.cx, box.cy)}>{sign}</g>'


def _open_subprocess(shape: Shape) -> str:
    box = shape.box
    name = one_line(shape.name, box.width - 24, MEDIUM)
    title = _centred_text([name], box.cx, box.y + 16, MEDIUM, "bp-medium") if name else ""
    return _rect(box, "bp-shape", 12) + title


def _artifact(shape: Shape) -> str:
    """A note gets its bracket, whatever else is drawn a plain dashed box."""
    box = shape.box
    if shape.kind != "textAnnotation":
        return _rect(box, "bp-shape bp-dashed", 2)
    bracket = f'<path class="bp-sign" d="M{_n(box.x + 10)} {_n(box.y)}H{_n(box.x)}V{_n(box.bottom)}h10"/>'
    return bracket + _centred_text(
        wrap(shape.name, max(20.0, box.width - 12), FONT, 8), box.cx + 4, box.cy, FONT, "bp-text"
    )


# -------------------------------------------------------------------------------------------------------- small strokes


def _at(x: float, y: float) -> str:
    return f'transform="translate({_n(x)} {_n(y)})"'


def _rect(box: Box, classes: str, radius: float = 0) -> str:
    rounded = f' rx="{_n(radius)}"' if radius else ""
    sides = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
    return f'<rect class="{classes}" {sides}{rounded}/>'


def _pill(box: Box, word: str, classes: str, sign: str = "", shift: float = 0.0) -> str:
    written = _centred_text([word], box.cx + shift, box.cy, 12.0, "bp-pill")
    return f'<g class="{classes}" aria-hidden="true">{_rect(box, "bp-plate", box.height / 2)}{sign}{written}</g>'


def _marker(key: str, classes: str, path: str, tip: float = 9.5) -> str:
    return (
        f'<marker id="{key}" viewBox="-1 -1 13 12" refX="{_n(tip)}" refY="5" markerWidth="13" markerHeight="12" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path class="{classes}" d="{path}"/></marker>'
    )


def _centred_text(
    lines: "list[str] | tuple[str, ...]", cx: float, cy: float, font: float, classes: str, lead: float = 18.0
) -> str:
    first = cy - (len(lines) - 1) * lead / 2 + font * 0.36
    return _rows(lines, cx, first, lead, classes)


def _label(lines: tuple[str, ...], x: float, top: float, anchor: str) -> str:
    return _rows(lines, x, top + FONT, LABEL_LEAD, f"bp-text bp-label bp-anchor-{anchor}")


def _rows(lines: "list[str] | tuple[str, ...]", x: float, first: float, lead: float, classes: str) -> str:
    rows = "".join(f'<tspan x="{_n(x)}" y="{_n(first + i * lead)}">{_text(row)}</tspan>' for i, row in enumerate(lines))
    return f'<text class="{classes}">{rows}</text>' if rows else ""


def _label_room(path: Path) -> Box:
    """Where a line's name goes when the file does not say: over the middle of its longest piece."""
    (ax, ay), (bx, by) = max(segments(path), key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]))
    return Box((ax + bx) / 2 - 40, (ay + by) / 2 - LABEL_LEAD - 3, 80, LABEL_LEAD)


def _rounded(path: Path) -> str:
    """The line with its corners rounded."""
    drawn = f"M{_n(path[0][0])} {_n(path[0][1])}"
    for before, corner, after in zip(path, path[1:], path[2:], strict=False):
        (ax, ay), (bx, by) = _towards(corner, before), _towards(corner, after)
        drawn += f"L{_n(ax)} {_n(ay)}Q{_n(corner[0])} {_n(corner[1])} {_n(bx)} {_n(by)}"
    return drawn + f"L{_n(path[-1][0])} {_n(path[-1][1])}"


def _towards(corner: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    dx, dy = end[0] - corner[0], end[1] - corner[1]
    length = (dx * dx + dy * dy) ** 0.5
    share = min(CORNER, length / 2) / length if length else 0.0
    return corner[0] + dx * share, corner[1] + dy * share


def _default_stroke(path: Path) -> str:
    """The short stroke across the beginning of a gateway's default flow."""
    (ax, ay), (bx, by) = path[0], path[1]
    way = 10.0 if bx + by > ax + ay else -10.0
    x, y = (ax + way, ay) if ay == by else (ax, ay + way)
    return f'<path class="bp-flow" d="M{_n(x - 3)} {_n(y + 5)}l6-10"/>'
