"""Settings named as a database's URL that only the run tells: said once, where they stand, if nobody uses them."""

import os

from decouple import config
from pydantic_settings import BaseSettings

DATABASE_URL = config("DATABASE_URL")  # expect: plaintext-dial possible
REDIS_DB_URL = os.environ["REDIS_DB_URL"]
DOCS_URL = os.environ["DOCS_URL"]
EVENTS_DATABASE_URL = os.environ.get("EVENTS_DATABASE_URL", "mongodb://localhost/events")


class Settings(BaseSettings):
    archive_database_url: str  # expect: plaintext-dial possible
    homepage_url: str


def load(app, get):
    app.config["REPORTS_DB_URI"] = get("REPORTS_DB_URI", default=None)  # expect: plaintext-dial possible
    app.config["HANDED_DB_URI"] = app.config["REPORTS_DB_URI"]
    copied_database_url = get("copied")
    return copied_database_url
