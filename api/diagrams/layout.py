"""Write the diagram of a process whose author drew none: columns, rows, places, lines, labels, in that order.

Lines and labels depend on each other, so they are drawn in rounds; the best round is kept.
"""

from collections.abc import Iterator

from lxml import etree

from api.diagrams.errors import DiagramTooLarge
from api.diagrams.faults import crossings, page_faults
from api.diagrams.geometry import Box
from api.diagrams.interchange import Diagram, relink, write_diagrams
from api.diagrams.labels import first_labels, place_labels
from api.diagrams.model import Element, Page, parse, read_pages
from api.diagrams.placing import Plan, place
from api.diagrams.routing import Router

MOST_NODES = 250
ROUNDS = 3


def layout(bpmn: bytes) -> bytes:
    """The same process with a diagram of it, replacing any it had. The same input always gives the same output.

    Raises an `Invalid` with a sentence when the file is not BPMN, refers to what is not there, or is too large.
    """
    root = parse(bpmn)
    pages = read_pages(root)
    for page in pages:
        count = len(page.nodes()) + len(page.flows())
        if count > 2 * MOST_NODES:
            raise DiagramTooLarge(count=count, what="steps and lines", limit=2 * MOST_NODES)
    relink(root)
    write_diagrams(root, [(page, lay_out_page(page)) for page in pages])
    return _serialised(root)


def _serialised(root: Element) -> bytes:
    etree.indent(root, space="  ")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def lay_out_page(page: Page) -> Diagram:
    """The best of a few attempts: fewest faults, then fewest crossings, then the first."""
    scored: list[tuple[tuple[int, int], Diagram]] = []
    for diagram in _attempts(place(page)):
        scored.append(((len(page_faults(page, diagram)), crossings(page, diagram)), diagram))
        if scored[-1][0] == (0, 0):
            break
    return min(scored, key=lambda attempt: attempt[0])[1]


def _attempts(plan: Plan) -> Iterator[Diagram]:
    """Lines first with the labels of steps where they would like to be, then with gateways' labels giving way."""
    nodes, wished = plan.page.nodes(), first_labels(plan)
    for gateways_give_way in (False, True):
        router = Router(plan)
        labels = {i: b for i, b in wished.items() if not (gateways_give_way and nodes[i].is_gateway)}
        for _ in range(ROUNDS):
            router.route_all(labels)
            labels = place_labels(plan, router.paths)
            yield _diagram(plan, router, labels)


def _diagram(plan: Plan, router: Router, labels: dict[str, Box]) -> Diagram:
    return Diagram(plan.page.id, dict(plan.boxes), dict(labels), dict(router.paths), set(plan.page.handlers()))
