import flask


class Config:
    DEBUG = True


class ProductionConfig(Config):
    DEBUG = False


app = flask.Flask(__name__)
