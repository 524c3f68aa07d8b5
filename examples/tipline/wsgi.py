"""Where gunicorn finds the application: `gunicorn wsgi:app`."""

from pathlib import Path

from dotenv import load_dotenv

load_dotenv(Path(__file__).with_name(".env"))

from tipline import create_app  # noqa: E402 - its settings are read from the environment that was just loaded

app = create_app()
