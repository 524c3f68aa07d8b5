import os
import subprocess

from flask import Flask

app = Flask(__name__)
subprocess.run(["true"], check=False)

if __name__ == "__main__":
    app.run(debug=os.environ.get("FLASK_DEBUG") == "1")
