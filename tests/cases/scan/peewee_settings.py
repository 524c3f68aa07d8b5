"""Flask-Peewee's setting: a class by its name, and what that is given."""

import peewee

DATABASE = {"name": "app", "engine": "peewee.PostgresqlDatabase", "host": "db.internal", "user": "app"}  # expect: opportunistic-dial
LOCAL = {"name": "app.db", "engine": "peewee.SqliteDatabase"}
TRAIN = {"name": "app", "engine": "steam", "host": "db.internal"}
