import flask


class Portal(flask.Flask):
    secret_key = "x"


class Blueprint(flask.Blueprint):
    pass


blueprint = Blueprint("parts", __name__)
