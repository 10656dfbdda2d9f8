# make run     starts Featurelens and keeps it running (Ctrl-C stops it)
# make test    runs the whole suite
# make check   runs everything that must pass: format, lint, types, import contracts, tests
# make bench   measures speed on this machine
# make quality measures the pictures beside Lucent's figures
# make architectures  pictures a unit of every kind of network, with random weights
# make gallery makes the pictures of the README again
# make lock    resolves pyproject.toml into requirements.lock anew

PYTHON ?= $(firstword $(foreach name,python3.11 python3 python3.12 python3.13,$(shell command -v $(name) 2>/dev/null)))
BIN := .venv/bin
READY := .venv/.requirements-installed

# OpenMP threads that spin only briefly, as the launcher has them: nothing else survives a busy machine.
export GOMP_SPINCOUNT ?= 2000

.PHONY: run test check format lint types contracts bench architectures quality gallery lock

run: $(READY)
	@exec $(BIN)/python -P -m featurelens.launcher

test: $(READY)
	$(BIN)/python -m pytest

check: format lint types contracts test

format: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks.bench

quality: $(READY)
	$(BIN)/python -m benchmarks.quality

architectures: $(READY)
	$(BIN)/python -m benchmarks.architectures

gallery: $(READY)
	$(BIN)/python -m benchmarks.gallery

lock: $(READY)
	$(BIN)/python .ci/lock.py

# Exactly what the lock says, nothing resolved anew; written last, so that a broken installation is taken up again.
$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || { \
	  '$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo 'Featurelens needs Python 3.11 or newer (set PYTHON=/path/to/python3.11)' >&2; exit 1; }; \
	  echo 'setting up .venv (once; torch is large)'; '$(PYTHON)' -m venv .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
