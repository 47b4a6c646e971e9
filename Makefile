# Needs Python 3.11 or newer, make and a package registry; everything else goes into .venv.
# Another interpreter: make demo PYTHON=python3.12. Some tests only: make test ARGS="-k charts".
# WORKERS run tests at the same time: three keep two processors at work, since browsers and servers are waited for.

VENV := .venv
BIN := $(VENV)/bin
# A file of tests stays with one worker, which makes what its tests share once.
WORKERS ?= 3
ARGS ?=
RECORD := $(if $(ARGS),,--reportgen)  # some of the tests are no session to compare with

# A .venv is made once. It is made anew when PYTHON names another interpreter than the one that made it.
ifeq ($(origin PYTHON),undefined)
PYTHON := python3
VENV_READY := $(VENV)/pyvenv.cfg
else
VENV_READY := $(VENV)/.made-with-$(notdir $(PYTHON))
endif

# One stamp per set of requirements: installed again only when pyproject.toml is newer.
DEMO_STAMP := $(VENV)/.installed-demo
TEST_STAMP := $(VENV)/.installed-test
LINT_STAMP := $(VENV)/.installed-lint
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test report lint types docs site check clean

help: ## Say what each target does
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1 | \2/p' Makefile | column -t -s '|' 2>/dev/null || grep '## ' Makefile

demo: $(DEMO_STAMP) ## Run the example pipelines and build their site
	@$(BIN)/reportgen demo demo
	@echo "open $(CURDIR)/demo/site/index.html"

test: $(TEST_STAMP) ## Run all tests, the browser tests too where there is a Chromium, and record the session
	@.ci/run-tests $(BIN)/python -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(RECORD) $(ARGS)

report: $(TEST_STAMP) ## Build the site of the test sessions that were recorded
	@$(BIN)/reportgen build

lint: $(LINT_STAMP) ## Check style and format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(LINT_STAMP) ## Check types
	@$(BIN)/mypy

docs: $(TEST_STAMP) ## Write the generated parts of docs/
	@$(BIN)/python -m pytest --quiet --update tests/test_docs.py

site: $(TEST_STAMP) ## Write site/ from the recorded logs of the examples
	@$(BIN)/python -m pytest --quiet --update tests/test_site.py

check: lint types test ## Run lint, types and test

clean: ## Remove .venv, the demo, recorded test sessions and all caches
	@rm -rf $(VENV) demo dist .test-report .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV_READY):
	@.ci/ensure-venv $(PYTHON) $(VENV)
	@touch $@

$(DEMO_STAMP): pyproject.toml $(VENV_READY)
	@echo "installing reportgen and what the demo needs"
	@$(PIP_INSTALL) --editable '.[demo]'
	@touch $@

$(TEST_STAMP): pyproject.toml $(VENV_READY)
	@echo "installing reportgen and what the tests need"
	@$(PIP_INSTALL) --editable '.[demo]' --group test
	@touch $@

$(LINT_STAMP): pyproject.toml $(VENV_READY)
	@echo "installing reportgen and what the checks need"
	@$(PIP_INSTALL) --editable '.[demo]' --group lint
	@touch $@
