from flask import Flask
from flaskext.mysql import MySQL

app = Flask(__name__)
app.config.from_mapping(MYSQL_DATABASE_HOST="localhost", MYSQL_DATABASE_USER="app")
app.config["MYSQL_HOST"] = "db.internal"


class Production:
    MYSQL_DATABASE_HOST = "db.internal"  # expect: opportunistic-dial
