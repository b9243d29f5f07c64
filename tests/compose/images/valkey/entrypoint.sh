# The official entrypoint's promise: the server never runs as root, whatever the volume was.
set -e
if [ "$1" = valkey-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user valkey -exec chown valkey '{}' +
  exec setpriv --reuid=valkey --regid=valkey --clear-groups -- sh "$0" "$@"
fi
exec "$@"
