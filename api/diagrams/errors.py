"""Why a process cannot be laid out or drawn, said in a sentence."""

from engine.errors import Invalid


class UnreadableBpmn(Invalid):
    """This is not a readable BPMN 2.0 file: {reason}."""

    zh = "这不是可读取的 BPMN 2.0 文件（{reason}）。"


class DiagramTooLarge(Invalid):
    """The diagram has {count} {what}; at most {limit} can be drawn. Move parts of it into called processes."""

    zh = "流程图过大（{count}，上限 {limit}），请将部分环节移入被调用流程。"


class DanglingReference(Invalid):
    """{element} refers to {reference}, which is not there or is not of the right kind."""

    zh = "{element} 引用了 {reference}，但该元素不存在或者类型不符。"


class DuplicateId(Invalid):
    """The id {element} is missing or is used more than once."""

    zh = "标识 {element} 缺失或者重复。"


class NestedHandler(Invalid):
    """The event subprocess {element} stands inside another event subprocess; draw it in a called process instead."""

    zh = "事件子流程 {element} 嵌套在另一个事件子流程之中，请改为被调用流程。"


class NoDiagram(Invalid):
    """This file has no diagram; `duban diagram layout` writes one."""

    zh = "文件中没有流程图，请先用 duban diagram layout 生成。"


class NoDiagramOf(Invalid):
    """There is no diagram of {process} in this file."""

    zh = "文件中没有 {process} 的流程图。"


class MessageWithinPool(Invalid):
    """The message flow {element} begins and ends in the same pool; messages run between pools."""

    zh = "消息流 {element} 的两端在同一个泳池之内，消息流只能连接不同的泳池。"


class BadCoordinate(Invalid):
    """The diagram of {element} has a position or size that is not a sensible number."""

    zh = "{element} 在流程图中的位置或者大小不是合理的数值。"
