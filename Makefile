# Each target makes its own .venv. The constraints pin torch to a CPU build of moderate size; on a machine with CUDA,
# `make CONSTRAINTS= test` takes what pip finds.
PYTHON ?= python3
CONSTRAINTS ?= constraints.txt
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(CONSTRAINTS),-c $(CONSTRAINTS))

.PHONY: demo test parity lint types notebook bench clean

demo: .venv/demo
	$(BIN)/python examples/demo.py $(ARGS)

test: .venv/test
	$(BIN)/python -m pytest $(ARGS)
	$(BIN)/python -m pytest --doctest-modules --doctest-glob=README.md brainstate_torch README.md

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

notebook: .venv/dev
	$(BIN)/python notebooks/run.py $(ARGS)

bench: .venv/bench
	$(BIN)/python -m benchmarks $(ARGS)

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The test suite compares with brainstate itself, so it needs jax.
.venv/test: EXTRAS = test,jax,demo
.venv/demo: EXTRAS = demo
.venv/dev: EXTRAS = dev
.venv/bench: EXTRAS = test,jax,bench
.venv/test .venv/demo .venv/dev .venv/bench: .venv/bin/python setup.cfg $(CONSTRAINTS)
	$(PIP) --editable ".[$(EXTRAS)]"
	touch $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
