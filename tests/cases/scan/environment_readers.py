"""Libraries that read the environment; each default is what stands there unless somebody sets another."""
from decouple import config
from environs import Env, env as ready
from sqlalchemy import URL, create_engine, engine_from_config, make_url
from starlette.config import Config
from starlette.datastructures import Secret

env = Env()
settings = Config(".env")

create_engine(config("ONE", default="postgresql://app:secret@one.internal/app"))  # expect: opportunistic-dial
create_engine(env.str("TWO", "postgresql://app:secret@two.internal/app"))  # expect: opportunistic-dial
create_engine(ready("THREE", default="postgresql://app:secret@three.internal/app"))  # expect: opportunistic-dial
create_engine(settings("FOUR", cast=Secret, default="postgresql://app:secret@four.internal/app"))  # expect: opportunistic-dial
create_engine(str(settings("FIVE")))  # expect: plaintext-dial possible
engine_from_config({"sqlalchemy.url": "postgresql://app:secret@six.internal/app?sslmode=require"})  # expect: unverified-chain
engine_from_config({"db.url": "postgresql://app@localhost/app"}, prefix="db.")
create_engine(make_url("postgresql://app@eight.internal/app").set(drivername="postgresql+psycopg", query={"sslmode": "require"}))  # expect: unverified-chain
create_engine(make_url("postgresql://app@nine.internal/app").update_query_dict({"sslmode": "require"}))  # expect: unverified-chain
create_engine(make_url("postgresql://app@localhost/app").set(host="ten.internal"))  # expect: opportunistic-dial
create_engine(URL.create("postgresql", host="db.internal", query=dict(sslmode="require")))  # expect: unverified-chain
