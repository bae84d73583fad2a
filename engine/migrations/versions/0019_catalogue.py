"""catalogues with revisions and numbered versions, access grants, demand and priority, provenance of files

Datasets that cases have opened so far become items with one revision, current and shown.

Revision: 0019, after 0018.
"""

import secrets

import sqlalchemy as sa
from alembic import op

from engine.models.base import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CURRENT = sa.text("state = 'current'")
SHOWN = sa.text("shown")
STANDING = sa.text("revoked_at IS NULL")
MOVED = ("name", "format", "url", "update_frequency", "case_id")


def _text(name: str, length: int, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False, server_default=default)


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=32), nullable=nullable)


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(timezone=True), nullable=nullable)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    _make_revisions()
    _make_versions()
    _make_grants()
    with op.batch_alter_table("catalogue_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code", sa.String(length=80), nullable=True))
        batch_op.add_column(_instant("removed_at"))
    _move_to_revisions()
    with op.batch_alter_table("catalogue_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalogue_item_case_id"))
        batch_op.drop_index(batch_op.f("ix_catalogue_item_update_frequency_updated_at"))
        batch_op.drop_constraint(batch_op.f("fk_catalogue_item_case_id"), type_="foreignkey")
        for column in (*MOVED, "open"):
            batch_op.drop_column(column)
        batch_op.alter_column("code", existing_type=sa.String(length=80), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_catalogue_item_code"), ["code"])
    op.create_index(op.f("ix_catalogue_item_updated_at"), "catalogue_item", ["updated_at"])
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("priority_reasons", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(_text("provenance", 300, ""))
    for table, column in (("case_file", "priority"), ("case_file", "priority_reasons"), ("document", "provenance")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, server_default=None)


def _make_revisions() -> None:
    table = "catalogue_revision"
    op.create_table(
        table,
        _id("id"),
        _id("item_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("state", 20),
        _text("change", 10),
        sa.Column("shown", sa.Boolean(), nullable=False),
        _text("name", 300),
        _text("name_en", 300),
        _text("description", 2000),
        _text("sharing", 20),
        _text("conditions", 1000),
        _text("opening", 20),
        _text("exemption", 40),
        _text("format", 40),
        _text("url", 500),
        _text("update_frequency", 40),
        sa.Column("fields", sa.JSON(), nullable=False),
        _text("classification", 40),
        _text("domain", 40),
        sa.Column("data_since", sa.Date(), nullable=True),
        _text("contact", 200),
        _id("case_id", nullable=True),
        _instant("drafted_at", nullable=False),
        _text("drafted_by", 80),
        _instant("settled_at"),
        _text("settled_by", 80),
        _instant("published_at"),
        _refers(table, "item_id", "catalogue_item"),
        _refers(table, "case_id", "case_file"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("item_id", "number", name=op.f(f"uq_{table}_item_id_number")),
    )
    op.create_index(op.f(f"ix_{table}_item_id"), table, ["item_id"])
    op.create_index(op.f(f"ix_{table}_case_id"), table, ["case_id"])
    for name, where in (("current", CURRENT), ("shown", SHOWN)):
        op.create_index(
            f"uq_{table}_{name}", table, ["item_id"], unique=True, sqlite_where=where, postgresql_where=where
        )
    op.create_index(
        f"ix_{table}_frequency", table, ["update_frequency"], sqlite_where=CURRENT, postgresql_where=CURRENT
    )


def _make_versions() -> None:
    op.create_table(
        "catalogue_version",
        _id("id"),
        _id("organisation_id"),
        _text("kind", 20),
        sa.Column("number", sa.Integer(), nullable=False),
        _text("state", 20),
        _id("case_id", nullable=True),
        _instant("compiled_at", nullable=False),
        _instant("published_at"),
        _refers("catalogue_version", "organisation_id", "organisation"),
        _refers("catalogue_version", "case_id", "case_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_version")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "number", name=op.f("uq_catalogue_version_organisation_id_kind_number")
        ),
    )
    op.create_index(op.f("ix_catalogue_version_case_id"), "catalogue_version", ["case_id"])
    op.create_table(
        "catalogue_version_item",
        _id("id"),
        _id("version_id"),
        _id("revision_id"),
        _refers("catalogue_version_item", "version_id", "catalogue_version"),
        _refers("catalogue_version_item", "revision_id", "catalogue_revision"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_version_item")),
        sa.UniqueConstraint("version_id", "revision_id", name=op.f("uq_catalogue_version_item_version_id_revision_id")),
    )
    op.create_index(op.f("ix_catalogue_version_item_revision_id"), "catalogue_version_item", ["revision_id"])
    op.create_table(
        "catalogue_demand",
        _id("id"),
        _id("item_id"),
        _id("case_id"),
        _instant("at", nullable=False),
        _refers("catalogue_demand", "item_id", "catalogue_item"),
        _refers("catalogue_demand", "case_id", "case_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_demand")),
        sa.UniqueConstraint("item_id", "case_id", name=op.f("uq_catalogue_demand_item_id_case_id")),
    )
    op.create_index(op.f("ix_catalogue_demand_case_id"), "catalogue_demand", ["case_id"])


def _make_grants() -> None:
    table = "access_grant"
    op.create_table(
        table,
        _id("id"),
        _id("item_id"),
        _id("organisation_id"),
        _text("access_mode", 20),
        _text("purpose", 2000),
        _text("scope", 2000),
        _text("legal_basis", 2000),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        _id("case_id"),
        _instant("granted_at", nullable=False),
        sa.Column("reminded_days", sa.Integer(), nullable=True),
        _instant("revoked_at"),
        _text("revoked_by", 80),
        _text("revoke_reason", 1000),
        _text("misuse_note", 1000),
        _instant("misuse_at"),
        _text("misuse_by", 80),
        _refers(table, "item_id", "catalogue_item"),
        _refers(table, "organisation_id", "organisation"),
        _refers(table, "case_id", "case_file"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"])
    op.create_index(op.f(f"ix_{table}_case_id"), table, ["case_id"])
    op.create_index(f"ix_{table}_of", table, ["item_id", "organisation_id"])
    op.create_index(f"ix_{table}_ending", table, ["ends_on"], sqlite_where=STANDING, postgresql_where=STANDING)


def _move_to_revisions() -> None:
    """Each dataset gets a code of its organisation, and what was said of it becomes its first revision."""
    connection = op.get_bind()
    before = connection.execute(
        sa.text(
            "SELECT i.id, o.code AS house, i.name, i.format, i.url, i.update_frequency, i.open, i.opened_at, i.case_id, "
            "c.touched_at FROM catalogue_item i JOIN organisation o ON o.id = i.organisation_id "
            "LEFT JOIN case_file c ON c.id = i.case_id ORDER BY o.code, i.opened_at, i.id"
        )
    ).mappings()
    numbers: dict[str, int] = {}
    for row in before.all():
        numbers[row["house"]] = number = numbers.get(row["house"], 0) + 1
        code = {"code": f"{row['house']}-{number:04d}", "id": row["id"]}
        connection.execute(sa.text("UPDATE catalogue_item SET code = :code WHERE id = :id"), code)
        is_open, at = bool(row["open"]), row["opened_at"] or row["touched_at"] or "2017-05-01 00:00:00+00:00"
        said = {name: row[name] for name in MOVED}
        said |= {"id": secrets.token_hex(16), "item_id": row["id"], "at": at, "shown": is_open}
        said["opening"], said["published"] = ("open", at) if is_open else ("planned", None)
        connection.execute(_REVISION, said)


_REVISION = sa.text(
    "INSERT INTO catalogue_revision (id, item_id, number, state, change, shown, name, name_en, description, sharing, "
    "conditions, opening, exemption, format, url, update_frequency, fields, classification, domain, contact, case_id, "
    "drafted_at, drafted_by, settled_at, settled_by, published_at) VALUES (:id, :item_id, 1, 'current', 'add', :shown, "
    ":name, '', '', 'unconditional', '', :opening, '', :format, :url, :update_frequency, '[]', '', '', '', :case_id, "
    ":at, 'system', :at, 'system', :published)"
)


def downgrade() -> None:
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_column("provenance")
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_column("priority_reasons")
        batch_op.drop_column("priority")
    op.drop_index(op.f("ix_catalogue_item_updated_at"), "catalogue_item")
    lengths = {"name": 300, "format": 40, "url": 500, "update_frequency": 40}
    with op.batch_alter_table("catalogue_item", schema=None) as batch_op:
        for name, length in lengths.items():
            batch_op.add_column(_text(name, length, ""))
        batch_op.add_column(sa.Column("open", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(_id("case_id", nullable=True))
    said = sa.table("catalogue_revision", *map(sa.column, ("item_id", "state", "opening", *MOVED)))
    item = sa.table("catalogue_item", *map(sa.column, ("id", "open", *MOVED)))
    current = (said.c.item_id == item.c.id) & (said.c.state == "current")
    kept = sa.select(said.c.item_id).where(said.c.state == "current")
    values = {name: sa.select(said.c[name]).where(current).scalar_subquery() for name in MOVED}
    opened = sa.select(said.c.opening == "open").where(current).scalar_subquery()
    op.execute(sa.update(item).where(item.c.id.in_(kept)).values(**values, open=opened))
    for table in ("access_grant", "catalogue_demand", "catalogue_version_item", "catalogue_version"):
        op.drop_table(table)
    op.drop_table("catalogue_revision")
    op.execute("DELETE FROM catalogue_item WHERE name = ''")  # drafts that the older table does not know
    with op.batch_alter_table("catalogue_item", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_catalogue_item_code"), type_="unique")
        batch_op.drop_column("removed_at")
        batch_op.drop_column("code")
        for name in lengths:
            batch_op.alter_column(name, server_default=None)
        batch_op.alter_column("open", server_default=None)
        batch_op.create_foreign_key(batch_op.f("fk_catalogue_item_case_id"), "case_file", ["case_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_catalogue_item_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_catalogue_item_update_frequency_updated_at"), ["update_frequency", "updated_at"]
        )
