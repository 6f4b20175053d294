# Thin targets, named after intent. The exact exit code is pms-drill's (make itself only knows 0 and 2);
# it also stands in runs/latest/verdict.json.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

TIER ?= pr
STACK ?= embedded
PROFILE ?=
SEED ?=
FROM ?=
TO ?=
FAIL_ON ?= never
# The project's own tests mostly wait, for agents that start and for waits that end: more of them than processors.
TEST_WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# More options of pms-drill, such as OPTIONS="--agent-url http://127.0.0.1:8000" for STACK=external.
OPTIONS ?=
RUN = $(BIN)/pms-drill run --pms-tier $(TIER) --pms-stack $(STACK) $(if $(PROFILE),--pms-profile $(PROFILE)) $(if $(SEED),--pms-seed $(SEED)) $(OPTIONS)

.PHONY: help setup qloapps promtool doctor test-pms-integration test kill-matrix smoke soak contracts chaos load reproduce bench report record drift docs fields lint lock clean

help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-22s %s\n", $$1, $$2}' Makefile

setup: $(STAMP) ## virtual environment, dependencies by hash, Toxiproxy
	@$(BIN)/python -m pms_drill.external toxiproxy >/dev/null

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; found: $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q pms_drill qloapps_twin hotel_agent contracts chaos load # or the first run pays for it
	@touch $@

test-pms-integration: setup ## the main job: TIER=smoke|pr|weekly|soak STACK=embedded|native|compose|external PROFILE= SEED= OPTIONS=
	@$(RUN)

smoke: ## the main job in at most 90 s
	@$(MAKE) --no-print-directory test-pms-integration TIER=smoke

qloapps: $(STAMP) ## get the pinned QloApps into QLOAPPS_DIR= (.cache/qloapps), for STACK=native and compose
	@$(BIN)/python -m pms_drill.external qloapps --into "$${QLOAPPS_DIR:-.cache/qloapps}"

promtool: $(STAMP) ## get promtool, with which the alert rules are judged, unless it is here
	@$(BIN)/python -m pms_drill.external promtool

doctor: setup ## what is there for STACK=, and what a run would skip
	@$(BIN)/pms-drill doctor --pms-stack $(STACK) $(if $(PROFILE),--pms-profile $(PROFILE)) $(OPTIONS)

soak: ## twenty minutes under everything; the fate of every booking is judged. SEED=
	@$(MAKE) --no-print-directory test-pms-integration TIER=soak

contracts chaos load: setup ## one part of the main job
	@$(BIN)/pms-drill run $@ --pms-tier $(TIER) --pms-stack $(STACK) $(if $(PROFILE),--pms-profile $(PROFILE)) $(if $(SEED),--pms-seed $(SEED)) $(OPTIONS)

test: setup ## the project's own tests: harness, agent, twin, checkers
	@$(BIN)/python -m pytest tests -p no:schemathesis -p no:locust -n $(TEST_WORKERS) --dist loadgroup -q -m "not kill_matrix"

kill-matrix: setup ## whole runs on agents with one defect or another policy: each must be noticed under its name
	@$(BIN)/python -m pytest tests -p no:schemathesis -p no:locust -n 2 --dist loadgroup -q -m "kill_matrix or kill_sample"

reproduce: setup ## an incident on this machine: CAUSE=A..E MITIGATE=reset|mock|restart-pms|rotate-key|adjust HOLD=1 SCALED=1
	@$(BIN)/pms-drill reproduce $(or $(CAUSE),$(error say which: make reproduce CAUSE=A)) $(if $(MITIGATE),--mitigate $(MITIGATE)) $(if $(HOLD),--hold) $(if $(SCALED),--scaled)

bench: setup ## measure the proxy, the faults and the twin against their bars
	@$(BIN)/python -m tests.bench

record: $(STAMP) ## record the contract's exchanges: PMS_URL= VERSION=, key in PMS_API_KEY
	@test -n "$(PMS_URL)" && test -n "$(VERSION)" || { echo "usage: make record PMS_URL=http://... VERSION=1.7.0"; exit 2; }
	@$(BIN)/pms-drill record $(PMS_URL) --version $(VERSION)

drift: $(STAMP) ## compare recorded versions, or FROM=1.7.0 with TO=http://..., and write the changelog; FAIL_ON=
	@$(BIN)/pms-drill drift $(FROM) $(TO) --fail-on $(FAIL_ON)

docs: $(STAMP) ## write the pages that are made from data: docs/properties.md, docs/faults.md
	@$(BIN)/pms-drill properties --write && $(BIN)/python -m pms_drill.fault_table

fields: setup ## find which properties read which field anew, print the table and write docs/fields.md
	@$(BIN)/python -m tests.fields

lint: $(STAMP) ## ruff and mypy
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

lock: $(STAMP) ## renew requirements.lock
	@$(BIN)/uv pip compile --quiet pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 \
	  --no-header --no-annotate --no-emit-index-url --output-file requirements.lock

report: $(STAMP) ## print the page of the last run
	@$(BIN)/pms-drill report

clean: ## remove what this project made here (not the caches)
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
