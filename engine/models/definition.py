"""Deployed processes: the flow, pinned for a case, and the revisions of its presentation, which running cases follow."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class ProcessDefinition(SQLModel, table=True):
    """One immutable version of a process: its BPMN, DMN, form schemas, clocks and data, known by the hash of their content."""

    __tablename__ = "process_definition"
    __table_args__ = (UniqueConstraint("key", "version"), UniqueConstraint("key", "flow_hash"))

    id: str = key()
    key: str = Field(index=True, max_length=64)
    version: int
    flow_hash: str = Field(max_length=64)
    flow: bytes  # msgpack {path: bytes}
    current: bool = True  # new cases start on the current one
    deployed_at: datetime = instant()
    deployed_by: str | None = Field(default=None, max_length=32)


class ProcessPresentation(SQLModel, table=True):
    """A revision of the words of one definition: labels, ui-schemas, notice templates, translations."""

    __tablename__ = "process_presentation"
    __table_args__ = (UniqueConstraint("definition_id", "revision"),)

    id: str = key()
    definition_id: str = ref("process_definition")
    revision: int
    presentation_hash: str = Field(max_length=64)
    files: bytes  # msgpack {path: bytes}
    deployed_at: datetime = instant()
    deployed_by: str | None = Field(default=None, max_length=32)
