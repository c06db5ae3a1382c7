# make book      set up .venv, run every stale chapter, render _build/html
# make test      the same, then every test, nbval on the stored notebooks among them
# make lint      ruff as linter and as formatter
# make notebooks run the stale chapters and store their outputs in notebooks/*.ipynb (then read git diff)
# make notebook NAME=01_coin ARGS="-p p 0.55"   one chapter with other parameters, into _build/01_coin.ipynb
# make bench     kellylib beside its peers, in an environment of their own (.venv-bench): the better part of an hour
# make fuzz      every public function with 500 random problems and bad inputs each, more than 10,000 in all
# make oldest    the tests of the numbers with the oldest dependencies that pyproject.toml admits (.venv-oldest)
# make mutants   break six modules and their checks in three thousand ways: the fast tests must notice (an hour or two)
# make pdf       _build/latex/kelly-certified.pdf; needs xelatex (CONTRIBUTING.md)
PYTHON ?= python3
PY     := .venv/bin/python
# one thread a process, as in book/build.py
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1

.PHONY: fuzz oldest book test lint notebooks notebook pdf lock bench mutants audit clean
book: .venv/ready
	$(PY) book/build.py
test: book
	$(PY) -m pytest
lint: .venv/ready
	$(PY) -m ruff check
	$(PY) -m ruff format --check
notebooks: .venv/ready
	$(PY) book/build.py --accept
notebook: .venv/ready
	mkdir -p _build
	$(PY) -m papermill notebooks/$(NAME).py _build/$(NAME).ipynb $(ARGS)
pdf: .venv/ready
	$(PY) book/build.py --pdf
lock: .venv/ready # the hashed lock; it names no registry
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --quiet --universal --extra book --extra test --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock

bench: .venv-bench/ready
	.venv-bench/bin/python benchmarks/solvers.py
	.venv-bench/bin/python benchmarks/games.py
	.venv-bench/bin/python benchmarks/backtest.py
	.venv-bench/bin/python benchmarks/drawdown.py
fuzz: .venv/ready
	FUZZ=500 $(PY) -m pytest -n2 -o timeout=3600 tests/test_fuzz.py
NUMBERS = $(addprefix tests/test_,truth.py fuzz.py growth.py full.py order2.py expcone.py games.py coin.py metrics.py robust.py drawdown.py)
oldest: .venv/ready
	mkdir -p _build
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --quiet --resolution lowest-direct --python-version 3.11 --extra test --no-header pyproject.toml -o _build/oldest.txt
	$(PY) -m uv venv --quiet --clear --python $(PYTHON) .venv-oldest
	$(PY) -m uv pip install --quiet --python .venv-oldest/bin/python --no-build -r _build/oldest.txt
	PYTHONPATH=. .venv-oldest/bin/python -m pytest -p no:cacheprovider $(NUMBERS)
mutants: .venv/ready
	$(PY) -m pip install -qq --disable-pip-version-check --no-build-isolation -e '.[mutants]'
	$(PY) -m mutmut run
	$(PY) tests/mutants.py
.venv-bench/ready: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install -qq --disable-pip-version-check -e '.[bench]'
	touch $@

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo "setting up .venv: about 150 packages, one to three minutes"
	$(PYTHON) -m venv .venv
	$(PY) -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	-$(PY) -m compileall -q -j 0 .venv/lib > .venv/compile.log 2>&1
	touch $@
audit: # needs the network: asks an index of vulnerabilities about every package of the lock
	$(PYTHON) -m venv _build/audit
	_build/audit/bin/python -m pip install -qq --disable-pip-version-check pip-audit
	_build/audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock
clean:
	rm -rf build _build .venv .venv-bench *.egg-info
