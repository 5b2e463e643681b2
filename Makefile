# demo: a production plan from a database, end to end.   test: prove that everything works.
# django-demo: the same plan in a Django project, whose admin then shows it.
# test-thorough: with as many examples as a night allows.   coverage: which lines and branches the tests reach.
# test-oldest, test-newest: with the oldest releases that are supported, and with those of today.
# update-constraints: write down the releases of today that `make venv` installs from then on.
# dist: source distributions and wheels of the five distributions, in dist/, checked.
# bench: models from data to the solver, beside peers in an environment of their own; BENCH="--help" tells more.
PYTHON ?= python3
DISTRIBUTIONS = lumix_core lumix_sqlalchemy lumix_django lumix_solvers lumix
PROJECTS = pyproject.toml $(DISTRIBUTIONS:%=%/pyproject.toml)
WITH_EXTRAS = ./lumix_core[frames] ./lumix_sqlalchemy[arrow] ./lumix_django ./lumix_solvers[all] ./lumix[report,progress]
INSTALLED = $(foreach dist,$(WITH_EXTRAS),-e "$(dist)")
BIN = .venv/bin
STAMP = .venv/installed
SOURCES = $(foreach dist,$(DISTRIBUTIONS),$(dist)/src) $(wildcard examples/adapters/*/src)
EXAMPLES = examples/production_planning
DJANGO_EXAMPLE = examples/django_planning
# Many tests wait for a database or a process: one more runs than there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST = -m pytest --numprocesses=$(WORKERS) --dist=worksteal
# What depends on the releases of other libraries: all but the tests of the repository itself.
ON_LIBRARIES = --ignore=tests/repo
BENCH =
# Tests start many programs: what they import is compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: venv demo django-demo test test-thorough test-oldest test-newest update-constraints coverage check dist bench

venv: $(STAMP)

$(STAMP): constraints.txt $(PROJECTS)
	$(call new_environment,.venv)
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --group dev
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --no-build-isolation $(INSTALLED)
	@touch $@

demo: $(STAMP)
	@$(BIN)/python -B $(EXAMPLES)/step2/demo.py

django-demo: $(STAMP)
	@cd $(DJANGO_EXAMPLE) && ../../$(BIN)/python -B manage.py migrate && ../../$(BIN)/python -B manage.py plan

test: $(STAMP)
	$(BIN)/python $(PYTEST)

test-thorough: $(STAMP)
	HYPOTHESIS_PROFILE=thorough $(BIN)/python $(PYTEST)

test-oldest: .venv-oldest/installed
	.venv-oldest/bin/python $(PYTEST) $(ON_LIBRARIES)

test-newest: .venv-newest/installed
	.venv-newest/bin/python $(PYTEST) $(ON_LIBRARIES)

coverage: $(STAMP)
	$(BIN)/python -m coverage erase
	-$(BIN)/python -m coverage run $(PYTEST)
	$(BIN)/python -m coverage combine --quiet
	@for dist in $(DISTRIBUTIONS); do \
	  echo "$$dist: $$($(BIN)/python -m coverage report --format=total --precision=1 --include="$$dist/src/*")%"; done
	$(BIN)/python -m coverage html --quiet

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)

dist: $(STAMP)
	rm -rf dist
	@for dist in $(DISTRIBUTIONS); do $(BIN)/python -m build --no-isolation --outdir dist $$dist || exit 1; done
	$(BIN)/python -m twine check --strict dist/*

update-constraints: .venv-uv/installed
	printf -- '-e %s\n' $(foreach dist,$(WITH_EXTRAS),"$(dist)") | \
	  .venv-uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate \
	  $(foreach dist,core sqlalchemy django solvers modeling,--no-emit-package lumix-$(dist)) --group dev --output-file constraints.txt -

bench: $(STAMP) .venv-peers/installed
	$(BIN)/python -B benchmarks/building/bench.py $(BENCH)

.venv-oldest/installed: $(PROJECTS) .venv-uv/installed
	$(call new_environment,.venv-oldest)
	.venv-uv/bin/uv pip install --quiet --python .venv-oldest/bin/python --resolution lowest-direct \
	  --group test $(INSTALLED)
	@touch $@

# Made anew at each call: what is newest today may not be so tomorrow.
.PHONY: .venv-newest/installed
.venv-newest/installed:
	rm -rf .venv-newest
	$(call new_environment,.venv-newest)
	.venv-newest/bin/python -m pip install --quiet --upgrade --group test $(INSTALLED)

.venv-uv/installed:
	$(call new_environment,.venv-uv)
	.venv-uv/bin/python -m pip install --quiet "uv>=0.9"
	@touch $@

.venv-peers/installed: benchmarks/building/peers.txt
	$(call new_environment,.venv-peers)
	.venv-peers/bin/python -m pip install --quiet --requirement benchmarks/building/peers.txt
	@touch $@

define new_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "LumiX needs Python 3.11 or newer: make PYTHON=python3.11 " + "$(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --upgrade "pip>=25.1"
endef
