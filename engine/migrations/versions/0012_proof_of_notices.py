"""what proves an issued notice: digest, signature, what it replaces, withdrawal; and its translation

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice") as table:
        table.add_column(sa.Column("translation_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("digest", sa.String(length=128), nullable=True))
        table.add_column(sa.Column("digest_algorithm", sa.String(length=20), nullable=False, server_default="sha256"))
        table.add_column(sa.Column("signature_algorithm", sa.String(length=60), nullable=True))
        table.add_column(sa.Column("certificate", sa.String(length=128), nullable=True))
        table.add_column(sa.Column("signed_at", UtcDateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("replaces_id", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("withdrawn_by", sa.String(length=80), nullable=True))
        table.add_column(sa.Column("withdrawal_reason", sa.String(length=500), nullable=True))
        table.create_foreign_key(op.f("fk_notice_translation_id"), "document", ["translation_id"], ["id"])
        table.create_foreign_key(op.f("fk_notice_replaces_id"), "notice", ["replaces_id"], ["id"])
        table.create_index(op.f("ix_notice_replaces_id"), ["replaces_id"])
    with op.batch_alter_table("notice") as table:
        table.alter_column("digest_algorithm", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("notice") as table:
        table.drop_index(op.f("ix_notice_replaces_id"))
        table.drop_constraint(op.f("fk_notice_replaces_id"), type_="foreignkey")
        table.drop_constraint(op.f("fk_notice_translation_id"), type_="foreignkey")
        for column in (
            *("withdrawal_reason", "withdrawn_by", "withdrawn_at", "replaces_id", "signed_at", "certificate"),
            *("signature_algorithm", "digest_algorithm", "digest", "translation_id"),
        ):
            table.drop_column(column)
