DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "app",
        "HOST": "db.internal",
        "PASSWORD": "hunter2",  # from the vault
        "OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/etc/ssl/db-ca.pem"},
    },
    "reports": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.internal",
        "OPTIONS": {"connect_timeout": 5, "sslmode": "verify-full", "sslrootcert": "/etc/ssl/db-ca.pem"},
    },
    "legacy": {
        "ENGINE": "django.db.backends.mysql",
        "HOST": "db.internal",
        "OPTIONS": {
            "charset": "utf8mb4",
            "ssl_mode": "VERIFY_IDENTITY",
            "ssl": {"ca": "/etc/ssl/db-ca.pem"},
        },
    },
}
