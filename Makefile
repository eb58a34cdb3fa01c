# The four things a person does with a checkout. Nothing but Python >= 3.11 and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup run test check bench cluster-test superset proto lock clean

setup: $(READY)

# The project is parsed here to spare the first run that; what may be wrong with it, that run says too.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	-$(BIN)/python -m orchestration.transform
	touch $(READY)

run: setup
	$(BIN)/hxi run --start --sample

test: setup check
	$(BIN)/pytest -n 2 --no-loadscope-reorder

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar --quiet --processes 2 dbt_project/models
	$(BIN)/pytest -q tests/unit/house

bench: setup
	$(BIN)/python -m tests.benchmarks --page docs/benchmarks.md

# Two ClickHouse servers that replicate, in Docker. See docs/clickhouse.md: never run by this project.
cluster-test: setup
	docker compose -f tests/cluster/docker-compose.yml up --detach --wait
	$(BIN)/python -m tests.cluster; code=$$?; docker compose -f tests/cluster/docker-compose.yml down --volumes; exit $$code

# Superset of tests/e2e/test_superset.py, in an environment of its own: its pins are not the warehouse's.
SUPERSET := .superset
superset: $(SUPERSET)/.ready

$(SUPERSET)/.ready: tests/e2e/superset/requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Superset pins packages made for Python 3.11 and 3.12: make superset PYTHON=python3.11") if sys.version_info[:2] not in ((3, 11), (3, 12)) else None'
	$(PYTHON) -m venv --clear $(SUPERSET)
	$(SUPERSET)/bin/pip install --quiet --no-deps --require-hashes -r tests/e2e/superset/requirements.lock
	touch $(SUPERSET)/.ready

proto: setup
	cd proto && ../$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. gosight/common.proto gosight/replay.proto gosight/events.proto
	cd proto && ../$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. gosight/ingest.proto

lock:
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras -o requirements.lock
	$(BIN)/uv pip compile tests/e2e/superset/requirements.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o tests/e2e/superset/requirements.lock

clean:
	rm -rf $(VENV) $(SUPERSET) target logs .hxi
