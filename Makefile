# Everything sets itself up on a machine that has Python 3.11+: `make run`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STREAM ?= demo

.PHONY: help run setup setup-test test systemd check format compile bench fuzz soak kill-rounds lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## start the server with the demo publisher and print the addresses to open
	$(BIN)/edge serve --demo

setup: $(VENV)/.ready edge/web/pages/vendor/.ready

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "edge needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

edge/web/pages/vendor/.ready: edge/web/package-lock.json edge/web/vendor.py $(VENV)/.ready
	$(BIN)/python -m edge.web.vendor
	@touch $@

$(VENV)/.ready-test: requirements-dev.lock $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup-test: setup $(VENV)/.ready-test tests/browser/node_modules/.ready
	@sh tests/browser/install-browser.sh $(BIN)/python

tests/browser/node_modules/.ready: tests/browser/package-lock.json $(VENV)/.ready
	$(BIN)/python -m edge.web.vendor --into tests/browser
	@touch $@

test: setup-test ## run every test, the browser's included: a file on each core, then one by one what measures time
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m "not alone"; beside=$$?; \
	$(BIN)/pytest -m alone && exit $$beside

check: setup $(VENV)/.ready-test ## format, lint, types, architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_architecture.py

format: setup $(VENV)/.ready-test ## format and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

systemd: ## try the unit under a real systemd in a container (root, systemd-container, dbus, pipx; two minutes)
	@bash tests/e2e/real_systemd.sh

compile: setup $(VENV)/.ready-test ## make machine code of the hot modules (mypyc, a C compiler); whoever edits them runs their text again
	$(BIN)/python -m edge.compile

bench: setup-test compile ## run every benchmark for about a minute; results in bench/results
	$(BIN)/python -m bench

soak: setup ## half load for an hour; fails unless memory, tasks and file handles stay flat (SECONDS=60 for less)
	$(BIN)/python -m bench.soak --seconds $(or $(SECONDS),3600)

fuzz: setup $(VENV)/.ready-test ## fuzz every parser for ten minutes each (SECONDS=60 for less)
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

kill-rounds: setup $(VENV)/.ready-test ## kill -9 the disk cache under load a hundred times; no octet may be wrong (ROUNDS=10 for less)
	PYTHONPATH=. $(BIN)/python tests/vod/kill_rounds.py $(or $(ROUNDS),100)

COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links --no-header --strip-extras

lock: $(VENV)/.ready ## write requirements.lock (to run) and requirements-dev.lock (to test) anew from pyproject.toml
	$(BIN)/python -m pip install --quiet pip-tools
	$(COMPILE) --extra build -o requirements.lock pyproject.toml
	$(COMPILE) --extra build --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean: ## remove what was set up and built
	rm -rf $(VENV) edge/web/node_modules edge/web/pages/vendor edge/_compiled tests/browser/node_modules .mypy_cache .ruff_cache .pytest_cache build dist
