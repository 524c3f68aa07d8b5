from .app import Portal

application = Portal(__name__)  # expect: insecure-cookie
