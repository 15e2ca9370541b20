export NGINX_CONF_VERSION=v5
export PG_BACKUP_VERSION=v1

run_occ() { su -p www-data -s /bin/sh -c "php occ $@"; }
