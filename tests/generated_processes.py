"""Random but lawful processes for tests: nested decisions, forks and loops over lanes, with boundary events, event
subprocesses, messages and names of all lengths. The same seed gives the same process."""

from random import Random

HEAD = '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="definitions" targetNamespace="urn:test">'
SYLLABLES = "登记核对申请材料审核答复意见开放目录数据机关负责人期限补正撤回办结送达通知"
TASKS = (
    "userTask",
    "userTask",
    "userTask",
    "serviceTask",
    "scriptTask",
    "businessRuleTask",
    "callActivity",
    "sendTask",
)


class GeneratedProcess:
    """Builds one process; `xml` is the file without a diagram."""

    def __init__(self, seed: int, size: int = 12, lanes: int = 4) -> None:
        self.random = Random(seed)
        self.nodes: list[tuple[str, str]] = []  # id, xml
        self.flows: list[str] = []
        self.members: dict[int, list[str]] = {lane: [] for lane in range(lanes)}
        self.budget = size
        self.lane = 0
        self.prefix = ""
        first = self._node("startEvent")
        last = self._block(first)
        self._flow(last, self._node("endEvent"))
        self.handlers = [self._handler(number) for number in range(self.random.randint(0, 3))]
        self.xml = self._file().encode()

    def _name(self, longest: int = 10) -> str:
        return "".join(self.random.choice(SYLLABLES) for _ in range(self.random.randint(2, longest)))

    def _node(self, kind: str, name: bool = True, inner: str = "", attributes: str = "") -> str:
        node = f"{self.prefix}n{len(self.nodes)}"
        if kind != "boundaryEvent" and self.random.random() < 0.4:
            self.lane = self.random.randrange(len(self.members))
        if not self.prefix:
            self.members[self.lane].append(node)
        title = f' name="{self._name()}"' if name else ""
        self.nodes.append((node, f'<bpmn:{kind} id="{node}"{title}{attributes}>{inner}</bpmn:{kind}>'))
        return node

    def _flow(self, source: str, target: str, named: bool = False) -> None:
        flow = f"{self.prefix}f{len(self.flows)}"
        title = f' name="{self._name(5)}"' if named else ""
        self.flows.append(f'<bpmn:sequenceFlow id="{flow}" sourceRef="{source}" targetRef="{target}"{title}/>')

    def _block(self, here: str, depth: int = 0) -> str:
        """A stretch of process after `here`; returns where it ends."""
        for _ in range(self.random.randint(1, 4)):
            if self.budget <= 0:
                break
            shape = self.random.random()
            if shape < 0.55 or depth > 2:
                here = self._task(here)
            elif shape < 0.85:
                here = self._branches(here, depth)
            else:
                here = self._loop(here, depth)
        return here if self.nodes and here != f"{self.prefix}n0" else self._task(here)

    def _task(self, here: str) -> str:
        self.budget -= 1
        task = self._node(self.random.choice(TASKS))
        self._flow(here, task)
        lane = self.lane
        for _ in range(self.random.choice((0, 0, 0, 0, 1, 1, 2, 3))):
            self.lane = lane
            self._guest(task)
        return task

    def _guest(self, task: str) -> None:
        cancel = self.random.choice(("true", "false"))
        guest = self._node(
            "boundaryEvent",
            inner=f'<bpmn:timerEventDefinition id="{self.prefix}t{len(self.nodes)}"/>',
            attributes=f' attachedToRef="{task}" cancelActivity="{cancel}"',
        )
        self._flow(guest, self._node("endEvent"))

    def _branches(self, here: str, depth: int) -> str:
        self.budget -= 1
        kind = self.random.choice(("exclusiveGateway", "exclusiveGateway", "parallelGateway"))
        split = self._node(kind)
        self._flow(here, split)
        ends = []
        for _ in range(self.random.randint(2, 4)):
            branch = self._node(self.random.choice(TASKS))
            self.budget -= 1
            self._flow(split, branch, named=True)
            ends.append(self._block(branch, depth + 1))
        join = self._node(kind, name=False)
        for end in ends:
            self._flow(end, join)
        return join

    def _loop(self, here: str, depth: int) -> str:
        self.budget -= 1
        join = self._node("exclusiveGateway", name=False)
        self._flow(here, join)
        end = self._block(self._task(join), depth + 1)
        ask = self._node("exclusiveGateway")
        self._flow(end, ask)
        self._flow(ask, join, named=True)
        after = self._node("userTask")
        self._flow(ask, after, named=True)
        return after

    def _handler(self, number: int) -> str:
        outer = self.nodes, self.flows, self.prefix, self.budget
        self.nodes, self.flows, self.prefix, self.budget = [], [], f"h{number}_", self.random.randint(1, 4)
        start = self._node("startEvent", inner=f'<bpmn:messageEventDefinition id="h{number}_d"/>')
        self._flow(self._block(start, depth=2), self._node("endEvent"))
        inside = "".join(xml for _, xml in self.nodes) + "".join(self.flows)
        self.nodes, self.flows, self.prefix, self.budget = outer
        name = self._name()
        return f'<bpmn:subProcess id="h{number}" name="{name}" triggeredByEvent="true">{inside}</bpmn:subProcess>'

    def _file(self) -> str:
        lanes = "".join(
            f'<bpmn:lane id="lane{lane}" name="{self._name(6)}">'
            + "".join(f"<bpmn:flowNodeRef>{node}</bpmn:flowNodeRef>" for node in members)
            + "</bpmn:lane>"
            for lane, members in self.members.items()
        )
        talkers = [node for node, xml in self.nodes if "Task" in xml or "callActivity" in xml][-1:]
        messages = "".join(
            f'<bpmn:messageFlow id="m{i}" sourceRef="{node}" targetRef="public"/>' for i, node in enumerate(talkers)
        )
        return (
            f'{HEAD}<bpmn:collaboration id="collaboration"><bpmn:participant id="public" name="申请人"/>'
            f'<bpmn:participant id="pool" name="{self._name()}" processRef="process"/>{messages}'
            '<bpmn:messageFlow id="m_in" name="提交" sourceRef="public" targetRef="n0"/></bpmn:collaboration>'
            f'<bpmn:process id="process"><bpmn:laneSet id="lanes">{lanes}</bpmn:laneSet>'
            + "".join(xml for _, xml in self.nodes)
            + "".join(self.flows)
            + "".join(self.handlers)
            + "</bpmn:process></bpmn:definitions>"
        )
