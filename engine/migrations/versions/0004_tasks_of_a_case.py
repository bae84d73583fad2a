"""tasks of a case are found by what is open and by who did what

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_case_id"))
        batch_op.create_index("ix_task_case_open", ["case_id"], sqlite_where=OPEN, postgresql_where=OPEN)
        batch_op.create_index("ix_task_case_done", ["case_id", "completed_by", "node"])


def downgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("ix_task_case_done")
        batch_op.drop_index("ix_task_case_open")
        batch_op.create_index(batch_op.f("ix_task_case_id"), ["case_id"])
