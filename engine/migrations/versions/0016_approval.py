"""how a paper is approved: the chain of its draft, tasks that are steps of one, and the sheet that is kept with it

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_approval",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("notice_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("lane", sa.String(length=100), nullable=False),
        sa.Column("passes", sa.String(length=1000), nullable=False),
        sa.Column("opinion_field", sa.String(length=100), nullable=True),
        sa.Column("shares", sa.Boolean(), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=True),
        sa.Column("result", sa.String(length=20), nullable=True),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("in_place_of", sa.String(length=32), nullable=True),
        sa.Column("opinion", sa.LargeBinary(), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(length=128), nullable=True),
        sa.Column("digest_algorithm", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_approval_notice_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_notice_approval_case_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_notice_approval_task_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_approval_person_id")),
        sa.ForeignKeyConstraint(["in_place_of"], ["person.id"], name=op.f("fk_notice_approval_in_place_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_approval")),
        sa.UniqueConstraint("notice_id", "position", name=op.f("uq_notice_approval_notice_id_position")),
    )
    op.create_index(op.f("ix_notice_approval_case_id"), "notice_approval", ["case_id"])
    with op.batch_alter_table("notice") as table:
        table.add_column(sa.Column("drafting_task_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("approved_digest", sa.String(length=128), nullable=True))
        table.add_column(sa.Column("manuscript_id", sa.String(length=32), nullable=True))
        table.create_foreign_key(op.f("fk_notice_manuscript_id"), "document", ["manuscript_id"], ["id"])
    with op.batch_alter_table("task") as table:
        table.add_column(sa.Column("approval_id", sa.String(length=32), nullable=True))
        table.drop_constraint(op.f("uq_task_case_id_token"), type_="unique")
    open_ones = sa.text("state = 'open'")
    op.create_index(
        "uq_task_token", "task", ["case_id", "token"], unique=True, postgresql_where=open_ones, sqlite_where=open_ones
    )


def downgrade() -> None:
    op.drop_index("uq_task_token", "task")
    # steps of a chain that are done shared their token with the one that came after them
    op.execute("UPDATE task SET token = id WHERE state <> 'open' AND approval_id IS NOT NULL")
    with op.batch_alter_table("task") as table:
        table.create_unique_constraint(op.f("uq_task_case_id_token"), ["case_id", "token"])
        table.drop_column("approval_id")
    with op.batch_alter_table("notice") as table:
        table.drop_constraint(op.f("fk_notice_manuscript_id"), type_="foreignkey")
        for column in ("manuscript_id", "approved_digest", "drafting_task_id"):
            table.drop_column(column)
    op.drop_index(op.f("ix_notice_approval_case_id"), "notice_approval")
    op.drop_table("notice_approval")
