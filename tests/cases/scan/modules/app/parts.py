from .settings import DB_HOST


def database_url(name, mode="disable"):
    return f"postgresql://app@{DB_HOST}/{name}?sslmode={mode}"  # expect: plaintext-dial
