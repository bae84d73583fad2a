"""Drawings of processes: `layout` writes a BPMN file's diagram, `draw` makes it a picture, `outline` tells it in words.

model        what the file says: pages, pools, lanes, steps, lines        interchange  the diagram part of the file
grid         column and row of each step                                  placing      boxes on the page, tracks between
lattice      the tracks as a street map with prices                       routing      the way of each line
labels       where words stand                                            faults       what a reader would see as wrong
picture      what is to be shown: pool, states, reader's view             svg          the pen;  symbols, words, text
"""

from collections.abc import Mapping

from api.diagrams.errors import NoDiagram
from api.diagrams.faults import page_faults
from api.diagrams.interchange import Diagram, read_diagrams
from api.diagrams.layout import layout
from api.diagrams.model import elements_by_id, parse, read_pages
from api.diagrams.outline import OutlineGroup, outline_of
from api.diagrams.picture import NodeState, picture
from api.diagrams.svg import svg
from api.diagrams.words import words_for

__all__ = ["NodeState", "OutlineGroup", "draw", "faults", "layout", "outline"]


def draw(
    bpmn: bytes,
    process: str | None = None,
    states: Mapping[str, NodeState] | None = None,
    reader: bool = False,
    locale: str = "zh",
    names: Mapping[str, str] | None = None,
    standalone: bool = False,
) -> str:
    """A process as an SVG to be put into a page that uses `static/diagram.css`.

    `process` picks one process of the file (default: the first diagram as it is). `states` holds by their ids what is
    known of steps, and which flows were taken. `reader` hides what the system does by itself. `names` are translated
    labels by id. `standalone` puts the style sheet into the drawing, for a file that is opened by itself.
    Raises an `Invalid` with a sentence when the file cannot be read or has no diagram.
    """
    words = words_for(locale)
    return svg(picture(bpmn, process, states or {}, reader, names or {}, words), words, standalone)


def outline(
    bpmn: bytes,
    process: str | None = None,
    states: Mapping[str, NodeState] | None = None,
    reader: bool = False,
    locale: str = "zh",
    names: Mapping[str, str] | None = None,
) -> list[OutlineGroup]:
    """The same process in words, lane by lane."""
    words = words_for(locale)
    return outline_of(picture(bpmn, process, states or {}, reader, names or {}, words), words)


def faults(bpmn: bytes) -> list[str]:
    """What a reader would see as wrong in the diagrams of a file, a sentence each; empty when all is well."""
    root = parse(bpmn)
    drawn: dict[str, Diagram] = {d.plane: d for d in read_diagrams(root, elements_by_id(root))}
    if not drawn:
        raise NoDiagram
    found: list[str] = []
    for page in read_pages(root):
        if page.id in drawn:
            found += page_faults(page, drawn[page.id])
        else:
            found.append(f"{page.id} has no diagram")
    return found
