"""One step of a case (load, complete a user task, save) on our runtime, beside the stock library with its own serializer.

Both run the same process in the same minute, in turn; what counts is the ratio. Run by ``make bench``.
"""

import statistics
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from lxml import etree
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.runtime import Complete, Context, Start, advance, parse
from tests import drawing

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
ROUNDS = 300


def drawn() -> bytes:
    """Thirty nodes in a row with a loop back, as a busy process has them."""
    chain = " > ".join(["start", "join", *(f"task{i}" for i in range(1, 26)), "again"])
    return drawing.process(
        f"{chain} [] > end; again [more == 1] > join", join=drawing.exclusive(), again=drawing.exclusive()
    )


def ours(source: bytes) -> tuple[Callable[[], None], Callable[[], int]]:
    """A step on our runtime, and the size of its state."""
    blueprint = parse({"p.bpmn": source}, "p")
    context = Context({"more": 1})
    at = {"step": advance(blueprint, None, Start(), context, NOW)}

    def once() -> None:
        ready = at["step"].ready[0]
        at["step"] = advance(blueprint, at["step"].state, Complete(ready.id, {}), context, NOW)

    return once, lambda: len(at["step"].state)


def stock(source: bytes) -> tuple[Callable[[], None], Callable[[], int]]:
    """The same step with the library's own serializer, specification and history included as it does."""
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(etree.fromstring(source), "p.bpmn")
    workflow = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
    workflow.data["more"] = 1
    workflow.do_engine_steps()
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
    at = {"text": serializer.serialize_json(workflow)}

    def once() -> None:
        live = serializer.deserialize_json(at["text"])
        task = live.get_tasks(state=TaskState.READY, manual=True)[0]
        task.data["more"] = 1
        task.run()
        live.do_engine_steps()
        at["text"] = serializer.serialize_json(live)

    return once, lambda: len(at["text"])


def timed(work: Callable[[], None]) -> float:
    begun = perf_counter()
    work()
    return (perf_counter() - begun) * 1000


def main() -> None:
    source = drawn()
    (our_step, our_size), (their_step, their_size) = ours(source), stock(source)
    our_times, their_times = [], []
    for turn in range(ROUNDS):
        our_times.append(timed(our_step))
        if turn < ROUNDS // 6:  # its history grows, and with it the time of every step
            their_times.append(timed(their_step))
    here, there = statistics.median(our_times), statistics.median(their_times)
    print(f"a step of a 30-node process, median of {ROUNDS} (ours) and {ROUNDS // 6} (stock)")
    print(f"  ours   {here:8.2f} ms   state {our_size():8,d} bytes")
    print(f"  stock  {there:8.2f} ms   state {their_size():8,d} bytes")
    print(f"  ratio  {there / here:8.1f} ×    {their_size() / our_size():14.0f} ×")


if __name__ == "__main__":
    main()
