"""Write the diagram of a process whose author drew none: columns, rows, places, lines, labels, in that order.

Lines and labels depend on each other, so they are drawn in rounds; the best round is kept.
"""

from lxml import etree

from api.diagrams.errors import DiagramTooLarge
from api.diagrams.faults import crossings, page_faults
from api.diagrams.interchange import Diagram, relink, write_diagrams
from api.diagrams.labels import first_labels, place_labels
from api.diagrams.model import Element, Page, parse, read_pages
from api.diagrams.placing import Plan, place
from api.diagrams.routing import Router

MOST_STEPS_AND_LINES = 400
MOST_LINES_FOR_CARE = 60  # a larger diagram is drawn in one attempt, or it would take minutes
MOST_ROUNDS = 4

Score = tuple[int, int, int]  # faults, crossings, bends


def layout(bpmn: bytes) -> bytes:
    """The same process with a diagram of it, replacing any it had. The same input always gives the same output.

    Raises an `Invalid` with a sentence when the file is not BPMN, refers to what is not there, or is too large.
    """
    root = parse(bpmn)
    pages = read_pages(root)
    for page in pages:
        count = len(page.nodes()) + len(page.flows())
        if count > MOST_STEPS_AND_LINES:
            raise DiagramTooLarge(count=count, what="steps and lines", limit=MOST_STEPS_AND_LINES)
    relink(root)
    write_diagrams(root, [(page, lay_out_page(page)) for page in pages])
    return _serialised(root)


def _serialised(root: Element) -> bytes:
    etree.indent(root, space="  ")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def lay_out_page(page: Page) -> Diagram:
    """The best of a few attempts: fewest faults, then fewest crossings, then fewest bends, then the first."""
    plan = place(page)
    attempts = [_attempt(plan)]
    if len(page.flows()) > MOST_LINES_FOR_CARE:
        return attempts[0][1]
    attempts.append(_attempt(plan, gateways_give_way=True))
    if page.messages and all(score[0] for score, _ in attempts):
        attempts += [_attempt(plan, messages_first=True), _attempt(plan, True, True)]
    return min(attempts, key=lambda attempt: attempt[0])[1]


def _attempt(plan: Plan, gateways_give_way: bool = False, messages_first: bool = False) -> tuple[Score, Diagram]:
    """Lines and labels in rounds, as long as a round makes them better.

    The first lines keep off the labels of all steps, or gateways' labels give way; messages are drawn last, or first.
    """
    nodes, router = plan.page.nodes(), Router(plan, messages_first)
    labels = {i: b for i, b in first_labels(plan).items() if not (gateways_give_way and nodes[i].is_gateway)}
    best: tuple[Score, Diagram] | None = None
    rounds = MOST_ROUNDS if len(plan.page.flows()) <= MOST_LINES_FOR_CARE else 2
    for _ in range(rounds):
        router.route_all(labels)
        labels = place_labels(plan, router.paths)
        drawn = Diagram(plan.page.id, dict(plan.boxes), labels, dict(router.paths), set(plan.page.handlers()))
        score = _score(plan.page, drawn)
        if best is not None and score >= best[0]:
            break
        best = score, drawn
    if best is None:
        raise AssertionError("there is at least one round")
    return best


def _score(page: Page, diagram: Diagram) -> Score:
    bends = sum(len(path) - 2 for path in diagram.paths.values())
    return len(page_faults(page, diagram)), crossings(page, diagram), bends
