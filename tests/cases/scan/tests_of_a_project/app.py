from sqlalchemy import create_engine, make_url

create_engine(anything())  # expect: plaintext-dial possible
url = make_url("postgresql://app:secret@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem")
create_engine(url.set(database="other"))
create_engine(url.set(drivername="postgresql+psycopg", password=word()))
create_engine(url.set(query={}))  # expect: opportunistic-dial
create_engine(make_url("postgresql://app:secret@db.internal/app")._replace(database=None))  # expect: opportunistic-dial
