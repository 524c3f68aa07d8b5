from dataclasses import dataclass, field

from pydantic import Field, MySQLDsn, PostgresDsn, computed_field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_")

    host: str = "db.internal"
    database_url: PostgresDsn
    reports_url: str = Field("postgresql://app:secret@reports.internal/app", description="reports")  # expect: opportunistic-dial
    named_url: str = Field(validation_alias="NAMED_URL")
    secret: str = "hunter2"

    @property
    def built(self):
        return PostgresDsn.build(  # expect: unverified-chain
            scheme="postgresql+psycopg", username="app", password=self.secret, host=self.host, path="app", query="sslmode=require"
        )


class Old(BaseSettings):
    database_url: str

    class Config:
        env_prefix = "old_"


@dataclass
class Plain:
    database_url: str = "mysql+pymysql://app:secret@plain.internal/app"  # expect: opportunistic-dial
    other_url: str = field(default="mysql+pymysql://app:secret@other.internal/app?ssl_ca=/ca.pem")


def assembled(values):
    return MySQLDsn.build(scheme="mysql+pymysql", user="app", password="secret", host=values.get("HOST"), path="/app")  # expect: opportunistic-dial


settings = Settings()
