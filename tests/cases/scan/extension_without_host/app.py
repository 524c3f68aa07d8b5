"""Where no host is set, the extension dials this machine."""

from flask import Flask
from flaskext.mysql import MySQL

app = Flask(__name__)
app.config["SESSION_COOKIE_SECURE"] = True
app.config["MYSQL_DATABASE_USER"] = "app"
app.config["MYSQL_DATABASE_DB"] = "app"
mysql = MySQL(app)
