"""A case, who takes part in it, whom it concerns, and the flow that carries it."""

from datetime import date, datetime

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_OPEN = text("closed_at IS NULL")


class Case(SQLModel, table=True):
    """What people talk about: one matter with a reference, a status and, in the end, an outcome."""

    __tablename__ = "case_file"
    __table_args__ = (Index("ix_case_file_open", "submitted_at", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),)

    id: str = key()
    reference: str = Field(unique=True, max_length=40)
    process_key: str = Field(index=True, max_length=64)
    definition_id: str = ref("process_definition")
    subject: str = Field(max_length=300)
    status: str = Field(default="submitted", index=True, max_length=40)
    stage: str = Field(default="", max_length=40)  # key of the stage that the public sees
    outcome: str | None = Field(default=None, index=True, max_length=40)
    merged_into: str | None = Field(default=None, max_length=32)  # the case that leads, while this one rests (并案)
    late: bool = False  # a statutory clock was missed; stays for ever
    priority: int = 0  # by Art. 20: orders queues, changes no deadline
    priority_reasons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    confidential: bool = False
    source: str = Field(default="portal", max_length=20)  # portal, api, desk
    data: bytes  # the case document, encrypted with the case's key
    revision: int = 0  # of the document
    wrapped_key: bytes | None = None  # the case's key, wrapped by the master key; destroyed = erased
    master_key_id: str = Field(max_length=16)
    submitted_at: datetime = instant(index=True)
    due_at: datetime | None = instant(
        default=None, nullable=True, index=True
    )  # of the earliest running statutory clock
    touched_at: datetime = instant()  # legal time of the last change: time never runs backwards within a case
    closed_at: datetime | None = instant(default=None, nullable=True)


class CaseRevision(SQLModel, table=True):
    """One change of a case's document: what was written (encrypted), when, by which step."""

    __tablename__ = "case_revision"
    __table_args__ = (UniqueConstraint("case_id", "revision"),)

    id: str = key()
    case_id: str = ref("case_file")
    revision: int
    writes: bytes
    at: datetime = instant()
    cause: str = Field(max_length=200)  # task:ID, operation:NAME, message:NAME


LIMITED = "sees <> 'all'"  # few: who is kept out of what others deliberate


class Participant(SQLModel, table=True):
    """The part that an organisation plays in a case, from when to when. A referral ends one and begins another."""

    __tablename__ = "participant"
    __table_args__ = (
        Index("ix_participant_current", "organisation_id", "case_id", postgresql_where=text("until IS NULL")),
        Index("ix_participant_limited", "case_id", postgresql_where=text(LIMITED), sqlite_where=text(LIMITED)),
    )

    id: str = key()
    case_id: str = ref("case_file")
    part: str = Field(max_length=40)
    organisation_id: str = ref("organisation", index=False)
    sees: str = Field(default="all", max_length=10)  # all, own, nothing (own, and no paper or task has reached it yet)
    readers: str = Field(
        default="", max_length=200
    )  # roles there that see a confidential case by themselves: " leader "
    keeps_out: bool = False  # whoever works there does and sees nothing of the case for another house
    since: datetime = instant()
    until: datetime | None = instant(default=None, nullable=True)


class Party(SQLModel, table=True):
    """A person or body whom the case concerns. What identifies them is encrypted with the case's key."""

    __tablename__ = "party"

    id: str = key()
    case_id: str = ref("case_file")
    part: str = Field(max_length=40)  # applicant
    type: str = Field(default="", max_length=40)  # citizen, legal_person, organisation
    identity: bytes  # encrypted JSON: name, phone, email, identity_number, address; of a sealed one a word for a name
    sealed: bool = False  # what identifies them is in the vault (SealedIdentity), or was never told
    name_token: str | None = Field(
        default=None, index=True, max_length=64
    )  # keyed hash: finds an exact name, tells none
    code_version: int = 1  # of the query code, which is derived and never stored
    locale: str = Field(default="zh", max_length=5)


class ProcessInstance(SQLModel, table=True):
    """The live tokens of a case's flow, as bytes, encrypted: a token may carry what a party has written."""

    __tablename__ = "process_instance"

    id: str = key()
    case_id: str = ref("case_file", unique=True)
    definition_id: str = ref("process_definition")
    state: bytes
    parked: list[str] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )  # operations that wait for a job
    listening: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # messages awaited now
    revision: int = 0
    finished_at: datetime | None = instant(default=None, nullable=True)


class StepRecord(SQLModel, table=True):
    """A node or line of the diagram that the case has passed: what was done when and by whom. Holds ids, never values."""

    __tablename__ = "step_record"
    __table_args__ = (Index("ix_step_record_case_position", "case_id", "position"),)

    id: str = key()
    case_id: str = ref("case_file", index=False)
    position: int
    node: str = Field(max_length=100)
    kind: str = Field(max_length=40)
    at: datetime = instant()
    on: date | None = None  # the earlier day on which an event happened that was registered late
    actor: str = Field(max_length=80)  # person:ID, party:ID, system
    task_id: str | None = Field(default=None, max_length=32)
    revision: int  # of the case's document after the step


class ReceivedMessage(SQLModel, table=True):
    """What was sent into a case, as it was written. One that came before anybody waited for it is consumed later."""

    __tablename__ = "received_message"
    __table_args__ = (UniqueConstraint("case_id", "name", "message_id"),)

    id: str = key()
    case_id: str = ref("case_file")
    name: str = Field(max_length=64)
    message_id: str | None = Field(default=None, max_length=100)  # the sender's: sent again, it has no second effect
    key: bytes | None = None  # encrypted: which of several that wait for this name it is meant for
    payload: bytes  # encrypted
    received_at: datetime = instant()
    consumed_at: datetime | None = instant(default=None, nullable=True)


class CaseLink(SQLModel, table=True):
    """One case came out of another: refusal to review, missed clock to lead, lead to order."""

    __tablename__ = "case_link"
    __table_args__ = (UniqueConstraint("from_id", "to_id", "kind"),)

    id: str = key()
    from_id: str = ref("case_file")
    to_id: str = ref("case_file")
    kind: str = Field(max_length=40)
    at: datetime = instant()
    keeps_out: bool = (
        False  # whoever decided in the earlier case reads nothing of the later one, where it is confidential
    )
