# Needs Python 3.11 or newer, git and make; everything else goes into .venv.
#
#   make demo          set up, then the main job on a year of groceries and a marketplace
#   make test          set up, then every check that needs nothing but Python
#   make test-system   the tests that need a server or a browser (installs them)
#   make test-long     soak, mutants, large example counts
#   make lint          formatting, types, architecture
#   make bench         speed, into docs/benchmarks.md
#   make bench-transit speed of journeys
#   make evaluate-transit   how well simulated thieves are found, into docs/evaluation-transit.md (hours)
#   make docs          the documentation, into site/

BIN := .venv/bin
# `make evaluate-transit EVALUATION=--small` to see that it runs, EVALUATION="--each 8" for an eighth of the time.
# Two processes unless told otherwise: `make test JOBS=8`.
JOBS ?= 2

export UV_PROJECT_ENVIRONMENT := .venv

.PHONY: help demo test test-system test-long lint bench bench-transit evaluate-transit docs setup clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@sed -n 's/^#  //p' Makefile

demo: .venv/.ready
	@$(BIN)/coincide demo

test: lint
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not system and not long"
	$(BIN)/coincide rules test -w examples/marketplace
	$(BIN)/python docs/generate.py check
	$(BIN)/zensical build --strict --clean

test-system: .venv/.ready-system
	$(BIN)/pytest -m system

test-long: .venv/.ready
	COINCIDE_EXAMPLES=50000 $(BIN)/pytest -n $(JOBS) --dist worksteal tests/property
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "long and not system"

lint: .venv/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.ready
	$(BIN)/python tests/bench/run.py

bench-transit: .venv/.ready
	$(BIN)/python tests/bench/transit.py

evaluate-transit: .venv/.ready-evaluation
	$(BIN)/python -W ignore -m evaluation.run $(EVALUATION)
	$(BIN)/python -m evaluation.page

docs: .venv/.ready
	$(BIN)/python docs/generate.py write
	$(BIN)/zensical build --strict --clean

setup: .venv/.ready

clean:
	rm -rf .venv site dist build

# A stamp is newer than what it was made from, so a second run sets nothing up again.
.venv/.ready: pyproject.toml uv.lock .ci/setup
	@.ci/setup --extra demo
	@touch $@

.venv/.ready-system: .venv/.ready .ci/go .ci/chromium
	@.ci/setup --extra demo --group system
	@.ci/go
	@.ci/chromium
	@touch $@

.venv/.ready-evaluation: .venv/.ready
	@.ci/setup --extra demo --group evaluation
	@touch $@
