"""supervision leads, instructions of leaders, and participants that see their own only

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("participant", sa.Column("sees", sa.String(length=10), nullable=True))
    op.execute("UPDATE participant SET sees = 'all'")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.alter_column("sees", existing_type=sa.String(length=10), nullable=False)
    limited = sa.text("sees <> 'all'")
    op.create_index(
        "ix_participant_limited", "participant", ["case_id"], postgresql_where=limited, sqlite_where=limited
    )
    _leads()
    _instructions()


def _leads() -> None:
    op.create_table(
        "supervision_lead",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("about_id", sa.String(length=32), nullable=False),
        sa.Column("breach_id", sa.String(length=32), nullable=True),
        sa.Column("ground", sa.String(length=4), nullable=False),
        sa.Column("respondent_id", sa.String(length=32), nullable=False),
        sa.Column("organ_id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("annulled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("annulled_reason", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_supervision_lead_case_id")),
        sa.ForeignKeyConstraint(["about_id"], ["case_file.id"], name=op.f("fk_supervision_lead_about_id")),
        sa.ForeignKeyConstraint(["breach_id"], ["breach.id"], name=op.f("fk_supervision_lead_breach_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["organisation.id"], name=op.f("fk_supervision_lead_respondent_id")),
        sa.ForeignKeyConstraint(["organ_id"], ["organisation.id"], name=op.f("fk_supervision_lead_organ_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_lead")),
        sa.UniqueConstraint("breach_id", name=op.f("uq_supervision_lead_breach_id")),
    )
    op.create_index(op.f("ix_supervision_lead_case_id"), "supervision_lead", ["case_id"], unique=True)
    for column in ("about_id", "at", "organ_id", "respondent_id"):
        op.create_index(op.f(f"ix_supervision_lead_{column}"), "supervision_lead", [column])


def _instructions() -> None:
    op.create_table(
        "instruction",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("deadline_id", sa.String(length=32), nullable=False),
        sa.Column("leader", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("house_id", sa.String(length=32), nullable=False),
        sa.Column("bound_id", sa.String(length=32), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("fulfilled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("fulfilled_by", sa.String(length=80), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_instruction_case_id")),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadline.id"], name=op.f("fk_instruction_deadline_id")),
        sa.ForeignKeyConstraint(["house_id"], ["organisation.id"], name=op.f("fk_instruction_house_id")),
        sa.ForeignKeyConstraint(["bound_id"], ["organisation.id"], name=op.f("fk_instruction_bound_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruction")),
        sa.UniqueConstraint("deadline_id", name=op.f("uq_instruction_deadline_id")),
    )
    for column in ("bound_id", "case_id", "house_id"):
        op.create_index(op.f(f"ix_instruction_{column}"), "instruction", [column])


def downgrade() -> None:
    op.drop_table("instruction")
    op.drop_table("supervision_lead")
    op.drop_index("ix_participant_limited", table_name="participant")
    with op.batch_alter_table("participant", schema=None) as batch_op:
        batch_op.drop_column("sees")
