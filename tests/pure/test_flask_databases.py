"""An application's databases reach the guard: by its configuration, by Flask-SQLAlchemy's binds, in any order."""

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from everyhop.errors import SettingsError
from everyhop.flask import Everyhop
from everyhop.flask.state import state_of

HERE = "postgresql+psycopg2://app:of-a-test@127.0.0.1/tips"
FAR = "postgresql+psycopg2://app:of-a-test@db.internal/tips"


def made(**config: object) -> Flask:
    app = Flask("tips")
    app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", **config)
    return app


def names(app: Flask) -> set[str]:
    state = state_of(app)
    assert state is not None
    with app.app_context():
        return {bind.name for bind in state.guard.binds}


@pytest.mark.parametrize("order", ["before", "after"])
def test_binds_are_watched_whichever_comes_first(order: str) -> None:
    app = made(SQLALCHEMY_BINDS={"reports": HERE, "audit": {"url": HERE}})
    if order == "before":
        Everyhop(app)
    database = SQLAlchemy(app)
    if order == "after":
        Everyhop(app)
    assert names(app) == {"reports", "audit"}
    with app.app_context():
        wrapped = database.engines["reports"].dialect.connect
    assert wrapped.__class__.__module__.startswith("everyhop.runtime.guard"), wrapped


def test_an_unsafe_bind_keeps_the_application_from_starting() -> None:
    with pytest.raises(SettingsError, match="reports") as caught:
        Everyhop(made(SQLALCHEMY_BINDS={"reports": FAR}))
    assert "of-a-test" not in str(caught.value) + str(caught.value.hint)


def test_a_bind_may_have_a_level_of_its_own() -> None:
    app = made(SQLALCHEMY_BINDS={"reports": FAR}, EVERYHOP_BINDS={"reports": "off"})
    Everyhop(app)
    assert names(app) == {"reports"}


def test_connect_args_of_a_bind_are_read_with_its_url() -> None:
    arguments = {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/certs/ca-certificates.crt"}
    app = made(SQLALCHEMY_BINDS={"reports": {"url": FAR, "connect_args": arguments}})
    Everyhop(app)
    assert names(app) == {"reports"}


def test_what_the_extension_itself_is_given_counts() -> None:
    """Flask-SQLAlchemy's `engine_options` stand in no configuration; its engines have them."""
    arguments = {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/certs/ca-certificates.crt"}
    for given, starts in (({"connect_args": arguments}, True), ({}, False)):
        app = Flask("tips")
        app.config.update(SQLALCHEMY_DATABASE_URI=FAR)
        SQLAlchemy(app, engine_options=given)
        if starts:
            Everyhop(app)
            assert names(app) == {"default"}
        else:
            with pytest.raises(SettingsError, match="default"):
                Everyhop(app)


def test_the_url_beside_a_creator_says_nothing() -> None:
    """It names a driver; what connects is judged when it is open."""
    app = Flask("tips")
    app.config.update(
        SQLALCHEMY_DATABASE_URI="postgresql+psycopg2://",
        SQLALCHEMY_ENGINE_OPTIONS={"creator": lambda: None},
        EVERYHOP_LOCAL=[],
    )
    Everyhop(app)
    SQLAlchemy(app)
    assert names(app) == {"default"}


def test_sqlite_has_no_hop() -> None:
    app = made()
    Everyhop(app)
    SQLAlchemy(app)
    assert names(app) == set()
