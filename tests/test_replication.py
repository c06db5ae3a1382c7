"""The chapters of the backtest and of the audit, run again with other parameters.

Some runs are papermill's own, each in a new kernel. The others execute the same cells in this process.
"""

import ast
import io
from contextlib import redirect_stdout
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from papermill import PapermillExecutionError, execute_notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="needs the folder of real prices, ../shared/data")
pytestmark = pytest.mark.filterwarnings("ignore:The specified file .* does not end in:UserWarning")  # a .py


def chapter(name):
    return str(ROOT / "notebooks" / f"{name}.py")


def by_papermill(name, folder, **parameters):
    """All that a chapter prints with these parameters."""
    out = folder / "out.ipynb"
    execute_notebook(chapter(name), str(out), parameters=parameters, progress_bar=False, cwd=str(folder))
    outputs = [o for c in nbformat.read(out, 4).cells for o in c.get("outputs", [])]
    assert not [o for o in outputs if o.get("name") == "stderr"]
    return "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """All that a chapter prints with these parameters, its cells run here; a warning is an error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))

    def run(name, **parameters):
        book, names = parameterize_notebook(load_notebook_node(chapter(name)), parameters), {}
        with redirect_stdout(io.StringIO()) as text:
            for cell in book.cells:
                if cell.cell_type == "code":
                    *body, last = ast.parse(cell.source).body
                    if isinstance(last, ast.Expr):  # what a notebook shows of a cell
                        last = ast.parse(f"print({ast.unparse(last)})").body[0]
                    exec(compile(ast.Module([*body, last], []), name, "exec"), names)
        return text.getvalue()

    with plt.rc_context():
        yield run


@pytest.mark.parametrize(
    "parameters",
    [
        dict(vintage="2026", fractions=[0.25, 1.5]),
        dict(window="3M", calendar="W", rebalance=0, cost=0.002),
        dict(universe="ASELS THYAO KOZAL", start="2023-06-01", end="2024-07-01", rebalance=5),
    ],
    ids=str,
)
def test_the_replication_runs_with_other_parameters(parameters, printed):
    text = printed("06_replication", **parameters)
    assert "the article's run: False" in text and "XU030" in text


@needs_real
def test_the_replication_prints_the_same_from_real_prices(printed):
    """But for the notes on the source: its figures need no more than the bundled statistics."""
    bundled, real = (
        printed("06_replication", source=source).splitlines() for source in ("bundled", str(REAL))
    )
    differ = [(a, b) for a, b in zip(bundled[::-1], real[::-1], strict=False) if a != b]
    assert len(differ) <= 2 and all("Days are generated" in a or "Left out" in b for a, b in differ), differ


def test_a_readers_own_prices_go_through_the_replication(tmp_path):
    rng = np.random.default_rng(0)
    days = pd.bdate_range("2020-01-01", periods=300, name="Date")
    prices = 100 * np.exp(rng.normal(0.001, 0.02, (300, 4)).cumsum(axis=0))
    pd.DataFrame(prices, days, list("ABCD")).to_csv(tmp_path / "mine.csv")
    text = by_papermill("06_replication", tmp_path, source="mine.csv", start="2020-01-01", end="2021-01-01")
    assert "full Kelly, honest" in text and "the article's run: False" in text


@pytest.mark.parametrize(
    "parameters, message",
    [
        (dict(universe="ASELS NOPE"), r"universe must name stocks of the source, not \['NOPE'\]"),
        (
            dict(fractions=[1.0, -1.0]),
            r"fractions must list multiples of f\*, each >= 0; it is \[1.0, -1",
        ),
        (dict(cost=-0.1), r"cost must be a number >= 0; it is -0.1"),
        (dict(window="99M"), r"shorten the window, '99M'"),
        (dict(calendar="X"), r"calendar must be D, W, M, Q or Y of dates, not 'X'"),
        (dict(rebalance=-1), r"calendar, rebalance must be a whole number >= 1 or a calendar; it is -1"),
        (dict(vintage="1999"), r"vintage"),
        (dict(start="soon"), r"start must be a day"),
    ],
    ids=str,
)
def test_a_parameter_out_of_range_stops_the_replication_with_a_sentence(parameters, message, printed):
    with pytest.raises(ValueError, match=message):
        printed("06_replication", **parameters)


def test_papermill_reports_the_sentence(tmp_path):
    with pytest.raises(PapermillExecutionError, match=r"cost must be a number >= 0; it is -0.1") as caught:
        by_papermill("06_replication", tmp_path, cost=-0.1)
    assert caught.value.ename == "ValueError"


# ---- the audit


AUDITED = "No inference is drawn from paths", "19 of 19 intervals of the Sharpe ratio"


def test_the_audit_runs_with_other_parameters(printed):
    other = dict(vintage="2026", fraction=0.5, window="3M", calendar="W", cost=0.002)
    text = printed("07_audit", **other)
    assert all(sentence in text for sentence in AUDITED)


def test_the_audit_runs_by_papermill_with_other_stocks(tmp_path):
    other = dict(universe="ASELS THYAO KOZAL", start="2023-06-01", end="2024-07-01", n_draws=50)
    text = by_papermill("07_audit", tmp_path, **other)
    assert all(sentence in text for sentence in AUDITED)


@pytest.mark.parametrize(
    "parameters, message",
    [
        (dict(universe="NOPE"), r"universe must name stocks of the source; it is 'NOPE'"),
        (dict(fraction=0.0), r"fraction must be above 0 and at most 1; it is 0"),
        (dict(n_draws=0), r"n_draws must be a whole number >= 1; it is 0"),
        (dict(cost=-1.0), r"cost must be a number >= 0; it is -1"),
    ],
    ids=str,
)
def test_a_parameter_out_of_range_stops_the_audit_with_a_sentence(parameters, message, printed):
    with pytest.raises(ValueError, match=message):
        printed("07_audit", **parameters)
