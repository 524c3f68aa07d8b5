from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings
from sqlalchemy import create_engine


class Database(BaseModel):
    primary: str = "postgresql://app:secret@nested.internal/app?sslmode=require"  # expect: unverified-chain
    second: str = "postgresql://app:secret@replica.internal/app"  # expect: opportunistic-dial


class Nested(BaseSettings):
    database: Database = Field(default_factory=Database)
    spare = Database()


class Service:
    def __init__(self):
        self.database = Database()

    def start(self):
        create_engine(self.database.second)


create_engine(Nested().database.primary)
create_engine(Nested().spare.second)
