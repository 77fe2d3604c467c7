# The suite's targets, included by the Makefile. -n auto: a worker for each core that we may use,
# a container's quota counted (tests/conftest.py); on one core there are none. worksteal: a worker
# that is done takes over tests from one that is not.
WORKERS ?= auto
PYTEST   = $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

SEEDS   ?= 10
BUSY    ?= 0

.PHONY: test test-thorough test-flakes

test: $(BIN)/.ready  ## every test, and every example in a docstring
	$(PYTEST)

test-thorough: $(BIN)/.ready  ## the same, with hypothesis trying twenty times as hard, and other examples each time
	HYPOTHESIS_PROFILE=thorough $(PYTEST)

test-flakes: $(BIN)/.ready  ## tests that fail now and then: SEEDS=10 runs, BUSY=4 processes that get in the way
	$(BIN)/python -m tests.flakes --seeds $(SEEDS) --busy $(BUSY) $(TESTS)
