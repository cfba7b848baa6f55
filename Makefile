# Everything needs only Python 3.11+, a Rust toolchain and a C linker; the rest is fetched into .venv, which may exist already.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
CARGO := cargo
WORKSPACE := --manifest-path native/Cargo.toml --workspace --locked
NATIVE := memcluster/_native.abi3.so
RUST_SOURCES := $(shell find native -name target -prune -o \( -name '*.rs' -o -name 'Cargo.*' \) -print)
ARGS :=
# Tests wait more than they compute: two processes keep two cores busy, each with files of its own. A test that hangs ends the run.
# ARGS="-n 0" runs all in one process.
SHARED_OUT := -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0
DIST := dist
FUZZ_SECONDS := 60
# What an input merely claims is not to be allocated: libFuzzer's own bound of one allocation holds only where it looks for leaks too. The
# counts of Lua's values in Rust are pointed to from behind them, which the search for leaks takes for lost.
FUZZ_BOUNDS := -rss_limit_mb=1024 -detect_leaks=0
FUZZ_ALLOCATION := ASAN_OPTIONS=max_allocation_size_mb=64

# An editable build is a debug build unless this says otherwise.
export SETUPTOOLS_RUST_CARGO_PROFILE := release
# Else rustdoc looks for make's jobs, which only a recipe that calls make is given, and warns.
export CARGO_MAKEFLAGS :=

.PHONY: up test lint bench fuzz wheel help venv test-rust test-python docs format

up: $(NATIVE)  ## Start a cluster here: ARGS="--nodes 3 --port 11211 --memory 64M"
	@$(VENV)/bin/memcluster up $(ARGS)

# Building the engine keeps one core busy for long, so Rust's tests are built and run beside it; what each says comes in one piece.
test:  ## Run every test, Rust's and Python's; tests of a peer that is not installed are skipped by name
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-rust $(NATIVE)
	@$(MAKE) --no-print-directory test-python

lint: $(NATIVE)  ## Check style and types: ruff, mypy, stubtest, rustfmt, clippy
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy.stubtest --mypy-config-file pyproject.toml memcluster._native
	$(CARGO) fmt --manifest-path native/Cargo.toml --all --check
	$(CARGO) clippy $(WORKSPACE) --all-targets -- -D warnings

bench: $(NATIVE)  ## Measure against the peers installed here, side by side: ARGS="--help" says what
	$(PYTHON) -m bench $(ARGS)

fuzz: $(NATIVE)  ## Fuzz the parsers, the readers and the servers, FUZZ_SECONDS each, then run the property tests for long
	@$(CARGO) +nightly fuzz --version >/dev/null 2>&1 || { \
	  echo 'make: fuzzing needs rustup toolchain install nightly, and cargo install cargo-fuzz' >&2; exit 1; }
	$(CARGO) +nightly run --quiet --manifest-path native/fuzz/Cargo.toml --example seeds
	cd native && for target in $$($(CARGO) +nightly fuzz list --fuzz-dir fuzz); do \
	  $(FUZZ_ALLOCATION) $(CARGO) +nightly fuzz run --fuzz-dir fuzz $$target -- $(FUZZ_BOUNDS) -max_total_time=$(FUZZ_SECONDS) || exit 1; done
	PROPTEST_CASES=5000 $(CARGO) test $(WORKSPACE) --exclude python --release
	HYPOTHESIS_PROFILE=long $(PYTHON) -m pytest tests/properties tests/wire $(ARGS)

wheel: venv  ## Build dist/*.whl, which needs neither Rust nor a compiler where it is installed
	rm -rf build
	$(PYTHON) -m pip wheel . --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir $(DIST)
	rm -rf build
	@ls $(DIST)/*.whl

help:  ## Print this
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

# --- what the targets above are made of

test-rust:
	$(CARGO) test $(WORKSPACE) --exclude python --quiet --no-fail-fast

test-python: $(NATIVE)
	$(PYTHON) -m pytest $(SHARED_OUT) $(ARGS)

docs: $(NATIVE)
	$(PYTHON) -m docs.tables

format: venv
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	$(CARGO) fmt --manifest-path native/Cargo.toml --all

venv: $(VENV)/installed

# The dependencies, when setup.cfg changed. pylibmc needs libmemcached's headers where no wheel fits: it may be missing.
$(VENV)/installed: setup.cfg pyproject.toml
	@test -x $(PYTHON) || python3 -m venv $(VENV) || { \
	  echo 'make: cannot make $(VENV): Python 3.11 or newer with its venv module is needed (apt-get install python3-venv)' >&2; \
	  rm -rf $(VENV); exit 1; }
	@$(CARGO) --version >/dev/null 2>&1 || { echo 'make: cargo is needed to build the engine (https://rustup.rs)' >&2; exit 1; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check 'setuptools>=77' 'setuptools-rust>=1.10' wheel
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[test]'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check 'pylibmc>=1.6' || \
	  echo 'make: pylibmc is not installed (apt-get install libmemcached-dev): its tests will be skipped' >&2
	@touch $@ $(NATIVE)

# The engine, when a Rust source changed.
$(NATIVE): $(RUST_SOURCES) $(VENV)/installed
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@
