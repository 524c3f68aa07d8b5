"""A file of SQLite's is only the default of an app that loads more settings: who dials by it may dial anything."""

from flask import Flask, current_app
from sqlalchemy import create_engine

app = Flask(__name__)
app.config["SESSION_COOKIE_SECURE"] = True
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:////var/lib/app.db"
app.config.from_envvar("APP_SETTINGS")


def engine():
    return create_engine(current_app.config["SQLALCHEMY_DATABASE_URI"])  # expect: plaintext-dial possible


def file():
    return create_engine("sqlite:////var/lib/app.db")
