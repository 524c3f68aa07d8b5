"""A fix that needs --unsafe-fixes: an old version of the driver does not keep what it promises."""

from sqlalchemy import create_engine

any_version = create_engine("mysql+pymysql://app:hunter2@db.internal/app")
