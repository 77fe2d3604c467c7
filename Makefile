# Everything starts here. Each target sets up what it needs; nothing has to be installed first.
# A python of your own: make PYTHON=python3.13 test
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

.PHONY: help setup catdog test test-thorough test-parity record-parity lint bench clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

setup: $(BIN)/.ready  ## a virtual environment with minicnn and its tools

catdog: $(BIN)/.ready  ## train the cat/dog network on generated pictures (about two minutes)
	$(BIN)/python examples/catdog.py

test: $(BIN)/.ready  ## every test, on every core
	$(BIN)/python -m pytest -q

PARITY = .venv-parity/bin

$(PARITY)/.ready: pyproject.toml tests/parity/requirements.txt
	$(PYTHON) -m venv .venv-parity
	$(PARITY)/python -m pip install --quiet --disable-pip-version-check \
		--editable ".[dev]" --requirement tests/parity/requirements.txt
	@touch $@

test-parity: $(PARITY)/.ready  ## minicnn against Keras and PyTorch, which this installs
	$(PARITY)/python -m pytest -q -m parity tests/parity

record-parity: $(PARITY)/.ready  ## ask Keras and PyTorch anew what `make test` compares with
	$(PARITY)/python -m tests.parity.record
