"""Alembic's entry: the connection is handed over by db.migrate; there is no ini file."""

from alembic import context

from sourcing.model import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
