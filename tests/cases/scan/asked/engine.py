"""A setting that somebody dials by is told there and not again where it is read."""

import os

from sqlalchemy import create_engine

USED_DATABASE_URL = os.environ["USED_DATABASE_URL"]
engine = create_engine(USED_DATABASE_URL)  # expect: plaintext-dial possible
