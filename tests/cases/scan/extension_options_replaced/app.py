import flask_sqlalchemy

db = flask_sqlalchemy.SQLAlchemy(
    engine_options={"connect_args": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}}
)
engine_options = {"connect_args": {"sslmode": "disable"}}


class Config:
    SQLALCHEMY_DATABASE_URI = "postgresql://app:secret@db.internal/app"  # expect: opportunistic-dial
    SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"connect_timeout": 3}}
    SQLALCHEMY_BINDS = {"archive": "postgresql://app:secret@archive.internal/app"}
