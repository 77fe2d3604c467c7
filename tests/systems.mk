# Other machines than this one, as far as it can play them.
.PHONY: test-bare test-like-windows

test-bare:  ## both commands of the README in a minimal Debian, as a user who is not root (needs root)
	bash .ci/bare.sh

LIKE_WINDOWS ?= tests/saving tests/data tests/training tests/model tests/report tests/cli tests/test_*.py

test-like-windows: $(BIN)/.ready  ## a rehearsal for Windows: what deals with files and processes
	$(PYTEST) -p tests.like_windows $(LIKE_WINDOWS)
