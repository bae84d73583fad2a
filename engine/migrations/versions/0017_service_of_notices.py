"""service of notices: since when a paper counts as served, and each attempt with who ordered and recorded it

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEX, ON_THE_WAY = "ix_delivery_undelivered", "ix_delivery_on_the_way"
OLD = sa.text("state IN ('failed', 'pending')")
NEW = sa.text("state IN ('failed', 'pending', 'returned')")
MOVING = sa.text("state = 'dispatched' AND channel <> 'email'")


def upgrade() -> None:
    with op.batch_alter_table("notice") as table:
        table.add_column(sa.Column("served_at", UtcDateTime(timezone=True), nullable=True))
    op.drop_index(INDEX, table_name="delivery")
    with op.batch_alter_table("delivery") as table:
        for instant in ("ordered_at", "deemed_at", "recorded_at"):
            table.add_column(sa.Column(instant, UtcDateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("ordered_by", sa.String(length=80), nullable=True))
        table.add_column(sa.Column("how", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("document_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("details", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("recorded_by", sa.String(length=80), nullable=True))
        table.create_foreign_key(op.f("fk_delivery_document_id"), "document", ["document_id"], ["id"])
    op.create_index(INDEX, "delivery", ["case_id"], sqlite_where=NEW, postgresql_where=NEW)
    op.create_index(ON_THE_WAY, "delivery", ["deemed_at"], sqlite_where=MOVING, postgresql_where=MOVING)


def downgrade() -> None:
    op.drop_index(ON_THE_WAY, table_name="delivery")
    op.drop_index(INDEX, table_name="delivery")
    with op.batch_alter_table("delivery") as table:
        table.drop_constraint(op.f("fk_delivery_document_id"), type_="foreignkey")
        for column in (
            *("recorded_by", "details", "document_id", "how", "ordered_by"),
            *("recorded_at", "deemed_at", "ordered_at"),
        ):
            table.drop_column(column)
    op.create_index(INDEX, "delivery", ["case_id"], sqlite_where=OLD, postgresql_where=OLD)
    with op.batch_alter_table("notice") as table:
        table.drop_column("served_at")
