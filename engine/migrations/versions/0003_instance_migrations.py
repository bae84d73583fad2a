"""running cases that went over to another version of their process

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "instance_migration",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("from_id", sa.String(length=32), nullable=False),
        sa.Column("to_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("instance_revision", sa.Integer(), nullable=False),
        sa.Column("case_revision", sa.Integer(), nullable=False),
        sa.Column("deadlines", sa.JSON(), nullable=False),
        sa.Column("participants", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_instance_migration_case_id")),
        sa.ForeignKeyConstraint(["from_id"], ["process_definition.id"], name=op.f("fk_instance_migration_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["process_definition.id"], name=op.f("fk_instance_migration_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance_migration")),
        sa.UniqueConstraint("run", "case_id", name=op.f("uq_instance_migration_run_case_id")),
    )
    with op.batch_alter_table("instance_migration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instance_migration_case_id"), ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_table("instance_migration")
