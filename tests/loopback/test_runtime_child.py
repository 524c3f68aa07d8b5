"""Applications that cannot be sampled, as real child processes: each is told what happened and what to do."""

from __future__ import annotations

import os
import signal
import sys
import time
import venv
from pathlib import Path
from textwrap import dedent

import pytest

from everyhop.errors import EveryhopError, SampleError, SettingsError
from everyhop.runtime.interpreter import choose
from everyhop.runtime.sample import AppModule, AppSource, Sample, UrlVariable, sample

PASSWORD = "hunter2-never-shown"
UNREACHABLE = f"mysql+pymysql://app:{PASSWORD}@127.0.0.1:1/app"


def ask(
    directory: Path, source: AppSource | str, *, deadline: float = 20, python: str = sys.executable, **variables: str
) -> Sample:
    return sample(
        AppModule(source) if isinstance(source, str) else source,
        python=python,
        environment={**os.environ, **variables},
        directory=str(directory),
        deadline=deadline,
    )


def told(directory: Path, code: str, name: str = "wsgi:app", **options: object) -> tuple[str, str]:
    """Message and hint of the `SampleError` that this `wsgi.py` ends in."""
    (directory / "wsgi.py").write_text(dedent(code))
    with pytest.raises(SampleError) as caught:
        ask(directory, name, **options)  # type: ignore[arg-type]
    said = f"{caught.value} {caught.value.hint}"
    assert PASSWORD not in said
    assert said.isprintable()
    assert caught.value.hint
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ('import os\nkey = os.environ["SECRET_KEY"]', "needs the variable SECRET_KEY (wsgi.py:2)", "set SECRET_KEY"),
        ("import sys\nsys.exit(3)", "sys.exit(3) (wsgi.py:2)", "__main__"),
        ("import os\nos._exit(0)", "ended its process (exit code 0)", "background"),
        ("import os, sys\nif os.fork():\n    sys.exit()", "went into the background", "module that makes the app"),
        ("import os\nif os.fork():\n    os._exit(0)", "ended its process (exit code 0)", "background"),
        ("import nowhere_to_be_found", "no module 'nowhere_to_be_found', which the app needs (wsgi.py:1)", "--python"),
        ("def app(:", "SyntaxError", "--python"),
        (f"raise ValueError({UNREACHABLE!r})", "mysql+pymysql://app:***@127.0.0.1:1/app (wsgi.py:1)", "set"),
        ('raise ValueError("\\x1b[31mred")', "red (wsgi.py:1)", "set"),
        ("from flask import Flask\nother = Flask('x')", "there is no 'app' in the module wsgi", "there: other"),
        ("from flask import Flask\napp = Flask('x')", "does not load SQLAlchemy", "--url-env"),
        ("import sqlalchemy\napp = 1", "has no database engine", "--url-env"),
        ("from sqlalchemy import create_engine\napp = create_engine('sqlite://')", "no hop", "variable"),
        (f"from sqlalchemy import create_engine\napp = create_engine({UNREACHABLE!r}.replace('pymysql', 'cymysql'))",
         "no module 'cymysql', which the app needs (wsgi.py:2)", "--python"),
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV", "crash"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", "limit"),
    ],
)  # fmt: skip
def test_an_app_that_cannot_be_sampled_is_told_so_with_a_hint(
    tmp_path: Path, code: str, message: str, hint: str
) -> None:
    """Each failure says what happened, where in the app's own code, and what to do next; no password, no escapes."""
    said, advice = told(tmp_path, code)
    assert message in said
    assert hint in advice


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("wsig:app", "there is no module 'wsig'", "there: wsgi"),
        ("pack.age:app", "there is no module 'pack'", "MODULE:ATTR"),
        ("wsgi.py:app", "wsgi.py is a file", "write wsgi:app"),
        ("wsgi:ap", "there is no 'ap' in the module wsgi", "there: app"),
        ("wsgi:create(x)", "no name to be found", "literal"),
        ("wsgi:create(", "no name to be found", "MODULE:ATTR"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_what_is_there(tmp_path: Path, name: str, message: str, hint: str) -> None:
    """As `flask` and gunicorn would be told, and better."""
    said, advice = told(tmp_path, "from flask import Flask\napp = Flask('x')", name)
    assert message in said
    assert hint in advice


@pytest.mark.parametrize("code", ["import time\nprint('serving')\ntime.sleep(9999)", "while True:\n    pass"])
def test_an_app_that_hangs_is_ended_at_the_deadline(tmp_path: Path, code: str) -> None:
    """Whatever it does: the deadline is kept from outside."""
    said, advice = told(tmp_path, code, deadline=1.5)
    assert "not loaded within 1.5 s" in said
    assert "--deadline" in advice


def test_what_an_app_started_is_ended_with_it(tmp_path: Path) -> None:
    """A process that the app forked and left behind does not outlive the sample."""
    code = """
        import os, pathlib, time
        child = os.fork()
        if child == 0:
            time.sleep(9999)
        pathlib.Path("pid").write_text(str(child))
        time.sleep(9999)
    """
    told(tmp_path, code, deadline=4)
    forked = int((tmp_path / "pid").read_text())
    while _runs(forked):  # until pytest's own time-out: how long the kernel takes is not ours to say
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether a process runs (a zombie that nobody has waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


APP = """
    import os, sys
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    db = SQLAlchemy()

    def create_app(name="default"):
        app = Flask("tips")
        app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
        app.config["SQLALCHEMY_BINDS"] = {"legal": os.environ["DATABASE_URL"].replace(":1/", ":2/"), "cache": "sqlite://"}
        db.init_app(app)
        return app
"""


@pytest.mark.parametrize(
    "name", ["wsgi", "wsgi:create_app", "wsgi:create_app()", "wsgi:create_app('other')", "wsgi:create_app(name='x')"]
)
def test_a_factory_is_called_as_gunicorn_and_flask_call_it(tmp_path: Path, name: str) -> None:
    """And the engines have their binds' names; SQLite has no hop and is left out."""
    (tmp_path / "wsgi.py").write_text(dedent(APP))
    engines = ask(tmp_path, name, DATABASE_URL=UNREACHABLE).engines
    assert [(engine.name, str(engine.endpoint)) for engine in engines] == [
        ("default", "127.0.0.1:1"),
        ("legal", "127.0.0.1:2"),
    ]


def test_an_engine_that_cannot_connect_has_the_drivers_own_reason(tmp_path: Path) -> None:
    """It is no error of the sample, and its settings are known all the same."""
    (tmp_path / "wsgi.py").write_text(dedent(APP))
    engine = ask(tmp_path, "wsgi", DATABASE_URL=UNREACHABLE).engines[0]
    assert engine.live is None
    assert "OperationalError" in engine.reason
    assert engine.hint
    assert engine.settings is not None
    assert PASSWORD not in repr(engine)


def test_an_engine_that_swallows_its_connection_does_not_hide_the_others(tmp_path: Path) -> None:
    """Each engine is dialled by itself: one that never answers costs only itself."""
    code = f"""
        import socket
        from sqlalchemy import create_engine
        silent = socket.create_server(("127.0.0.1", 0))
        app = create_engine("mysql+pymysql://app:x@127.0.0.1:%d/app" % silent.getsockname()[1])
        refused = create_engine({UNREACHABLE!r})
    """
    (tmp_path / "wsgi.py").write_text(dedent(code))
    reasons = {engine.name: engine.reason for engine in ask(tmp_path, "wsgi:app", deadline=8).engines}
    assert reasons["wsgi.app"] == "no connection within 8 s"
    assert "refused" in reasons["wsgi.refused"]


def test_an_app_may_print_what_it_likes(tmp_path: Path) -> None:
    """Its stdout is not the channel on which it answers, and megabytes of it are harmless."""
    (tmp_path / "wsgi.py").write_text(dedent(APP) + 'print("x" * 3_000_000)\nprint("y" * 3_000_000, file=sys.stderr)\n')
    assert len(ask(tmp_path, "wsgi", DATABASE_URL=UNREACHABLE).engines) == 2


def test_an_app_that_forks_and_goes_on_is_sampled_once(tmp_path: Path) -> None:
    """The forked process comes to the same point, and has no part in the answer."""
    (tmp_path / "wsgi.py").write_text("import os\nos.fork()\n" + dedent(APP))
    assert len(ask(tmp_path, "wsgi", DATABASE_URL=UNREACHABLE).engines) == 2


def test_engines_are_found_wherever_they_are(tmp_path: Path) -> None:
    """In a module, in an object, made by `engine_from_config`; copies that share a pool count once."""
    code = f"""
        from sqlalchemy import create_engine, engine_from_config
        class Repository:
            def __init__(self):
                self.hidden = create_engine({UNREACHABLE!r})
        repository = Repository()
        app = engine_from_config({{"sqlalchemy.url": {UNREACHABLE!r}}})
        copy = app.execution_options(isolation_level="AUTOCOMMIT")
    """
    (tmp_path / "wsgi.py").write_text(dedent(code))
    names = sorted(engine.name for engine in ask(tmp_path, "wsgi:app").engines)
    assert [name.rstrip(" 12") for name in names] == ["engine", "wsgi.app"]


def test_connect_args_come_along_without_their_secrets(tmp_path: Path) -> None:
    """An SSLContext is described by what it checks; a password stays in the process."""
    code = f"""
        import ssl
        from sqlalchemy import create_engine, event
        app = create_engine({UNREACHABLE!r}, connect_args={{"ssl": ssl.create_default_context()}})
        @event.listens_for(app, "do_connect")
        def hook(dialect, record, cargs, cparams):
            cparams["password"] = "{PASSWORD}"
            cparams["connect_timeout"] = 3
    """
    (tmp_path / "wsgi.py").write_text(dedent(code))
    (engine,) = ask(tmp_path, "wsgi:app").engines
    assert engine.settings is not None
    assert set(engine.settings.connect_args) >= {"ssl", "connect_timeout"}
    assert PASSWORD not in repr(engine)


def test_a_url_from_a_variable_is_read_as_create_engine_reads_it(tmp_path: Path) -> None:
    """The same child, without an app."""
    (engine,) = ask(tmp_path, UrlVariable("DATABASE_URL"), DATABASE_URL=UNREACHABLE).engines
    assert (engine.name, engine.driver, engine.url) == ("DATABASE_URL", "pymysql", UNREACHABLE.replace(PASSWORD, "***"))


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        (f"postgres://app:{PASSWORD}@db/app", "postgresql://"),
        (PASSWORD, "create_engine"),
        (f"nosuch+driver://app:{PASSWORD}@db/app", "create_engine"),
        (f"mysql+pymysql://app:{PASSWORD}@db:port/app", "create_engine"),
    ],
)
def test_a_url_that_sqlalchemy_refuses_is_told_without_its_password(tmp_path: Path, url: str, hint: str) -> None:
    """What `create_engine` says, and what to write instead."""
    with pytest.raises(SampleError) as caught:
        ask(tmp_path, UrlVariable("DATABASE_URL"), DATABASE_URL=url)
    assert PASSWORD not in f"{caught.value} {caught.value.hint}"
    assert hint in str(caught.value.hint)


def test_a_password_with_an_at_sign_in_it_is_not_shown_as_a_host(tmp_path: Path) -> None:
    """People forget to percent-encode: what stands before the last @ is no host name."""
    url = f"postgresql+psycopg2://app:short@{PASSWORD}@127.0.0.1:1/app"
    (engine,) = ask(tmp_path, UrlVariable("DATABASE_URL"), DATABASE_URL=url).engines
    assert PASSWORD not in f"{engine!r}"


def test_a_variable_that_is_not_set_is_bad_input(tmp_path: Path) -> None:
    """Nothing is started for it."""
    with pytest.raises(SettingsError, match="NO_SUCH_VARIABLE is not set"):
        ask(tmp_path, UrlVariable("NO_SUCH_VARIABLE"))


def test_an_interpreter_that_is_none_is_bad_input(tmp_path: Path) -> None:
    """Named, with what to do."""
    with pytest.raises(EveryhopError) as caught:
        ask(tmp_path, "wsgi:app", python=str(tmp_path / "python"))
    assert "--python" in str(caught.value.hint)
    with pytest.raises(SettingsError, match="no program"):
        choose("no/such/python", {}, tmp_path)


def test_the_apps_interpreter_is_the_active_environments_or_its_own_venvs(tmp_path: Path) -> None:
    """In that order; everyhop's own is the last resort."""
    assert choose(None, {}, tmp_path).path == sys.executable
    for place in ("active", ".venv"):
        (tmp_path / place / "bin").mkdir(parents=True)
        (tmp_path / place / "bin" / "python").symlink_to(sys.executable)
    assert choose(None, {}, tmp_path).path == str(tmp_path / ".venv" / "bin" / "python")
    active = {"VIRTUAL_ENV": str(tmp_path / "active")}
    assert choose(None, active, tmp_path).path == str(tmp_path / "active" / "bin" / "python")
    assert choose(sys.executable, active, tmp_path).path == sys.executable


def test_everyhops_own_packages_are_not_on_the_apps_path(tmp_path: Path) -> None:
    """An interpreter without SQLAlchemy has none, although everyhop's own does; the app's folder comes first."""
    bare = tmp_path / "venv"
    venv.create(bare, symlinks=True)
    python = str(bare / "bin" / "python")
    code = "import sys\nassert sys.path[0] == {!r}, sys.path\nimport everyhop.model.secret\nimport sqlalchemy"
    said, advice = told(tmp_path, code.format(str(tmp_path)), python=python, PYTHONPATH="")
    assert f"{python} has no module 'sqlalchemy', which the app needs (wsgi.py:4)" in said
    assert "--python" in advice
    with pytest.raises(SampleError, match="no module 'sqlalchemy'"):
        ask(tmp_path, UrlVariable("DATABASE_URL"), python=python, DATABASE_URL=UNREACHABLE, PYTHONPATH="")


@pytest.mark.parametrize(
    "code",
    [
        f"print({PASSWORD!r})",
        f"print('the URL is', {UNREACHABLE!r}, end='')",
        "print(__import__('os').environ['API_SECRET'])",
        f"print('x' * 1_000_000 + {PASSWORD!r})",
        f"print('\\x1b]0;x\\x07' + {PASSWORD!r})",
    ],
)
def test_the_last_words_of_an_app_hold_none_of_its_passwords(tmp_path: Path, code: str) -> None:
    """Whatever it prints before it ends: what its environment holds as a secret is known to be one."""
    said, hint = told(
        tmp_path,
        f"{code}\nimport os, sys\nsys.stdout.flush()\nos._exit(1)",
        DATABASE_URL=UNREACHABLE,
        API_SECRET=PASSWORD,
    )
    assert "exit code 1" in said
    assert "***" in hint


def test_a_parsers_complaint_about_a_password_does_not_hold_it(tmp_path: Path) -> None:
    """SQLAlchemy takes what stands after an @ and a colon for a port, and quotes it."""
    url = f"mysql+pymysql://app:x@y:{PASSWORD}@127.0.0.1/app"
    code = "import os\nfrom sqlalchemy import create_engine\napp = create_engine(os.environ['DATABASE_URL'])"
    said, _ = told(tmp_path, code, DATABASE_URL=url)
    assert "invalid literal" in said


@pytest.mark.parametrize("line", ["[]", "{", "[" * 100_000, '{"kind": 1}'])
def test_an_app_that_writes_where_everyhop_listens_is_an_error_with_a_hint(tmp_path: Path, line: str) -> None:
    """Not a crash: the descriptor's number is no secret."""
    code = f"""
        import os
        reply = max(int(name) for name in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + name))
        for number in range(3, reply + 1):
            try:
                os.write(number, {line!r}.encode() + b"\\n")
            except OSError:
                pass
        os._exit(0)
    """
    said, _ = told(tmp_path, code)
    assert "not what everyhop asks" in said


def test_an_end_by_a_signal_without_a_name_is_told_by_its_number(tmp_path: Path) -> None:
    """Real-time signals between the first and the last have none."""
    said, _ = told(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGRTMIN + 3)")
    assert f"signal {signal.SIGRTMIN + 3}" in said


@pytest.mark.parametrize("user", ["u/x", "u", "u@x"])
def test_a_url_that_is_cut_up_wrongly_is_shown_without_its_password(tmp_path: Path, user: str) -> None:
    """With a slash in the user's name, SQLAlchemy takes all that follows for the database's name."""
    url = f"postgresql+psycopg2://{user}:{PASSWORD}@127.0.0.1:1/app"
    try:
        shown = repr(ask(tmp_path, UrlVariable("DATABASE_URL"), DATABASE_URL=url))
    except SampleError as error:
        shown = f"{error} {error.hint}"
    assert PASSWORD not in shown
