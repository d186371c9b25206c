# Everything runs in .venv, made from the pinned requirements.lock. Needs Python 3.11 or newer, make and git.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-peers
GPU_PYTHON ?= python3

RELEASE := .venv-release
PYTHONS ?= python3.11 python3.12 python3.13

.PHONY: setup peers demo test test-full lint docs package mutation coverage matrix audit-packages bench bench-month bench-gpu clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/	/'

setup: $(STAMP) ## make .venv and install gangru with its tools

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("gangru needs Python 3.11 or newer, this is %d.%d: make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.lock)"
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

peers: $(PEERS)/.installed ## make .venv-peers with pyqlib, which long tests and benchmarks compare with

$(PEERS)/.installed: requirements-peers.lock
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements-peers.lock)"
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements-peers.lock
	@touch $@

demo: setup ## simulate a market, train, write the report and name it
	@$(BIN)/gangru demo demo

test: setup ## all tests but the long ones, a file at a time on each of two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-full: setup peers ## all tests with the long ones; the log goes to docs/results/
	set -o pipefail; GANGRU_TEST_FULL=1 $(BIN)/python -m pytest -n 2 --dist loadfile --durations=30 | tee .test-full.log
	mv .test-full.log docs/results/test-full-$$(date +%F).log

lint: setup ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup ## the site of the documentation, build/site/index.html; its reference pages are made from the code
	$(BIN)/python tools/reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(RELEASE)/.installed:
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/pip install --quiet --disable-pip-version-check build twine pip-audit
	@touch $@

package: setup $(RELEASE)/.installed ## wheel and sdist, checked; the wheel alone in an empty environment runs gangru demo
	rm -rf dist build/wheel
	$(RELEASE)/bin/python -m build --quiet
	$(RELEASE)/bin/twine check --strict dist/*
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.lock)"
	build/wheel/bin/pip install --quiet --disable-pip-version-check dist/*.whl
	cd build && PYTHONPATH= wheel/bin/gangru demo wheel/demo

mutation: setup ## change the core's formulas one at a time and see whether a test notices; hours; results in mutants/
	$(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results

coverage: setup ## lines of the core that the tests beside it run
	$(BIN)/coverage run --source=src/gangru/market,src/gangru/features,src/gangru/models,src/gangru/training,src/gangru/factor,src/gangru/evaluation -m pytest -q tests/market tests/features tests/models tests/training tests/factor tests/evaluation
	$(BIN)/coverage report --skip-covered --fail-under=95

matrix: ## the core tests on every Python of PYTHONS, with the lowest and the newest versions of the dependencies
	tools/matrix.sh $(PYTHONS)

audit-packages: $(RELEASE)/.installed ## known weaknesses of the pinned packages; needs the network, fails where one could not be asked about
	mkdir -p build
	grep -v '^#' requirements.lock >build/pinned.txt
	$(RELEASE)/bin/pip-audit --strict -r build/pinned.txt --no-deps --disable-pip

bench: setup peers ## time the stages on this machine, some beside their peers
	$(BIN)/python benchmarks/stages.py
	$(BIN)/python benchmarks/market_data.py
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/feeding.py
	$(BIN)/python benchmarks/epoch.py --peer
	$(BIN)/python benchmarks/ray_engine.py
	$(BIN)/python benchmarks/growth.py

bench-gpu: ## time a full-market fold on a card; needs NumPy and PyTorch alone
	PYTHONPATH=src $(GPU_PYTHON) benchmarks/gpu.py --profile

bench-month: setup ## time a month's update of the full real market; its first call makes the market before it
	$(BIN)/python benchmarks/monthly_update.py build/month

clean: ## remove what the targets made
	rm -rf $(VENV) $(PEERS) $(RELEASE) demo build dist mutants .coverage
