import flask


class Names:
    """Under which keys settings stand: a text is no switch."""

    SESSION_COOKIE_SECURE = "APP_SESSION_COOKIE_SECURE"
    SECRET_KEY = "SECRET_KEY"


app = flask.Flask(__name__)
