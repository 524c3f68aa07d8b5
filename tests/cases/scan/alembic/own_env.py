"""What an environment hands to Alembic is what its engine dials; where it makes none, nothing is dialled here."""

import os

from alembic import context
from sqlalchemy import engine_from_config

config = context.config
config.set_main_option("sqlalchemy.url", "postgresql://app@db.internal/app".replace("%", "%%"))  # expect: opportunistic-dial
engine_from_config(config.get_section("alembic"))
section = config.get_section(config.config_ini_section)
section["sqlalchemy.url"] = "postgresql://app@other.internal/app?sslmode=disable"  # expect: plaintext-dial
engine_from_config(section, prefix="sqlalchemy.")
context.configure(url=os.environ["DATABASE_URL"])
