#!/bin/sh
# Print, for .env, each image of others by tag and digest, as their registries have it now. Needs docker with buildx.
set -eu
cd "$(dirname "$0")/.."
sed -nE 's/.*\b([A-Z]+_IMAGE)(=|:-)(docker\.io\/[^ }]+).*/\1 \3/p' Dockerfile docker-compose.yml | while read -r name image; do
  digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}' </dev/null)
  case $digest in sha256:*) echo "$name=$image@$digest" ;; *) echo "$image: no digest, but $digest" >&2; exit 1 ;; esac
done
