# Two commands for a newcomer: make demo, make test. Each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make pins'

.PHONY: help setup demo test test-all lint format local pins sam clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## the environment: .venv with pinned packages, and a Chromium

.venv/.ready: requirements/dev.txt requirements/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Takedown needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes requirements/dev.txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps -e .
	$(BIN)/python -m infra.local.ensure_chromium
	touch $@

demo: setup ## one case from the API to a verified bundle, on the local cloud
	$(BIN)/python -m infra.local.demo

local: setup ## the local cloud, until Ctrl-C
	$(BIN)/python -m infra.local.serve

test: lint ## lint, types, and the tests
	$(BIN)/python -m pytest -m 'not slow'

test-all: lint sam ## everything, the slow suites too
	$(BIN)/python -m pytest

sam: setup .venv-tools/.ready ## aws-sam-cli in an environment of its own, and what it says of the template
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv-tools/bin/sam validate --lint

.venv-tools/.ready: requirements/tools.txt
	test -x .venv-tools/bin/python || $(PYTHON) -m venv .venv-tools
	VIRTUAL_ENV=$(CURDIR)/.venv-tools $(BIN)/uv pip sync --quiet --require-hashes requirements/tools.txt
	touch $@

lint: setup ## ruff, mypy strict, cfn-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml

format: setup ## let ruff put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pins: ## compile requirements/*.txt and functions/requirements.txt from pyproject.toml
	$(COMPILE) --all-extras --group dev -o requirements/dev.txt pyproject.toml
	$(COMPILE) --extra cloud -c requirements/dev.txt -o functions/requirements.txt pyproject.toml
	$(COMPILE) --extra capture --extra cloud -c requirements/dev.txt -o requirements/capture.txt pyproject.toml requirements/image.in
	$(COMPILE) --group tools -o requirements/tools.txt
	echo uv | $(COMPILE) -c requirements/dev.txt -o requirements/uv.txt -

clean: ## remove what make made (never evidence: there is none here)
	rm -rf .venv .venv-tools .aws-sam .mypy_cache .ruff_cache .pytest_cache out
