"""URLs that leave a generator, and metadata that is bound to one."""

from contextlib import contextmanager

from sqlalchemy import MetaData


@contextmanager
def remote_postgres(host, port):
    yield f"postgresql://app@{host}:{port}/app"  # expect: opportunistic-dial


@contextmanager
def homepage(host):
    yield f"https://{host}/"


def tables(host, user):
    MetaData(f"postgresql://{user}@{host}/app")  # expect: opportunistic-dial
    return MetaData()
