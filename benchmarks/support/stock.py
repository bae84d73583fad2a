"""The stock library beside ours: SpiffWorkflow as it comes, with its own parser, script engine and serializer."""

from functools import cached_property
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

from benchmarks.support import busy

FAR_OFF = "2999-01-01T00:00:00+00:00"


class StockProcess:
    """The process as the library reads it."""

    def __init__(self) -> None:
        self.spec, self.subprocesses = parse()

    @cached_property
    def serializer(self) -> BpmnWorkflowSerializer:
        return BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))

    def begin(self) -> BpmnWorkflow:
        """A case in memory, at its first task."""
        case = BpmnWorkflow(self.spec, self.subprocesses)
        case.task_tree.data.update(busy.REQUEST, reply_due=FAR_OFF)
        case.do_engine_steps()
        return case

    def save(self, case: BpmnWorkflow) -> str:
        return str(self.serializer.serialize_json(case))

    def load(self, text: str) -> BpmnWorkflow:
        return self.serializer.deserialize_json(text)


def parse() -> tuple[Any, Any]:
    """Read the files as the library's manual says, schema checks left out as they are by default."""
    parser = SpiffBpmnParser()
    for path, source in busy.flow(stock=True).items():
        tree = etree.fromstring(source)
        if path.endswith(".bpmn"):
            parser.add_bpmn_xml(tree, path)
        else:
            parser.add_dmn_xml(tree, path)
    return parser.get_spec(busy.KEY), parser.get_subprocess_specs(busy.KEY)


def complete(case: BpmnWorkflow, task: str, result: str) -> None:
    """One user task done, and all that follows from it by itself."""
    ready = case.get_tasks(state=TaskState.READY, spec_name=task)[0]
    ready.data.update(busy.answers(task, result))
    ready.run()
    case.refresh_waiting_tasks()
    case.do_engine_steps()
