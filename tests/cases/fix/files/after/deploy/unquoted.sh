#!/bin/sh
export DATABASE_URL="postgresql+psycopg2://app:hunter2@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem"
OTHER_DATABASE_URL="postgresql+psycopg2://app:$PW@db.internal/app?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem" exec serve
