"""An anonymous tip line: a form for everybody, an inbox behind a login, one database for each desk."""

import os
from datetime import UTC, datetime

from flask import Flask, abort, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.security import check_password_hash

LONGEST_TIP = 10_000


class Base(DeclarativeBase):
    """What the tables have in common."""


# pre-ping for every engine: SQLALCHEMY_ENGINE_OPTIONS would reach the default one only, and no bind
db = SQLAlchemy(model_class=Base, engine_options={"pool_pre_ping": True})


class NewsroomTip(db.Model):  # type: ignore[name-defined,misc]
    """A tip for the newsroom, in the default database."""

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    received: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC))


class LegalTip(db.Model):  # type: ignore[name-defined,misc]
    """A tip for the legal desk, in a database of its own."""

    __bind_key__ = "legal"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    received: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC))


DESKS = {"newsroom": NewsroomTip, "legal": LegalTip}


def create_app() -> Flask:
    """The application, with its settings from the environment."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
    app.config["INBOX_PASSWORD_HASH"] = os.environ["INBOX_PASSWORD_HASH"]
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_SECURE"] = os.environ.get("SESSION_COOKIE_SECURE") == "1"
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    app.config["SQLALCHEMY_BINDS"] = {"legal": os.environ["LEGAL_DATABASE_URL"]}
    db.init_app(app)
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/tip", view_func=submit, methods=["POST"])
    app.add_url_rule("/login", view_func=login, methods=["GET", "POST"])
    app.add_url_rule("/inbox", view_func=inbox)
    app.cli.command("create-tables")(db.create_all)
    return app


def index() -> ResponseReturnValue:
    """The form."""
    return render_template("index.html", desks=DESKS, sent=request.args.get("sent"))


def submit() -> ResponseReturnValue:
    """Keep a tip."""
    text, desk = request.form.get("text", "").strip(), DESKS.get(request.form.get("desk", ""))
    if not text or len(text) > LONGEST_TIP or desk is None:
        abort(400)
    db.session.add(desk(text=text))
    db.session.commit()
    return redirect(url_for("index", sent="yes"), 303)


def login() -> ResponseReturnValue:
    """Let an editor in."""
    if request.method == "GET":
        return render_template("login.html", refused=False)
    if not check_password_hash(current_app.config["INBOX_PASSWORD_HASH"], request.form.get("password", "")):
        return render_template("login.html", refused=True), 403
    session["editor"] = True
    return redirect(url_for("inbox"), 303)


def inbox() -> ResponseReturnValue:
    """Every desk's tips, newest first."""
    if not session.get("editor"):
        return redirect(url_for("login"))
    tips = {desk: db.session.scalars(select(kind).order_by(kind.id.desc())).all() for desk, kind in DESKS.items()}
    return render_template("inbox.html", tips=tips)
