from flask import Flask


class Config:
    SECRET_KEY = "x"
    SESSION_COOKIE_SECURE = True


class DevelopmentConfig(Config):
    SESSION_COOKIE_SECURE = False


class Intranet(Config):
    SESSION_COOKIE_SECURE = False  # expect: insecure-cookie


app = Flask(__name__)
