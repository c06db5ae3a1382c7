"""The stored evidence is what its script computes from the real prices, which do not come with the book."""

import hashlib
import importlib.util
import json
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from kellylib import add_cash, hold, kelly_mean_variance, load_bist30, summary

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="needs the folder of real prices, ../shared/data")

spec = importlib.util.spec_from_file_location("make_evidence", ROOT / "data" / "make_evidence.py")
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
STORED = json.loads((ROOT / "data" / "evidence.json").read_text())
computed = cache(lambda: script.tables(REAL))


def frame(name):
    table = STORED["tables"][name]
    return pd.DataFrame(table["data"], columns=table["columns"])


def test_every_table_of_the_script_is_stored():
    names = [name for name in vars(script.Evidence) if not name.startswith("_")]
    assert list(STORED["tables"]) == names and set(STORED["inputs"]) == set(script.FILES)


@needs_real
def test_inputs_are_the_files_of_the_folder():
    for name, digest in STORED["inputs"].items():
        assert hashlib.sha256((REAL / name).read_bytes()).hexdigest() == digest, name


@needs_real
@pytest.mark.parametrize("name", [name for name in STORED["tables"] if name != "grid"])
def test_stored_tables_are_derived_again(name):
    again = script.plain(computed()[name]())
    assert again["columns"] == STORED["tables"][name]["columns"]
    expected = pd.DataFrame(again["data"], columns=again["columns"])
    pd.testing.assert_frame_equal(frame(name), expected, rtol=1e-8, atol=1e-10)


@needs_real
def test_points_of_the_grid_are_derived_again():
    some = {name: values[-1:] for name, values in script.GRID.items()} | {
        "window": ["1M", "6M"],
        "cost": [0.0, 0.005],
    }
    found = computed()["grid"](some)
    both = frame("grid").merge(found, on=list(script.GRID), suffixes=("", " again"))
    assert len(both) == len(found) == 4
    for name in ("growth rate", "Sharpe, excess", "drawdown", "turnover"):
        pd.testing.assert_series_equal(
            both[name], both[f"{name} again"], check_names=False, rtol=0, atol=2e-6
        )


def test_bundled_statistics_agree_with_the_stored_performance():
    """The two roads from real prices to the article's figures meet, also where there are no real prices."""
    for vintage, rows in frame("performance").groupby("vintage"):
        market = load_bist30("bundled", vintage=vintage)
        R = add_cash(market.returns, market.rate)
        f = {}
        for end, past in R.groupby(pd.Grouper(freq="ME")):
            stocks = past.iloc[:, :-1]
            f[end] = pd.Series(
                kelly_mean_variance(stocks.mean(), stocks.cov(), past["cash"].mean()), stocks.columns
            )
        f = pd.DataFrame(f).T
        f["cash"] = 1 - f.sum(axis=1)
        found = summary({"": hold(R, f, rebalance=1)}).loc[""]
        stored = rows.set_index("run").loc["full Kelly, article"]
        for name in ("annual mean", "volatility", "Sharpe", "Sharpe, less mean r", "Sharpe, excess"):
            assert abs(found[name] - stored[name]) < 1e-8, (vintage, name)


def test_it_holds_no_prices():
    """A table of results is short; only the grid has more rows than there are months."""
    assert all(len(t["data"]) <= 31 or name == "grid" for name, t in STORED["tables"].items())
