.DEFAULT_GOAL := help
.PHONY: help setup servers demo test test-full lint bench corpus docs lock clean

BIN := .venv/bin
# Two workers: the servers that fixtures start want a processor of their own. loadgroup keeps the tests that
# share a server on the worker that started it.
PYTEST := $(BIN)/pytest -n 2 --dist loadgroup
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what the tests need: servers, browser, .venv
	@scripts/setup dev

servers: setup ## fetch newer PostgreSQL, MariaDB, MySQL and pebble for the tests, however long that takes
	@$(BIN)/python scripts/servers

demo: ## show the story on real servers; ARGS="…" goes to the command
	@scripts/setup demo
	@$(BIN)/everyhop demo $(ARGS)

lint: setup ## style, formatting, types, architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: lint ## lint, then every test; ARGS="…" goes to pytest
	@$(BIN)/python scripts/servers 50
	$(PYTEST) $(ARGS)

test-full: lint servers ## the same, with many more examples for each property, and with every server there is
	$(PYTEST) --hypothesis-profile=full --all-servers $(ARGS)

bench: setup ## run every file in benchmarks/
	@set -e; for file in $(wildcard benchmarks/*.py); do echo "$$file"; $(BIN)/python "$$file"; done

corpus: setup ## recall and precision of scan on published applications; ARGS=--held shows the half kept aside
	@$(BIN)/python benchmarks/corpus/fetch.py
	@$(BIN)/python benchmarks/corpus/measure.py $(ARGS)

docs: setup ## write the reference pages anew from the code
	$(BIN)/python scripts/docs

# demo.txt takes its versions from dev.txt, so that the demo runs on what the tests ran on.
lock: setup ## resolve requirements/ anew; ARGS=--upgrade moves everything to its newest version
	$(COMPILE) --group uv --output-file requirements/uv.txt $(ARGS)
	$(COMPILE) --all-extras --group dev --output-file requirements/dev.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra demo --group build --constraint requirements/dev.txt \
		--output-file requirements/demo.txt $(ARGS) pyproject.toml

clean: ## remove everything that these targets made, .venv included
	[ ! -L .servers ] || rm -rf "$$(readlink .servers)"
	rm -rf .venv .tools .servers .corpus .bench dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks scripts -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
