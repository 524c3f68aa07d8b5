"""Closes the story's hops: what is wanted of each server and of the app, and who takes it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from everyhop.deploy.app import AppTarget
from everyhop.deploy.apply import Receipt, apply, remaining
from everyhop.deploy.change import Change
from everyhop.deploy.control import Controls
from everyhop.deploy.look import look_at
from everyhop.deploy.mariadb import MariadbTarget
from everyhop.deploy.nginx import NginxTarget
from everyhop.deploy.plan import Plan, Target, concerning, remedy
from everyhop.deploy.postgresql import PostgresqlTarget
from everyhop.deploy.profiles import load
from everyhop.dialects.postgresql import Verifiers
from everyhop.jobs.demo.stage import SITE, Stage
from everyhop.lab.server import Server
from everyhop.model.certificate import CertificateRequest, Issued
from everyhop.model.issuer import Issuer
from everyhop.model.owner import Owner
from everyhop.model.posture import Assurance, Floor, Posture
from everyhop.model.report import Report

_REFUSES_PLAINTEXT: Final = Posture(Assurance.ENCRYPTED, Floor.TLS_1_2)
_VERIFIES: Final = Posture(Assurance.IDENTITY_VERIFIED, Floor.TLS_1_2)
_PROFILE: Final = replace(load("intermediate"), hsts=timedelta(minutes=5))
"""HSTS for five minutes is how one begins; years come when nobody has complained."""


def make_plan(stage: Stage, report: Report) -> Plan:
    """What ends the findings of `report`. Certificates are issued for the names that are dialled."""
    wanted = concerning(report, _targets(stage))
    return remaining(remedy(wanted, look_at(wanted), _PROFILE))


def apply_plan(stage: Stage, plan: Plan, told: Callable[[Change], None]) -> Receipt:
    """Make the changes; the journal lies in the lab's own directory."""
    return apply(plan, stage.lab.directory / "journal", _controls(stage), told=told)


def _targets(stage: Stage) -> tuple[Target, ...]:
    """The databases first, then the app that is to verify them, then the door."""
    owner = Owner(str(stage.lab.account.uid), str(stage.lab.account.gid))
    postgresql, nginx = stage.postgresql.directory, stage.nginx.directory
    return (
        MariadbTarget(
            listener=stage.mariadb.product,
            directory=str(stage.mariadb.directory),
            include_directory=str(stage.mariadb.directory / "conf.d"),
            owner=owner,
            certificate=_issued(stage, stage.newsroom.endpoint.host),
            posture=_REFUSES_PLAINTEXT,
        ),
        PostgresqlTarget(
            listener=stage.postgresql.product,
            config=str(postgresql / "postgresql.conf"),
            hba=str(postgresql / "pg_hba.conf"),
            owner=owner,
            certificate=_issued(stage, stage.legal.endpoint.host),
            posture=_REFUSES_PLAINTEXT,
            verifiers=Verifiers.SCRAM,  # the lab made its roles with password_encryption = scram-sha-256
        ),
        AppTarget(
            listener="flask",
            env_file=str(stage.project / ".env"),
            urls={"DATABASE_URL": None, "LEGAL_DATABASE_URL": None},
            anchors_file=str(stage.project / "anchors.pem"),
            anchors_pem=stage.anchors,
            posture=_VERIFIES,
            settings={"SESSION_COOKIE_SECURE": "1"},
        ),
        NginxTarget(
            listener=stage.nginx.product,
            config=str(nginx / "conf.d" / "site.conf"),
            directory=str(nginx),
            name=SITE,
            listen=f"{stage.nginx.endpoint.host}:{stage.https.endpoint.port}",
            port=stage.https.endpoint.port,
            owner=owner,
            certificate=_issued(stage, SITE),
            posture=_REFUSES_PLAINTEXT,
        ),
    )


def _issued(stage: Stage, name: str) -> Issued:
    issuer: Issuer = stage.lab.authority
    return issuer.issue(CertificateRequest((name,)))


def _controls(stage: Stage) -> Controls:
    servers: tuple[Server, ...] = (stage.mariadb, stage.postgresql, stage.nginx)
    return {**{server.product: server for server in servers}, "flask": stage.app}
