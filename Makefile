# `make` alone explains itself. Everything is installed below this folder: .venv, stack/node_modules.
SHELL := /bin/bash
.DEFAULT_GOAL := help
STATE ?= .pgshop
PORT ?=
VENV := .venv
BIN := $(VENV)/bin
UP_OPTIONS := --state $(STATE) $(if $(PORT),--port $(PORT))

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/installed ## Set up .venv and the servers: locked versions, checked hashes
	@test -x $(BIN)/pgshop

up: $(VENV)/installed ## Start the whole shop in the foreground; Ctrl-C stops it
	@$(BIN)/pgshop up $(UP_OPTIONS)

down: ## Stop a shop that was started with --detach
	@$(BIN)/pgshop down --state $(STATE)

migrate: $(VENV)/installed ## Bring the running shop's database up to date
	@$(BIN)/pgshop migrate --state $(STATE)

seed: $(VENV)/installed ## Load the demo shop into the running stack
	@$(BIN)/pgshop seed --state $(STATE)

test: $(VENV)/installed-dev lint ## Run lint and the whole test suite, in two processes (WORKERS=0 for one)
	@$(BIN)/python -m pytest -n $(or $(WORKERS),2) --dist loadfile $(PYTEST)

lint: $(VENV)/installed-dev ## ruff, mypy --strict, squawk
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/squawk --config .squawk.toml $$(ls db/migrations/*.sql | grep -v rollback)

mutants: $(VENV)/installed-dev ## Drop or loosen every policy, grant and check of identity once; each must be noticed
	@MUTANTS=all $(BIN)/python -m pytest tests/matrix/test_mutants.py $(PYTEST)

soak: $(VENV)/installed-dev ## Trade at length under races, faults and kills; prints seed, counts and seconds (SOAK_SEED=7 for another)
	@SOAK=all $(BIN)/python -m pytest tests/soak $(PYTEST)

contract: $(VENV)/installed-dev ## Ask whatever the API's document allows, and much that it does not; 20,000 requests a role (CASES=50000, SEED=7)
	@CONTRACT=$(or $(CASES),20000) CONTRACT_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -s tests/contract/test_truth.py $(PYTEST)

compose-test: $(VENV)/installed-dev ## Build the image, run docker-compose.yml with podman, sell, kill its parts; upgrade it; as root (KEEP=1 keeps the images, FROM=… is what it is upgraded from)
	@COMPOSE=all $(BIN)/python -m pytest -s -rs --timeout 3600 tests/compose $(PYTEST)
	@$(if $(KEEP),,$(BIN)/python -m tests.compose.machine)

audit: $(VENV)/installed-dev ## Ask PyPI's and npm's advisory services for known holes in what is locked; says so where they cannot be asked
	@$(BIN)/python -m tests.supply.audit

sbom: $(VENV)/installed-dev ## Write what ships as CycloneDX into build/: sbom-python.json and sbom-node.json
	@$(BIN)/uv venv --quiet --clear build/shipped
	@$(BIN)/uv pip sync --quiet --python build/shipped/bin/python --require-hashes requirements.txt
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o build/sbom-python.json build/shipped
	@cd stack && PATH="$$PATH:$(CURDIR)/$(BIN)" npm sbom --omit=dev --package-lock-only --sbom-format cyclonedx >../build/sbom-node.json
	@ls -l build/sbom-*.json

stripe: $(VENV)/installed-dev ## Ask the real Stripe what the twin is asked, with STRIPE_SECRET_KEY=sk_test_… of your own
	@test -n "$$STRIPE_SECRET_KEY" || { echo "set STRIPE_SECRET_KEY=sk_test_…, from Stripe's dashboard in test mode" >&2; exit 1; }
	@$(BIN)/python -m pytest tests/twin $(PYTEST)

replay: $(VENV)/installed-dev ## Replay a real shop's invoices through the public port
	@$(BIN)/python -m tests.journeys.replay $(REPLAY)

plans: $(VENV)/installed-dev ## After bench-data: read the plans of every filter and ordering in the running shop
	@PLANS_STATE=$(STATE) PLANS_PRODUCTS=$(or $(PRODUCTS),1000000) $(BIN)/python -m pytest tests/db/test_catalogue_plans.py $(PYTEST)

bench-data: $(VENV)/installed-dev ## Add 1,000,000 generated products to the running shop (PRODUCTS=200000 for fewer)
	@$(BIN)/python -m bench.catalogue --state $(STATE) --products $(or $(PRODUCTS),1000000)

bench: $(VENV)/installed-dev ## Detail, list and search of the running shop against the same SQL through pgbench
	@$(BIN)/python -m bench.finding --state $(STATE)

docs: $(VENV)/installed-dev ## Build the documentation's site into build/site
	@$(BIN)/python -m handbook.site

lock: $(VENV)/uv ## Renew the lock files from pyproject.toml and stack/package.json
	@for extra in "" dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    $${extra:+--extra $$extra -c requirements.txt} pyproject.toml -o requirements$${extra:+-$$extra}.txt; done
	@cd stack && npm install --package-lock-only

# uv installs several times faster than pip, with the same hashes; pip's only task is to bring uv.
$(VENV)/uv: requirements-uv.txt
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pgshop needs Python 3.11 or newer")'
	@python3 -m venv $(VENV) || { echo "python3 has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing uv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-uv.txt
	@touch $@

$(VENV)/installed: requirements.txt requirements-node.txt stack/package-lock.json pyproject.toml $(VENV)/uv
	@PGSHOP_VENV=$(VENV) bash stack/install.sh requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@echo "installing what the tests need …"
	@PGSHOP_VENV=$(VENV) bash stack/install.sh requirements-dev.txt --include=dev
	@touch $@

.PHONY: help install up down migrate seed test lint mutants soak contract compose-test audit sbom stripe replay plans bench-data bench docs lock
