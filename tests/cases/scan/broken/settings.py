SQLALCHEMY_DATABASE_URI = "postgresql://app:hunter2@db.internal/app
