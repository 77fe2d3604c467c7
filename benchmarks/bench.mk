# The arena's targets, included by the Makefile. The opponents get an environment of their own.
# For a part of them: make bench-quick BENCH="--only minicnn,pytorch-channels-last"
PYTHON     ?= python3
BENCH_VENV ?= .venv-bench
BENCH      ?=

.PHONY: bench bench-quick

$(BENCH_VENV)/.ready: benchmarks/requirements.txt pyproject.toml
	$(needs-python)
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement benchmarks/requirements.txt --editable .
	@touch $@

bench: $(BENCH_VENV)/.ready  ## minicnn against PyTorch, Keras and DeZero, everything (half an hour)
	$(BENCH_VENV)/bin/python -m benchmarks.arena $(BENCH)

bench-quick: $(BENCH_VENV)/.ready  ## the headline ratios only (two minutes)
	$(BENCH_VENV)/bin/python -m benchmarks.arena --quick $(BENCH)

SIZE ?= small
SEED ?= 0

.PHONY: campaigns

campaigns: $(BIN)/.ready  ## kills, full disks, damaged files, random networks: seconds each (SIZE=large: hours)
	$(BIN)/python -m benchmarks.campaigns --size $(SIZE) --seed $(SEED)
