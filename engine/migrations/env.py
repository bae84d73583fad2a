"""Alembic's door: runs the migrations on the database whose address ``engine.db.upgrade`` was given."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import engine.models  # noqa: F401  (fills the metadata)
from engine.db import connect


def run() -> None:
    engine = connect(context.config.attributes["url"])
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=True,
        )
        if connection.dialect.name == "sqlite":
            # a table is changed by making it anew; while it is gone, the rows that refer to it must not stop that
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "sqlite":
            _require_whole(connection)
        connection.commit()
    engine.dispose()


def _require_whole(connection: Connection) -> None:
    """No row refers to one that is not there, as if the database had watched all along."""
    astray = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    if astray:
        raise RuntimeError(f"rows refer to rows that are not there: {astray}")


run()
