import os

import dj_database_url
import environ

REPORTS_DSN = "host=reports.internal sslmode=disable"  # expect: plaintext-dial
env = environ.Env()

DATABASES = {
    "default": {  # expect: opportunistic-dial
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "app",
        "USER": "app",
        "PASSWORD": "secret",
        "HOST": "db.internal",
        "PORT": 5432,
    },
    "verified": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.internal",
        "OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/ca.pem"},
    },
    "encrypted": {  # expect: unverified-chain
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "HOST": "db.internal",
        "OPTIONS": {"sslmode": "require"},
    },
    "mysql": {  # expect: unverified-chain
        "ENGINE": "django.db.backends.mysql",
        "HOST": "db.internal",
        "OPTIONS": {"ssl_mode": "REQUIRED"},
    },
    "socket": {"ENGINE": "django.db.backends.mysql", "HOST": "/run/mysqld/mysqld.sock"},
    "here": {"ENGINE": "django.db.backends.postgresql", "NAME": "app", "HOST": ""},
    "file": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"},
    "oracle": {"ENGINE": "django.db.backends.oracle", "HOST": "ora.internal"},
}
DATABASES["joined"] = {  # expect: plaintext-dial
    "ENGINE": "django.db.backends.postgresql",
    "HOST": os.environ.get("DB_HOST", "db.internal"),
    "OPTIONS": {"sslmode": "disable"},
}
DATABASES["url"] = dj_database_url.parse("postgres://app:secret@db.internal/app")  # expect: opportunistic-dial
DATABASES["required"] = dj_database_url.config(default="postgres://app:secret@db.internal/app", ssl_require=True)  # expect: unverified-chain
DATABASES["named"] = env.db("MAIN_URL", default="mysql://app:secret@db.internal/app")  # expect: opportunistic-dial
DATABASES["plain"] = env.db_url("LOCAL_URL", default="sqlite:///db.sqlite3")  # expect: plaintext-dial possible
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {}}]
