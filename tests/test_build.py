"""The build runs what is stale, says what failed, and nbval notices one changed digit."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError
from test_notebooks import build, codes, tags

ROOT = Path(__file__).resolve().parents[1]


def test_nbval_fails_on_one_changed_digit(tmp_path):
    """The chain that `make test` trusts, on a chapter of one cell: run, store, change a digit, compare."""
    source = tmp_path / "00_digit.py"
    source.write_text(
        '# %% tags=["parameters"]\np = 0.6  # float, chance: of a win\n\n# %%\nprint(f"{2 * p - 1:.4f}")\n'
    )
    ran = tmp_path / "ran.ipynb"
    seconds, error = build.run(source, ran)
    assert error is None and seconds > 0
    text = build.text_of(nbformat.read(ran, 4))
    assert text.count("0.2000") == 1
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    command += [
        "--rootdir",
        str(tmp_path),
        "-n0",
        "--nbval",
        "--nbval-current-env",
        str(tmp_path / "00_digit.ipynb"),
    ]
    outcome = []
    for version in (text, text.replace("0.2000", "0.2001")):
        (tmp_path / "00_digit.ipynb").write_text(version)
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        outcome.append((run.returncode, re.search(r"\d+ (?:passed|failed).*? in", run.stdout)[0][:8]))
    assert outcome == [(0, "2 passed"), (1, "1 failed")], run.stdout


def test_a_failing_cell_is_named_by_file_line_and_cell(tmp_path):
    source = tmp_path / "00_bad.py"
    source.write_text("# %% [markdown]\n# # Title\n\n# %%\nx = 1\n\n# %%\nx = 1\n\n# %%\nx = 2\nx / 0\n")
    _, error = build.run(source, tmp_path / "out.ipynb")
    assert error.startswith(f"{source}:12: cell 3, In [3]") and "ZeroDivisionError" in error
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("import sys; print('x', file=sys.stderr)", "wrote to stderr"),
        ("import os; os._exit(3)", "DeadKernelError"),
    ],
)
def test_a_cell_that_hides_its_failure_stops_the_build(tmp_path, cell, complaint):
    source = tmp_path / "00_quiet.py"
    source.write_text(f"# %%\n{cell}\n\n# %%\nprint(1)\n")
    _, error = build.run(source, tmp_path / "out.ipynb")
    assert complaint in error and str(source) in error


def test_only_what_changed_makes_a_chapter_stale(tmp_path):
    for name in (
        "kellylib/a.py",
        "kellydata/a.py",
        "data/b.json",
        "benchmarks/d.json",
        "requirements.lock",
        "tests/c.py",
        "kellylib/__pycache__/a.pyc",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    before = build.fingerprint(tmp_path)
    for name in ("tests/c.py", "kellylib/__pycache__/a.pyc"):
        (tmp_path / name).write_text("2")
    assert build.fingerprint(tmp_path) == before
    for name in ("kellylib/a.py", "kellydata/a.py", "data/b.json", "benchmarks/d.json", "requirements.lock"):
        (tmp_path / name).write_text("2")
        assert build.fingerprint(tmp_path) != before, name
        (tmp_path / name).write_text("1")
    (tmp_path / "data" / "new.json").write_text("1")
    assert build.fingerprint(tmp_path) != before


def papermill(path, out, **parameters):
    """The command line of papermill, from the book's folder."""
    given = [str(part) for name, value in parameters.items() for part in ("-p", name, value)]
    command = [sys.executable, "-m", "papermill", str(path), str(out), "--no-progress-bar", *given]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("path", ["notebooks/01_coin.py", "notebooks/01_coin.ipynb"])
def test_papermill_runs_the_coin_with_another_p(path, tmp_path):
    run = papermill(path, tmp_path / "out.ipynb", p=0.55)
    assert run.returncode == 0, run.stderr[-2000:]
    notebook = nbformat.read(tmp_path / "out.ipynb", 4)
    (injected,) = [c for c in notebook.cells if "injected-parameters" in tags(c)]
    assert "p = 0.55" in injected.source
    assert "0.1000" in "".join(o.get("text", "") for c in codes(notebook) for o in c.outputs)


def uses(cell, name):
    """Whether a cell computes with a name, not merely defines a function with an argument of that name."""
    nodes = list(ast.parse(cell.source).body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Name) and node.id == name:
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            nodes += ast.iter_child_nodes(node)
    return False


@pytest.mark.filterwarnings("ignore:The specified file .* does not end in:UserWarning")  # papermill, of a .py
@pytest.mark.parametrize("name, value", [("p", 1.2), ("p", -0.1), ("b", 0.0), ("n_paths", -5), ("n_bets", 0)])
def test_a_parameter_out_of_range_fails_in_a_sentence(name, value, tmp_path):
    path = ROOT / "notebooks" / "01_coin.py"
    with pytest.raises(PapermillExecutionError) as caught:
        execute_notebook(str(path), str(tmp_path / "out.ipynb"), parameters={name: value}, progress_bar=False)
    failure = caught.value
    assert failure.ename == "ValueError" and "must" in failure.evalue, failure
    assert re.search(rf"\b{name}\b", failure.evalue) and f"{value:g}" in failure.evalue, failure.evalue
    cells = codes(build.load(path))
    parameters = next(i for i, c in enumerate(cells) if "parameters" in tags(c))
    first = next(i for i, c in enumerate(cells) if i > parameters and uses(c, name))
    # counted from 1, and papermill's cell of new values comes before
    assert failure.exec_count <= first + 2, "it must fail in the first cell that uses the parameter"
