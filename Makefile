# The usual commands. They need Python 3.11 or newer; everything else is installed into .venv.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
# the tests of a file stay in one process: what they share is made once
IN_TWO := --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run install test test-all test-oldest lint format pins clean

help:
	@echo "make run       install, then find lens look-alikes in a real Hubble picture"
	@echo "make install   make $(VENV) and install the package with what the tests need"
	@echo "make test      the fast tests, in two processes"
	@echo "make test-all  all tests"
	@echo "make test-oldest  the fast tests with the oldest versions that are allowed, in .venv-oldest"
	@echo "make lint      style, format and types"
	@echo "make format    put the code into the format that lint asks for"
	@echo "make pins      write the installed versions to constraints.txt"
	@echo "make clean     remove $(VENV), .venv-oldest and what tools left; runs/ stays"

run: install
	$(BIN)/astrocnn run quickstart

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt .ci/make_venv
	.ci/make_venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

test: install
	$(BIN)/python -m pytest $(IN_TWO)

test-all: install
	$(BIN)/python -m pytest $(IN_TWO) -m ""

test-oldest: install
	.ci/make_venv .venv-oldest
	$(BIN)/python .ci/oldest_versions.py > .venv-oldest/constraints.txt
	.venv-oldest/bin/python -m pip install --disable-pip-version-check --quiet --constraint .venv-oldest/constraints.txt \
		--editable '.[dev]'
	.venv-oldest/bin/python -m pytest $(IN_TWO) -W default  # old packages warn of newer ones

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pins: install
	$(BIN)/python .ci/pin_versions.py

clean:
	rm -rf $(VENV) .venv-oldest .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
