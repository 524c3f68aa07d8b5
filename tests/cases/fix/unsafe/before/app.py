"""Fixes that need --unsafe-fixes: the driver is assumed, or an old version of it does not keep what they promise."""

from sqlalchemy import create_engine

assumed = create_engine("postgresql://app:hunter2@db.internal/app")
any_version = create_engine("mysql+pymysql://app:hunter2@db.internal/app")
