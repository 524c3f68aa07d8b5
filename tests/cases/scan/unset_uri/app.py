"""An app whose URI stands in a file that is not here."""

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SESSION_COOKIE_SECURE"] = True
app.config.from_envvar("APP_SETTINGS")
db = SQLAlchemy(app)  # expect: plaintext-dial possible
