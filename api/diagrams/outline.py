"""The process in words: each lane or event subprocess with its steps and their states, for who does not see it."""

from dataclasses import dataclass, field

from api.diagrams.geometry import Box
from api.diagrams.model import GATEWAYS
from api.diagrams.picture import HOTTEST, NodeState, Picture, Shape
from api.diagrams.words import Words


@dataclass(slots=True)
class OutlineGroup:
    """A lane or event subprocess and its named steps from left to right."""

    title: str
    steps: list[str] = field(default_factory=list)


def remarks(state: NodeState, words: Words) -> list[str]:
    """A step's state in words."""
    heat = max(0, min(HOTTEST, state.heat))
    count = words.count_in_words(state.count) if state.count > 0 else ""
    return [part for part in (words.status(state.status), count, words.heat(heat), state.description) if part]


def outline_of(picture: Picture, words: Words) -> list[OutlineGroup]:
    """The groups from top to bottom; a group without a named step is left out."""
    frames = [s for s in picture.shapes.values() if s.kind == "lane" or s.expanded]
    frames += [s for s in picture.shapes.values() if s.kind == "participant"]
    frames.sort(key=lambda s: s.box.width * s.box.height)
    groups = {frame.id: OutlineGroup(frame.name or words.steps) for frame in frames}
    rest = OutlineGroup(words.steps)
    steps = [s for s in picture.shapes.values() if not s.is_frame and not s.expanded and s.kind not in GATEWAYS]
    for step in sorted(steps, key=lambda s: (s.box.cx, s.box.cy)):
        if step.name:
            frame = _around(step, frames)
            group = groups[frame.id] if frame else rest
            group.steps.append(words.bracketed(step.name, words.listed(remarks(step.state, words))))
    ordered = sorted(frames, key=lambda s: (s.box.y, s.box.x))
    return [group for group in [*(groups[f.id] for f in ordered), rest] if group.steps]


def _around(step: Shape, frames: list[Shape]) -> Shape | None:
    """The smallest frame that holds the middle of a step."""
    middle = Box(step.box.cx, step.box.cy, 0, 0)
    return next((frame for frame in frames if frame.box.holds(middle)), None)
