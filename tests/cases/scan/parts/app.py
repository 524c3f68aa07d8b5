"""Parts that are used here are told here."""

import os

import psycopg2

psycopg2.connect(host=os.environ["READ_PG_HOST"], user=os.environ["READ_PG_USER"], sslmode="verify-full", sslrootcert="/ca.pem")
