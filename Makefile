# The targets share one environment, .venv, and each adds what it needs. The constraints pin torch to a CPU build of
# moderate size; on a machine with CUDA, `make CONSTRAINTS= test` takes what pip finds.
PYTHON ?= python3
CONSTRAINTS ?= constraints.txt
BIN := .venv/bin
INSTALL := -m pip install --disable-pip-version-check
PINNED := $(if $(CONSTRAINTS),-c $(abspath $(CONSTRAINTS)))
PIP := $(BIN)/python $(INSTALL) $(PINNED)
# Pages with examples.
PAGES := README.md $(wildcard docs/*.md docs/*/*.md)

.PHONY: fake-gpu demo check bench-gpu mutate stress test sweep doctest lint types notebook docs bench bench-check scaling first-call release oldest nightly clean

demo: .venv/demo
	$(BIN)/python examples/demo.py $(ARGS)

# The inner loop: lint, the tests that are not slow, and of the widest tables one case in six. A test that takes longer
# than a second shows.
check: .venv/dev
	$(MAKE) lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow" --part 0/6 --durations=5 --durations-min=1 $(ARGS)

# One process for each core, with one thread each.
test: .venv/test
	@echo "The whole suite, on all cores: about half an hour on two of them. The short one is make check."
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)
	$(MAKE) doctest

# First and second derivatives of torch's operators by differences, in about ten minutes; `ARGS=--raw` for torch.func's own.
# Then values and gradients of these operators in jit and vmap: OPERATORS=--quick, ten minutes, leaves out Inductor, with
# which it takes an hour and a half; OPERATORS="--part 3/8" is a part.
sweep: .venv/test
	$(BIN)/python -m tests.sweeps.derivatives $(ARGS)
	$(BIN)/python -m tests.sweeps.operators $(OPERATORS)

# The examples of docstrings and pages. Kernels import Triton, which is not installed everywhere, and have no examples.
NO_EXAMPLES := --ignore=brainstate_torch/nn/connection/event_kernels.py
doctest: .venv/test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --doctest-modules --doctest-glob='*.md' $(NO_EXAMPLES) brainstate_torch $(PAGES)

# The package on a CUDA device that is made of host memory, the rooms of the suite that have most to do with devices, and
# kernels in Triton's interpreter: see tests/fake_gpu/README.md. `ON_GPU="tests/unit tests/laws"` is the whole suite there.
KERNELS := tests/unit/_program/test_fused_loop.py tests/unit/nn/connection/test_event_kernels.py
ON_GPU ?= tests/unit/_state tests/unit/optim tests/unit/event tests/unit/init tests/unit/metric tests/unit/transform/_control \
	tests/unit/transform/_derivative
fake-gpu: .venv/test .venv/triton
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python tests/fake_gpu/run.py $(ARGS)
	OMP_NUM_THREADS=1 PYTHONPATH=tests/fake_gpu:. $(BIN)/python -m pytest -p on_fake_gpu -m "not slow" $(ON_GPU)
	OMP_NUM_THREADS=1 TRITON_INTERPRET=1 PYTHONPATH=.venv/triton $(BIN)/python -m pytest $(KERNELS)

# Beside the environment: where Triton is, torch asks it for a GPU.
.venv/triton: .venv/test
	$(PIP) --no-deps --upgrade --target $@ triton

# Signals at random moments: 500 for each of 22 cases, half a minute.
stress: .venv/test
	BRAINSTATE_INTERRUPTS=500 $(BIN)/python -m pytest tests/stress $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The package, and code of a user as two type checkers see it.
types: .venv/dev
	$(BIN)/mypy
	$(BIN)/mypy tests/typing
	$(BIN)/basedpyright --pythonpath $(BIN)/python

# Small changes of meaning that the tests must notice: ARGS=optim for a room, ARGS="--sample 20 --seed 3 optim" for twenty
# that are drawn at random.
mutate: .venv/test
	$(BIN)/python -m tests.mutation $(ARGS)

notebook: .venv/dev
	$(BIN)/python notebooks/run.py $(ARGS)

# Warnings are errors, links within the site included.
docs: .venv/docs
	$(BIN)/python -m sphinx -W --keep-going -q docs build/site
	@echo "The site is in build/site/index.html"

bench: .venv/bench .venv/brian2
	$(BIN)/python -m benchmarks $(ARGS)

# Whether a ratio fell by more than 10 % since benchmarks/results.json was committed. Another machine has other ratios.
bench-check: .venv/bench .venv/brian2
	$(BIN)/python -m benchmarks.check $(ARGS)

# On a machine with a GPU: tests of the package there, then our times beside others' in benchmarks/gpu.md. What pip finds is
# installed, with torch's CUDA build and Triton, and JAX's where there is one.
bench-gpu:
	$(MAKE) CONSTRAINTS= .venv/bench
	-$(BIN)/python $(INSTALL) "jax[cuda12]==$$($(BIN)/python -c 'import jax; print(jax.__version__)')" cupy-cuda12x
	$(BIN)/python -c "import torch; assert torch.cuda.is_available(), 'torch finds no GPU'"
	PYTHONPATH=. $(BIN)/python tests/fake_gpu/on_gpu.py
	$(BIN)/python -m benchmarks.gpu $(ARGS)
	$(BIN)/python -m benchmarks.gpu --tf32 --only published --output benchmarks/gpu_tf32.md

# How cost grows with the work, in benchmarks/scaling.md: half an hour on a quiet machine. ARGS="--only steps" for a part.
scaling: .venv/bench
	$(BIN)/python -m benchmarks.scaling $(ARGS)

# From the start of a process to its first result, in benchmarks/first_call.md: five minutes on a quiet machine.
first-call: .venv/bench
	$(BIN)/python -m benchmarks.first_call $(ARGS)

# Brian2 2.9 does not load with numpy 2.
.venv/brian2: .venv/bin/python
	$(PYTHON) -m venv .venv/brian2
	.venv/brian2/bin/python $(INSTALL) "brian2==2.9.0" "numpy<2" || (rm -rf .venv/brian2; exit 1)

# Source archive and wheel in dist/. The wheel must hold all that the README needs, in an environment without any extra.
release: .venv/release
	rm -rf dist build/lib build/empty
	PIP_CONSTRAINT=$(abspath $(CONSTRAINTS)) $(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	$(PYTHON) -m venv build/empty
	build/empty/bin/python $(INSTALL) $(PINNED) dist/*.whl
	cd build/empty && bin/python -m doctest -o ELLIPSIS ../../README.md
	@echo "dist/ is ready: the examples of the README run with the wheel and torch, numpy and pint alone."

# The quick suite on the oldest torch that setup.cfg names, or on TORCH, such as 2.12.0.
TORCH ?= $(shell sed -n 's/^ *torch>=//p' setup.cfg).0
oldest:
	rm -rf build/oldest
	$(PYTHON) -m venv build/oldest
	build/oldest/bin/python $(INSTALL) torch==$(TORCH)
	build/oldest/bin/python $(INSTALL) --no-deps --editable .
	build/oldest/bin/python $(INSTALL) numpy pint pytest pytest-xdist hypothesis scipy scikit-learn graphviz
	build/oldest/bin/python -m pytest -n auto --dist worksteal -m "not slow" -W default $(ARGS) tests/unit tests/laws

# The newest torch, a pre-release if pip finds one. What breaks is listed at the end, and is no error of this target.
NIGHTLY ?= tests/unit tests/laws
nightly:
	rm -rf build/nightly
	$(PYTHON) -m venv build/nightly
	build/nightly/bin/python $(INSTALL) --pre --upgrade torch
	build/nightly/bin/python $(INSTALL) --editable ".[test]"
	-build/nightly/bin/python -m pytest -n auto --dist loadfile --tb=line -rfE -W default $(ARGS) $(NIGHTLY)
	@build/nightly/bin/python -c "import torch; print('This was torch', torch.__version__)"

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The test suite compares with brainstate and its neighbours themselves, so it needs them and jax.
.venv/test: EXTRAS = test,demo,draw,ecosystem,einops,frameworks,interop,parity,port
.venv/demo: EXTRAS = demo
.venv/dev: EXTRAS = dev
# dev has all that these have.
.venv/dev: ALSO = .venv/test .venv/demo .venv/docs
.venv/docs: EXTRAS = docs
.venv/release: EXTRAS = release
.venv/bench: EXTRAS = test,jax,bench
# They name torchvision, which must fit the build of torch, and run without it.
.venv/bench: ALONE = spikingjelly norse
.venv/test .venv/demo .venv/dev .venv/docs .venv/release .venv/bench: .venv/bin/python setup.cfg $(CONSTRAINTS)
	$(PIP) --editable ".[$(EXTRAS)]"
	$(if $(ALONE),$(PIP) --no-deps $(ALONE))
	touch $@ $(ALSO)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
