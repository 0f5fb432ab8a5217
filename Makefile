# Every target sets up what it needs; a second run starts at once.
.DEFAULT_GOAL := help
BIN := .venv/bin
# A stack is several processes and the tests start dozens: none of them compiles what another has.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup run call test eval check format bench docs smart-turn reliability requirements clean

help: ## show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Python 3.13, packages, speech models, local keys
	@python3 scripts/setup.py

run: setup ## start everything, play one call, stay up (Ctrl-C ends it)
	@$(BIN)/artvoice up --call

call: setup ## play a short banking call and print what was said
	@$(BIN)/artvoice call

test: setup ## run all tests
	@$(BIN)/pytest -q -n 2

eval: setup ## hold the conversations of evals/ in text and check them
	@$(BIN)/artvoice eval

check: setup ## lint, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup ## let ruff format and fix what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## run every benchmark and print the figures of docs/performance.md
	@$(BIN)/python -m benchmarks

docs: setup ## write the pages that are made from code
	@$(BIN)/python -m scripts.call_states

smart-turn: setup ## fetch the optional judge of pauses (SMART_TURN=true)
	@$(BIN)/python scripts/models.py --only judge

reliability: setup ## play every fault as a call and write docs/reliability.md
	@$(BIN)/python -m tests.reliability.page

requirements: ## compile requirements*.txt from pyproject.toml
	@$(BIN)/uv pip compile -q --no-emit-index-url --no-emit-find-links --no-header --python-version 3.13 --universal --extra telemetry pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile -q --no-emit-index-url --no-emit-find-links --no-header --python-version 3.13 --universal --extra relay --extra telemetry pyproject.toml -o requirements-relay.txt
	@$(BIN)/uv pip compile -q --no-emit-index-url --no-emit-find-links --no-header --python-version 3.13 --universal --extra dev pyproject.toml -o requirements-dev.txt

clean: ## remove the environment, the models and local state
	rm -rf .venv .artvoice .mypy_cache .ruff_cache .pytest_cache .hypothesis
