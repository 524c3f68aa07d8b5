from flask import Flask

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql://app:secret@one.internal/app"  # expect: opportunistic-dial
app.config.update(SQLALCHEMY_DATABASE_URI="postgresql://app:secret@two.internal/app")  # expect: opportunistic-dial
app.config.update({"SQLALCHEMY_DATABASE_URI": "postgresql://app:secret@three.internal/app"})  # expect: opportunistic-dial
app.config.from_mapping(SQLALCHEMY_DATABASE_URI="postgresql://app:secret@four.internal/app")  # expect: opportunistic-dial
app.config.setdefault("SQLALCHEMY_DATABASE_URI", "postgresql://app:secret@five.internal/app")  # expect: opportunistic-dial
app.config["SQLALCHEMY_BINDS"] = {
    "users": "mysql+pymysql://app:secret@six.internal/users",  # expect: opportunistic-dial
    "meta": "sqlite:////var/lib/meta.db",
    "log": {"url": "postgresql://app@seven.internal/log", "connect_args": {"sslmode": "require"}},  # expect: unverified-chain
}
SQLALCHEMY_DATABASE_URI = "postgresql://app:secret@eight.internal/app"  # expect: opportunistic-dial
app.config["COCKROACH_URI"] = (
    "postgresql://app:secret@nine.internal:26257/app"  # expect: plaintext-dial
    "?sslmode=disable"
)


class Config:
    USER = "app"
    SQLALCHEMY_DATABASE_URI = f"postgresql://{USER}:secret@ten.internal/app"  # expect: opportunistic-dial


class Testing(Config):
    SQLALCHEMY_DATABASE_URI = "sqlite://"
