"""docs/bpmn.md says element by element what is supported, by which test, and what is refused and why. Here it is held true."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import lint
from tests.drawing import (
    NAMESPACES,
    TERMINATE,
    Drawn,
    after,
    at,
    boundary,
    call,
    catch,
    decision,
    definitions,
    each,
    end,
    error,
    escalation,
    every,
    exclusive,
    first_of,
    handler,
    inclusive,
    loop,
    message,
    node,
    parallel,
    process,
    rule,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    user,
)
from tests.unit.runtime.journey import T0, Journey, due

ROOT = Path(__file__).resolve().parents[3]
TABLE = (ROOT / "docs" / "bpmn.md").read_text()
RUNTIME = "tests/unit/runtime/"
Files = dict[str, bytes]
ESCALATING = sub("i_start > i > i_end", i=throw(escalation("E")))
FAILING = sub("i_start > i_end", i_end=end(error("E")))
REACHED = "start > a > end; x > end2"


def one(text: str, **nodes: Drawn) -> Files:
    return {"p.bpmn": process(text, **nodes)}


def plain(x: Drawn, **more: Drawn) -> Files:
    return one("start > x > end", x=x, **more)


def raw(body: str) -> Files:
    """A process with one task ``a`` and whatever stands beside it."""
    flows = '<sequenceFlow id="f1" sourceRef="s" targetRef="a"/><sequenceFlow id="f2" sourceRef="a" targetRef="e"/>'
    nodes = '<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>'
    return {"p.bpmn": definitions(f'<process id="p">{nodes}{flows}{body}</process>')}


def handled(event: str, interrupting: bool = True, a: Drawn | None = None) -> Files:
    """A task and an event subprocess beside it; ``x`` is the start of the subprocess."""
    return one("start > a > end", a=a or user(), h=handler("x > h_task > h_end", event, interrupting))


def ruled(policy: str, more: str = "") -> Files:
    table = decision("d", ["n"], ["y"], [(["1"], ["2"]), (["2"], ["3"])], policy)
    return plain(rule("d")) | {"d.dmn": table.replace(b"<decisionTable", f"<decisionTable{more}".encode())}


def beside_definitions(body: str) -> Files:
    return {name: content.replace(b"<process ", body.encode() + b"<process ") for name, content in raw("").items()}


SUPPORTED: dict[str, Files] = {
    # events
    "none start": one("x > a > end", x=start()),
    "message start": one("x > a > end", x=start(message("m"))),
    "none end": one("start > a > x", x=end()),
    "message end": one("start > a > x", x=end(message("m"))),
    "error end": one("start > x", x=end(error("E")), h=handler("h_start > h_end", error("E"))),
    "escalation end": one("start > S > end; b > end2", S=sub("i_start > x", x=end(escalation("E"))))
    | one("start > S > end; b > end2", S=sub("i_start > x", x=end(escalation("E"))), b=boundary("S", escalation("E"))),
    "signal end": one("start > f > k > end; f > u > x", f=parallel(), k=catch(signal("s")), x=end(signal("s"))),
    "terminate end": one("start > f > a > end; f > b > x", f=parallel(), x=end(TERMINATE)),
    "message catch": plain(catch(message("m"))),
    "timer catch, date": plain(catch(at("'2026-03-05'"))),
    "timer catch, deadline": plain(catch(at("deadline('reply')"))),
    "timer catch, duration": plain(catch(after("'P3D'"))),
    "signal catch": one(
        "start > f > x > end; f > u > t > end2", f=parallel(), x=catch(signal("s")), t=throw(signal("s"))
    ),
    "none throw": plain(throw()),
    "message throw": plain(throw(message("m"))),
    "signal throw": plain(throw(signal("s"))),
    "escalation throw": one("start > S > end; b > end2", S=sub("i_start > x > i_end", x=throw(escalation("E"))))
    | one(
        "start > S > end; b > end2",
        S=sub("i_start > x > i_end", x=throw(escalation("E"))),
        b=boundary("S", escalation("E"), False),
    ),
    "message boundary": one(REACHED, x=boundary("a", message("m"))),
    "message boundary, not interrupting": one(REACHED, x=boundary("a", message("m"), False)),
    "timer boundary": one(REACHED, x=boundary("a", after("'P1D'"))),
    "timer boundary, not interrupting": one(REACHED, x=boundary("a", at("deadline('reply')"), False)),
    "timer boundary, cycle": one(REACHED, x=boundary("a", every("'R2/P1D'"), False)),
    "signal boundary": one(
        "start > f > a > end; f > u > t > end2; x > end3",
        f=parallel(),
        x=boundary("a", signal("s")),
        t=throw(signal("s")),
    ),
    "error boundary": one(REACHED, a=FAILING, x=boundary("a", error("E"))),
    "escalation boundary": one(REACHED, a=ESCALATING, x=boundary("a", escalation("E"), False)),
    "message start of an event subprocess": handled(message("m")),
    "message start of an event subprocess, not interrupting": handled(message("m"), False),
    "timer start of an event subprocess": handled(at("deadline('reply')")),
    "timer start of an event subprocess, not interrupting": handled(after("'P1D'"), False),
    "error start of an event subprocess": handled(error("E"), True, FAILING),
    "escalation start of an event subprocess": handled(escalation("E"), False, ESCALATING),
    "signal start of an event subprocess": handled(signal("s"), False, throw(signal("s"))),
    # activities
    "task": plain(node("task")),
    "user task": plain(user()),
    "manual task": plain(node("manualTask")),
    "service task": plain(service("v.x")),
    "script task": plain(script("n = 1")),
    "business rule task": ruled("UNIQUE"),
    "send task": plain(node("sendTask", message("m"))),
    "receive task": plain(node("receiveTask", message("m"))),
    "call activity": plain(call("q")) | {"q.bpmn": process("q_start > q_task > q_end", "q")},
    "subprocess": plain(sub("i_start > i > i_end")),
    "event subprocess": one("start > a > end", x=handler("h_start > h_task > h_end", message("m"))),
    "standard loop": plain(user(loop("n < 0"))),
    "multi-instance, parallel": plain(user(each("list", "i"))),
    "multi-instance, sequential": plain(user(each("list", "i", sequential=True))),
    "multi-instance, a number of times": plain(user(each("", "i", times="2"))),
    # gateways and flows
    "exclusive gateway": one("start > x; x [n == 1] > a > end; x [] > end2", x=exclusive()),
    "inclusive gateway": one("start > x; x [n == 1] > a > j > end; x [] > b > j", x=inclusive(), j=inclusive()),
    "parallel gateway": one("start > x > a > j > end; x > b > j", x=parallel(), j=parallel()),
    "event-based gateway": one(
        "start > x > k > m > end; x > t > m",
        x=first_of(),
        k=catch(message("m")),
        t=catch(after("'P1D'")),
        m=exclusive(),
    ),
    "sequence flow": one("start > x > end"),
    "conditional flow": one("start > x; x [n == 1] > a > end; x [] > end2", x=exclusive()),
    "default flow": one("start > x; x [n == 2] > a > end; x [] > end2", x=exclusive()),
    # around them
    "lane": {"p.bpmn": process("start > x > end", lanes={"part.role": ["start", "x", "end"]})},
    "pool and message flow": {
        "p.bpmn": process("start > x > end").replace(
            b"<process ",
            b'<collaboration id="c"><participant id="pool" processRef="p"/><participant id="public"/>'
            b'<messageFlow id="mf" sourceRef="public" targetRef="x"/></collaboration><process ',
        )
    },
    "text annotation and association": {
        "p.bpmn": process("start > x > end").replace(
            b"</process>",
            b'<textAnnotation id="t"><text>x</text></textAnnotation><association id="as" sourceRef="x" targetRef="t"/>'
            b"</process>",
        )
    },
    "group": {"p.bpmn": process("start > x > end").replace(b"</process>", b'<group id="g"/></process>')},
    # decision tables
    "UNIQUE": ruled("UNIQUE"),
    "FIRST": ruled("FIRST"),
    "COLLECT": ruled("COLLECT"),
}
REFUSED: dict[str, Files] = {
    # starts
    "timer start": one("x > a > end", x=start(at("'2026-01-01'"))),
    "signal start": one("x > a > end", x=start(signal("s"))),
    "conditional start": one("x > a > end", x=start("<conditionalEventDefinition/>")),
    "multiple start": one("x > a > end", x=start(message("m") + message("n"))),
    "start of a subprocess that waits": plain(sub("i_start > i > i_end", i_start=start(message("m")))),
    "error start of an event subprocess, not interrupting": handled(error("E"), False, FAILING),
    "conditional start of an event subprocess": handled("<conditionalEventDefinition/>"),
    "compensation start of an event subprocess": handled("<compensateEventDefinition/>"),
    "cycle start of an event subprocess, interrupting": handled(every("'R3/P1D'")),
    # catching
    "cycle catch": plain(catch(every("'R3/P1D'"))),
    "conditional catch": plain(catch("<conditionalEventDefinition/>")),
    "link catch": plain(catch('<linkEventDefinition name="l"/>')),
    "multiple catch": plain(catch(message("m") + signal("s"))),
    "catch of nothing": plain(catch("")),
    "event by reference": plain(catch("<eventDefinitionRef>m</eventDefinitionRef>")),
    # throwing
    "link throw": plain(throw('<linkEventDefinition name="l"/>')),
    "compensation throw": plain(throw("<compensateEventDefinition/>")),
    "multiple throw": plain(throw(message("m") + signal("s"))),
    "compensation end": one("start > a > x", x=end("<compensateEventDefinition/>")),
    "cancel end": one("start > a > x", x=end("<cancelEventDefinition/>")),
    "multiple end": one("start > a > x", x=end(message("m") + signal("s"))),
    # borders
    "conditional boundary": one(REACHED, x=boundary("a", "<conditionalEventDefinition/>")),
    "compensation boundary": one(REACHED, x=boundary("a", "<compensateEventDefinition/>")),
    "cancel boundary": one(REACHED, x=boundary("a", "<cancelEventDefinition/>")),
    "error boundary, not interrupting": one(REACHED, a=FAILING, x=boundary("a", error("E"), False)),
    "cycle boundary, interrupting": one(REACHED, x=boundary("a", every("'R3/P1D'"))),
    "multiple boundary": one(REACHED, x=boundary("a", message("m") + message("n"))),
    "two boundaries for one event": one(
        "start > a > end; b > end2; x > end3", b=boundary("a", message("m")), x=boundary("a", message("m"))
    ),
    "two event subprocesses for one event": one(
        "start > a > end", h=handler("b > h_end", message("m")), i=handler("x > i_end", message("m"))
    ),
    "boundary into a join": one(
        "start > f > a > j > end; f > b > j; x > j", f=parallel(), j=parallel(), x=boundary("a", message("m"), False)
    ),
    # activities
    "transaction": raw('<transaction id="x"/>'),
    "ad-hoc subprocess": raw('<adHocSubProcess id="x"/>'),
    "compensation activity": raw('<userTask id="x" isForCompensation="true"/>'),
    "receive task that begins a case": plain(Drawn("receiveTask", message("m"), {"instantiate": "true"})),
    "receive task that repeats": plain(node("receiveTask", message("m") + each("list", "i"))),
    "event subprocess that repeats": one(
        "start > a > end",
        x=Drawn(
            "subProcess",
            f'<startEvent id="hs">{message("m")}</startEvent>{each("list", "i")}',
            {"triggeredByEvent": "true"},
        ),
    ),
    "complex multi-instance": plain(user(each("list", "i").replace("</multi", "<complexBehaviorDefinition/></multi"))),
    "event of single instances": plain(
        user(each("list", "i").replace("Characteristics ", 'Characteristics behavior="One" ', 1))
    ),
    "loop and multi-instance at once": plain(user(loop("n") + each("list", "i"))),
    "loop without an end": plain(user("<standardLoopCharacteristics/>")),
    "payload named like a loop's variable": plain(
        sub("i_start > i_end", each("list", "i"), h=handler("hs > h_end", message("m", "i")))
    ),
    "global task": beside_definitions('<globalUserTask id="x"/>'),
    "call in a circle": plain(call("p")),
    "several tokens at a start or an end": raw('<userTask id="x" completionQuantity="2"/>'),
    "choreography": raw('<callChoreography id="x"/>'),
    "script in another language": plain(Drawn("scriptTask", "<script>n = 1</script>", {"scriptFormat": "javascript"})),
    # gateways and flows
    "complex gateway": raw('<complexGateway id="x"/>'),
    "event-based gateway that begins a case": raw('<eventBasedGateway id="x" instantiate="true"/>'),
    "event-based gateway that waits for all": raw('<eventBasedGateway id="x" eventGatewayType="Parallel"/>'),
    "several timers behind an event-based gateway": one(
        "start > x > k > m > end; x > t > m",
        x=first_of(),
        k=catch(after("'P2D'")),
        t=catch(after("'P1D'")),
        m=exclusive(),
    ),
    "task behind an event-based gateway": one("start > x > a > end", x=first_of()),
    "inclusive join in a loop": one(
        "start > m > f > a > x > g; f > b > x; g [n] > m; g [] > end",
        m=exclusive(),
        f=parallel(),
        x=inclusive(),
        g=exclusive(),
    ),
    "several tokens into one join": one(
        "start > f > a > m > x > end; f > b > m; f > c > x", f=parallel(), m=exclusive(), x=parallel()
    ),
    "join that waits for ever": one("start > g; g [n] > a > x > end; g [] > b > x", g=exclusive(), x=parallel()),
    "loop without a decision": one("start > x > a > x"),
    "conditional flow from an activity": one("start > x; x [n] > end"),
    "default flow from an activity": one("start > x; x [] > end"),
    "exit without a condition": one("start > x; x > a > end; x [n] > b > end2", x=exclusive()),
    "several flows out of an activity": one("start > x > end; x > b > end2"),
    "two flows between the same nodes": {
        "p.bpmn": process("start > x > b > end; x > end2", x=parallel()).replace(b'targetRef="end2"', b'targetRef="b"')
    },
    "flow across the border of a subprocess": {
        "p.bpmn": process("start > x > end", x=sub("i_start > i > i_end")).replace(
            b'sourceRef="x" targetRef="end"', b'sourceRef="x" targetRef="i_end"'
        )
    },
    # data
    "data object": raw('<dataObject id="x"/>'),
    "data object reference": raw('<dataObjectReference id="x"/>'),
    "data store": raw('<dataStoreReference id="x"/>'),
    "data input and output": raw('<userTask id="x"><dataInputAssociation/></userTask>'),
    "input and output specification": raw('<userTask id="x"><ioSpecification/></userTask>'),
    "property": raw('<property id="x"/>'),
    "correlation": raw('<correlationSubscription id="x"/>'),
    "conversation": beside_definitions('<collaboration id="c"><conversationLink id="x"/></collaboration>'),
    "script before or after a node": plain(
        user("<extensionElements><spiffworkflow:preScript>n = 1</spiffworkflow:preScript></extensionElements>")
    ),
    # other engines
    "listener, mapping or due date of another engine": plain(
        user('<extensionElements><c:taskListener xmlns:c="http://camunda.org/schema/1.0/bpmn"/></extensionElements>')
    ),
    "extension that must be understood": beside_definitions('<extension mustUnderstand="true" definition="x"/>'),
    "node in two lanes": raw(
        '<laneSet id="l"><lane id="m"><flowNodeRef>a</flowNodeRef></lane>'
        '<lane id="n"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    ),
    # decision tables
    **{policy: ruled(policy) for policy in ("ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER")},
    "aggregation": ruled("COLLECT", ' aggregation="SUM"'),
    "literal expression": {"d.dmn": ruled("UNIQUE")["d.dmn"].replace(b"decisionTable", b"literalExpression")},
    "decision that rests on others": {
        "d.dmn": ruled("UNIQUE")["d.dmn"].replace(b"<decisionTable", b"<informationRequirement/><decisionTable")
    },
}


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of the table under a heading."""
    text = TABLE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith(("| element", "| ---")):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


YES = {row[0]: row for row in rows("Supported")}
NO = {row[0]: row for row in rows("Refused")}


def play(files: Files) -> Journey:
    """A case that meets everything that can happen: messages come, time passes, operations and people do their part."""
    more = {name.replace(".", "_"): content for name, content in files.items() if name != "p.bpmn"}
    deadlines = {"reply": due(T0 + timedelta(days=10))}
    journey = Journey(files["p.bpmn"], {"n": 1, "list": [1, 2]}, deadlines, **more)
    said: set[str] = set()
    for _ in range(20):
        unsaid = sorted(journey.step.listening - said)
        if journey.step.finished:
            break
        if unsaid:
            said.add(unsaid[0])
            journey.say(unsaid[0])
        elif any(timer.due_at or timer.deadline for timer in journey.step.timers) and journey.now < T0 + timedelta(30):
            journey.tick(days=15)
        elif journey.step.operations:
            journey.answer()
        else:
            journey.complete(journey.ready[-1])
    return journey


@pytest.mark.parametrize("element", SUPPORTED)
def test_what_is_supported_lints_clean_and_runs_to_its_end(element: str) -> None:
    assert [fault for fault in lint.lint_files(SUPPORTED[element]) if not fault.warning] == []
    journey = play(SUPPORTED[element])
    assert journey.step.finished
    assert "x" in journey.passed


@pytest.mark.parametrize("element", REFUSED)
def test_what_is_refused_is_refused_for_that_reason(element: str) -> None:
    reasons = [fault.reason for fault in lint.lint_files(REFUSED[element]) if not fault.warning]
    assert any(NO[element][1] in reason for reason in reasons), reasons


def test_the_table_names_every_drawing_and_no_other() -> None:
    assert list(YES) == list(SUPPORTED)
    assert list(NO) == list(REFUSED)


def test_every_test_that_the_table_names_exists() -> None:
    for element, (_, _, named) in YES.items():
        file, function = re.fullmatch(r"`(test_\w+\.py)::(test_\w+)`", named).groups()  # type: ignore[union-attr]
        assert f"def {function}(" in (ROOT / RUNTIME / file).read_text(), element


def test_every_kind_of_node_has_its_row() -> None:
    """Whatever BPMN calls a node is drawn in one of the two lists."""
    drawn = b"".join(content for files in (*SUPPORTED.values(), *REFUSED.values()) for content in files.values())
    kinds = (
        "task userTask manualTask serviceTask scriptTask businessRuleTask sendTask receiveTask callActivity subProcess "
        "transaction adHocSubProcess exclusiveGateway inclusiveGateway parallelGateway eventBasedGateway complexGateway "
        "startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent messageEventDefinition "
        "timerEventDefinition errorEventDefinition escalationEventDefinition signalEventDefinition "
        "compensateEventDefinition cancelEventDefinition conditionalEventDefinition linkEventDefinition "
        "terminateEventDefinition dataObject dataObjectReference dataStoreReference"
    )
    assert [kind for kind in kinds.split() if f"<{kind}".encode() not in drawn] == []
    assert NAMESPACES.encode() in drawn
