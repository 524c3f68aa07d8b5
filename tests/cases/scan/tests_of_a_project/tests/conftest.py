from flask import Flask
from sqlalchemy import create_engine, make_url

app = Flask(__name__)
app.config["SECRET_KEY"] = "x"
app.config["SQLALCHEMY_DATABASE_URI"] = fixture()
create_engine(fixture())
create_engine("postgresql://app:secret@db.internal/app")  # expect: opportunistic-dial
