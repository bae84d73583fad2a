"""reports that were published

Revision: 0026, after 0025.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "published_report",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_published_report_organisation_id")
        ),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_published_report_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_report")),
    )
    op.create_index(op.f("ix_published_report_published_at"), "published_report", ["published_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_published_report_published_at"), table_name="published_report")
    op.drop_table("published_report")
