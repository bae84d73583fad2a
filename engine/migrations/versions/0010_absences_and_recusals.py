"""absences and substitutes, recusals and declared kin, tasks that go from hand to hand

Revision: 0010, after 0009.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")
STANDS = sa.text("lifted_at IS NULL")


def _table(name: str, refs: dict[str, tuple[str, bool]], *columns: Any) -> None:
    """A table with an id and references to other tables, named as the models name them."""
    op.create_table(
        name,
        sa.Column("id", sa.String(length=32), nullable=False),
        *(sa.Column(ref, sa.String(length=32), nullable=nullable) for ref, (_, nullable) in refs.items()),
        *columns,
        *(
            sa.ForeignKeyConstraint([ref], [f"{target}.id"], name=op.f(f"fk_{name}_{ref}"))
            for ref, (target, _) in refs.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("completed_for", sa.String(length=32), nullable=True))
        for name in ("owner_id", "completed_for"):
            batch_op.create_foreign_key(batch_op.f(f"fk_task_{name}"), "person", [name], ["id"])
        batch_op.create_index("ix_task_delegated", ["owner_id"], sqlite_where=OPEN, postgresql_where=OPEN)
    _table(
        "handover",
        {
            "task_id": ("task", False),
            "case_id": ("case_file", False),
            "from_id": ("person", True),
            "to_id": ("person", True),
        },
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
    )
    op.create_index(op.f("ix_handover_task_id"), "handover", ["task_id"])
    _table(
        "absence",
        {"person_id": ("person", False), "substitute_id": ("person", False)},
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("entered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
    )
    op.create_index(op.f("ix_absence_person_id"), "absence", ["person_id"])
    op.create_index(op.f("ix_absence_substitute_id"), "absence", ["substitute_id"])
    _table(
        "recusal",
        {"case_id": ("case_file", False), "person_id": ("person", False)},
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("lifted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_reason", sa.LargeBinary(), nullable=True),
    )
    op.create_index(op.f("ix_recusal_case_id"), "recusal", ["case_id"])
    op.create_index(op.f("ix_recusal_person_id"), "recusal", ["person_id"])
    op.create_index(
        "ix_recusal_standing",
        "recusal",
        ["case_id", "person_id"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )
    _table(
        "name_clearance",
        {"person_id": ("person", False), "party_id": ("party", False)},
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.UniqueConstraint("person_id", "party_id", name=op.f("uq_name_clearance_person_id_party_id")),
    )
    op.create_index(op.f("ix_name_clearance_party_id"), "name_clearance", ["party_id"])
    _table(
        "kin",
        {"person_id": ("person", False)},
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("name_token", sa.String(length=64), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_id", sa.String(length=16), nullable=False),
        sa.Column("declared_at", UtcDateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("person_id", "name_token", name=op.f("uq_kin_person_id_name_token")),
    )
    op.create_index(op.f("ix_kin_name_token"), "kin", ["name_token"])


def downgrade() -> None:
    for name in ("kin", "name_clearance", "recusal", "absence", "handover"):
        op.drop_table(name)
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("ix_task_delegated")
        for name in ("owner_id", "completed_for"):
            batch_op.drop_constraint(batch_op.f(f"fk_task_{name}"), type_="foreignkey")
            batch_op.drop_column(name)
