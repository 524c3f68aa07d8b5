"""Settings files that a program writes: their lines are settings, what is told to people is none."""

HEADER = "SQLALCHEMY_DATABASE_URI is in the file"
TEMPLATE = """
SECRET_KEY = '{key}'
# SQLALCHEMY_DATABASE_URI = 'mysql://app@db.internal/app'
# expect below: opportunistic-dial
SQLALCHEMY_DATABASE_URI = 'postgresql://app@db.internal/app'
HOMEPAGE_URL = 'https://example.org'
"""


def write(file, uri, log):
    """DATABASE_URL=postgresql://app@db.internal/app

    DATABASE_URL=postgresql://app@db.internal/app
    """
    lines = [
        "# settings",
        f"SQLALCHEMY_DATABASE_URI = {uri!r}",  # expect: plaintext-dial possible
        f"LOGO_URL = {uri!r}",
    ]
    file.write("\n".join(lines))
    file.write("REPORTS_DATABASE_URL=%s\n" % uri)  # expect: plaintext-dial possible
    print(f"DATABASE_URL={uri}")
    log.info("usage:\nDATABASE_URL=postgresql://app@db.internal/app\n")
