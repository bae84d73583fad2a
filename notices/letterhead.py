"""What the head of a paper shows by its ``notice.toml``: secrecy, urgency, signers, and the organs of a joint paper."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.db import Reading
from engine.errors import Invalid
from engine.manifest import NoticeRule
from engine.models import Notice, Person
from engine.process import Run

CO_ISSUERS = "co_issuers"
"""Among the frozen facts of a joint paper: the names of the organs that issue it with the first."""
FIRST_COPY = "000001"
"""The 份号 of a classified paper: the platform makes one copy."""


class CoIssuerUnknown(Invalid):
    """The notice “{notice}” is issued jointly, but nobody plays the part {part} in the case."""

    zh = "文书“{notice}”为联合行文，但案件中没有“{part}”。"


def frozen(run: Run, rule: NoticeRule) -> dict[str, Any]:
    """The names of the organs as they are now, to be kept with the facts; raises CoIssuerUnknown."""
    missing = next((part for part in rule.co_issuers if part not in run.participants), None)
    if missing is not None:
        raise CoIssuerUnknown(notice=rule.title, part=run.bundle.manifest.participants[missing].title)
    return {CO_ISSUERS: [run.participants[part].name for part in rule.co_issuers]} if rule.co_issuers else {}


def declared(rule: NoticeRule) -> dict[str, Any]:
    """What is said of every paper of a kind, as fields of a ``Paper``; a classified one is numbered by copies."""
    return {
        "secrecy": rule.secrecy,
        "urgency": rule.urgency,
        "copy_number": FIRST_COPY if rule.secrecy else None,
    }


def signers(reading: Reading, notice: Notice) -> list[str]:
    """The names of those who sign a paper, as they are called now; a draft has no signer yet."""
    signer = reading.session.get(Person, notice.approved_by) if notice.approved_by else None
    return [signer.name] if signer else []


def of(rule: NoticeRule, facts: Mapping[str, Any], signed_by: Sequence[str]) -> dict[str, Any]:
    """The same with the organs that were frozen and, on a paper upward, whoever signed it."""
    return declared(rule) | {
        "signers": tuple(signed_by) if rule.upward else None,
        "co_issuers": tuple(facts.get(CO_ISSUERS, ())),
    }
