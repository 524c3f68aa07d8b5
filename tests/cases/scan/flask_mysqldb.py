from flask import Flask
from flask_mysqldb import MySQL

app = Flask(__name__)
app.config["MYSQL_HOST"] = "db.internal"  # expect: unverified-chain
app.config["MYSQL_USER"] = "app"
app.config["MYSQL_PASSWORD"] = "secret"
app.config["MYSQL_CUSTOM_OPTIONS"] = {"ssl_mode": "REQUIRED"}
mysql = MySQL(app)
