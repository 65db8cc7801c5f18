# make quickstart: from nothing to an exported network; make test: everything that must stay green.
# make docs: the documentation as a site, in site/.
# make test-hostile: thousands of damaged inputs and some kills; ends with "N passed, N failed".
# make test-litert: .tflite files by litert-torch, in an environment of its own (1.2 GB).
# make test-trackers: a run in a real MLflow, in an environment of its own.
# make test-timm: what timm makes of exported networks, in an environment of its own.
# make test-report: the pages of reports, in a real Chromium; installs it (Debian or Ubuntu, as root).
# make test-devices: remote targets, by real daemons; installs them (Debian or Ubuntu, as root).
# make dist: the wheel and the sdist, in dist/; make test-dist: both, installed and used on each Python
# from 3.11 to 3.13 that is on this machine, outside of the repository.
# make test-docker: the image of Dockerfile, built and run; without a daemon its steps, as a script.
PYTHON ?= python3
# Further arguments for pip. Where the package index's torch would bring CUDA along:
# make install PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_ARGS ?=
BIN := .venv/bin
# Tests start hundreds of processes, and each would compile hwnas anew.
unexport PYTHONDONTWRITEBYTECODE
INSTALLED := .venv/installed
TIMM := .venv-timm/installed

.PHONY: install quickstart docs test test-report test-devices test-hostile test-litert test-timm \
	test-trackers dist test-dist test-docker lint types imports \
	tests constraints clean

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
	$(BIN)/mypy --num-workers 2

imports: install
	$(BIN)/lint-imports

tests: install
	$(BIN)/pytest -n 2 --dist worksteal

test-devices: install
	tests/targets/install.sh
	$(BIN)/pytest tests/targets

# MLflow's client brings 30 packages: its tests have an environment of their own, beside the other.
test-litert: install
	$(PYTHON) -m venv .venv-litert
	realpath .venv/lib/python*/site-packages \
		> "$$(realpath .venv-litert/lib/python*/site-packages)/beside.pth"
	.venv-litert/bin/pip install --quiet $(PIP_ARGS) 'litert-torch>=0.10'
	.venv-litert/bin/python -m pytest -W ignore -p no:anyio -n 0 \
		tests/hwnas/export/test_formats.py -k litert

test-trackers: install
	$(PYTHON) -m venv .venv-trackers
	realpath .venv/lib/python*/site-packages \
		> "$$(realpath .venv-trackers/lib/python*/site-packages)/beside.pth"
	.venv-trackers/bin/pip install --quiet 'mlflow-skinny>=2.16'
	.venv-trackers/bin/python -m pytest -W ignore tests/trackers

test-report: install
	tests/browser/install.sh
	$(BIN)/pytest tests/browser

test-hostile: install
	$(BIN)/python -m tests.hostile

test-timm: install $(TIMM)
	$(BIN)/pytest tests/timm

# torch and what else timm requires is that of .venv, whose hwnas is not found there. torchvision,
# which timm requires, is built for CUDA and asks for such a torch.
$(TIMM): tests/timm/requirements.txt $(INSTALLED)
	$(PYTHON) -m venv --clear .venv-timm
	realpath .venv/lib/python*/site-packages \
		> "$$(realpath .venv-timm/lib/python*/site-packages)/beside.pth"
	.venv-timm/bin/pip install --quiet $(PIP_ARGS) --no-deps --requirement $<
	touch $@

dist: install
	rm -rf dist
	$(BIN)/python -m build --sdist --wheel

test-dist: dist
	HWNAS_PIP_ARGS="$(PIP_ARGS)" $(BIN)/pytest -v -rs --durations 5 tests/dist

test-docker: install
	$(BIN)/python -m tests.docker

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
	rm -rf site dist .venv .venv-litert .venv-timm .venv-trackers .mypy_cache .ruff_cache \
		.pytest_cache .hypothesis
