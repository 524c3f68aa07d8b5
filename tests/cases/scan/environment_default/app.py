import os
from sqlalchemy import create_engine

create_engine(os.getenv("DATABASE_URL", "postgresql://app:dev@localhost/app"))
