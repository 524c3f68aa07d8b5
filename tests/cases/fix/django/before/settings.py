DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "app",
        "HOST": "db.internal",
        "PASSWORD": "hunter2",  # from the vault
    },
    "reports": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.internal",
        "OPTIONS": {"connect_timeout": 5},
    },
    "legacy": {
        "ENGINE": "django.db.backends.mysql",
        "HOST": "db.internal",
        "OPTIONS": {
            "charset": "utf8mb4",
        },
    },
}
