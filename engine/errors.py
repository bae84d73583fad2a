"""What can go wrong, said in a sentence.

Every error that a person may see is an ``EngineError``. The docstring of the class is the English sentence, ``zh`` is the
Chinese one; both are templates filled with the keyword arguments, which stay available as ``error.data``. The five families
below decide how a door (HTTP, pages, command line) answers; ``slug`` is the stable name of the error for programs.
"""

import re
from typing import Any, ClassVar


class EngineError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    zh: ClassVar[str] = "出现错误。"
    needs_operator: ClassVar[bool] = False  # recorded as an incident when it undoes a unit of work
    lasts: ClassVar[bool] = False  # trying again mends nothing before somebody has seen to it: a job gives up at once
    attempts: ClassVar[int | None] = None  # a job gives up after so many of its attempts have ended like this
    quotes: ClassVar[bool] = False  # the sentence repeats what somebody wrote: it is for them, and for no record

    def __init__(self, **data: Any) -> None:
        super().__init__()
        self.data = data

    @property
    def slug(self) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(self).__name__).lower()

    def sentence(self, locale: str = "en") -> str:
        """The message in the reader's language, filled with the error's data."""
        template = self.zh if locale.startswith("zh") else (type(self).__doc__ or "").split("\n\n")[0]
        return " ".join(template.split()).format_map(_Blank(self.data))

    def for_the_record(self) -> str:
        """What jobs and incidents may keep of it, where nothing personal may stand."""
        return self.slug if self.quotes else self.sentence()

    def __str__(self) -> str:
        return self.sentence()


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


class NotFound(EngineError):
    """There is no such thing, or it is not yours to see."""

    status = 404
    zh = "没有找到，或者您无权查看。"


class Forbidden(EngineError):
    """You may not do this."""

    status = 403
    zh = "您没有进行此操作的权限。"


class Conflict(EngineError):
    """This cannot be done in the present state."""

    status = 409
    zh = "当前状态下不能进行此操作。"


class Invalid(EngineError):
    """What was sent is not valid."""

    status = 422
    zh = "提交的内容不符合要求。"


class Unavailable(EngineError):
    """This is not available at the moment; please try again later."""

    status = 503
    zh = "服务暂时不可用，请稍后再试。"
