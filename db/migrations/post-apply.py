"""Rebuild the disposable schemas from their files: views first, then the functions that speak of them."""

from pathlib import Path

from yoyo import step

DB = Path(__file__).parents[1]

# Whoever is signed in begins each request by reading this, before all that logic.check_session calls: so nobody is
# half done with functions that are taken away, and who comes meanwhile waits and finds the new ones.
step("lock table auth.api_keys in access exclusive mode")
step("""
drop schema if exists api, v1, logic cascade;
create schema api;
create schema v1;
create schema logic;
comment on schema api is $$pgshop
The shop in PostgREST's own grammar: filter, order, page and embed resources; act through functions under /rpc.$$;
comment on schema v1 is $$pgshop
The shop under /api/v1: one function for each URL and method of gateway/routes.toml.$$;
comment on schema logic is 'What api and v1 share with each other, with the service and with the workers. Not exposed.';
grant usage on schema api, v1, logic to anon, customer;
grant usage on schema logic to service, worker, authenticator;
""")
for room in ("views", "functions"):
    for file in sorted((DB / room).rglob("*.sql")):
        step(file.read_text())
step("notify pgrst, 'reload schema'")
step("notify pgrst, 'reload config'")
