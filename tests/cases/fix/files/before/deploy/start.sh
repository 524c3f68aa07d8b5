#!/bin/sh
export DATABASE_URL="postgresql+psycopg2://app:$PW@db.internal/app"
exec serve
