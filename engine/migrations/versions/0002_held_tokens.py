"""held tokens, and messages that are known by an id and a key

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HELD = sa.text("resolved_at IS NULL AND token IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("token", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("cause", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("acted", sa.String(length=80), nullable=True))
        batch_op.create_index(
            "ix_incident_held", ["case_id", "token"], unique=True, sqlite_where=HELD, postgresql_where=HELD
        )
    with op.batch_alter_table("received_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("message_id", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("key", sa.LargeBinary(), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_received_message_case_id_name_message_id"), ["case_id", "name", "message_id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("received_message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_received_message_case_id_name_message_id"), type_="unique")
        batch_op.drop_column("key")
        batch_op.drop_column("message_id")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index("ix_incident_held")
        for column in ("acted", "cause", "revision", "token"):
            batch_op.drop_column(column)
