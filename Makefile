# demo: the main job end to end; test: everything; test-all: on every Python; bench: the measurements
PYTHON ?= python3
PYTHONS ?= python3.11 python3.12 python3.13
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all bench clean

$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip 'setuptools>=64'
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/python demo/demo.py

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist worksteal

# a folder of its own for each version, so that no one's installation is another's
test-all:
	set -e; for python in $(PYTHONS); do \
		echo "== $$python"; $(MAKE) test PYTHON=$$python VENV=.venv-$$python; \
	done

bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test,bench]'
	$(BIN)/python -m bench

clean:
	rm -rf .venv .venv-* build dist bench-results
