"""What is left to a person: none of it is touched."""

import os

import psycopg2
from sqlalchemy import create_engine

NAME = os.environ["DB_NAME"]
OPTIONS = {"password": "hunter2"}
MODE = "require"

context = create_engine("postgresql+asyncpg://app:hunter2@db.internal/app")
ends = create_engine("postgresql+psycopg2://app:hunter2@db.internal/" + NAME)
handed = psycopg2.connect(host="db.internal", **OPTIONS)
expression = psycopg2.connect(host="db.internal", sslmode=MODE)
outdated = create_engine("mysql+pymysql://app:hunter2@db.internal/app")
branch = create_engine("postgresql+psycopg2://app:hunter2@db.internal/app", connect_args={"sslmode": MODE})
local = create_engine("postgresql+psycopg2://app:hunter2@localhost/app")
verified = create_engine(
    "postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/own.pem"
)
waived = create_engine("postgresql+psycopg2://app:hunter2@db.internal/app")  # everyhop: waive[opportunistic-dial] reason="moves in spring" until=2027-06-30
