"""Names that meet: whether a person, or kin whom they declared, bears the name of a sealed party.

The names of sealed parties are hashed with a key of their own, so they meet neither a search nor the list of kin. Kin count only
if they were declared before the case was filed: else somebody could declare one name after the other, and see who complained.
"""

from collections.abc import Sequence

from sqlalchemy import func
from sqlmodel import col, select

from engine.db import Reading
from engine.models import Kin, Party, Person, StepRecord
from engine.search import name_token


def of_sealed_party(reading: Reading, cases: Sequence[str], person: Person) -> bool:
    """Whether a sealed party of one of some cases bears the name of a person, or of kin declared before it was filed."""
    sealed = (  # by what was recorded first: a letter may be registered days after it came, and a part split off later
        select(Party.name_token, func.min(StepRecord.at))
        .join(StepRecord, col(StepRecord.case_id) == col(Party.case_id))
        .where(col(Party.case_id).in_(cases), col(Party.sealed).is_(True), col(Party.name_token).is_not(None))
        .group_by(col(Party.name_token))
    )
    found = list(reading.session.exec(sealed))
    if not found:
        return False
    kin = reading.session.exec(select(Kin).where(col(Kin.person_id) == person.id))
    names = [(kin_name(reading, one), one.declared_at) for one in kin]
    return any(
        name_token(reading.keys.identity, name) == token
        for token, filed_at in found
        for name in (person.name, *(name for name, declared_at in names if declared_at <= filed_at))
    )


def kin_name(reading: Reading, kin: Kin) -> str:
    """The name of a relative whom somebody declared."""
    key = reading.keys.case_key(kin.wrapped_key, kin.master_key_id)
    return key.open(kin.name, kin_purpose(kin)).decode()


def kin_purpose(kin: Kin) -> str:
    """For what the name of a relative is encrypted."""
    return f"kin.name:{kin.id}"
