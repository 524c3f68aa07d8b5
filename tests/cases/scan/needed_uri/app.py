from flask import Flask

from .config import Default

app = Flask(__name__)
app.config.from_object(Default)
app.config.from_envvar("APP_SETTINGS")
