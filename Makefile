# Every target builds what it needs, in .venv. The machine needs Python 3.11 or later, make and git.
#
#   make test ARGS="-k syntax"              hands ARGS to the command behind the target
#   make PYTHON=/opt/python3.12/bin/python3 chooses the Python that .venv is made with

VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := $(VENV)/.bench
PEERS := build/peers
CODE   = $(wildcard src tests examples benchmarks)
ARGS  ?=

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if "$$p" -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then echo "$$p"; exit; fi; done; echo python3)

.PHONY: help demo test check bench perf-gate docs reference clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(READY)  ## decide for thousands of customers, then for one, and say why
	@$(BIN)/python examples/demo.py $(ARGS)

test: $(READY)  ## run all tests
	$(BIN)/pytest -n auto $(ARGS)

check: $(READY)  ## lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE)

bench: $(BENCH)  ## measure, as ratios within one run, beside the engines of others
	NBA_NODE_PEERS=$(PEERS) $(BIN)/python -m benchmarks $(ARGS)

perf-gate: $(READY)  ## count the instructions of a decision, and compare (needs valgrind)
	$(BIN)/python -m benchmarks.instructions $(ARGS)

docs: $(READY)  ## run every example in the README, docs/ and the docstrings
	$(BIN)/pytest tests/docs $(ARGS)

reference: $(READY)  ## make docs/reference.md anew, from what reads rule files
	$(BIN)/python -m nba schema --markdown > docs/reference.md

clean:  ## remove the environment and everything else that can be made again
	rm -rf $(VENV) .node build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The file stands only when all of it is installed; a newer pyproject.toml brings it up to date.
$(READY): pyproject.toml
	@python='$(PYTHON)'; \
	if ! "$$python" -c '$(NEW_ENOUGH)' >/dev/null 2>&1; then \
		echo "nba needs Python 3.11 or later; '$$python' is: $$("$$python" --version 2>&1 | head -n 1)" >&2; \
		echo "Name another one: make PYTHON=/path/to/python3.11" >&2; exit 1; fi; \
	if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "'$$python' has no venv module. On Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; fi; \
	echo "Building the environment in $(VENV) with $$("$$python" --version); it takes about half a minute."; \
	"$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# The engines that nba is compared with; the one in Node.js only where npm is.
$(BENCH): $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@if command -v npm >/dev/null; then \
		mkdir -p $(PEERS) && npm install --silent --prefix $(PEERS) json-rules-engine@7 >/dev/null; fi
	@touch $@
