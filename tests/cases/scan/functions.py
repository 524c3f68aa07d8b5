"""Names of a module, as its functions see them."""
import psycopg2

OPTIONS = {"host": "db.internal", "sslmode": "verify-full", "sslrootcert": "/ca.pem"}
MODE = "sslmode"


def alone():
    psycopg2.connect("host=db.internal sslmode=require")  # expect: unverified-chain


def changed():
    OPTIONS["sslmode"] = "disable"
    psycopg2.connect(**OPTIONS)  # expect: plaintext-dial


def somehow():
    OPTIONS[MODE] = chosen()
    psycopg2.connect(**OPTIONS)  # expect: plaintext-dial possible


def mine():
    psycopg2 = other()
    psycopg2.connect("host=db.internal sslmode=require")
