from flask import Flask

app = Flask(__name__)  # expect: insecure-cookie
app.config["SECRET_KEY"] = "x"
