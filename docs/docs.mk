# The site's targets, included by the Makefile. Sphinx and Jupyter's runner get an environment of their own.
PYTHON ?= python3
DOCS    = .venv-docs/bin
BUILT   = docs/_build

.PHONY: docs notebooks pictures

$(DOCS)/.ready: pyproject.toml
	$(needs-python)
	$(PYTHON) -m venv .venv-docs
	$(DOCS)/python -m pip install --quiet --disable-pip-version-check --editable ".[docs]"
	@touch $@

docs: $(DOCS)/.ready  ## the site, in docs/_build/html; a warning is an error
	$(DOCS)/sphinx-build -q -E -W --keep-going -n -b html -d $(BUILT)/doctrees docs $(BUILT)/html
	$(DOCS)/python docs/site/nothing_fetched.py $(BUILT)/html
	@echo "Open $(BUILT)/html/index.html"

notebooks: $(DOCS)/.ready  ## every lesson as a notebook in docs/_build/notebooks, run from top to bottom
	$(DOCS)/python docs/site/run_notebooks.py $(BUILT)/notebooks

pictures: $(BIN)/.ready  ## draw every picture of docs/ anew (some ten minutes: networks are trained)
	$(BIN)/python docs/pictures/make_pets.py
	$(BIN)/python docs/pictures/make_pictures.py
	@for script in docs/pictures/course/lesson_*.py; do \
		if [ -e "$$script" ]; then echo "$$script"; $(BIN)/python "$$script" || exit 1; fi; done
