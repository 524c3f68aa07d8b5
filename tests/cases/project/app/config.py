import os


class Config:
    SECRET_KEY = os.environ["SECRET_KEY"]
    SQLALCHEMY_DATABASE_URI = os.environ["DATABASE_URL"].replace("mysql://", "mysql+pymysql://")


class Production(Config):
    SESSION_COOKIE_SECURE = True
    SQLALCHEMY_BINDS = {"archive": f"postgresql+psycopg2://app:{os.environ['ARCHIVE_PASSWORD']}@archive.internal/tips"}
