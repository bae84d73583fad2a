"""Alembic's door: runs the migrations on the database whose address ``engine.db.upgrade`` was given."""

from alembic import context
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
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
