"""Alembic's entry: runs the versions on the connection that bootstrap hands over."""

from __future__ import annotations

from alembic import context

from crescendai.kit.sql import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,  # for its names of constraints
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
