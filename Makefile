# make run     starts Featurelens and keeps it running (Ctrl-C stops it)
# make test    runs the whole suite
# make check   runs everything that must pass: format, lint, types, import contracts, the package's metadata, tests
# make static  all of that but the tests
# make pages   types and lint of the web pages' modules (needs npm)
# make openapi lint of the OpenAPI document, and types made from it (needs npm)
# make bench   measures speed on this machine
# make chaos   hurts a running Featurelens at random for 20 minutes (MINUTES=5 make chaos: for 5); prints one table
# make gpu     what an NVIDIA card does with the same pictures: bits, activations, speed, memory
# make quality measures the pictures beside Lucent's figures
# make architectures  pictures a unit of every kind of network, with random weights
# make gallery makes the pictures of the README again
# make lock    resolves pyproject.toml into the locks, keeping the versions that still fit; `make upgrade` takes the newest

PYTHON ?= $(firstword $(foreach name,python3.11 python3 python3.12 python3.13,$(shell command -v $(name) 2>/dev/null)))
BIN := .venv/bin
READY := .venv/.requirements-installed
# What runs everything; the service's part of it, without torch; what only development needs.
LOCKS := requirements.lock requirements-service.lock requirements-dev.lock

# OpenMP threads that spin only briefly, as the launcher has them: nothing else survives a busy machine.
export GOMP_SPINCOUNT ?= 2000

.PHONY: run test browser check static format lint types contracts package pages openapi bench gpu chaos routing architectures quality gallery lock upgrade

run: $(READY)
	@exec $(BIN)/python -P -m featurelens serve

test: $(READY) browser
	$(BIN)/python -m pytest

# Tests of the pages need Debian's Chromium. Where it cannot be installed, they say so and are skipped.
browser:
	@command -v chromium >/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	    && echo 'installing Chromium (once)' && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || true

check: static test

static: format lint types contracts package

format: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

package: $(READY)
	$(BIN)/pyroma --min 9 .

# The tools come from npm, and nothing of them is shipped.
PAGES = tests/pages/tools
pages: $(PAGES)/node_modules
	$(PAGES)/node_modules/.bin/tsc --project $(PAGES)/tsconfig.json
	$(PAGES)/node_modules/.bin/eslint --max-warnings 0 --config $(PAGES)/eslint.config.js service/pages/static/js

# The document, as those who generate clients of it read it. A warning fails as well.
OPENAPI = tests/service/openapi/tools
WRITTEN = from featurelens.jobs.settings import Settings; from featurelens.service.app import create_app; \
  print(json.dumps(create_app(Settings(redis_url="redis://nowhere")).openapi()))
openapi: $(READY) $(OPENAPI)/node_modules
	@mkdir -p build
	@$(BIN)/python -c 'import json; $(WRITTEN)' >build/openapi.json
	$(OPENAPI)/node_modules/.bin/spectral lint --fail-severity warn --ruleset $(OPENAPI)/spectral.yaml build/openapi.json
	REDOCLY_TELEMETRY=off $(OPENAPI)/node_modules/.bin/redocly lint build/openapi.json
	$(OPENAPI)/node_modules/.bin/openapi-typescript build/openapi.json --output build/openapi.d.ts
	$(OPENAPI)/node_modules/.bin/tsc --noEmit --strict build/openapi.d.ts

%/node_modules: %/package.json
	cd $* && npm install --no-audit --no-fund --no-package-lock --silent
	@touch $@

bench: $(READY)
	$(BIN)/python -m benchmarks.bench

gpu: $(READY)
	$(BIN)/python -m benchmarks.gpu

chaos: $(READY)
	$(BIN)/python -m benchmarks.chaos --minutes $(or $(MINUTES),20)

routing: $(READY)
	$(BIN)/python -m benchmarks.routing

quality: $(READY)
	$(BIN)/python -m benchmarks.quality

architectures: $(READY)
	$(BIN)/python -m benchmarks.architectures

gallery: $(READY)
	$(BIN)/python -m benchmarks.gallery

# For every platform and every Python from 3.11 on, each package in one version. Neither the service nor
# development may move what runs everything.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
  --fork-strategy fewest --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

lock: $(READY)
	$(COMPILE) --extra all --group build --output-file requirements.lock
	$(COMPILE) --extra service --extra launcher --group build --constraint requirements.lock --output-file requirements-service.lock
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@# A worker without CUDA: torch for processors is in an index of its own, its versions are those of the lock.
	$(COMPILE) --extra all --group build --constraint requirements.lock --output-file requirements-cpu.lock \
	  $$(sed -nE 's/^((torch|torchvision|triton|nvidia|cuda)[a-z0-9-]*)==.*/--no-emit-package \1/p' requirements.lock)
	sed -nE 's/^(torch|torchvision)==([0-9.]+).*/\1==\2+cpu/p' requirements.lock >requirements-cpu-torch.txt

upgrade: COMPILE += --upgrade
upgrade: lock

# Exactly what the locks say, nothing resolved anew; written last, so that a broken installation is taken up again.
$(READY): $(LOCKS) pyproject.toml
	@test -x $(BIN)/python || { \
	  '$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo 'Featurelens needs Python 3.11 or newer (set PYTHON=/path/to/python3.11)' >&2; exit 1; }; \
	  echo 'setting up .venv (once; torch is large)'; '$(PYTHON)' -m venv .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  -r requirements.lock -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
