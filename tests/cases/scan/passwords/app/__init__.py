"""Every connection here is verified: only where its password comes from differs."""
import os

import psycopg2
import pymysql
from sqlalchemy import URL, create_engine

from .settings import ANYTHING, PASSWORD, TLS

FULL = {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}
WITH = {**FULL, "password": "k3Ejh8-Zq"}

create_engine("postgresql+psycopg://app:k3Ejh8-Zq@db.internal/app" + TLS)  # expect: password-in-source
create_engine(f"postgresql+psycopg://app:{PASSWORD}@db.internal/app{TLS}")  # expect: password-in-source
create_engine(f"postgresql+psycopg://app:{PASSWORD}@{ANYTHING}/app{TLS}")  # expect: password-in-source
create_engine(f"postgresql+psycopg://app@db.internal/app{TLS}&password=k3Ejh8-Zq")  # expect: password-in-source
create_engine("postgresql+psycopg://app@db.internal/app", connect_args=WITH)  # expect: password-in-source
create_engine(URL.create("postgresql+psycopg", "app", "k3Ejh8@Zq", "db.internal", query=FULL))  # expect: password-in-source
psycopg2.connect("host=db.internal user=app password=k3Ejh8-Zq sslmode=verify-full sslrootcert=/ca.pem")  # expect: password-in-source
psycopg2.connect(host="db.internal", user="app", password="k3Ejh8-Zq", **FULL)  # expect: password-in-source
pymysql.connect(host="db.internal", user="app", passwd="k3Ejh8-Zq", ssl={"ca": "/ca.pem"})  # expect: password-in-source

create_engine("postgresql+psycopg://postgres:postgres@db/app" + TLS)  # expect: password-in-source possible
create_engine("postgresql+psycopg://billing:billing@db/app" + TLS)  # expect: password-in-source possible
create_engine("postgresql+psycopg://app:password@db.internal/app" + TLS)  # expect: password-in-source possible
create_engine(f"postgresql+psycopg://app:k3Ejh8-Zq@{os.getenv('DB_HOST', 'localhost')}/app")  # expect: opportunistic-dial possible, password-in-source possible

create_engine(os.environ.get("URL", "postgresql+psycopg://app:k3Ejh8-Zq@db.internal/app" + TLS))  # expect: secret-in-url-default
create_engine(f"postgresql+psycopg://app:{os.getenv('WORD', 'k3Ejh8-Zq')}@db.internal/app{TLS}")  # expect: secret-in-url-default
create_engine(f"postgresql+psycopg://app:{os.getenv('WORD', 'postgres')}@db.internal/app{TLS}")  # expect: secret-in-url-default possible
psycopg2.connect(host="db.internal", password=os.environ.get("WORD") or "k3Ejh8-Zq", **FULL)  # expect: secret-in-url-default


def connect(password="k3Ejh8-Zq"):
    return psycopg2.connect(host="db.internal", password=password, **FULL)  # expect: secret-in-url-default


create_engine("postgresql+psycopg://app@db.internal/app" + TLS)
create_engine("postgresql+psycopg://app:@db.internal/app" + TLS)
create_engine(f"postgresql+psycopg://app:{os.environ['WORD']}@db.internal/app{TLS}")
create_engine(f"postgresql+psycopg://app:{os.environ['IN_DOTENV']}@db.internal/app{TLS}")
create_engine(f"postgresql+psycopg://app:{os.getenv('IN_DOTENV', 'k3Ejh8-Zq')}@db.internal/app{TLS}")
create_engine(os.environ["WHOLE_URL"])
create_engine("postgresql+psycopg://app:***@db.internal/app" + TLS)
create_engine("postgresql+psycopg://app:<password>@db.internal/app" + TLS)
create_engine("postgresql+psycopg://app:changeme@db.internal/app" + TLS)
create_engine("postgresql+psycopg://app:your-password-here@db.internal/app" + TLS)
create_engine("postgresql+psycopg://app:{}@db.internal/app".format(os.environ["WORD"]) + TLS)
create_engine("postgresql+psycopg://app:k3Ejh8-Zq@localhost/app")
create_engine("postgresql+psycopg://app:k3Ejh8-Zq@/app?host=/run/postgresql")
create_engine(os.environ.get("IN_DOTENV_TOO", "postgresql://app:k3Ejh8-Zq@localhost/app"))
psycopg2.connect(host="127.0.0.1", password="k3Ejh8-Zq")
psycopg2.connect(host="db.internal", password=os.environ["WORD"], **FULL)
