import os

import flask


class Config:
    DEBUG = True  # expect: debug-in-production possible


class DevelopmentConfig:
    DEBUG = True


class FromOutsideConfig:
    DEBUG = bool(os.environ.get("DEBUG"))


class Levels:
    DEBUG = True


app = flask.Flask(__name__)
app.config.from_object(Config)
