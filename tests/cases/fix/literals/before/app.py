"""Every form in which a URL is written: only its options change, whatever stands around it."""

import os

from sqlalchemy import URL, create_engine

PASSWORD = os.environ["DB_PASSWORD"]
HOST = os.environ["DB_HOST"]

plain = create_engine("postgresql+psycopg2://app:hunter2@db.internal/app")  # the main one
single = create_engine('mysql+pymysql://app:hunter2@db.internal/app?charset=utf8mb4')
raw = create_engine(r"postgresql+psycopg2://app:hunter%402@db.internal/app?sslmode=require")
triple = create_engine("""postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=prefer&connect_timeout=5""")
escaped = create_engine("postgresql+psycopg2://app:hunter\x32@db.internal/app")
named = create_engine("postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=require&sslrootcert=/etc/ssl/own.pem")

unnamed = create_engine("postgresql://app:hunter2@db.internal/app")  # psycopg2 or psycopg: both take the same

formatted = create_engine(f"postgresql+psycopg2://app:{PASSWORD}@{HOST}/app")
nested = create_engine(f'mysql+pymysql://app:{os.environ["DB_PASSWORD"]}@{HOST}/{"app"}?charset=utf8mb4')
rows = create_engine(
    "postgresql+psycopg2://app:"  # everyone's
    "hunter2@db.internal/app"
    "?sslmode=require"
)
mixed = create_engine("postgresql+psycopg2://app:" f"{PASSWORD}" "@db.internal/app")
added = create_engine("postgresql+psycopg2://" + "app:" + PASSWORD + "@" + HOST + "/app")
percent = create_engine("postgresql+psycopg2://app:%s@%s/app?connect_timeout=5" % (PASSWORD, HOST))
filled = create_engine("postgresql+psycopg2://app:{}@{host}/app".format(PASSWORD, host=HOST))
made = create_engine(URL.create("postgresql+psycopg2", username="app", password=PASSWORD, host=HOST, database="app"))
asked = create_engine(
    URL.create(
        "postgresql+psycopg2",
        username="app",
        host="db.internal",
        query={"sslmode": "require"},
    )
)
default = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg2://app:hunter2@db.internal/app"))
ümlaut, wide = "ä€𝄞", create_engine("postgresql+psycopg2://äpp:hunter2@db.internal/app?sslmode=require")  # 𝄞
