"""kellylib is layered: imports go one way, from weights to evidence, and the heavy packages come in late."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kellylib

ROOT = Path(__file__).resolve().parents[1]
FLOW = [
    {"scenarios"},
    {"growth"},
    {"full"},
    {"expcone", "order2", "games", "risk"},
    {"backtest"},
    {"metrics"},
]
RANK = {module: rank for rank, modules in enumerate(FLOW) for module in modules}
MODULES = sorted(p for p in (ROOT / "kellylib").glob("*.py") if not p.stem.startswith("_"))
SOURCES = sorted((ROOT / "kellydata").glob("*.py"))


def imported(path):
    """The modules that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}:{node.lineno}: write kellylib.name, not a relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_imports_go_one_way(path):
    assert path.stem in RANK, f"give {path.stem} its place in the data flow"
    found = {n.split(".")[1] for n in imported(path) if n.startswith("kellylib.")} & set(RANK)
    later = {m for m in found if RANK[m] >= RANK[path.stem]}
    assert not later, f"{path.stem} imports {later}, which come after it"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_the_sources_know_nothing_of_the_library(path):
    assert "kellylib" not in {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_the_library_touches_no_file_and_no_socket(path):
    names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert not names & {"open", "urlopen", "Path", "yfinance"}


def test_import_of_kellylib_is_light():
    heavy = {"cvxpy", "yfinance", "sklearn", "joblib", "matplotlib", "clarabel", "papermill"}
    code = f"import sys, kellylib; print(*sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not run.stdout.strip(), f"imported with kellylib: {run.stdout}"


def test_public_names():
    assert len(set(kellylib.__all__)) == len(kellylib.__all__)
    for name in kellylib.__all__:
        public = getattr(kellylib, name)
        assert not isinstance(public, type(sys)), f"{name} is a module"
        assert public.__doc__ and public.__module__.split(".")[0] in ("kellylib", "kellydata"), name


@pytest.mark.parametrize("name", kellylib.__all__)
def test_docstring_tells_all(name):
    public = getattr(kellylib, name)
    doc = public.__doc__
    if not isinstance(public, type):
        for section in ("Parameters", "Returns", "Examples"):
            assert f"\n    {section}:\n        " in doc, f"{name} lacks a section {section}"
        assert "\n\n    Parameters:" in doc, "Sphinx needs the blank line"
        assert ">>> " in doc


@pytest.mark.parametrize(("package", "most"), [("kellylib", 1300), ("kellydata", 820)])
def test_the_packages_are_thin(package, most):
    """Lines in all, docstrings included. What is added to one must not be moved out of the other."""
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (ROOT / package).rglob("*.py")]
    assert sum(map(len, lines)) <= most
