"""SQLAlchemy's engines in every form. A docstring is no code: create_engine("mysql+pymysql://u:p@db.internal/app")"""
import os
import sqlalchemy as sa
from sqlalchemy import URL, create_engine, create_engine as engine
from sqlalchemy.ext.asyncio import create_async_engine

HOST = "db.internal"
BASE = "postgresql://app:secret@" + HOST  # expect: unverified-chain

create_engine("postgresql://app:secret@db.internal/app")  # expect: opportunistic-dial
engine("postgresql+psycopg2://app:secret@db.internal/app?sslmode=disable")  # expect: plaintext-dial
sa.create_engine(url="mysql+pymysql://app:secret@db.internal/app?ssl_cert=/c.pem&ssl_key=/k.pem")  # expect: unverified-chain
create_engine(BASE + "/app?sslmode=require", pool_size=5)
create_engine("postgresql://app@db.internal/app?sslmode=verify-ca&sslrootcert=/ca.pem")  # expect: unverified-identity
create_engine(f"postgresql://app:{os.environ['PASSWORD']}@db.internal/app")  # expect: opportunistic-dial
create_engine("postgresql://app:%s@%s/app" % (os.environ["PASSWORD"], HOST))  # expect: opportunistic-dial
create_engine("postgresql://{}:{password}@{host}/app".format("app", password="x", host=HOST))  # expect: opportunistic-dial
create_engine(URL.create("postgresql+psycopg", "app", "p@ss/word", HOST, database="app"))  # expect: opportunistic-dial
create_engine("postgresql://app@db.internal/app", connect_args={"sslmode": "require"})  # expect: unverified-chain
create_engine(os.environ["SOMEWHERE_ELSE"])  # expect: plaintext-dial possible
create_engine(os.environ.get("MAYBE", "postgresql://app:secret@db.internal/app"))  # expect: opportunistic-dial
create_engine(os.environ.get("MAYBE") or "postgresql://app:secret@db.internal/app")  # expect: opportunistic-dial
create_engine(os.environ.get("MAYBE", "sqlite:///app.db"))  # expect: plaintext-dial possible
create_engine(f"postgresql://app@{os.environ.get('DB_HOST', 'localhost')}/app")  # expect: opportunistic-dial possible
create_engine(f"postgresql://app@{os.environ['DB_HOST']}/app")  # expect: opportunistic-dial
create_engine(f"postgresql://app@db.internal/app?sslmode={os.environ['MODE']}")  # expect: plaintext-dial possible
create_async_engine("postgresql+asyncpg://app@db.internal/app")  # expect: opportunistic-dial

if os.environ.get("TLS"):
    suffix = "?sslmode=require"
else:
    suffix = ""
create_engine("postgresql+psycopg://app@db.internal/app" + suffix)  # expect: unverified-chain

url = "postgres://app:secret@db.internal/app"  # expect: opportunistic-dial
if url.startswith("postgres://"):
    url = url.replace("postgres://", "postgresql://", 1)
create_engine(url)


def make(password, name="app"):
    settings = dict(sslmode="prefer")
    settings["sslrootcert"] = "/ca.pem"
    settings.update(connect_timeout=3)
    return create_engine(f"postgresql://app:{password}@db.internal/{name}", connect_args=settings)  # expect: opportunistic-dial


def get_database_url(user, password):
    return f"postgresql://{user}:{password}@db.internal/app"  # expect: opportunistic-dial


def describe(user):
    return f"postgresql://{user}@db.internal/app"


OPTIONS = {"db_url": "postgresql://app:secret@table.internal/app", "hint": "postgresql://app@db.internal/app"}  # expect: opportunistic-dial
start(database_url="postgresql://app:secret@started.internal/app", text="postgresql://app@db.internal/app")  # expect: opportunistic-dial
START_DB = os.environ.get("START") or "postgresql://app:secret@begun.internal/app"  # expect: opportunistic-dial
wrap(URL.create("postgresql+psycopg", host="made.internal"))  # expect: opportunistic-dial
create_engine("{}://app@{}/app".format(os.environ.get("DRIVER", "mysql+pymysql"), "parts.internal"))  # expect: opportunistic-dial
create_engine(f"postgresql://app@{os.environ['HOST']}:{os.environ['PORT']}{os.environ['REST']}")  # expect: plaintext-dial possible
create_engine(f"postgresql://app@db.internal/app{os.environ['SUFFIX']}")  # expect: plaintext-dial possible
create_engine(f"postgresql://app@db.internal/app_{os.environ['STAGE']}")  # expect: opportunistic-dial
create_engine(URL.create("postgresql", host="db.internal", query=anything()))  # expect: plaintext-dial possible
