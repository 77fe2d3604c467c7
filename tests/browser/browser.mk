# The suite in a browser's Python, run by Node: make test-browser
# PYODIDE is a folder with Pyodide and its packages. What is pure Python comes from the index that pip
# knows; it is put into .browser, and nothing of it is kept in the repository.
PYODIDE ?= ../shared/pyodide
NODE    ?= node
IN_NODE  = $(NODE) tests/browser/run.mjs --pyodide $(PYODIDE) --wheels .browser/minicnn

.PHONY: test-browser test-browser-here

test-browser:  ## train, predict and save in a browser's Python, and the rooms of the suite that can run there
	@if [ ! -f "$(PYODIDE)/pyodide.mjs" ]; then \
	  echo "test-browser left out: no Pyodide in $(PYODIDE) (make PYODIDE=... test-browser)"; \
	elif ! command -v $(NODE) >/dev/null; then \
	  echo "test-browser left out: no Node.js here (make NODE=... test-browser)"; \
	else $(MAKE) --no-print-directory test-browser-here; fi

test-browser-here: $(BIN)/.ready .browser/tools/.ready
	rm -rf .browser/minicnn
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir .browser/minicnn .
	$(IN_NODE) -- tests/browser/everything.py
	HYPOTHESIS_PROFILE=brief $(IN_NODE) --wheels .browser/tools --load matplotlib \
	  -- tests/browser/suite.py $(ROOMS)

.browser/tools/.ready: $(BIN)/.ready
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --only-binary=:all: \
	  --implementation py --abi none --platform any --python-version 3.12 \
	  --dest .browser/tools pytest hypothesis rich
	@touch $@
