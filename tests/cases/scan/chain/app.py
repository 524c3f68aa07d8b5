from flask import Flask

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "mysql+pymysql://app@db/app?ssl_ca=/etc/ssl/ca.pem"
