# Every target makes the environment that it needs: only Python 3.11+, venv, pip and make must be there.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo serve check test lint clean
.DEFAULT_GOAL := demo

demo: $(VENV)/.installed  ## a client gets its clip through a broken download
	$(BIN)/video-mockserver demo

serve: $(VENV)/.installed  ## the fake, until Ctrl-C
	$(BIN)/video-mockserver serve --unknown-tasks create

check: $(VENV)/.developed  ## the quick tests of the core, in under half a minute
	$(BIN)/pytest -q -n 2 -m "not slow" tests/api tests/scenario tests/fake tests/judge tests/test_architecture.py tests/test_public_api.py

test: $(VENV)/.developed  ## every test, with branch coverage
	$(BIN)/coverage erase
	$(BIN)/pytest -n 2 --dist worksteal --durations=15 --cov --cov-report=term --cov-fail-under=95

lint: $(VENV)/.developed  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p build/typing && ln -sfn ../../mockserver build/typing/video_mockserver
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "video-mockserver needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.developed: $(VENV)/.installed requirements-dev.txt constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	touch $@
