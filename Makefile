# demo: the main job end to end; test: everything; test-all: on every Python; bench: the measurements
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all bench clean

$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip 'setuptools>=64'
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist worksteal

clean:
	rm -rf .venv .venv-* build dist bench-results
