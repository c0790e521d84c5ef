"""Run a migration for Alembic over the connection that `storage.schema` passes in."""

from __future__ import annotations

from alembic import context

from storage.schema import configuration

context.configure(connection=context.config.attributes["connection"], **configuration())
with context.begin_transaction():
    context.run_migrations()
