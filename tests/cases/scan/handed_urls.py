"""A URL that is handed to what dials by it, whatever that is called; not one that is only looked at."""

import pandas

from .project import get_engine, init_db, is_database_url, parse_database_url

get_engine("postgresql://app@db.internal/app")  # expect: opportunistic-dial
init_db("postgresql://app@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem")
pandas.read_sql("select 1", "postgresql://app@db.internal/app")  # expect: opportunistic-dial
parse_database_url("postgresql://app@db.internal/app")
is_database_url("postgresql://app@db.internal/app")
get_engine("sqlite:///app.db")
