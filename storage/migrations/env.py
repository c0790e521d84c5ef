"""What Alembic runs for every command: a migration over the connection that `storage.schema` hands in."""

from __future__ import annotations

from alembic import context

from storage.schema import configuration

context.configure(connection=context.config.attributes["connection"], **configuration())
with context.begin_transaction():
    context.run_migrations()
