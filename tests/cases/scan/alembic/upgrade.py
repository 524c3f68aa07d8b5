from alembic import command
from alembic.config import Config


def upgrade(url):
    config = Config("alembic.ini")
    config.set_main_option("script_location", "migrations")
    config.set_main_option("sqlalchemy.url", url)  # expect: plaintext-dial possible
    command.upgrade(config, "head")


def upgrade_the_replica():
    config = Config("alembic.ini")
    config.set_section_option("replica", "sqlalchemy.url", "postgresql://app:p%%40ss@replica.internal/app")  # expect: opportunistic-dial
    command.upgrade(config, "head")
