"""The app is deployed on the development server.

`app.run()` and `flask run` are for one person at a keyboard: no limits, no time-outs, no TLS to speak of, and a
debugger one flag away. Their own documentation says not to use them in production.

    CMD ["flask", "run", "--host=0.0.0.0"]        # this
    CMD ["gunicorn", "--bind", "0.0.0.0:8000", "wsgi:app"]   # becomes this

Fires on `flask run`, on a file that calls `app.run(…)` and is started by a Dockerfile, a Procfile, a unit or a compose
file, and possibly on an `app.run(…)` that runs on import. Silent under `if __name__ == "__main__":` where nothing that
is deployed starts that file, in tests, and where the command is for development.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.sighting import AppServer
from everyhop.rules.rule import Context, Fault, Rule


def _judge(server: AppServer, context: Context) -> Fault | None:
    if not server.development:
        return None
    return Fault(
        f"{server.product}'s development server {'serves' if server.certain else 'may serve'} the app",
        "it is made for one person at a keyboard: no limits, no time-outs, and not hardened against anybody",
        Certainty.CERTAIN if server.certain else Certainty.POSSIBLE,
    )


RULE = Rule(
    name="development-server",
    subject=AppServer,
    severity=Severity.MEDIUM,
    judge=_judge,
    cwe=("CWE-489",),
    standards={"owasp-api": "API8:2023"},
    page=__doc__,
    advice="serve the app with gunicorn, uWSGI or waitress behind the proxy",
)
