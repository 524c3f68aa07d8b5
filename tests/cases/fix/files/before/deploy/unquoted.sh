#!/bin/sh
export DATABASE_URL=postgresql+psycopg2://app:hunter2@db.internal/app
OTHER_DATABASE_URL=postgresql+psycopg2://app:$PW@db.internal/app?sslmode=require exec serve
