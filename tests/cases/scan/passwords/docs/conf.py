from sqlalchemy import create_engine

create_engine("postgresql+psycopg://app:k3Ejh8-Zq@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem")
