from flask import Flask

app = Flask(__name__)  # expect: insecure-cookie possible
app.config["SECRET_KEY"] = "x"
app.config.from_prefixed_env()
