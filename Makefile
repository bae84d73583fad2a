# Everything one does with Duban, from a fresh Debian or Ubuntu with Python 3.11+, git and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-test setup-node demo test walk fuzz check bench screenshots lock clean

unexport PYTHONDONTWRITEBYTECODE # every worker that typesets would compile its libraries anew: seconds instead of milliseconds

BIN := .venv/bin
DEMO := DUBAN_DEMO=1 DUBAN_VAR=var/demo

help: ## Say what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what Duban needs to run (system libraries, Python packages, fonts)
	@bash scripts/setup.sh

setup-test: setup ## Install what the tests need besides (PostgreSQL, Chromium, JavaScript tools)
	@bash scripts/setup_test.sh

setup-node: setup
	@bash scripts/setup_node.sh

demo: setup ## Seed a lively city and serve it on 127.0.0.1:8000
	@[ -f var/demo/duban.db ] || { echo "Seeding the demonstration city (once, some minutes)"; rm -rf var/demo.new; \
	  DUBAN_DEMO=1 DUBAN_VAR=var/demo.new $(BIN)/duban seed && rm -rf var/demo && mv var/demo.new var/demo; }
	@$(DEMO) $(BIN)/duban db upgrade && $(DEMO) $(BIN)/duban serve

# One run of pytest on both cores; a file stays on one of them, and the slow folders come first (tests/conftest.py). A part: make test T=tests/unit
T ?= tests
test: setup-test ## Run the tests (a part of them: make test T=tests/unit)
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(T)

WALKS ?= 24
walk: setup-test ## Walk each process through random valid answers (as often as you like: make walk WALKS=200)
	@WALKS=$(WALKS) $(BIN)/pytest -n 2 tests/processes/test_random_walks.py

SECONDS ?= 60
SEED ?=
fuzz: setup-test ## Play random processes against the rules of BPMN (as long as you like: make fuzz SECONDS=600 SEED=1)
	@SECONDS=$(SECONDS) SEED=$(SEED) $(BIN)/python -m tests.fuzz

check: setup-node ## Check style, types, import rules, diagrams and texts
	@bash scripts/check.sh

bench: setup-test ## Measure, with benchmarks/*.py
	@set -e; shopt -s nullglob; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

screenshots: setup-test ## Take the pictures in docs/ anew, with the browser tests
	@DUBAN_SCREENSHOTS=docs/pictures $(BIN)/pytest tests/browser

lock: setup ## Write requirements.lock and package-lock.json anew
	@bash scripts/lock.sh
	@bash scripts/node.sh npm install --package-lock-only --ignore-scripts --no-progress

clean: ## Remove what was installed, cached or built, and the demonstration city
	@rm -rf .venv .tools node_modules var/demo var/demo.new build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
