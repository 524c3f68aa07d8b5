from werkzeug.serving import run_simple

from site import create_app

run_simple("0.0.0.0", 8000, create_app())  # expect: development-server possible
