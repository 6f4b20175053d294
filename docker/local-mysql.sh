#!/bin/sh
# Entry of the database image that local-images.sh builds: the variables that the official MySQL and MariaDB images
# know (MYSQL_ROOT_PASSWORD, MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD), and no more.
set -eu
data=/var/lib/mysql
mkdir -p /run/mysqld
chown mysql:mysql /run/mysqld "$data"
if [ ! -e "$data/ready" ]; then
  rm -rf "$data"/*
  mariadb-install-db --user=mysql --datadir="$data" --skip-test-db --auth-root-authentication-method=normal >/dev/null
  # Read by the server before it accepts anybody.
  umask 077
  cat >/run/mysqld/first.sql <<END
ALTER USER root@localhost IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
CREATE USER root@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;
CREATE USER '$MYSQL_USER'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';
GRANT ALL ON \`$MYSQL_DATABASE\`.* TO '$MYSQL_USER'@'%';
END
  chown mysql /run/mysqld/first.sql
  touch "$data/ready"
  set -- "$@" --init-file=/run/mysqld/first.sql
fi
exec "$@" --user=mysql --datadir="$data" --bind-address=0.0.0.0 --skip-name-resolve
