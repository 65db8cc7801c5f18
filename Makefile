# make quickstart: from nothing to an exported network; make test: everything that must stay green.
# make docs: the documentation as a site, in site/.
# make test-hostile: thousands of damaged inputs and some kills; ends with "N passed, N failed".
# make test-devices: remote targets, by real daemons; installs them (Debian or Ubuntu, as root).
PYTHON ?= python3
# Further arguments for pip. Where the package index's torch would bring CUDA along:
# make install PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: install quickstart docs test test-devices test-hostile lint types imports tests constraints clean

install: $(INSTALLED)

# torch is asked for by its exact version: a range would take the newest build with CUDA.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet $(PIP_ARGS) --constraint constraints.txt \
		"$$(grep '^torch==' constraints.txt)" --editable '.[dev]'
	touch $(INSTALLED)

quickstart: install
	$(BIN)/hwnas quickstart

# mkdocs-material announces its successor at every start.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

test: lint types imports tests

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

tests: install
	$(BIN)/pytest -n 2

test-devices: install
	tests/targets/install.sh
	$(BIN)/pytest tests/targets

test-hostile: install
	$(BIN)/python -m tests.hostile

# After changing dependencies in pyproject.toml: the newest versions that fit, written down.
constraints:
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/pip install --quiet $(PIP_ARGS) \
		"$$(grep '^torch==' constraints.txt)" --editable '.[dev]'
	(echo "# Every version that make install uses: tested together. Made by 'make constraints'."; \
		.venv-constraints/bin/pip freeze --exclude-editable | sed 's/+cpu//') > constraints.new
	mv constraints.new constraints.txt
	rm -r .venv-constraints

clean:
	rm -rf site .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
