# The development commands; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.installed-demo
TEST := $(VENV)/.installed-test
DEV := $(VENV)/.installed-dev

.PHONY: help install demo test test-slow test-search lint format docs pictures clean

help:  ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(DEV)  ## install judgebench and all it needs into .venv, from pinned versions

# Each holds what the one before does, and more: demo, test, dev are extras of pyproject.toml. Nothing is compiled
# beforehand: Python does that to what it imports, and most of torch never is.
$(TEST): $(DEMO)
$(DEV): $(TEST)
$(VENV)/.installed-%: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[$*]'
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

demo: $(DEMO)  ## the whole pipeline, live: two local checkpoints, the embedded judge, report and site in demo/
	@$(BIN)/python tools/demo.py

test: $(TEST)  ## all tests but the slow ones, a process a core
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

test-slow: $(TEST)  ## the tests that take minutes in all: in a browser, with checkpoints, long comparisons
	$(BIN)/python -m pytest -m slow

test-search: $(TEST)  ## property tests with 2,000 new examples each: what they find becomes a test
	$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile --hypothesis-profile=search $$(grep -rl hypothesis tests --include='test_*.py')

lint: $(DEV)  ## formatting, linter, types, references of the question sets, generated documents
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python question_sets/core-80/check_references.py
	$(BIN)/python question_sets/turns-80/check_references.py
	$(BIN)/python tools/command_reference.py --check
	$(BIN)/python tools/proven_families.py --check

format: $(DEV)  ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(DEV)  ## make the generated documents again
	$(BIN)/python tools/command_reference.py
	$(BIN)/python tools/proven_families.py

pictures: $(TEST)  ## take the README's pictures of the demo's site
	$(BIN)/python tools/screenshots.py demo/webpage docs/images

clean:  ## remove what was installed and built
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
