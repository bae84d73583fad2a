"""What a program may read of a paper: the PDF carries it as ``notice.json``. Its fields are explained in docs/proof.md.

Only facts that ``notice.toml`` lists under ``attached`` are in it: what the addressee has in hand anyway, and never a query code.
"""

from collections.abc import Mapping
from typing import Any

from engine.manifest import NoticeRule
from engine.models import Case, Notice
from notices.signing import DIGEST

FORMAT = "duban.notice/1"


def attached(
    notice: Notice, case: Case, rule: NoticeRule, facts: Mapping[str, Any], shown: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of ``notice.json``, from what was frozen."""
    return {
        "format": FORMAT,
        "number": notice.number,
        "title": rule.title.replace("|", ""),
        "issuer": shown["organisation"],
        "issued_on": notice.issued_on.isoformat() if notice.issued_on else None,
        "case": case.reference,
        "digest_algorithm": DIGEST,
        "verify": shown["qr"] if notice.number else None,
        "facts": {name: facts[name] for name in rule.attached if name in facts},
    }
