"""Object mappers and query layers other than SQLAlchemy."""
import os

import dataset
import databases
import playhouse.db_url
from peewee import MySQLDatabase, PostgresqlDatabase, SqliteDatabase
from playhouse.pool import PooledMySQLDatabase, PooledPostgresqlExtDatabase
from playhouse.db_url import connect
from pony.orm import Database
from sqlmodel import create_engine
from tortoise import Tortoise
from tortoise.contrib.fastapi import register_tortoise

PostgresqlDatabase("app", user="app", password="secret", host="db.internal")  # expect: opportunistic-dial
PostgresqlDatabase("app", host="db.internal", sslmode="verify-full", sslrootcert="/ca.pem")
PostgresqlDatabase("app", host="localhost")
PostgresqlDatabase("app")
MySQLDatabase("app", host="db.internal", passwd="secret")  # expect: opportunistic-dial
SqliteDatabase("app.db")
PooledPostgresqlExtDatabase("app", max_connections=8, stale_timeout=300, host="db.internal", sslmode="require")  # expect: unverified-chain
PooledMySQLDatabase("app", max_connections=8, host=os.environ["DB_HOST"])  # expect: opportunistic-dial
connect("postgresql+pool://app:secret@db.internal/app?sslmode=require")  # expect: unverified-chain
playhouse.db_url.connect("mysql://app:secret@db.internal/app")  # expect: opportunistic-dial
connect("sqlite:///app.db")

db = Database()
db.bind(provider="postgres", user="app", password="secret", host="db.internal", database="app")  # expect: opportunistic-dial
db.bind("mysql", host="db.internal", user="app", passwd="secret", db="app")  # expect: opportunistic-dial
db.bind(provider="sqlite", filename="app.db")
Database("postgres", host="db.internal", sslmode="require")  # expect: unverified-chain

create_engine("postgresql+psycopg://app:secret@db.internal/app")  # expect: opportunistic-dial
databases.Database("postgresql://app:secret@db.internal/app")  # expect: opportunistic-dial
databases.Database("sqlite:///app.db")
dataset.connect("postgresql://app:secret@db.internal/app")  # expect: opportunistic-dial

TORTOISE_ORM = {
    "connections": {
        "default": "postgres://app:secret@db.internal/app",  # expect: opportunistic-dial
        "other": {
            "engine": "tortoise.backends.asyncpg",
            "credentials": {"host": "other.internal", "user": "app", "ssl": "require"},  # expect: unverified-chain
        },
        "local": {"engine": "tortoise.backends.sqlite", "credentials": {"file_path": "app.db"}},
    },
}


async def start(app):
    await Tortoise.init(db_url="asyncpg://app:secret@db.internal/app", modules={})  # expect: opportunistic-dial
    await Tortoise.init(config=TORTOISE_ORM)
    register_tortoise(app, db_url="mysql://app:secret@db.internal/app", modules={})  # expect: plaintext-dial
