"""The few words of its own that a drawing needs, in Chinese and English: what kind of step, what state."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["done", "current", "held"]

_KINDS = {
    "task": ("任务", "Task"),
    "userTask": ("人工办理", "User task"),
    "manualTask": ("线下办理", "Manual task"),
    "serviceTask": ("系统办理", "Service task"),
    "scriptTask": ("系统计算", "Script task"),
    "sendTask": ("发送", "Send task"),
    "receiveTask": ("接收", "Receive task"),
    "businessRuleTask": ("规则判断", "Rule task"),
    "callActivity": ("调用流程", "Called process"),
    "subProcess": ("子流程", "Subprocess"),
    "transaction": ("子流程", "Transaction"),
    "adHocSubProcess": ("子流程", "Ad-hoc subprocess"),
    "startEvent": ("开始", "Start"),
    "endEvent": ("结束", "End"),
    "boundaryEvent": ("边界事件", "Boundary event"),
    "intermediateCatchEvent": ("等待", "Wait"),
    "intermediateThrowEvent": ("发出", "Throw"),
    "exclusiveGateway": ("判断", "Decision"),
    "parallelGateway": ("并行", "Parallel"),
    "inclusiveGateway": ("多选", "Inclusive choice"),
    "eventBasedGateway": ("等待其一", "Wait for one of"),
    "complexGateway": ("复杂判断", "Complex gateway"),
    "textAnnotation": ("说明", "Note"),
}
_STATES = {"done": ("已完成", "done"), "current": ("进行中", "in progress"), "held": ("停滞", "stopped")}
_PILLS = {"current": ("进行中", "Now"), "held": ("停滞", "Stopped")}


@dataclass(frozen=True, slots=True)
class Words:
    """The words in the reader's language."""

    chinese: bool

    def _pick(self, pair: tuple[str, str]) -> str:
        return pair[0] if self.chinese else pair[1]

    def kind(self, kind: str, handler: bool = False) -> str:
        """What a BPMN element is called."""
        if handler:
            return self._pick(("全程事件", "Event subprocess"))
        return self._pick(_KINDS.get(kind, ("环节", "Step")))

    def status(self, status: Status | None) -> str:
        return self._pick(_STATES[status]) if status in _STATES else ""

    def pill(self, status: Status | None) -> str:
        """The word that stands on a step that is being worked on, or at which the case has stopped."""
        return self._pick(_PILLS[status]) if status in _PILLS else ""

    def count(self, count: int) -> str:
        """How many cases stand at a step, on its badge."""
        return f"{count}件" if self.chinese else str(count)

    def count_in_words(self, count: int) -> str:
        if self.chinese:
            return f"{count}件在办"
        return f"{count} case{'' if count == 1 else 's'} here"

    def heat(self, heat: int) -> str:
        """The level of pressure at a step, for those who do not see its colour."""
        if not heat:
            return ""
        return f"紧迫度{heat}级" if self.chinese else f"pressure {heat} of 4"

    def named(self, kind: str, name: str) -> str:
        return f"{kind}：{name}" if self.chinese else f"{kind}: {name}"

    def listed(self, parts: list[str]) -> str:
        return ("，" if self.chinese else ", ").join(part for part in parts if part)

    def enumerated(self, steps: list[str]) -> str:
        return ("、" if self.chinese else "; ").join(steps)

    def sentences(self, groups: list[str]) -> str:
        if not groups:
            return ""
        return "；".join(groups) + "。" if self.chinese else ". ".join(groups) + "."

    def bracketed(self, name: str, remark: str) -> str:
        if not remark:
            return name
        return f"{name}（{remark}）" if self.chinese else f"{name} ({remark})"

    @property
    def steps(self) -> str:
        return self._pick(("环节", "Steps"))

    @property
    def diagram(self) -> str:
        return self._pick(("流程图", "Process diagram"))


def words_for(locale: str) -> Words:
    """Chinese for every Chinese locale, English for all others."""
    return Words(locale.lower().startswith("zh"))
