"""The app is deployed with its debugger on.

Werkzeug's debugger shows source, settings and secrets to whoever provokes an error, and runs Python for whoever
guesses or reads its PIN.

    ENV FLASK_DEBUG=1                             # take this out

Fires on `FLASK_DEBUG`, `FLASK_ENV=development` (before Flask 2.3) and `--debug` in what is deployed, and on
`app.run(debug=True)`, `app.debug = True` and `DEBUG = True` in its source or settings; those are possible where a guard
or another file may keep them from being reached. Silent in tests, in files and classes for development, and where it is
off until a variable or an option of whoever starts the app turns it on.
"""

from __future__ import annotations

from everyhop.model.finding import Certainty, Severity
from everyhop.model.sighting import AppServer, Debugger
from everyhop.rules.rule import Context, Fault, Rule


def _judge(server: AppServer, context: Context) -> Fault | None:
    if server.debugger is not Debugger.ON:
        return None
    return Fault(
        f"{server.product} {'runs' if server.certain else 'may run'} with its debugger on",
        "an error page shows source and secrets to anybody, and its console runs Python",
        Certainty.CERTAIN if server.certain else Certainty.POSSIBLE,
    )


RULE = Rule(
    name="debug-in-production",
    subject=AppServer,
    severity=Severity.HIGH,
    judge=_judge,
    cwe=("CWE-489", "CWE-94"),
    standards={"owasp-api": "API8:2023", "asvs": "13.4.2"},
    page=__doc__,
    advice="leave debug off where the app is deployed; turn it on by hand with flask --debug run on your own machine",
)
