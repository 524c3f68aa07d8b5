import psycopg2

psycopg2.connect(dbname="app")  # expect: unverified-chain
psycopg2.connect("host=other.internal sslmode=verify-full sslrootcert=/ca.pem")
