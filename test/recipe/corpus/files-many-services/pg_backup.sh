#!/bin/bash
set -e
case "$1" in
backup) pg_dump -U nextcloud nextcloud > /var/lib/postgresql/data/backup.sql ;;
restore) psql -U nextcloud nextcloud < /var/lib/postgresql/data/backup.sql ;;
esac
