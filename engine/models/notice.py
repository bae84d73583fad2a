"""Issued papers, their numbers, and each attempt to deliver them."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.models.base import instant, key, ref

_UNDELIVERED = text("state IN ('failed', 'pending', 'returned')")
_ON_THE_WAY = text("state = 'dispatched' AND channel <> 'email'")  # an e-mail only points to the portal


class Notice(SQLModel, table=True):
    """An official paper: first a draft, then issued and from then on immutable."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        Index("ix_notice_token", "verify_token", unique=True),
        Index(
            "ix_notice_draft",
            "case_id",
            "name",
            unique=True,
            postgresql_where=text("state = 'draft'"),
            sqlite_where=text("state = 'draft'"),
        ),
    )

    id: str = key()
    case_id: str = ref("case_file")
    name: str = Field(max_length=64)  # the folder in the bundle
    presentation_id: str = ref("process_presentation", index=False)  # whose template was used
    organisation_id: str = ref("organisation")  # the issuing organ
    party_id: str | None = ref("party", default=None, nullable=True)  # addressee: a party …
    addressee_id: str | None = ref("organisation", default=None, nullable=True)  # … or an organisation
    form: str = Field(max_length=20)
    title: str = Field(max_length=200)
    number: str | None = Field(default=None, max_length=60)  # 文号
    facts: bytes  # encrypted: the frozen snapshot that the template shows
    printed: bytes | None = None  # encrypted: what it shows besides, frozen: organ, addressee, address of the QR code
    state: str = Field(default="draft", max_length=20)  # draft, issued, discarded
    draft_document_id: str | None = ref("document", index=False, default=None, nullable=True)
    document_id: str | None = ref("document", index=False, default=None, nullable=True)
    translation_id: str | None = ref(  # a courtesy translation, which has no force of its own
        "document", index=False, default=None, nullable=True
    )
    verify_token: str = Field(max_length=40)
    digest: str | None = Field(
        default=None, max_length=128
    )  # of the issued PDF as it was typeset, before the signature
    digest_algorithm: str = Field(default="sha256", max_length=20)
    signature_algorithm: str | None = Field(default=None, max_length=60)  # e.g. PAdES, ECDSA on P-256 over SHA-256
    certificate: str | None = Field(default=None, max_length=128)  # fingerprint of the organ's certificate
    signed_at: datetime | None = instant(default=None, nullable=True)
    replaces_id: str | None = ref("notice", default=None, nullable=True)  # the earlier paper that this one corrects
    withdrawn_at: datetime | None = instant(default=None, nullable=True)
    withdrawn_by: str | None = Field(default=None, max_length=80)
    withdrawal_reason: str | None = Field(default=None, max_length=500)
    drafted_by: str | None = ref("person", index=False, default=None, nullable=True)
    drafting_task_id: str | None = Field(
        default=None, max_length=32
    )  # in which it was drafted: all its hands drafted it
    approved_digest: str | None = Field(
        default=None, max_length=128
    )  # of what is approved: all but number, date and seal
    manuscript_id: str | None = ref("document", index=False, default=None, nullable=True)  # 发文稿纸
    approved_by: str | None = ref("person", index=False, default=None, nullable=True)
    created_at: datetime = instant()
    issued_at: datetime | None = instant(default=None, nullable=True, index=True)
    issued_on: date | None = None
    served_at: datetime | None = instant(
        default=None, nullable=True
    )  # since when it counts as served, by whatever channel


class NumberSequence(SQLModel, table=True):
    """The last number given out in one series of one organisation in one year. Gapless: allotted in the issuing transaction."""

    __tablename__ = "number_sequence"
    __table_args__ = (UniqueConstraint("owner", "series", "year"),)

    id: str = key()
    owner: str = Field(max_length=32)  # organisation id, or "case" for references of cases
    series: str = Field(max_length=40)
    year: int
    last: int = 0


class Delivery(SQLModel, table=True):
    """One attempt to bring a notice to its addressee on one channel: when dispatched, when served, and the proof."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("notice_id", "channel", "attempt"),
        Index("ix_delivery_undelivered", "case_id", postgresql_where=_UNDELIVERED, sqlite_where=_UNDELIVERED),
        Index("ix_delivery_on_the_way", "deemed_at", postgresql_where=_ON_THE_WAY, sqlite_where=_ON_THE_WAY),
    )

    id: str = key()
    notice_id: str = ref("notice")
    case_id: str = ref("case_file")
    channel: str = Field(max_length=20)  # portal, email, post, in_person
    attempt: int = 1
    state: str = Field(default="pending", max_length=20)  # pending, dispatched, served, failed, returned, cancelled
    ordered_at: datetime | None = instant(default=None, nullable=True)  # empty before it was kept (0.5)
    ordered_by: str | None = Field(default=None, max_length=80)
    dispatched_at: datetime | None = instant(default=None, nullable=True)
    deemed_at: datetime | None = instant(
        default=None, nullable=True
    )  # when it counts as served though nobody opened it
    served_at: datetime | None = instant(default=None, nullable=True)  # of a day alone: its beginning
    how: str | None = Field(default=None, max_length=20)  # opened, deemed, signed, direct, left, entrusted, collected
    proof: str = Field(default="", max_length=500)  # Message-ID of a mail, tracking number of a letter
    document_id: str | None = ref("document", index=False, default=None, nullable=True)  # scan of the signed 送达回证
    details: bytes | None = None  # encrypted: recipient, address, receiver, witness, remarks, reasons
    recorded_at: datetime | None = instant(default=None, nullable=True)
    recorded_by: str | None = Field(default=None, max_length=80)
