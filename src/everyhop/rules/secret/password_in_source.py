"""A database password is written in the source.

Whoever reads the repository, a backup of it, a container image or a laptop with a clone of it can log in as the app.
Taking the line out does not help: the history keeps it, so the password has to be changed. And as long as it stands
there, every environment shares it, and nobody can change it without a release.

    create_engine("postgresql://app:s3cr3t@db.internal/app")    # this
    create_engine(os.environ["DATABASE_URL"])                   # becomes this

Fires on a literal password of a database connection in Python source, in a compose file or in `.flaskenv`, which is
meant to be committed: in the URL, in a call's keywords, in `connect_args`, also if it is put together from constants.
Possible, where the word is one that is often written as an example (`postgres`, `password`, the user's own name), or
where the host is this machine only as long as no variable says otherwise. Silent on other dotenv files, which is where
a password belongs on a developer's machine; on tests, examples and documentation; on what is there to be filled in
(`<password>`, `changeme`, `***`); and on databases reached over the loopback or a unix socket, where nobody from
elsewhere can use it. A password that is only the default of a variable is `secret-in-url-default`.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.sighting import Dialer
from everyhop.rules.noted import noted
from everyhop.rules.rule import Context, Fault, Rule


def _judge(dialer: Dialer, context: Context) -> Fault | None:
    found = noted(dialer, "password-in-source")
    if found is None:
        return None
    where = f" ({found.shown})" if found.shown else ""
    if found.certainty is Certainty.POSSIBLE:
        return Fault(
            f"what stands in the source{where} may be the password for {dialer.product}",
            "if it is no example, whoever reads the source can log in, and whoever guesses usual words can, too",
            Certainty.POSSIBLE,
        )
    return Fault(
        f"the password for {dialer.product} stands in the source{where}",
        "whoever reads the repository or an image made from it can log in, and the history keeps what is deleted",
    )


RULE = Rule(
    name="password-in-source",
    subject=Dialer,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-798",),
    standards={"asvs": "13.3.1", "pci-dss": "8.6.2"},
    page=__doc__,
    advice="let the app read the password from its environment or a secret store, and change it: the history keeps it",
)
