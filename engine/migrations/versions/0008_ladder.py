"""the ladder is climbed for each due date; what tells of mails sent, of silence, and of datasets that are renewed

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MAILED = sa.text("mailed_at IS NOT NULL")


def upgrade() -> None:
    op.execute("DELETE FROM ladder_claim")  # nothing has written to it before
    with op.batch_alter_table("ladder_claim", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_on", sa.Date(), nullable=False))
        batch_op.add_column(sa.Column("superseded", sa.Boolean(), nullable=False))
        batch_op.drop_constraint(batch_op.f("uq_ladder_claim_deadline_id_rung"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_ladder_claim_deadline_id_due_on_rung"), ["deadline_id", "due_on", "rung"]
        )
    with op.batch_alter_table("catalogue_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("updated_at", UtcDateTime(timezone=True), nullable=True))
    op.execute("UPDATE catalogue_item SET updated_at = opened_at")
    op.create_index(
        op.f("ix_catalogue_item_update_frequency_updated_at"), "catalogue_item", ["update_frequency", "updated_at"]
    )
    op.create_index(
        "ix_reminder_mailed", "reminder", ["person_id", "mailed_at"], sqlite_where=MAILED, postgresql_where=MAILED
    )
    op.create_index(op.f("ix_notice_issued_at"), "notice", ["issued_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_notice_issued_at"), "notice")
    op.drop_index("ix_reminder_mailed", "reminder")
    op.drop_index(op.f("ix_catalogue_item_update_frequency_updated_at"), "catalogue_item")
    with op.batch_alter_table("catalogue_item", schema=None) as batch_op:
        batch_op.drop_column("updated_at")
    op.execute("DELETE FROM ladder_claim")  # the older table knows one climb of a rung, whatever the due date
    with op.batch_alter_table("ladder_claim", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_ladder_claim_deadline_id_due_on_rung"), type_="unique")
        batch_op.drop_column("superseded")
        batch_op.drop_column("due_on")
        batch_op.create_unique_constraint(batch_op.f("uq_ladder_claim_deadline_id_rung"), ["deadline_id", "rung"])
