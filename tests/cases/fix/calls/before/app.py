import mysql.connector
import psycopg2
import pymysql
from sqlalchemy import create_engine

token, first = "t0ken", psycopg2.connect(host="db.internal", user="app", password="hunter2")
second = psycopg2.connect(host="db.internal", sslmode="require", password="hunter2",)
third = pymysql.connect(
    host='db.internal',
    user='app',
    password='hunter2',  # from the vault
    database='app',
)
fourth = pymysql.connect(
    host="db.internal", user="app",
    password="hunter2")
fifth = psycopg2.connect("host=db.internal user=app password='hunter 2' dbname=app sslmode=disable")
sixth = psycopg2.connect("host=%s user=app password=%s" % ("db.internal", "hunter2"))
seventh = create_engine("mysql+mysqlconnector://app:hunter2@db.internal/app", pool_size=5)
eighth = create_engine(
    "mysql+mysqlconnector://app:hunter2@db.internal/app",
    connect_args={"connection_timeout": 5},
)
ninth = mysql.connector.connect(host="db.internal", password="hunter2", ssl_disabled=True)
tenth = psycopg2.connect(
    host="db.internal",  # where it is
    password="hunter2"  # what it takes
)
