from flask_sqlalchemy import SQLAlchemy


class Database(SQLAlchemy):
    pass


db = Database(engine_options={"connect_args": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}})


class Config:
    SQLALCHEMY_DATABASE_URI = "postgresql://app:secret@db.internal/app"
    SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 3}
    SQLALCHEMY_BINDS = {
        "archive": "postgresql://app:secret@archive.internal/app",
        "logs": {"url": "postgresql://app:secret@logs.internal/app", "pool_size": 3},
        "old": {
            "url": "postgresql://app:secret@old.internal/app",  # expect: unverified-chain
            "connect_args": {"sslmode": "require"},
        },
        "own": {
            "url": "postgresql://app:secret@own.internal/app",  # expect: plaintext-dial possible
            "creator": connect,
        },
    }
