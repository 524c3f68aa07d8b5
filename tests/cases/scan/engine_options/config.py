class Config:
    SQLALCHEMY_DATABASE_URI = "postgresql://app:secret@db.internal/app"
    SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}}


class Halfway(Config):
    SQLALCHEMY_DATABASE_URI = "postgresql://app:secret@half.internal/app"  # expect: unverified-chain
    SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 3, "connect_args": {"sslmode": "require"}}


class Base:
    SQLALCHEMY_DATABASE_URI = "postgresql://app:secret@base.internal/app"  # expect: opportunistic-dial possible


class Production(Base):
    SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}}


class Bound(Config):
    SQLALCHEMY_BINDS = {
        "archive": "postgresql://app:secret@archive.internal/app",  # expect: opportunistic-dial
        "logs": {
            "url": "postgresql://app:secret@logs.internal/app",
            "connect_args": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"},
        },
    }
