"""Celery keeps results in databases, by URLs with a word of its own before them."""

from celery import Celery

tasks = Celery("app", broker="redis://cache.internal", backend="db+postgresql://app@db.internal/results")  # expect: opportunistic-dial
tasks.conf.result_backend = "db+postgresql://app@db.internal/results?sslmode=verify-full&sslrootcert=/ca.pem"
tasks.conf.cache_backend = "db+sqlite:///results.db"
