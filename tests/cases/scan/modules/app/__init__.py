from sqlalchemy import create_engine

from app import settings
from app.settings import DB_HOST as HOST, Config
from .parts import database_url

create_engine(f"postgresql://app:{settings.PASSWORD}@{HOST}/app")  # expect: opportunistic-dial
create_engine(Config.url)
create_engine(Config().secure)
create_engine(database_url("reports"))
