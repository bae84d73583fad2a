"""the day on which an event happened that was registered late

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("step_record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("step_record", schema=None) as batch_op:
        batch_op.drop_column("on")
