"""Pools hand what they do not take for themselves to the driver."""
import aiomysql
import asyncpg
import mysql.connector
import psycopg2
import pymysql
from dbutils.persistent_db import PersistentDB
from dbutils.pooled_db import PooledDB
from DBUtils.PooledDB import PooledDB as OldPool
from mysql.connector.pooling import MySQLConnectionPool
from psycopg2.pool import SimpleConnectionPool
from psycopg_pool import AsyncConnectionPool, ConnectionPool

SETTINGS = {"host": "db.internal", "user": "app", "password": "secret"}

PooledDB(creator=pymysql, maxconnections=5, **SETTINGS)  # expect: opportunistic-dial
PooledDB(pymysql, 5, host="db.internal", ssl={"ca": "/ca.pem", "check_hostname": True})
PersistentDB(psycopg2, host="db.internal", sslmode="require")  # expect: unverified-chain
OldPool(creator=psycopg2.connect, mincached=1, host="localhost")
PooledDB(creator=make_connection, host="db.internal")
SimpleConnectionPool(minconn=1, maxconn=5, **SETTINGS)  # expect: opportunistic-dial
ConnectionPool(conninfo="host=db.internal sslmode=require", min_size=1, max_size=4, open=True)  # expect: unverified-chain
AsyncConnectionPool("postgresql://app:secret@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem", min_size=2)
MySQLConnectionPool(pool_name="p", pool_size=3, **SETTINGS)  # expect: opportunistic-dial
mysql.connector.connect(host="db.internal", ssl_disabled=True)  # expect: plaintext-dial


async def pools():
    await asyncpg.create_pool(host="db.internal", min_size=1, max_size=5, ssl="require")  # expect: unverified-chain
    await aiomysql.create_pool(minsize=1, maxsize=5, loop=None, **SETTINGS)  # expect: plaintext-dial
