import subprocess
import sys

import uvicorn
import waitress
from flask_socketio import SocketIO
from werkzeug.serving import run_simple

from site import create_app

socketio = SocketIO()


def behind_a_proxy(host, port):
    waitress.serve(create_app(), host=host, port=port)


def with_tls(key, certificate):
    uvicorn.run("site:app", host="0.0.0.0", ssl_keyfile=key, ssl_certfile="/etc/ssl/site.pem")


def in_a_process(host, port):
    subprocess.Popen([sys.executable, "-m", "gunicorn", "--bind", f"{host}:{port}", "site:app"])


def development():
    app = create_app()
    socketio.run(app, debug=False)
    app.run(port=4200)


if __name__ == "__main__":
    run_simple("localhost", 8000, create_app(), use_debugger=True)  # expect: debug-in-production possible
