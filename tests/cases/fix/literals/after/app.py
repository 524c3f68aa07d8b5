"""Every form in which a URL is written: only its options change, whatever stands around it."""

import os

from sqlalchemy import URL, create_engine

PASSWORD = os.environ["DB_PASSWORD"]
HOST = os.environ["DB_HOST"]

plain = create_engine("postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")  # the main one
single = create_engine('mysql+pymysql://app:hunter2@db.internal/app?charset=utf8mb4&ssl_ca=/etc/ssl/db-ca.pem')
raw = create_engine(r"postgresql+psycopg2://app:hunter%402@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")
triple = create_engine("""postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=verify-full&connect_timeout=5&sslrootcert=/etc/ssl/db-ca.pem""")
escaped = create_engine("postgresql+psycopg2://app:hunter\x32@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")
named = create_engine("postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/own.pem")

unnamed = create_engine("postgresql://app:hunter2@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")  # psycopg2 or psycopg: both take the same

formatted = create_engine(f"postgresql+psycopg2://app:{PASSWORD}@{HOST}/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")
nested = create_engine(f'mysql+pymysql://app:{os.environ["DB_PASSWORD"]}@{HOST}/{"app"}?charset=utf8mb4&ssl_ca=/etc/ssl/db-ca.pem')
rows = create_engine(
    "postgresql+psycopg2://app:"  # everyone's
    "hunter2@db.internal/app"
    "?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem"
)
mixed = create_engine("postgresql+psycopg2://app:" f"{PASSWORD}" "@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")
added = create_engine("postgresql+psycopg2://" + "app:" + PASSWORD + "@" + HOST + "/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")
percent = create_engine("postgresql+psycopg2://app:%s@%s/app?connect_timeout=5&sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem" % (PASSWORD, HOST))
filled = create_engine("postgresql+psycopg2://app:{}@{host}/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem".format(PASSWORD, host=HOST))
made = create_engine(URL.create("postgresql+psycopg2", username="app", password=PASSWORD, host=HOST, database="app", query={"sslmode": "verify-full", "sslrootcert": "/etc/ssl/db-ca.pem"}))
asked = create_engine(
    URL.create(
        "postgresql+psycopg2",
        username="app",
        host="db.internal",
        query={"sslmode": "verify-full", "sslrootcert": "/etc/ssl/db-ca.pem"},
    )
)
default = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem"))
ümlaut, wide = "ä€𝄞", create_engine("postgresql+psycopg2://äpp:hunter2@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem")  # 𝄞
