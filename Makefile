# make book   set up .venv, run every notebook, render _build/html
# make test   set up .venv, build the book, run all tests
PYTHON ?= python3
PY     := .venv/bin/python

.PHONY: book test lint lock clean
book: .venv/ready
	$(PY) book/build.py
test: book
	$(PY) -m pytest
lock: .venv/ready # the hashed lock; it names no registry
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --quiet --universal --extra book --extra test --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	-$(PY) -m compileall -q -j 0 .venv/lib > .venv/compile.log 2>&1
	touch $@
clean:
	rm -rf _build .venv *.egg-info
