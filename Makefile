# demo: a production plan from a database, end to end.   test: prove that everything works.
# django-demo: the same plan in a Django project, whose admin then shows it.
# bench: models from data to the solver, beside peers in an environment of their own; BENCH="--help" tells more.
PYTHON ?= python3
DISTRIBUTIONS = lumix_core lumix_sqlalchemy lumix_django lumix_solvers lumix
BIN = .venv/bin
STAMP = .venv/installed
SOURCES = $(foreach dist,$(DISTRIBUTIONS),$(dist)/src)
EXAMPLES = examples/production_planning
DJANGO_EXAMPLE = examples/django_planning
PEERS = .venv-peers/installed
BENCH =

.PHONY: venv demo django-demo test check bench

venv: $(STAMP)

$(STAMP): pyproject.toml $(DISTRIBUTIONS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "LumiX needs Python 3.11 or newer: make PYTHON=python3.11 " + "$(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev
	$(BIN)/python -m pip install --quiet --no-build-isolation \
	  -e ./lumix_core -e ./lumix_sqlalchemy -e ./lumix_django -e "./lumix_solvers[all]" -e ./lumix
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/python -B $(EXAMPLES)/step2/demo.py

django-demo: $(STAMP)
	@cd $(DJANGO_EXAMPLE) && ../../$(BIN)/python -B manage.py migrate && ../../$(BIN)/python -B manage.py plan

test: $(STAMP)
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)

bench: $(STAMP) $(PEERS)
	$(BIN)/python -B benchmarks/building/bench.py $(BENCH)

$(PEERS): benchmarks/building/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-peers/bin/python -m pip install --quiet -r benchmarks/building/peers.txt
	@touch $(PEERS)
