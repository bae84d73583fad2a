"""What can go wrong in the engine room: faults of a drawing, and errors while a case advances."""

from dataclasses import dataclass, field
from typing import ClassVar

from engine.errors import Conflict, EngineError, Invalid


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a file, at one element, for one reason; a ``warning`` does not hinder deployment."""

    file: str
    element: str
    reason: str
    warning: bool = field(default=False, kw_only=True)

    def __str__(self) -> str:
        element = " ".join(self.element.split()) or "-"
        reason = " ".join(self.reason.split())
        return f"{self.file}: {element}: {'warning: ' if self.warning else ''}{reason}"


class Faulty(Invalid):
    """The process cannot be used: {summary}"""

    zh: ClassVar[str] = "流程文件有误：{summary}"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
        super().__init__(summary="; ".join(map(str, faults[:3])) + more)
        self.faults = faults


class ExpressionInvalid(Invalid):
    """{reason}"""

    zh = "表达式无效：{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class StaleTrigger(Conflict):
    """The case no longer waits for “{what}”."""

    zh = "案件已不再等待“{what}”，可能已由他人办理或流程已经变化。"


class UnhandledError(EngineError):
    """The error “{code}” at {node} is caught by nobody in the process."""

    zh = "流程节点“{node}”出现错误“{code}”，流程中没有相应的处理。"


class ExpressionFailed(EngineError):
    """At {node}, the expression “{expression}” cannot be evaluated: {reason}"""

    zh = "流程节点“{node}”的表达式“{expression}”无法计算：{reason}"


class NoWayOut(EngineError):
    """At the gateway {node} no condition holds, and it has no default exit."""

    zh = "流程网关“{node}”没有条件成立，也没有默认出口。"


class EndlessRun(EngineError):
    """The process ran {steps} steps without coming to rest; the last one was {node}."""

    zh = "流程连续运行了{steps}步仍未停下，最后一步是“{node}”。"


class TooManyTokens(EngineError):
    """The process multiplies: at {node} it would be in more than {most} places at once."""

    zh = "流程在节点“{node}”处不断分裂，同时进行的步骤超过{most}个。"


class UnreadableState(EngineError):
    """The stored state of a case cannot be read: {reason}"""

    zh = "案件的流程状态无法读取：{reason}"


class NotMovable(Conflict):
    """This token cannot be taken from {node}: {reason}."""

    zh = "无法移动节点“{node}”处的令牌：{reason_zh}。"
