"""An engine that only the run tells may be any."""

import os

DATABASES = {
    "default": {  # expect: plaintext-dial possible
        "ENGINE": os.environ["DB_ENGINE"],
        "HOST": os.environ["DB_HOST"],
        "USER": "app",
    },
    "meant": {  # expect: plaintext-dial possible
        "ENGINE": os.environ.get("META_ENGINE", "django.db.backends.sqlite3"),
        "HOST": os.environ.get("META_HOST", ""),
    },
    "ignored": {  # expect: opportunistic-dial, ignored-option
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.internal",
        "SSLMODE": "verify-full",
    },
    "search": {"ENGINE": "haystack.backends.solr_backend.SolrEngine", "HOST": "search.internal"},
}
