#!/bin/sh
mariadb-dump -p"$(cat /run/secrets/db_root_password)" keycloak | gzip > /var/lib/mysql/dump.sql.gz
