#!/bin/sh
# Change the version of the shop in containers while it sells, to the one that is checked out: docs/how-to/upgrade.md.
# Two more containers of the new version answer while the two of the old one, which the gateway asks, are replaced.
set -eu
cd "$(dirname "$0")/.."
VERSION=${VERSION:-$(git describe --tags --always)}
export VERSION
subnet=$(docker compose config | sed -n 's/.*ipv4_address: "\{0,1\}\(.*\)\.10"\{0,1\}$/\1/p')
: "${subnet:?docker-compose.yml gives no addresses}"

# The gateway is told whom to ask; done when whoever was asked before has answered all that it was asked. It tries the way
# first: for some seconds it may remember another network card at an address. Where that or reading what a new version has
# written fails, it is replaced.
lead() {
  docker compose run -T --rm --no-deps -e "POSTGREST_URL=http://$subnet.$1:3000" -e "SERVICE_URL=http://$subnet.$2:8000" \
    migrate python -m stack.container configure
  docker compose exec -T gateway sh -c '
    for url; do timeout 60 wget -q -O /dev/null "$url" || exit 1; done
    before=$(grep -ls "nginx: [w]orker" /proc/[0-9]*/cmdline)
    nginx -q -c /configuration/nginx/nginx.conf -s reload || exit 1
    for second in $(seq 60); do
      cat /dev/null $before 2>/dev/null | grep -q . || exit 0
      sleep 1
    done
    grep -qs "[s]hutting down" $before' sh "http://$subnet.$1:3001/ready" "http://$subnet.$2:8000/health/live" ||
    docker compose up --detach --wait --no-deps --no-build --force-recreate gateway
}

docker compose build migrate
docker compose run -T --rm --no-deps migrate
docker compose --profile upgrade up --detach --wait --no-deps --no-build postgrest-next extensions-next
lead 20 21
docker compose up --detach --wait --no-deps --no-build postgrest extensions
lead 10 11
docker compose --profile upgrade rm --stop --force postgrest-next extensions-next
docker compose up --detach --wait --no-deps --no-build worker beat relay metrics gateway
# Whoever starts the shop next starts this version.
sed -i '/^VERSION=/d' .env
[ -z "$(tail -c 1 .env)" ] || echo >>.env
echo "VERSION=$VERSION" >>.env
