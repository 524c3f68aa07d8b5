"""An extension whose settings stand in a file that is not here."""

from flask import Flask
from flask_mysqldb import MySQL

app = Flask(__name__)
app.config["SESSION_COOKIE_SECURE"] = True
app.config.from_envvar("APP_SETTINGS")
mysql = MySQL(app)  # expect: plaintext-dial possible
