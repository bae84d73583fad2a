"""ledgers of clocks, breaches that can be annulled, reminders and urgings

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CLIMBS = sa.text("state = 'running' AND climbs_at IS NOT NULL")
STANDS = sa.text("annulled_at IS NULL")
UNREAD = sa.text("read_at IS NULL")
UNMAILED = sa.text("mailed_at IS NULL")
OF_CASE = "UPDATE {0} SET process_key = (SELECT c.process_key FROM case_file c WHERE c.id = {0}.case_id)"


def upgrade() -> None:
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.add_column(sa.Column("process_key", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("cutoff", sa.String(length=5), nullable=True))
        batch_op.add_column(sa.Column("climbs_at", UtcDateTime(timezone=True), nullable=True))
        for name in ("may_suspend", "may_restart", "private"):
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=True))
    op.execute(OF_CASE.format("deadline"))
    op.execute("UPDATE deadline SET may_suspend = false, may_restart = false, private = false")
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.alter_column("process_key", existing_type=sa.String(length=64), nullable=False)
        for name in ("may_suspend", "may_restart", "private"):
            batch_op.alter_column(name, existing_type=sa.Boolean(), nullable=False)
        batch_op.create_index("ix_deadline_climbs", ["climbs_at"], sqlite_where=CLIMBS, postgresql_where=CLIMBS)
    with op.batch_alter_table("breach", schema=None) as batch_op:
        batch_op.add_column(sa.Column("process_key", sa.String(length=64), nullable=True))
    op.execute(OF_CASE.format("breach"))
    with op.batch_alter_table("breach", schema=None) as batch_op:
        batch_op.alter_column("process_key", existing_type=sa.String(length=64), nullable=False)
        batch_op.drop_constraint(batch_op.f("uq_breach_deadline_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_breach_deadline_id"), ["deadline_id"])
        batch_op.create_index(
            "ix_breach_standing", ["deadline_id"], unique=True, sqlite_where=STANDS, postgresql_where=STANDS
        )
    with op.batch_alter_table("deadline_change", schema=None) as batch_op:  # nothing has written to it before
        batch_op.add_column(sa.Column("on", sa.Date(), nullable=False))
        batch_op.add_column(sa.Column("due_on_before", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("due_on_after", sa.Date(), nullable=True))
    op.create_table(
        "urging",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("deadline_id", sa.String(length=32), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_urging_case_id")),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadline.id"], name=op.f("fk_urging_deadline_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urging")),
    )
    op.create_index(op.f("ix_urging_case_id"), "urging", ["case_id"])
    op.create_index(op.f("ix_urging_deadline_id"), "urging", ["deadline_id"])
    op.create_table(
        "reminder",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("deadline_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("urging_id", sa.String(length=32), nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_reminder_case_id")),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadline.id"], name=op.f("fk_reminder_deadline_id")),
        sa.ForeignKeyConstraint(["urging_id"], ["urging.id"], name=op.f("fk_reminder_urging_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
    )
    op.create_index(op.f("ix_reminder_case_id"), "reminder", ["case_id"])
    op.create_index(op.f("ix_reminder_deadline_id"), "reminder", ["deadline_id"])
    op.create_index("ix_reminder_unread", "reminder", ["person_id", "at"], sqlite_where=UNREAD, postgresql_where=UNREAD)
    op.create_index("ix_reminder_unmailed", "reminder", ["person_id"], sqlite_where=UNMAILED, postgresql_where=UNMAILED)


def downgrade() -> None:
    op.drop_table("reminder")
    op.drop_table("urging")
    with op.batch_alter_table("deadline_change", schema=None) as batch_op:
        for name in ("due_on_after", "due_on_before", "on"):
            batch_op.drop_column(name)
    op.execute("DELETE FROM breach WHERE annulled_at IS NOT NULL")  # the older tables know one breach a clock
    with op.batch_alter_table("breach", schema=None) as batch_op:
        batch_op.drop_index("ix_breach_standing")
        batch_op.drop_index(batch_op.f("ix_breach_deadline_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_breach_deadline_id"), ["deadline_id"])
        batch_op.drop_column("process_key")
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.drop_index("ix_deadline_climbs")
        for name in ("private", "may_restart", "may_suspend", "climbs_at", "cutoff", "process_key"):
            batch_op.drop_column(name)
