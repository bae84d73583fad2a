"""Files that were received or made. The bytes lie encrypted in a folder; the row knows what they are."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref


class Document(SQLModel, table=True):
    """A file of a case: an attachment, or the bytes of a notice."""

    __tablename__ = "document"

    id: str = key()
    case_id: str = ref("case_file")
    kind: str = Field(max_length=20)  # attachment, draft, notice, manuscript, translation
    blob: str = Field(unique=True, max_length=64)  # random name of the encrypted file
    blob_key: bytes  # the file's own key, sealed with the key of the case
    filename: bytes  # encrypted: names of files can name people
    media_type: str = Field(max_length=100)
    size: int
    digest: str = Field(index=True, max_length=128)  # of the bytes in the clear
    digest_algorithm: str = Field(default="sha256", max_length=20)
    author: str = Field(max_length=80)  # person:ID, party:ID, system
    task_id: str | None = Field(default=None, max_length=32)
    equal_force: bool = False  # Art. 16: obtained through the platform, equal to paper
    provenance: str = Field(default="", max_length=300)  # where on the platform it came from
    created_at: datetime = instant()
