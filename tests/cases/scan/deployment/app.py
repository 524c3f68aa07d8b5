import os

from sqlalchemy import create_engine

create_engine(os.environ["MAIN_URL"])
create_engine(f"postgresql://app:{os.environ['DB_PASSWORD']}@{os.environ['DB_HOST']}/app")  # expect: opportunistic-dial
create_engine(os.environ["IMAGE_URL"])
create_engine(os.environ["UNIT_URL"])
create_engine(os.environ["CI_URL"])  # expect: plaintext-dial possible
