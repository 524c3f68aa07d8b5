from sqlalchemy import create_engine

from settings import Old, Plain, Settings, settings

create_engine(str(settings.database_url))
create_engine(settings.reports_url)
create_engine(settings.named_url)
create_engine(settings.built)
create_engine(Old().database_url)
create_engine(Plain().database_url)
