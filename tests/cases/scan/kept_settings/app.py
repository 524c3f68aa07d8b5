"""A file of SQLite's stays one where nothing else is loaded."""

from flask import Flask, current_app
from sqlalchemy import create_engine

app = Flask(__name__)
app.config["SESSION_COOKIE_SECURE"] = True
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:////var/lib/app.db"


def engine():
    return create_engine(current_app.config["SQLALCHEMY_DATABASE_URI"])
