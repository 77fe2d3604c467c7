# Other machines than this one, as far as it can play them.
.PHONY: test-bare test-like-windows

test-bare:  ## both commands of the README in a minimal Debian, as a user who is not root (needs root)
	bash .ci/bare.sh

# What numbers come out does not depend on the system: those tests would say nothing here.
PROCESSES = $(addprefix tests/data/test_pets.py::test_, the_processes_really_draw processes_are_told_of_it_too \
	where_no_process_can_be_had_the_pictures_are_drawn_here)
LIKE_WINDOWS ?= tests/saving tests/cli tests/report tests/training $(PROCESSES) \
	$(filter-out tests/data/test_pets%, $(wildcard tests/data/test_*.py)) \
	tests/test_whole_file.py tests/test_streams.py tests/test_streams_signs.py tests/test_cores.py

test-like-windows: $(BIN)/.ready  ## a rehearsal for Windows: what deals with files and processes
	$(PYTEST) -p tests.like_windows $(LIKE_WINDOWS)
