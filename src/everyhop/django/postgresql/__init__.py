"""Django's PostgreSQL backend under guard."""
