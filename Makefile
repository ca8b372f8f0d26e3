# Two commands do everything: `make demo` and `make test`. `make help` names the rest.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python

# Tests start hundreds of programs: compiling the sources anew for each of them takes minutes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-unit compiled lint format bench bench-collector faults soak recovery clean

help:
	@echo "make demo       a stack, a collector, two workers, a simulated platform and live numbers; Ctrl-C stops all"
	@echo "make test       lint and every test, on a real Kafka and the real engine"
	@echo "make test-unit  the tests that need no server"
	@echo "make compiled   the fold as C extensions, if there is a C compiler; demo, test and bench do it"
	@echo "make lint       style, types, layers"
	@echo "make format     put the code into its form"
	@echo "make bench      the measurements of the README"
	@echo "make bench-collector  the collector alone: events a second and core, latency, a broker that stalls"
	@echo "make faults     kill, freeze and cut off everything, and compare every row; up to 45 minutes"
	@echo "make soak       half an hour of events with random faults: rows, lag, memory"
	@echo "make recovery   how long a recovery takes, in its parts; about 20 minutes"
	@echo "make clean      stop the development stack; delete its data and what tools left behind"

demo: .venv/ready compiled
	@$(PY) -m cliffhanger demo

# Two processes, each with a stack of its own: while one waits for Kafka, the other computes.
test: lint compiled
	$(PY) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-unit: .venv/ready
	$(PY) -m pytest tests/unit tests/properties tests/contracts

compiled: .venv/ready
	@$(PY) -m streams.compiling || test $$? -eq 3

lint: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

format: .venv/ready
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

faults: .venv/ready compiled
	$(PY) -m tests.faults

soak: .venv/ready compiled
	$(PY) -m tests.faults soak

recovery: .venv/ready compiled
	$(PY) -m tests.faults recovery

bench: .venv/ready compiled
	$(PY) -m benchmarks

bench-collector: .venv/ready compiled
	$(PY) -m benchmarks collector

clean:
	@if test -x $(PY); then $(PY) -m cliffhanger down; fi
	rm -rf .devstack .compiled .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/ready: requirements.lock
	@if test -z "$(PYTHON)"; then \
		echo "Python 3.11 or newer is needed: install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than Python 3.11: name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || { \
		echo "$(PYTHON) cannot make a virtual environment (on Debian and Ubuntu: apt install python3-venv)" >&2; \
		rm -rf .venv; exit 1; }
	@echo "installing into .venv (about a minute, once)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@
