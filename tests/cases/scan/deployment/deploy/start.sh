#!/bin/sh
# export DATABASE_URL=postgresql://app:secret@comment.internal/app
echo "usage: DATABASE_URL=postgresql://user:password@host.internal/db $0"
export SCRIPT_URL="postgresql://app:${WORD}@script.internal/app?sslmode=require"  # expect: unverified-chain
: "${DEFAULT_URL:=postgresql://app:secret@default.internal/app}"  # expect: opportunistic-dial
psql postgresql://app@localhost/app -c 'select 1'
pg_dump "postgresql://app:$(cat /run/word)@dump.internal/app" > dump.sql  # expect: opportunistic-dial
