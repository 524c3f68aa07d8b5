"""Defaults of command lines are URLs that somebody dials."""

import argparse

import click
from sqlalchemy import create_engine
from sqlalchemy.engine import URL


@click.command()
@click.option("--db-url", default="postgresql://app@db.internal/app")  # expect: opportunistic-dial
@click.option("--home", default="https://example.org")
def main(db_url, home):
    create_engine(db_url)


parser = argparse.ArgumentParser()
parser.add_argument("--database", "-d", default="mysql+pymysql://app@db.internal/app")  # expect: opportunistic-dial
parser.add_argument("--file", default="sqlite:///app.db")


def built(driver, host):
    return URL.create(driver, host=host)  # expect: plaintext-dial possible


def dialect(driver):
    return URL.create(driver).get_dialect()
