import sqlalchemy as sa
from pyramid.config import settings

sa.engine_from_config(dict(settings))  # expect: plaintext-dial possible
sa.engine_from_config(settings.copy(), "sqlalchemy.")  # expect: plaintext-dial possible
sa.engine_from_config(dict(settings), "db.", url="postgresql://app@db.internal/app")  # expect: opportunistic-dial
sa.engine_from_config(dict(settings), "db.", url="sqlite://")
sa.engine_from_config({"sqlalchemy.url": "sqlite://"})
sa.engine_from_config({"sqlalchemy.echo": "true"})
SETTINGS = {
    "sqlalchemy.url": {"value": "mysql+pymysql://app@db.internal/app", "validator": str},  # expect: opportunistic-dial
    "sqlalchemy.url.help": {"value": "a URL such as postgresql://app@db.internal/app", "validator": str},
}
