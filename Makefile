# Everything a person runs; `make run` and `make test` are enough to start.
PYTHON ?= python3
PORT ?= 8000
ESTABLISHMENTS ?= 20000
BIN := .venv/bin
# One more than there are cores: a third of the tests' time is waiting for a browser, a child, a server.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
# Made last by scripts/build.mjs.
BUILT := webapp/static/built/.made

# A command whose bytecode is kept starts half a second sooner, and the tests start many.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run install test check bench clean

run: install
	$(BIN)/sourcing demo --establishments $(ESTABLISHMENTS) --port $(PORT)

install: .venv/.installed $(BUILT)

.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/.tested: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --silent
	touch $@

$(BUILT): node_modules/.package-lock.json scripts/build.mjs $(wildcard webapp/static/js/*.js webapp/static/css/*.css)
	npm run --silent build

test: install .venv/.tested
	bash scripts/test_services.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: install .venv/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not browser and not slow"

bench: install .venv/.tested
	for file in benchmarks/[a-z]*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf .venv node_modules webapp/static/vendor webapp/static/built build *.egg-info
