"""cases that are handled together

Revision: 0027, after 0026.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

STANDING = sa.text("state IN ('proposed', 'merged', 'decided')")


def upgrade() -> None:
    op.create_table(
        "merger",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("lead_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("proposed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_reason", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_merger_case_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["case_file.id"], name=op.f("fk_merger_lead_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_merger_proposed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger")),
    )
    op.create_index(
        "uq_merger_case", "merger", ["case_id"], unique=True, postgresql_where=STANDING, sqlite_where=STANDING
    )
    op.create_index("ix_merger_lead", "merger", ["lead_id", "state"])
    op.add_column("case_file", sa.Column("merged_into", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("case_file", "merged_into")
    op.drop_index("ix_merger_lead", table_name="merger")
    op.drop_index("uq_merger_case", table_name="merger")
    op.drop_table("merger")
