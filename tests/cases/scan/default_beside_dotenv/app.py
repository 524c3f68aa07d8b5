import os

from sqlalchemy import create_engine

create_engine(os.environ.get("DATABASE_URL", "postgresql://app:k3Ejh8-Zq@db.internal/app?sslmode=verify-full&sslrootcert=/ca.pem"))
create_engine(os.environ.get("OTHER_URL", "postgresql://app@db.internal/app"))
