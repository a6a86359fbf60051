# Needs Python 3.11 or later and make, nothing else: everything is installed into .venv.

DIR ?= quick
PRESET ?= quick
# The first interpreter that is new enough; name another with `make PYTHON=...`.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$name; break; fi; done)

VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check
ARGS ?=
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help reproduce test bench docs paper slides explorer networks lint format constraints clean

help:  ## list the targets
	@echo 'usage: make TARGET [VARIABLE=value]'
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done
	@echo 'variables: DIR=$(DIR) (output folder), PRESET=$(PRESET), PYTHON (default: the first of python3.13 … python3)'

reproduce: $(VENV)/.installed-core  ## run the comparison and write its report to DIR
	@$(BIN)/fastweights reproduce --preset '$(PRESET)' --dir '$(DIR)'

test: $(VENV)/.installed-test  ## run the tests (all of them, slow ones too: make test ARGS="-m ''")
	@$(BIN)/python -m pytest $(ARGS)

bench: $(VENV)/.installed-bench  ## time an update beside PyTorch, plain JAX and NumPy (a quarter of an hour)
	@$(BIN)/fastweights bench --dir bench

docs: $(VENV)/.installed-docs  ## build the documentation into site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

paper: $(VENV)/.installed-paper  ## set the paper from the records into paper/fastweights.pdf
	@$(BIN)/python paper/build.py fastweights

slides: $(VENV)/.installed-paper  ## set its slides into paper/slides.pdf
	@$(BIN)/python paper/build.py slides

explorer: $(VENV)/.installed-core  ## build the explorer from TypeScript, and its page explore.html (needs Node 20)
	@cd explorer && npm ci --silent && npm run --silent build
	@$(BIN)/fastweights explore --out explore.html

networks: $(VENV)/.installed-core  ## train the explorer's networks anew, and compute what its tests compare with
	@$(BIN)/python explorer/train_networks.py
	@$(BIN)/python explorer/golden/make.py

lint: $(VENV)/.installed-lint  ## check style, formatting, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed-lint  ## sort imports and format the source
	$(BIN)/ruff check --select I --fix
	$(BIN)/ruff format

constraints:  ## write constraints.txt anew from the latest releases; with PYTHON=python3.11, the oldest
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && '$(PYTHON)' tools/make_venv.py "$$folder/venv" && \
	"$$folder/venv/bin/python" $(PIP) install --quiet '.[bench,docs,paper,test,lint,ray]' && \
	{ grep '^#' constraints.txt; "$$folder/venv/bin/python" -m pip freeze --exclude fastweights; } > "$$folder/new" && \
	cp "$$folder/new" constraints.txt && echo 'wrote constraints.txt'

clean:  ## remove .venv, caches and build products; results stay
	rm -rf $(VENV) build dist site .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf explorer/node_modules explorer/build paper/build
	rm -f paper/*.pdf
	find src tests tools paper -name __pycache__ -prune -exec rm -rf {} +

# One stamp for each extra, renewed when what it was made from changes; `core` is the plain package.
$(VENV)/.installed-%: pyproject.toml constraints.txt tools/make_venv.py
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'error: Python 3.11 or later is needed; name one with make PYTHON=...' >&2; exit 1; }
	@'$(PYTHON)' tools/make_venv.py $(VENV)
	@echo 'Installing fastweights$(patsubst %,[%],$(filter-out core,$*)) into $(VENV) (a minute or two, once)'
	@$(BIN)/python $(PIP) install --quiet --constraint constraints.txt \
		--editable '.$(patsubst %,[%],$(filter-out core,$*))'
	@touch $@
