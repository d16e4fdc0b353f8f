# Two commands are all a newcomer needs:  make serve  ·  make test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATIC := src/crescendai/web/static
WEB_SOURCES := $(shell find web/src web/static web/*.json web/*.ts web/*.js web/.npmrc -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help serve demo screenshots test setup setup-test web check format lock train clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

serve: setup web ## Set everything up, start the server with the web app, print its address
	@$(BIN)/crescendai serve

demo: setup web ## Serve a fresh instance with four analysed takes, advice, a conversation and progress (PORT=8010)
	@$(BIN)/python -m tools.demo

screenshots: setup-test web ## Take the pictures of the docs anew from the demo
	$(BIN)/python -m tools.screenshots

test: setup-test web ## Set everything up and run all checks
	$(BIN)/python -m tools.check

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

setup-test: $(VENV)/.installed-test

$(VENV)/.installed-test: $(VENV)/.installed requirements-dev.lock tools/install_system_packages.sh
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	bash tools/install_system_packages.sh
	@touch $@

web: $(STATIC)/.built ## Build the web app

$(STATIC)/.built: $(WEB_SOURCES) tools/build_web.py tools/node.py requirements-web.lock
	$(PYTHON) -m tools.build_web
	@touch $@

check: ## Run all checks without setting anything up
	$(BIN)/python -m tools.check

format: ## Format the code
	$(BIN)/ruff check --fix src tests tools bench
	$(BIN)/ruff format src tests tools bench

lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate -o requirements.lock
	uv pip compile pyproject.toml --group dev -c requirements.lock --universal --generate-hashes --no-header --no-annotate -o requirements-dev.lock
	uv pip compile --group web-build --universal --generate-hashes --no-header --no-annotate -o requirements-web.lock

train: setup-test ## Train the performance model anew (PERCEPIANO=data set, EARS_CACHE=transcriptions)
	$(BIN)/python -m tools.train_performance_model

clean: ## Remove everything that was set up or built (not the data folder)
	rm -rf $(VENV) .tools $(STATIC) web/node_modules web/build web/.svelte-kit
