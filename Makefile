# `make help` lists what there is. Every target may be run twice, as root or not.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup develop demo test lint bench kafka dashboards lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCKS := deploy/requirements
FOR ?=
PUMPS ?= 200
PYTEST ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.run ## install what the demo needs into .venv

develop: $(VENV)/.develop ## install what tests and checks need as well

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "pumpwatch needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

# A stamp is newer than its lock once everything in the lock is installed.
$(VENV)/.run: $(BIN)/python $(LOCKS)/run.txt pyproject.toml
	@echo "Installing Pumpwatch into $(VENV) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.develop: $(VENV)/.run $(LOCKS)/develop.txt
	@echo "Installing test and lint tools into $(VENV) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/develop.txt
	@touch $@

demo: setup ## run everything on the embedded platform; FOR=60 ends after 60 s, PUMPS=200 sets the fleet
	$(BIN)/pumpwatch up --pumps $(PUMPS) $(if $(FOR),--for $(FOR))

test: develop ## run the whole suite on Apache Kafka, Redis, Prometheus and Chromium
	@deploy/test-servers.sh
	$(BIN)/python -m pytest $(if $(CI),-p no:randomly) $(PYTEST)

lint: develop ## check style, types, architecture and generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: develop ## print rates, CPU seconds and latencies on Apache Kafka
	@deploy/test-servers.sh
	$(BIN)/python -m tests.bench

kafka: develop ## run one local Apache Kafka node and print its address
	@deploy/test-servers.sh
	$(BIN)/python -m tests.servers

dashboards: develop ## write the Grafana dashboards anew
	$(BIN)/python -m deploy.grafana.source

lock: develop ## resolve the locks anew (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header \
	    --extra embedded --extra evaluate --extra report --extra build pyproject.toml -o $(LOCKS)/run.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --all-extras \
	    -c $(LOCKS)/run.txt pyproject.toml -o $(LOCKS)/develop.txt
	uv pip compile --quiet --universal --generate-hashes --no-header \
	    -c $(LOCKS)/run.txt pyproject.toml -o $(LOCKS)/production.txt

clean: ## remove the environment and everything built
	rm -rf $(VENV) deploy/kafka/target build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
