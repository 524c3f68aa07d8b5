"""The engine here is the app's own, which is read where it is made."""

from alembic import context
from flask import current_app

config = context.config
config.set_main_option("sqlalchemy.url", str(current_app.extensions["migrate"].db.engine.url).replace("%", "%%"))
with current_app.extensions["migrate"].db.engine.connect() as connection:
    context.configure(connection=connection)
