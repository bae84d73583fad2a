"""The title on a paper: what ``heading`` of its notice.toml makes of the facts, such as 关于……的答复, else the title of its kind.

It is made of the frozen facts whenever the paper is typeset, and stored nowhere: a title may name what is personal.
"""

from collections.abc import Mapping
from typing import Any

from engine.manifest import NoticeRule
from engine.runtime import evaluate

LONGEST = 200


def title(rule: NoticeRule, facts: Mapping[str, Any]) -> str:
    """The title of a paper in Chinese; one that would be empty or longer than 200 characters is the title of the kind."""
    if rule.heading is None:
        return rule.title
    made = evaluate(rule.heading, {name: facts.get(name) for name in rule.facts})
    said = " ".join(str(made or "").split())
    return said if 0 < len(said) <= LONGEST else rule.title
