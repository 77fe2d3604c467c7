.PHONY: test-processors test-matrix

# MACHINES=--quick makes the part of it that CI runs.
MACHINES ?=

test-processors: $(BIN)/.ready  ## the tests, computed as on other processors
	$(BIN)/python -m tests.machines.processors --workers $(WORKERS) $(MACHINES)

test-matrix: $(BIN)/.ready  ## every Python found here, with the newest and the oldest packages
	$(BIN)/python -m tests.machines.matrix --workers $(WORKERS) $(MACHINES)
