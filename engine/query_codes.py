"""The query code of a party: with the case's number it opens the case on the portal. Derived, never stored."""

import hmac
import unicodedata

from sqlmodel import col, select

from engine.access import Actor
from engine.db import Reading
from engine.errors import NotFound
from engine.models import Case, Party
from engine.privacy import CaseKey, Erased, plain_code


class WrongCode(NotFound):
    """The number and the code do not belong together. Please check both."""

    zh = "编号与查询码不符，请核对后再试。"


def query_code(reading: Reading, case: Case, party: Party) -> str:
    """The code by which a party follows its case (13 signs, 63 bits); derived, never stored."""
    key = reading.keys.case_key(case.wrapped_key, case.master_key_id)
    return key.query_code(case.id, party.id, party.code_version)


def plain_reference(typed: str) -> str:
    """A reference as somebody typed it: full-width or lower-case letters and blanks do not matter."""
    wide = unicodedata.normalize("NFKC", typed[:200]).upper()
    return "".join(c for c in wide if c.isalnum() or c == "-")[:40]


def authenticate_party(reading: Reading, reference: str, code: str) -> Actor:
    """The party that holds this number and code. A wrong number and a wrong code answer alike: WrongCode."""
    typed = plain_code(code)
    case = reading.session.exec(select(Case).where(col(Case.reference) == plain_reference(reference))).first()
    holders = reading.session.exec(select(Party).where(col(Party.case_id) == (case.id if case else ""))).all()
    found = None
    for party in holders:
        try:
            right = query_code(reading, case, party) if case else ""
        except Erased:
            continue
        if hmac.compare_digest(right, typed):
            found = party
    if not holders:  # the same work for a number that does not exist
        hmac.compare_digest(CaseKey(b"\0" * 32).query_code("", "", 1), typed)
    if found is None:
        raise WrongCode()
    return Actor("party", id=found.id, case_id=found.case_id, locale=found.locale)
