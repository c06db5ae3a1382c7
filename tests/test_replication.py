"""The chapters of the backtest and of the audit, run again with other parameters.

Some runs are papermill's own, each in a new kernel. The others execute the same cells in this process.
"""

import ast
import io
import json
import re
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
from test_live import live, quick, server, yahoo  # noqa: F401  fixtures: an invented Yahoo and TLREF

from kellylib import add_cash, kelly_mean_variance, load_bist30, summary, walk_forward
from kellylib.metrics import contributions, drawdowns

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="needs the folder of real prices, ../shared/data")
pytestmark = pytest.mark.filterwarnings("ignore:The specified file .* does not end in:UserWarning")  # a .py


EVIDENCE = json.loads((ROOT / "data" / "evidence.json").read_text())["tables"]["performance"]
STORED = pd.DataFrame(EVIDENCE["data"], columns=EVIDENCE["columns"])


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

    with plt.rc_context(), pd.option_context("display.width", 1000, "display.max_columns", None):
        yield run


def honest(
    source="bundled", start="2022-11-05", end="2025-08-01", vintage="seed", universe="all", without=(), **how
):
    """A chapter's honest run with these parameters, by walk_forward called here; and its returns."""
    market = load_bist30(source, start, end, vintage=vintage)
    stocks = market.returns if universe == "all" else market.returns[universe.split()]
    R = add_cash(stocks.drop(columns=list(without)), market.rate)
    share = how.pop("fraction", 1.0)
    how.pop("capital", None)

    def strategy(past):
        f = share * kelly_mean_variance(
            past.iloc[:, :-1].mean(), past.iloc[:, :-1].cov(), past.iloc[:, -1].mean()
        )
        return np.append(f, 1 - f.sum())

    how["rebalance"] = how.get("rebalance", 1) or None
    return walk_forward(R, strategy, borrow=1, **how), R


def figures(columns, **parameters):
    return summary({"": honest(**parameters)[0]}).loc["", columns].to_numpy()


def row(text, name):
    """The numbers of the first printed row of that name."""
    return np.array(re.search(rf"^{re.escape(name)} +(-?\d.*)$", text, re.M)[1].split(), float)


OTHERS = [
    dict(vintage="2026", start="2023-03-01"),
    dict(window="3M", calendar="W", rebalance=0, cost=0.002),
    dict(universe="ASELS THYAO KOZAL", start="2023-06-01", end="2024-07-01", rebalance=5),
]
FIVE = ["annual mean", "volatility", "Sharpe", "Sharpe, less mean r", "Sharpe, excess"]


@pytest.mark.parametrize("parameters", OTHERS, ids=str)
def test_the_replication_obeys_its_parameters(parameters, printed):
    """The printed row is that of walk_forward, and no parameter can have been ignored."""
    text = printed("06_replication", fractions=[0.25, 1.0, 1.5], **parameters)
    assert "the article's run: False" in text and "XU030" in text
    shares = {"0.25 Kelly": 0.25, "full Kelly": 1.0, "1.5 Kelly": 1.5}
    found = np.array([row(text, f"{name}, honest") for name in shares])

    def expected(**parameters):
        return [figures(FIVE, fraction=share, **parameters) for share in shares.values()]

    assert abs(found - expected(**parameters)).max() < 1e-6
    for one in parameters:
        other = {key: value for key, value in parameters.items() if key != one}
        assert abs(found - expected(**other)).max() > 1e-4, one


@needs_real
@pytest.mark.parametrize(
    "parameters, named",
    [
        (dict(), ""),
        (dict(vintage="2026", fractions=[0.5]), ""),
        (dict(window="3M"), ""),
        (dict(start="2023-04-01"), ""),
        (dict(window="2W", calendar="W"), "window='2W'; calendar='W'"),
        (dict(window="4W"), "window='4W'"),
        (dict(calendar="W"), "calendar='W'"),
        (dict(rebalance=0), "rebalance=0"),
        (dict(cost=0.002), "cost=0.002"),
        (dict(start="2024-03-11", end="2025-07-01"), "(cut: 2024-03, 2025-06)"),
        (dict(universe="ASELS THYAO KOZAL"), "universe='ASELS THYAO KOZAL' (by the article's clock)"),
    ],
    ids=str,
)
def test_what_generated_days_cannot_give_is_stamped(parameters, named, printed):
    """A stamp stands right above the table exactly if the figures are not those of the real prices."""
    bundled, real = (printed("06_replication", source=s, **parameters) for s in ("bundled", str(REAL)))
    assert "NOT REAL" not in real and ("NOT REAL" in bundled) == bool(named)
    kelly = re.findall(r"^(\S+ Kelly, \w+) +0?-?\d", bundled, re.M)
    kelly = list(dict.fromkeys(kelly))[: 2 * len(parameters.get("fractions", "123"))]
    apart = {name: abs(row(bundled, name) - row(real, name)).max() for name in kelly}
    if not named:
        assert max(apart.values()) < 1e-5
        return
    assert max(apart.values()) > 1e-3
    if "universe" in parameters:
        assert max(x for name, x in apart.items() if "honest" in name) < 1e-5
    above = re.search(r"^(NOT REAL.*)\n(.*)\n +annual mean +volatility", bundled, re.M)
    assert f"{named}. Cure: give real prices by `source`." in above[2]


def test_a_cut_month_is_stamped_in_the_chapter_of_weights(printed):
    text = printed("05_bist30", start="2024-03-11", end="2024-08-01")
    assert len(re.findall(r"cut 2024-03, 2024-07, whose.*\n.*Cure: move start and end", text)) == 7
    assert "NOT REAL" not in printed("05_bist30", universe="ASELS THYAO KOZAL", start="2024-03-01")


@needs_real
def test_the_replication_prints_the_same_from_real_prices(printed):
    """But for the notes on the source: its figures need no more than the bundled statistics."""
    bundled, real = (
        printed("06_replication", source=source).splitlines() for source in ("bundled", str(REAL))
    )
    differ = [(a, b) for a, b in zip(bundled[::-1], real[::-1], strict=False) if a != b]
    assert len(differ) <= 2 and all("Days are generated" in a or "Left out" in b for a, b in differ), differ


@pytest.fixture
def own_prices(tmp_path):
    """A reader's file, my_prices.csv: four invented stocks in 2024."""
    days = pd.bdate_range("2024-01-01", "2024-12-31", name="Date")
    walk = np.random.default_rng(1).normal(0.001, 0.02, (len(days), 4)).cumsum(axis=0)
    table = pd.DataFrame(100 * np.exp(walk), days, list("ABCD")).assign(rate=5.0)
    table.to_csv(tmp_path / "my_prices.csv")
    return tmp_path


PAGE = (ROOT / "book" / "papermill.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"papermill notebooks/(\w+)\.py \S+ -p source my_prices\.csv (.*)", PAGE)


def test_the_page_shows_a_command_for_each_chapter_on_the_study():
    assert sorted(name for name, _ in COMMANDS) == ["05_bist30", "06_replication", "07_audit"]


@pytest.mark.parametrize("name, given", COMMANDS, ids=str)
def test_the_commands_of_the_page_take_a_readers_prices_through_the_chapters(
    name, given, own_prices, printed
):
    given = {
        key: value if "-" in value else float(value) for key, value in re.findall(r"-p (\w+) (\S+)", given)
    }
    text = printed(name, source="my_prices.csv", **given)
    assert "NOT REAL" not in text and "No inference is drawn from paths" not in text
    if name == "05_bist30":
        assert re.search(r"^2024-12-31 ", text, re.M)
        return
    parameters = dict(source=own_prices / "my_prices.csv", **given)
    own, stored = text.index("This run, from its own days"), text.index("Stored evidence of BIST30")
    wealth, drawdown = figures(["wealth", "drawdown"], **parameters)
    if name == "06_replication":
        assert (
            own < stored and abs(row(text[own:], "full Kelly, honest")[1:3] - [wealth, drawdown]).max() < 1e-4
        )
        return
    run, R = honest(**parameters)
    shown = text[own:]
    assert abs(row(shown, "wealth")[0] - wealth) < 1e-4 and abs(row(shown, "drawdown")[0] - drawdown) < 1e-4
    assert str(drawdowns(run.returns)["trough"][0].date()) in shown.split("trough")[1].splitlines()[1]
    assert abs(row(shown, "costs")[0] - contributions(run, R)["costs"]) < 1e-4
    assert abs(row(shown, "2024")[-1] - (wealth - 1)) < 1e-4
    assert re.search(r"^2024-12-2\d, 1,000,000 invested: \{'[ABCD]': \d+.*cash \d", shown, re.M)
    used = re.findall(r"evidence\(\"", Path(chapter(name)).read_text(encoding="utf-8"))
    assert text.count("Stored evidence of BIST30") == len(used) + 1  # less in-sample figures, plus vintages


def test_a_readers_own_prices_go_through_papermill(own_prices):
    text = by_papermill(
        "06_replication", own_prices, source="my_prices.csv", start="2024-01-01", end="2025-01-01"
    )
    assert "full Kelly, honest" in text and "the article's run: False" in text


@pytest.mark.parametrize("name", ["05_bist30", "06_replication", "07_audit"])
def test_a_download_goes_through_the_chapters(name, request, printed):
    request.getfixturevalue("live")
    text = printed(name, source="yahoo", start="2023-01-01", end="2023-04-01")
    assert "Prices as Yahoo served them on" in text and "NOT REAL" not in text
    if name == "05_bist30":
        assert re.search(r"^2023-02-28 ", text, re.M) and "equal weights" not in text
        return
    line, columns = ("full Kelly, honest", FIVE) if name[1] == "6" else ("Kelly, honest", SHOWN)
    expected = figures(columns, source="yahoo", start="2023-01-01", end="2023-04-01")
    assert abs(row(text, line) - expected).max() < 0.006
    assert "This run, from its own days" in text and "Stored evidence of BIST30" in text


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


SHOWN = ["annual mean", "Sharpe", "Sharpe, excess", "standard error"]
AUDITED = "No inference is drawn from paths", "19 of 19 intervals of the Sharpe ratio"


@pytest.mark.parametrize(
    "parameters",
    [
        dict(vintage="2026", fraction=0.5, window="3M", calendar="W", cost=0.002),
        dict(
            universe="ASELS THYAO KOZAL GARAN",
            start="2023-06-01",
            end="2024-07-01",
            fraction=0.5,
            rebalance=0,
        ),
    ],
    ids=str,
)
def test_the_audit_obeys_its_parameters(parameters, printed):
    """The honest run, and the one without the stock that matters most, are those of walk_forward."""
    text = printed("07_audit", n_draws=50, **parameters)
    assert all(sentence in text for sentence in AUDITED)
    settings = [
        f"{name}={parameters[name]!r}" for name in ("window", "rebalance", "cost") if name in parameters
    ]
    for table in (" +annual mean +Sharpe ", " +annual mean +Sharpe$", r"\w+: .* two standard errors"):
        above = re.search(rf"^NOT REAL.*\n(.*)\n{table}", text, re.M)[1]
        assert all(name in above for name in settings if "3M" not in name) and "window" not in above
    least = re.search(r"^(\w+): (-?[\d.]+) a year, two standard errors", text, re.M)[1]
    found = np.append(row(text, "Kelly, honest"), row(text.split("\nstock ")[1], least))

    def expected(**parameters):
        less = figures(["annual mean", "Sharpe, excess"], without=[least], **parameters)
        return np.append(figures(SHOWN, **parameters), less)

    assert (abs(found - expected(**parameters)) < [0.00501] * 4 + [0.000501] * 2).all()
    for one in parameters:
        other = {key: value for key, value in parameters.items() if key != one}
        assert abs(found - expected(**other))[-2:].max() > 0.001, one


def test_the_audit_runs_by_papermill_with_other_stocks(tmp_path):
    other = dict(universe="ASELS THYAO KOZAL", start="2023-06-01", end="2024-07-01", n_draws=50)
    text = by_papermill("07_audit", tmp_path, **other)
    assert all(sentence in text for sentence in AUDITED)


@needs_real
def test_the_audit_runs_on_real_prices(printed):
    """The article's figures stay, nothing is stamped, and the run's own report agrees with the evidence."""
    bundled, real = (printed("07_audit", source=source) for source in ("bundled", str(REAL)))
    assert "NOT REAL" not in bundled + real and "Stored evidence of BIST30" not in bundled + real
    for name in ("Kelly, honest", "XU030", "ASTOR", "2025-07"):
        assert np.allclose(row(bundled, name), row(real, name), rtol=0, atol=1e-4), name
    own = real[real.index("This run, from its own days") :]
    stored = STORED.set_index(["vintage", "run"]).loc[("seed", "full Kelly, honest")]
    for name in ("wealth", "drawdown", "turnover"):
        assert abs(row(own, name)[0] - stored[name]) < 1e-4


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
