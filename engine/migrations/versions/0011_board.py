"""what the board reads: counted results, and indexes for its numbers and lists

Revision: 0011, after 0010.
"""

from collections import Counter
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime, new_id

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

GOES_ON = sa.text("state IN ('running', 'suspended')")
UNDELIVERED = sa.text("state IN ('failed', 'pending')")
OPEN = sa.text("closed_at IS NULL")
WAITS = sa.text("state = 'open'")
GUIYANG = timedelta(hours=8)

deadline = sa.table(
    "deadline",
    *(sa.column(name) for name in ("id", "organisation_id", "process_key", "basis", "state", "stopped_by")),
    sa.column("stopped_at", UtcDateTime),
)
breach = sa.table("breach", sa.column("deadline_id"), sa.column("annulled_at"))


def upgrade() -> None:
    result_count = op.create_table(
        "result_count",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("process_key", sa.String(length=64), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("in_time", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_result_count_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_count")),
        sa.UniqueConstraint(
            *("organisation_id", "process_key", "basis", "month"),
            name=op.f("uq_result_count_organisation_id_process_key_basis_month"),
        ),
    )
    op.create_index(op.f("ix_result_count_month"), "result_count", ["month"])
    if rows := _counted():
        op.bulk_insert(result_count, rows)
    op.create_index(
        "ix_deadline_board",
        "deadline",
        ["organisation_id", "process_key", "basis", "state", "due_at", "private", "case_id"],
        sqlite_where=GOES_ON,
        postgresql_where=GOES_ON,
    )
    op.create_index(
        "ix_delivery_undelivered", "delivery", ["case_id"], sqlite_where=UNDELIVERED, postgresql_where=UNDELIVERED
    )
    _index_of_tasks("ix_task_case_open", "case_id", "node", "role", "created_at", "state")
    _index_of_tasks("ix_task_mine", "assignee_id", "organisation_id", "case_id", "state")
    op.create_index("ix_case_file_open", "case_file", ["submitted_at", "id"], sqlite_where=OPEN, postgresql_where=OPEN)


def _index_of_tasks(name: str, *columns: str) -> None:
    op.drop_index(name, "task")
    op.create_index(name, "task", list(columns), sqlite_where=WAITS, postgresql_where=WAITS)


def _counted() -> list[dict[str, object]]:
    """The results that earlier versions left behind, counted as ``engine.results`` does."""
    stands = sa.select(breach.c.deadline_id).where(
        breach.c.deadline_id == deadline.c.id, breach.c.annulled_at.is_(None)
    )
    answered = sa.select(
        deadline.c.organisation_id,
        deadline.c.process_key,
        deadline.c.basis,
        deadline.c.stopped_at,
        stands.exists(),
    ).where(
        deadline.c.state == "stopped",
        deadline.c.stopped_at.is_not(None),
        deadline.c.organisation_id.is_not(None),
        deadline.c.basis != "internal",
        deadline.c.stopped_by.not_in(["case.withdrawn", "case.closed"]),
    )
    counts: Counter[tuple[str, str, str, date, bool]] = Counter()
    for organisation_id, process_key, basis, stopped_at, late in op.get_bind().execute(answered):
        counts[organisation_id, process_key, basis, _month(stopped_at), bool(late)] += 1
    return [
        {
            "id": new_id(),
            "organisation_id": organisation_id,
            "process_key": process_key,
            "basis": basis,
            "month": month,
            "in_time": counts[organisation_id, process_key, basis, month, False],
            "late": counts[organisation_id, process_key, basis, month, True],
        }
        for organisation_id, process_key, basis, month in {key[:4] for key in counts}
    ]


def _month(instant: datetime) -> date:
    return (instant + GUIYANG).date().replace(day=1)


def downgrade() -> None:
    op.drop_index("ix_case_file_open", "case_file")
    _index_of_tasks("ix_task_mine", "assignee_id")
    _index_of_tasks("ix_task_case_open", "case_id")
    op.drop_index("ix_delivery_undelivered", "delivery")
    op.drop_index("ix_deadline_board", "deadline")
    op.drop_table("result_count")
