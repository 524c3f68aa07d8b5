"""Nothing here is to be reported: postgresql://app:secret@db.internal/app"""
import os
import ssl

import psycopg2
import pymysql
from sqlalchemy import create_engine

# create_engine("mysql+pymysql://app:secret@db.internal/app")
# SQLALCHEMY_DATABASE_URI = "postgresql://app:secret@db.internal/app"
create_engine("sqlite://")
create_engine("sqlite:////var/lib/app.db")
create_engine("postgresql://app@localhost/app")
create_engine("postgresql://app@127.0.0.1:5433/app")
create_engine("postgresql://app@[::1]/app")
create_engine("postgresql:///app")
create_engine("postgresql:///app?host=/var/run/postgresql")
create_engine("postgresql://app@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem")
create_engine("postgresql+psycopg://app@db.internal/app", connect_args={"sslmode": "verify-full", "sslrootcert": "/ca.pem"})
create_engine("mysql+pymysql://app@db.internal/app?ssl_ca=/ca.pem")
create_engine(f"sqlite:///{os.path.join(os.getcwd(), 'app.db')}")
create_engine("oracle+oracledb://app@db.internal/app")
psycopg2.connect("dbname=app")
psycopg2.connect(host="/var/run/postgresql", dbname="app")
psycopg2.connect(dbname="app", host="localhost", password="secret")
psycopg2.connect("host=db.internal dbname=app sslmode=verify-full sslrootcert=/ca.pem")
pymysql.connect(unix_socket="/run/mysqld/mysqld.sock", user="app")
pymysql.connect(host="127.0.0.1", user="app", password="secret")
pymysql.connect(host="db.internal", user="app", ssl=ssl.create_default_context(cafile="/ca.pem"))

MESSAGE = "a URL looks like postgresql://user:password@db.internal/app"
DOCS_URL = "https://www.postgresql.org/docs/"
DATABASE_URL_PLACEHOLDER = "postgresql://{user}:{password}@{host}/{database}"
EXAMPLE_URL = "postgresql://user:password@<host>:5432/database"
print("postgresql://app:secret@db.internal/app")


def help_text():
    return "mysql://app:secret@db.internal/app"


class Signal:
    def connect(self, receiver):
        return receiver


Signal().connect("postgresql://app:secret@db.internal/app")
