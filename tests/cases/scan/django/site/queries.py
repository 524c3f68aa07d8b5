import psycopg
from django.conf import settings

psycopg.connect(settings.REPORTS_DSN)
psycopg.connect(settings.MISSING_DSN)  # expect: plaintext-dial possible
