import mysql.connector
import psycopg2
import pymysql
from sqlalchemy import create_engine

token, first = "t0ken", psycopg2.connect(host="db.internal", user="app", password="hunter2", sslmode="verify-full", sslrootcert="/etc/ssl/db-ca.pem")
second = psycopg2.connect(host="db.internal", sslmode="verify-full", password="hunter2", sslrootcert="/etc/ssl/db-ca.pem",)
third = pymysql.connect(
    host='db.internal',
    user='app',
    password='hunter2',  # from the vault
    database='app',
    ssl_ca='/etc/ssl/db-ca.pem',
    ssl_verify_cert=True,
    ssl_verify_identity=True,
)
fourth = pymysql.connect(
    host="db.internal", user="app",
    password="hunter2",
    ssl_ca="/etc/ssl/db-ca.pem",
    ssl_verify_cert=True,
    ssl_verify_identity=True)
fifth = psycopg2.connect("host=db.internal user=app password='hunter 2' dbname=app sslmode=verify-full sslrootcert=/etc/ssl/db-ca.pem")
sixth = psycopg2.connect("host=%s user=app password=%s sslmode=verify-full sslrootcert=/etc/ssl/db-ca.pem" % ("db.internal", "hunter2"))
seventh = create_engine("mysql+mysqlconnector://app:hunter2@db.internal/app", pool_size=5, connect_args={"ssl_ca": "/etc/ssl/db-ca.pem", "ssl_verify_cert": True, "ssl_verify_identity": True})
eighth = create_engine(
    "mysql+mysqlconnector://app:hunter2@db.internal/app",
    connect_args={"connection_timeout": 5, "ssl_ca": "/etc/ssl/db-ca.pem", "ssl_verify_cert": True, "ssl_verify_identity": True},
)
ninth = mysql.connector.connect(host="db.internal", password="hunter2", ssl_ca="/etc/ssl/db-ca.pem", ssl_verify_cert=True, ssl_verify_identity=True)
tenth = psycopg2.connect(
    host="db.internal",  # where it is
    password="hunter2",  # what it takes
    sslmode="verify-full",
    sslrootcert="/etc/ssl/db-ca.pem",
)
