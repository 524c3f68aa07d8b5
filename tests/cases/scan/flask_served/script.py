import os

from flask import Flask

app = Flask(__name__)
app.debug = os.environ.get("DEBUG") == "1"

if __name__ == "__main__":
    app.run(debug=True)  # expect: debug-in-production possible
