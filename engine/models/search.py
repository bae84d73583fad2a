"""The index of what can be found by words: references and subjects, never personal data."""

from sqlmodel import Field, SQLModel

from engine.models.base import ref


class SearchEntry(SQLModel, table=True):
    """The terms under which a case is found. The index proper is FTS5 on SQLite and an array with GIN on PostgreSQL."""

    __tablename__ = "search_entry"

    id: str = ref("case_file", primary_key=True, index=False)
    terms: str = Field(default="")
