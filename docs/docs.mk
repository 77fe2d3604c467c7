# The site's targets, included by the Makefile. Sphinx and Jupyter's runner get an environment of their own.
PYTHON ?= python3
DOCS    = .venv-docs/bin
BUILT   = docs/_build

.PHONY: docs notebooks pictures

$(DOCS)/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-docs
	$(DOCS)/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	@touch $@

docs: $(DOCS)/.ready  ## the site, in docs/_build/html; a warning is an error
	$(DOCS)/sphinx-build -q -W --keep-going -n -b html -d $(BUILT)/doctrees docs $(BUILT)/html
	$(DOCS)/python docs/site/nothing_fetched.py $(BUILT)/html
	@echo "Open $(BUILT)/html/index.html"
