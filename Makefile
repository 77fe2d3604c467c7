# Everything starts here. Each target sets up what it needs; nothing has to be installed first.
# A python of your own: make PYTHON=python3.13 test
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: help setup catdog test-parity record-parity lint check-install examples clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# What a bare machine lacks is said in one line, before anything begins.
lacks = $(shell \
	if ! command -v $(PYTHON) >/dev/null 2>&1; then \
		echo "expected Python 3.11 or newer as $(PYTHON), found none; install it" \
			"(Debian, Ubuntu: python3 python3-venv), or name yours: make PYTHON=python3.13"; \
	elif ! $(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then \
		echo "expected Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
			"name a newer one: make PYTHON=python3.13"; \
	elif ! $(PYTHON) -c "import ensurepip, venv" 2>/dev/null; then \
		echo "expected a Python that can make virtual environments, but $(PYTHON) has no ensurepip;" \
			"install python3-venv (Debian, Ubuntu), or name another: make PYTHON=python3.13"; \
	fi)
needs-python = $(if $(lacks),$(error $(lacks)))

$(BIN)/.ready: pyproject.toml
	$(needs-python)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

setup: $(BIN)/.ready  ## a virtual environment with minicnn and its tools

catdog: $(BIN)/.ready  ## train the cat/dog network on generated pictures (about two minutes)
	$(BIN)/python examples/catdog.py

lint: $(BIN)/.ready  ## style, types, and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-install: $(BIN)/.ready  ## the wheel alone, with nothing but what users get
	rm -rf .venv-install dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	$(PYTHON) -m venv .venv-install
	.venv-install/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	cd .venv-install && bin/python ../.ci/smoke.py

examples: $(BIN)/.ready  ## every example, on a small setting
	$(BIN)/python examples/own_layer.py
	@mkdir -p runs
	$(BIN)/python examples/edges.py --out runs/edges.png
	$(BIN)/python examples/catdog.py --pictures 120 --epochs 1 --out runs/small
	$(BIN)/python examples/invariance.py --model runs/small/model.safetensors --pictures 8 --out runs/invariance.png
	$(BIN)/python examples/why_not_the_average_colour.py --model runs/small/model.safetensors --pictures 8 --out runs/small
	@if [ -d "$(MNIST)" ]; then $(BIN)/python examples/mnist.py "$(MNIST)" --samples 3000 --epochs 1; \
	else echo "examples/mnist.py left out: no digits in $(MNIST) (make MNIST=... examples)"; fi

MNIST ?= ../shared/data/mnist

include tests/tests.mk tests/systems.mk tests/gpu.mk tests/browser/browser.mk benchmarks/bench.mk docs/docs.mk

clean:  ## remove what the other targets made
	rm -rf .venv .venv-* .browser dist runs docs/_build .hypothesis .pytest_cache .mypy_cache .ruff_cache

PARITY = .venv-parity/bin

$(PARITY)/.ready: pyproject.toml tests/parity/requirements.txt
	$(needs-python)
	$(PYTHON) -m venv .venv-parity
	$(PARITY)/python -m pip install --quiet --disable-pip-version-check \
		--editable ".[dev]" --requirement tests/parity/requirements.txt
	@touch $@

test-parity: $(PARITY)/.ready  ## minicnn against Keras and PyTorch, which this installs
	$(PARITY)/python -m pytest -q -m parity tests/parity

record-parity: $(PARITY)/.ready  ## ask Keras and PyTorch anew what `make test` compares with
	$(PARITY)/python -m tests.parity.record

include tests/machines/machines.mk
