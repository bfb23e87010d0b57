# Everything runs from here, on a machine that has only Git, make and Python 3.11 or later.
PYTHON ?= python3
PORT ?= 8000
DATA ?= data
PY := .venv/bin/python
KAFKA := .cache/kafka/classes.jsa
KILLS ?= 100
export PYTHON
# Dozens of processes start during the tests: what one has compiled, the next ones only read.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve stack check test drill bench format lock kafka machine

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/made ## play the year 2009 through the HTTP API, print its audit, keep serving (PORT=8000; ONCE=1 ends instead)
	@$(PY) -m services.standalone demo --port $(PORT) $(if $(ONCE),--once)

serve: .venv/made ## run the standalone back end on 127.0.0.1 (PORT=8000, DATA=data)
	@$(PY) -m services.standalone serve --port $(PORT) --data $(DATA)

stack: .venv/made $(KAFKA) machine ## run Kafka, PostgreSQL and each service as processes of their own (PORT=8000)
	@$(PY) -m services.standalone stack --port $(PORT)

check: .venv/made ## lint, format, types, who may import whom, the published OpenAPI document
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m services.standalone openapi --check

# Three at once on two cores: the tests wait for brokers, databases and processes half of the time.
test: check $(KAFKA) machine ## check, then every test, with a real Kafka broker and a real PostgreSQL (ARGS= for pytest)
	$(PY) -m pytest -n 3 --dist loadfile $(ARGS)

# What is drawn is new each time here, and the same each time in `make test` (docs/decisions/0019).
drill: .venv/made $(KAFKA) machine ## kill, attack and live through years for long, the seeds printed (KILLS=100, SEED=, ARGS= for pytest)
	$(PY) -m pytest --anew -s tests/drills tests/faults tests/fuzz tests/histories --kills $(KILLS) \
	    $(if $(SEED),--seed $(SEED) --hypothesis-seed $(SEED)) --attacks 50 --histories 60 --steps 60 $(ARGS)
	$(PY) -m pytest --anew -m hypothesis $(if $(SEED),--hypothesis-seed $(SEED)) $(ARGS)

bench: .venv/made $(KAFKA) machine ## measure everything, write docs/performance.md (ARGS="--long", "--quick", "--only asof")
	$(PY) -m bench $(ARGS)

format: .venv/made ## put the code into its format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: .venv/made ## resolve the dependencies of pyproject.toml anew into the two lock files
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/pip install --disable-pip-version-check -q uv
	set -e; compile=".cache/uv/bin/uv pip compile -q pyproject.toml --universal --python-version 3.11 --upgrade \
	    --generate-hashes --no-emit-index-url --no-header"; \
	$$compile --extra dev -o requirements-dev.lock; $$compile -c requirements-dev.lock -o requirements.lock

# The environment is exactly the lock, each file checked against its hash; the project itself is linked into it.
# Setuptools comes from the lock too, so that nothing is fetched beside it.
.venv/made: requirements-dev.lock pyproject.toml
	@sh deploy/machine.sh venv
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --disable-pip-version-check -q --require-hashes -r requirements-dev.lock
	$(PY) -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation \
	    --config-settings editable_mode=compat -e .
	@touch $@

kafka: $(KAFKA)

# With what Java has loaded for one broker written down, the next ones start in half the time.
$(KAFKA): .cache/kafka/made | .venv/made
	@sh deploy/machine.sh java
	$(PY) -m shared.testing.broker

.cache/kafka/made: deploy/kafka/pom.xml
	@sh deploy/machine.sh java maven
	rm -rf .cache/kafka && mkdir -p .cache/kafka
	mvn -q -B -f deploy/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.cache/kafka/libs
	@touch $@

# Java may be gone though the jars are still there.
machine:
	@sh deploy/machine.sh java postgres
