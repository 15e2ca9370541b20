export PHP_INI_VERSION=v2

wp() {
  su -p www-data -s /bin/bash -c "/usr/local/bin/wp $@"
}
