# Everything runs in .venv; every target that needs it makes it first.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

# One thread a process: the tests already run in two.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --doctest-modules polyae tests

.PHONY: venv demo test test-all lint bench clean

venv: $(STAMP)

# torch goes first and alone, so that a CPU build offered by a local wheel folder wins over the CUDA build.
$(STAMP): setup.cfg constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,lint]'
	touch $@

demo: venv
	$(BIN)/polyae demo --out out/demo

test: venv
	$(PYTEST) -m "not long"

test-all: venv
	$(PYTEST) --whole

lint: venv
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: venv
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf .venv build dist out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find polyae tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
