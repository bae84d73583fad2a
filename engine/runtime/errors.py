"""What can go wrong in the engine room: faults of a drawing, and errors while a case advances."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import ClassVar

from engine.errors import Conflict, EngineError, Invalid

LONGEST_PART = 400  # characters of a file's name, an element or a reason in the line of a fault
MOST_NAMES = 5  # in a row within a reason


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a file, at one element, for one reason; a ``warning`` does not hinder deployment."""

    file: str
    element: str
    reason: str
    warning: bool = field(default=False, kw_only=True)

    def __str__(self) -> str:
        file, element = (_one_line(part).replace(": ", ":") for part in (self.file, self.element))
        reason = _one_line(self.reason)
        return f"{file}: {element or '-'}: {'warning: ' if self.warning else ''}{reason}"


def _one_line(text: str) -> str:
    """What strangers wrote, on one line of a terminal: no controls, no tricks with the direction of writing, not endless."""
    plain = "".join(c if c.isprintable() or c == " " else "\ufffd" for c in " ".join(text.split()))
    return plain if len(plain) <= LONGEST_PART else f"{plain[: LONGEST_PART - 1]}…"


def shortened(names: Collection[str]) -> str:
    """The first few of many names, and how many more there are."""
    first = ", ".join(name[:100] for name in sorted(names)[:MOST_NAMES])
    return f"{first} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else first


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


class NothingComes(EngineError):
    """The gateway {node} waits for a branch on which nothing is under way any more."""

    zh = "流程网关“{node}”所等待的分支已不会再到达。"


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
