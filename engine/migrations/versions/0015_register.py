"""the register of document numbers, certificates that signed, and what a paper prints besides its facts

Revision: 0015, after 0012.
"""

import re

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime, new_id

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER = re.compile(r"〔(\d{4})〕(\d+)号\Z")
notice = sa.table(
    "notice",
    *(sa.column(name) for name in ("id", "organisation_id", "number")),
    sa.column("issued_on", sa.Date()),
    sa.column("issued_at", UtcDateTime),
)
sequence = sa.table("number_sequence", *(sa.column(name) for name in ("owner", "series", "year")))


def upgrade() -> None:
    with op.batch_alter_table("notice") as table:
        table.add_column(sa.Column("printed", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_document_digest"), "document", ["digest"])
    register = op.create_table(
        "registered_number",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("notice_id", sa.String(length=32), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("given_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("voided_by", sa.String(length=80), nullable=True),
        sa.Column("void_reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_registered_number_organisation_id")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_registered_number_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registered_number")),
        sa.UniqueConstraint(
            *("organisation_id", "series", "year", "ordinal"),
            name=op.f("uq_registered_number_organisation_id_series_year_ordinal"),
        ),
        sa.UniqueConstraint("notice_id", name=op.f("uq_registered_number_notice_id")),
    )
    op.create_index("ix_registered_number_given", "registered_number", ["organisation_id", "given_at", "id"])
    if rows := _given_out():
        op.bulk_insert(register, rows)
    op.create_table(
        "seal_certificate",
        sa.Column("fingerprint", sa.String(length=128), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("valid_from", UtcDateTime(timezone=True), nullable=False),
        sa.Column("valid_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_seal_certificate_organisation_id")
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_seal_certificate")),
    )
    op.create_index(op.f("ix_seal_certificate_organisation_id"), "seal_certificate", ["organisation_id"])


def _given_out() -> list[dict[str, object]]:
    """The numbers of papers that earlier versions issued. The series is what stands between the organ's prefix and the year;
    the prefix may have changed since, so the series are those that the organ has."""
    series_of: dict[tuple[str, int], list[str]] = {}
    for owner, series, year in op.get_bind().execute(sa.select(sequence.c.owner, sequence.c.series, sequence.c.year)):
        series_of.setdefault((owner, year), []).append(series)
    numbered = sa.select(notice).where(notice.c.number.is_not(None))
    rows: list[dict[str, object]] = []
    for ident, organisation_id, number, issued_on, issued_at in op.get_bind().execute(numbered):
        found = NUMBER.search(number)
        if found is None:
            continue
        year, head = int(found[1]), number[: found.start()]
        fitting = [series for series in series_of.get((organisation_id, year), []) if head.endswith(series)]
        if fitting:
            rows.append(
                {
                    "id": new_id(),
                    "organisation_id": organisation_id,
                    "series": max(fitting, key=len),
                    "year": year,
                    "ordinal": int(found[2]),
                    "number": number,
                    "notice_id": ident,
                    "given_on": issued_on,
                    "given_at": issued_at,
                }
            )
    return rows


def downgrade() -> None:
    op.drop_table("seal_certificate")
    op.drop_table("registered_number")
    op.drop_index(op.f("ix_document_digest"), "document")
    with op.batch_alter_table("notice") as table:
        table.drop_column("printed")
