"""who is kept out of a case, and reasons of moved clocks under the key of the case

Revision: 0028, after 0027.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("participant", "case_link"):
        op.add_column(table, sa.Column("keeps_out", sa.Boolean(), nullable=False, server_default=sa.false()))
        with op.batch_alter_table(table) as batch:
            batch.alter_column("keeps_out", server_default=None)
    op.add_column("deadline_change", sa.Column("words", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    for table, column in (("deadline_change", "words"), ("case_link", "keeps_out"), ("participant", "keeps_out")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
