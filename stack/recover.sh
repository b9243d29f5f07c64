#!/bin/sh
# Bring the database back to a moment: `recover.sh '2026-11-27 10:15:00+00'`, in a container of postgres while the one of the
# shop is stopped. The newest base backup from before that day's end is taken, or the one that is named.
set -eu
moment=${1:?a moment, like "2026-11-27 10:15:00+00"}
day=$(echo "$moment" | cut -c1-10)
base=${2:-$(ls -d /archive/base-* | awk -v last="/archive/base-$day~" '$0 < last' | tail -1)}
[ -f "$base/base.tar.gz" ] || { echo "There is no base backup from before $moment in /archive." >&2; exit 1; }
old="$PGDATA.before-$(date +%Y%m%d%H%M%S)"
mv "$PGDATA" "$old"
install -d -o postgres -g postgres -m 700 "$PGDATA"
tar -xzf "$base/base.tar.gz" -C "$PGDATA"
# What was not archived yet lies in the old folder. Nobody reads before all is there.
cat >>"$PGDATA/postgresql.auto.conf" <<EOF
restore_command = 'cp /archive/%f %p || cp $old/pg_wal/%f %p'
recovery_target_time = '$moment'
recovery_target_action = promote
hot_standby = off
EOF
touch "$PGDATA/recovery.signal"
chown -R postgres:postgres "$PGDATA"
echo "From $base to $moment at the next start; what was there is kept in $old."
