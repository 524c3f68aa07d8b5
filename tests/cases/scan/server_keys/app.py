import ssl

import pymysql
from sqlalchemy import create_engine

FULL = "sslmode=verify-full&sslrootcert=/ca.pem"

create_engine(f"postgresql+psycopg://app@db.internal/app?{FULL}&sslcert=/c.pem&sslkey=/etc/letsencrypt/live/db/privkey.pem")  # expect: server-key-as-client-key
create_engine(f"postgresql+psycopg://app@db.internal/app?{FULL}&sslcert=/c.pem&sslkey=/etc/ssl/postgres/server.key")  # expect: server-key-as-client-key
create_engine(f"postgresql+psycopg://app@db.internal/app?{FULL}&sslcert=/c.pem&sslkey=/certs/node.key")  # expect: server-key-as-client-key
create_engine(f"postgresql+psycopg://app@db.internal/app?{FULL}&sslcert=/c.pem&sslkey=/opt/tls/privkey.pem")  # expect: server-key-as-client-key possible
create_engine(f"postgresql+psycopg://app@db/app?{FULL}&sslcert=/c.pem&sslkey=/tls/tls.key")  # expect: server-key-as-client-key
create_engine("postgresql+psycopg://app@db.internal/app", connect_args={"sslmode": "verify-full", "sslrootcert": "/ca.pem", "sslcert": "/c", "sslkey": "/var/lib/postgresql/tls/pg.pem"})  # expect: server-key-as-client-key
pymysql.connect(host="db.internal", ssl={"ca": "/ca.pem", "cert": "/c.pem", "key": "/etc/mysql/ssl/server-key.pem"})  # expect: server-key-as-client-key
pymysql.connect(host="127.0.0.1", ssl={"ca": "/ca.pem", "cert": "/c.pem", "key": "/etc/mysql/ssl/server-key.pem"})  # expect: server-key-as-client-key
context = ssl.create_default_context(cafile="/ca.pem")
context.load_cert_chain("/etc/mariadb/ssl/fullchain.pem", "/etc/mariadb/ssl/privkey.pem")
pymysql.connect(host="db.internal", ssl=context)  # expect: server-key-as-client-key

create_engine(f"postgresql+psycopg://app@db.internal/app?{FULL}&sslcert=/c.pem&sslkey=/etc/ssl/app.key")
create_engine(f"postgresql+psycopg://app@db.internal/app?{FULL}&sslcert=/c.pem&sslkey=/certs/client.app.key")
create_engine(f"postgresql+psycopg://app@db.internal/app?{FULL}")
pymysql.connect(host="db.internal", ssl={"ca": "/etc/mysql/ssl/server-cert.pem"})
pymysql.connect(host="db.internal", ssl={"ca": "/ca.pem", "cert": "/c.pem", "key": "/etc/mysql/ssl/client-key.pem"})
