# The single entry point. `make grid` and `make test` need nothing but Python 3.11 or newer: they make .venv themselves.

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
STUDY ?= ablations/bandit.yaml

# Python keeps what it compiled, even where it is told not to: compiling anew takes each process of the tests seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install grid smoke bench test test-fast coverage check soak
.DEFAULT_GOAL := help

help:  ## say what there is to make
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 16

install: $(VENV)/installed  ## make .venv and install the command `ingredients` into it
	@echo "installed: $(BIN)/ingredients --help, or activate $(VENV)"

grid: install  ## run the flagship study (or STUDY=...) and report; interrupted, it keeps what is finished
	$(BIN)/ingredients run-grid $(STUDY)

smoke: install  ## run all sixteen cells at smoke size: a minute
	$(BIN)/ingredients run-grid ablations/smoke.yaml

bench: $(VENV)/installed-bench  ## measure speed, its limit and its peers: half an hour or longer (JAX_PYTHON=... adds a peer)
	$(BIN)/python -m tests.benchmarks

# One thread a process: threads that fight for two cores take longer than one. Three processes, since tests wait for
# others now and then. Tests of one file stay together as long as all have work, so that what they share is made once.
PYTEST := -m pytest -n 3 --dist worksteal

test: $(VENV)/installed-dev  ## run all tests
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST)

test-fast: $(VENV)/installed-dev  ## run the tests that start no program and train nothing: after an edit
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST) -m "not slow"

coverage: $(VENV)/installed-dev  ## run all tests and show which lines none of them runs
	OMP_NUM_THREADS=1 $(BIN)/coverage run $(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

soak: $(VENV)/installed-dev  ## kill a grid at twenty random moments and compare what it ends in: some minutes
	PYTHONPATH=tests $(BIN)/python tests/soak.py

check: $(VENV)/installed-dev  ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The stamps are older than pyproject.toml or constraints.txt when something has to be installed, and only then.
$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (the first time takes minutes: torch is large)"
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (the first time takes minutes: torch is large)"
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/installed $@

$(VENV)/installed-bench: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (the first time takes minutes: torch is large)"
	$(PIP) --editable '.[bench]'
	@touch $(VENV)/installed $@

$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3 python3.12 python3.13; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    && echo "making $(VENV) with $$python" && exec $$python -m venv $(VENV); \
	done; echo "no Python 3.11 or newer found: install one, or say PYTHON=/path/to/python" >&2; exit 1
