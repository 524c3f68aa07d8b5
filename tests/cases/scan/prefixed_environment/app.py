import psycopg2
from flask import Flask

app = Flask(__name__)
app.config.from_prefixed_env(prefix="SHOP")
psycopg2.connect(app.config["STOCK"])
psycopg2.connect(app.config["ELSEWHERE"])  # expect: plaintext-dial possible
