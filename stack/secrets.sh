#!/bin/sh
# Make what the containers keep secret: a file each, in ./secrets or the folder that is named. What is there already is
# left alone. With --demo also what the twin of Stripe and the mail catcher want, which are not for production.
set -eu
demo=
[ "${1:-}" != --demo ] || { demo=yes; shift; }
folder=${1:-secrets}
# Where the two servers are, for who has no container of that name.
postgres=${POSTGRES_ADDRESS:-postgres:5432} valkey=${VALKEY_ADDRESS:-valkey:6379}
umask 077
mkdir -p "$folder"

keep() {
  [ -s "$folder/$1" ] || printf %s "$2" >"$folder/$1"
  # Others on this server cannot pass the folder; in a container the file belongs to nobody there.
  chmod 444 "$folder/$1"
}
word() { openssl rand -hex 24; }

keep postgres_password "$(word)"
keep database_url "postgresql://postgres:$(cat "$folder/postgres_password")@$postgres/postgres"
for role in service worker authenticator; do keep "${role}_database_url" "postgresql://$role:$(word)@$postgres/pgshop"; done
keep redis_password "$(word)"
keep redis_url "redis://:$(cat "$folder/redis_password")@$valkey/0"
keep grafana_password "$(word)"
keep jwt_private_key "$(openssl genpkey -algorithm ed25519 -outform DER | base64 | tr -d '\n')"
keep refresh_token_key "$(openssl rand -base64 32)"
if [ -n "$demo" ]; then
  keep stripe_secret_key "sk_test_$(openssl rand -hex 12)"
  keep stripe_webhook_secret "whsec_$(openssl rand -hex 12)"
  keep smtp_url smtp://mail:1025
fi
missing=
for name in stripe_secret_key stripe_webhook_secret smtp_url; do [ -s "$folder/$name" ] || missing="$missing $name"; done
if [ -n "$missing" ]; then
  echo "Write into $folder yourself:$missing (docs/how-to/run-in-containers.md), then run this again." >&2
  exit 1
fi
