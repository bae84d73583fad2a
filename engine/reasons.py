"""Why somebody did it: acts that change what others rely on need a reason, which stays in the record."""

from engine.errors import Invalid

LONGEST_REASON = 500


class ReasonNeeded(Invalid):
    """Say why, in at most {longest} characters."""

    zh = "请说明理由（不超过{longest}字）。"


def given(reason: str) -> str:
    """The reason as one line: what a terminal would take for a command is left out. Raises ReasonNeeded."""
    line = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    if not line or len(reason) > LONGEST_REASON:
        raise ReasonNeeded(longest=LONGEST_REASON)
    return line
