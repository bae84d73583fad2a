"""sealed identities, and who sees a confidential case

Revision: 0020, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealed_identity",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("party_id", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("master_key_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.id"], name=op.f("fk_sealed_identity_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_identity")),
    )
    op.create_index(op.f("ix_sealed_identity_party_id"), "sealed_identity", ["party_id"], unique=True)
    _add("party", sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("participant", sa.Column("readers", sa.String(length=200), nullable=False, server_default=""))


def downgrade() -> None:
    for table, column in (("participant", "readers"), ("party", "sealed")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    op.drop_table("sealed_identity")


def _add(table: str, column: sa.Column[object]) -> None:
    """A column that new rows always say; the default was only for those that are there."""
    op.add_column(table, column)
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, server_default=None)
