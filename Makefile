# The development commands; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help install demo test test-slow lint format docs pictures clean

help:  ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP)  ## install judgebench and all it needs into .venv, from pinned versions

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[local,ray,dev]'
	@touch $@

demo: install  ## the whole pipeline, live: two local checkpoints, the embedded judge, report and site in demo/
	@$(BIN)/python tools/demo.py

test: install  ## all tests but the slow ones, a process a core
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

test-slow: install  ## the tests that take minutes in all: in a browser, with checkpoints, long comparisons
	$(BIN)/python -m pytest -m slow

lint: install  ## formatting, linter, types, references of the question sets, generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python question_sets/core-80/check_references.py
	$(BIN)/python question_sets/turns-80/check_references.py
	$(BIN)/python tools/command_reference.py --check

format: install  ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: install  ## make the generated documents again
	$(BIN)/python tools/command_reference.py

pictures: install  ## take the README's pictures of the demo's site
	$(BIN)/python tools/screenshots.py demo/webpage docs/images

clean:  ## remove what was installed and built
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
