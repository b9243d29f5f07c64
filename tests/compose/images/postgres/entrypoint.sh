#!/bin/sh
# The official entrypoint's promises: a cluster at the first start, with a password from the environment or a file, and
# the scripts of /docker-entrypoint-initdb.d; the server never runs as root.
set -e
if [ "$1" = postgres ] && [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres "$PGDATA" /var/run/postgresql
  exec setpriv --reuid postgres --regid postgres --init-groups sh "$0" "$@"
fi
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  [ -z "$POSTGRES_PASSWORD_FILE" ] || POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  [ -n "$POSTGRES_PASSWORD" ] || { echo "Error: superuser password is not specified" >&2; exit 1; }
  echo "$POSTGRES_PASSWORD" >/tmp/password
  initdb -D "$PGDATA" -U postgres --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 -E UTF8
  rm /tmp/password
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql" -w start
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -f "$script" ] || PGHOST=/var/run/postgresql PGUSER=postgres sh "$script"
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
unset POSTGRES_PASSWORD
[ "$1" != postgres ] || set -- "$@" -c unix_socket_directories=/var/run/postgresql
exec "$@"
