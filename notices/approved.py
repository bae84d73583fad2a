"""What is approved is what is issued: the two differ by number, date and seal alone."""

import hashlib
import json

from engine.errors import Conflict
from notices.paper import Paper

ADDED_BY_ISSUING = frozenset({"number", "issued_on", "seal", "signed", "signers", "created", "qr", "attached"})


class DraftChanged(Conflict):
    """“{title}” would not be what was approved (a name in it has changed since): send it back to be drafted anew."""

    zh = "《{title}》与审批通过的稿件不一致（其中的名称等已有变动），请退回重新拟稿。"


def digest(paper: Paper) -> str:
    """SHA-256 over everything that a paper shows but number, date and seal, and the QR code that comes with them."""
    shown = {name: value for name, value in paper.to_json().items() if name not in ADDED_BY_ISSUING}
    return hashlib.sha256(json.dumps(shown, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def require_same(paper: Paper, approved: str) -> None:
    """The paper about to be issued shows what was approved; raises DraftChanged."""
    if digest(paper) != approved:
        raise DraftChanged(title=paper.title)
