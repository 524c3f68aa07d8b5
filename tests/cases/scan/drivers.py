import ssl
from os import environ, getenv

import MySQLdb
import psycopg
import psycopg2
import pymysql as mysql
from psycopg2.pool import ThreadedConnectionPool
from psycopg_pool import ConnectionPool

psycopg2.connect(host="db.internal", dbname="app", password="secret")  # expect: opportunistic-dial
psycopg2.connect("host=db.internal password=secret sslmode=require")  # expect: unverified-chain
psycopg2.connect("postgresql://app:secret@db.internal/app", sslmode="disable")  # expect: plaintext-dial
psycopg2.connect(host=getenv("DB_HOST"), password=environ["DB_PASSWORD"])  # expect: opportunistic-dial
psycopg.connect("host=db.internal", sslmode="require")  # expect: unverified-chain
ThreadedConnectionPool(1, 5, "host=db.internal sslmode=require")  # expect: unverified-chain
ConnectionPool("host=db.internal", kwargs={"sslmode": "require"})  # expect: unverified-chain
mysql.connect(host="db.internal", user="app", passwd="secret", db="app")  # expect: opportunistic-dial
mysql.connect(host="db.internal", ssl={"cert": "/c.pem", "key": "/k.pem"})  # expect: unverified-chain
mysql.connect(host="db.internal", ssl=ssl._create_unverified_context())  # expect: unverified-chain
MySQLdb.connect(host="db.internal", user="app", passwd="secret")  # expect: opportunistic-dial

context = ssl.create_default_context(cafile="/ca.pem")
mysql.connect(host="db.internal", ssl=context)
context.check_hostname = False
mysql.connect(host="db.internal", ssl=context)  # expect: unverified-identity
context.verify_mode = ssl.CERT_NONE
mysql.connect(host="db.internal", ssl=context)  # expect: unverified-chain

SETTINGS = {"host": "db.internal", "user": "app", "password": "secret"}
mysql.connect(**SETTINGS)  # expect: opportunistic-dial
mysql.connect(**SETTINGS, ssl_ca="/ca.pem")  # expect: unverified-chain


class Store:
    host = "db.internal"

    def __init__(self, password):
        self.user = "app"
        self.password = password

    def connect(self):
        return mysql.connect(host=self.host, user=self.user, password=self.password)  # expect: opportunistic-dial

CHANGED = {"host": "db.internal", "ssl_ca": "/ca.pem"}
CHANGED.pop("ssl_ca")
CHANGED.setdefault("user", "app")
mysql.connect(**CHANGED)  # expect: opportunistic-dial
CHANGED.setdefault("ssl_disabled", True)
mysql.connect(**CHANGED)  # expect: plaintext-dial


def options(given):
    found = {"host": "db.internal"}
    for key in given:
        found[key] = given[key]
    mysql.connect(**found)  # expect: plaintext-dial possible


def branches(tls):
    found = {"host": "db.internal"}
    if tls:
        found["sslmode"] = "require"
    psycopg2.connect(**found)  # expect: unverified-chain
