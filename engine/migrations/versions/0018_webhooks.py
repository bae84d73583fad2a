"""subscriptions of other systems, and the messages to them

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UNDELIVERED = sa.text("state IN ('pending', 'waiting')")


def _instant(name: str, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "webhook_subscription",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("processes", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(), nullable=True),
        _instant("former_until"),
        sa.Column("master_key_id", sa.String(length=32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        _instant("failing_since"),
        _instant("wait_until"),
        _instant("created_at", nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        _instant("ended_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_subscription")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("subscription_id", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        _instant("created_at", nullable=False),
        _instant("queued_at", nullable=False),
        _instant("next_at"),
        _instant("settled_at"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_webhook_delivery_case_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["webhook_subscription.id"], name=op.f("fk_webhook_delivery_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(op.f("ix_webhook_delivery_case_id"), "webhook_delivery", ["case_id"])
    op.create_index("ix_webhook_delivery_of_subscription", "webhook_delivery", ["subscription_id", "created_at"])
    op.create_index(
        "ix_webhook_delivery_undelivered",
        "webhook_delivery",
        ["subscription_id", "case_id"],
        postgresql_where=UNDELIVERED,
        sqlite_where=UNDELIVERED,
    )


def downgrade() -> None:
    op.drop_table("webhook_delivery")
    op.drop_table("webhook_subscription")
