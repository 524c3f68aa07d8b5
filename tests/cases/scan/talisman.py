from flask import Flask
from flask_talisman import Talisman

app = Flask(__name__)
app.secret_key = "x"
Talisman(app)
Talisman(app, strict_transport_security=False)  # expect: missing-hsts possible
Talisman(app, strict_transport_security_max_age=60)  # expect: short-hsts
Talisman(app, session_cookie_secure=False)  # expect: insecure-cookie
Talisman(app, session_cookie_secure=app.config.get("SECURE", True))  # expect: insecure-cookie possible
talisman = Talisman()
talisman.init_app(app, session_cookie_secure=False)  # expect: insecure-cookie
