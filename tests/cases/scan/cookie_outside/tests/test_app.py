from app import app

app.config["SESSION_COOKIE_SECURE"] = False
