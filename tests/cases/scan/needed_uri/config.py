class Default:
    SESSION_COOKIE_SECURE = True
    SQLALCHEMY_DATABASE_URI: str | None = None  # expect: plaintext-dial possible
