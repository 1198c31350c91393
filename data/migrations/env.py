"""Alembic's entry: runs migrations on the connection that `data.database.Database.migrate` passes."""

from alembic import context

from data.tables_conduct import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
