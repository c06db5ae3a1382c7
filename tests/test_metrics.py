"""Metrics against definitions, identities and distributions that are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kellylib import (
    Backtest,
    add_cash,
    hold,
)
from kellylib.metrics import (
    contributions,
    drawdowns,
    in_sample,
    monthly_returns,
    shares,
    stationary_bootstrap,
    summary,
)


def series(values, start="2024-01-01"):
    return pd.Series(np.asarray(values, float), pd.bdate_range(start, periods=len(values)))


def run_of(returns, cash=0.0):
    returns = series(returns)
    frame = pd.DataFrame({"A": 1.0}, returns.index)
    return Backtest(frame, returns, 0 * returns, 0 * returns + cash)


def test_summary_is_its_formulas():
    rng = np.random.default_rng(0)
    r, c = rng.normal(0.002, 0.02, 300), rng.uniform(0, 0.003, 300)
    run = run_of(r, c)
    got = summary({"a": run}, 252).loc["a"]
    wealth = np.cumprod(1 + r)
    S = (r - c).mean() / np.std(r - c, ddof=1)
    expected = {
        "annual mean": r.mean() * 252,
        "volatility": np.std(r, ddof=1) * 252**0.5,
        "Sharpe": r.mean() / np.std(r, ddof=1) * 252**0.5,
        "Sharpe, less mean r": (r.mean() - c.mean()) / np.std(r, ddof=1) * 252**0.5,
        "Sharpe, excess": S * 252**0.5,
        "standard error": ((1 + S**2 / 2) / 300 * 252) ** 0.5,
        "growth rate": np.log(wealth[-1]) * 252 / 300,
        "wealth": wealth[-1],
        "drawdown": min(wealth[t] / max(1, *wealth[: t + 1]) - 1 for t in range(1, 300)),
        "turnover": 0.0,
    }
    assert list(got.index) == list(expected)
    traded = Backtest(run.weights, run.returns, run.turnover + 0.01, run.cash)
    assert summary({"a": traded}, 252).loc["a", "turnover"] == pytest.approx(2.52)
    np.testing.assert_allclose(got, list(expected.values()), rtol=1e-12, atol=1e-14)


def test_more_than_all_lost_is_ruin():
    table = summary({"debts": run_of([0.1, -1.5]), "all": run_of([0.1, -1.0])})
    assert (table["growth rate"] == -np.inf).all()


def test_the_standard_error_is_the_spread_of_sharpe_ratios():
    """Lo's formula against the histories of 4,000 investors with the same true Sharpe ratio."""
    rng = np.random.default_rng(1)
    r = rng.normal(0.1, 0.2, (4000, 100))
    found = (r.mean(1) / r.std(1, ddof=1)).std()
    table = summary({i: run_of(r[i]) for i in range(50)}, 1)
    # 4,000 draws leave a relative error of about 1 / sqrt(8000) on a standard deviation
    assert abs(table["standard error"].mean() / found - 1) < 0.05


def test_returns_that_do_not_vary_have_no_sharpe_ratio():
    table = summary({"cash": run_of([0.001] * 9, 0.001), "one day": run_of([0.01])})
    assert table.filter(like="Sharpe").isna().all(axis=None)
    assert table.loc["cash", "wealth"] == pytest.approx(1.001**9, rel=1e-14)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([-0.5, -0.1, 0.0, 0.25, 1.0]), min_size=1, max_size=25))
def test_drawdowns_against_a_plain_walk(returns):
    wealth, peak, spells, spell = 1.0, 1.0, [], None
    for t, r in enumerate(returns):
        wealth *= 1 + r
        if wealth >= peak:
            peak = wealth
            if spell:
                spells.append((*spell, t))
            spell = None
        else:
            depth = wealth / peak - 1
            start, low, at = spell or (t, 0.0, t)
            spell = (start, depth, t) if depth < low else (start, low, at)
    spells += [(*spell, None)] if spell else []
    got = drawdowns(series(returns), top=99)
    days = series(returns).index
    table = [(days[s], days[at], pd.NaT if e is None else days[e], low) for s, low, at, e in spells]
    assert list(got.index) == [*range(len(table))] and (got["depth"].diff().dropna() >= 0).all()
    for start, trough, end, depth in table:
        row = got[got["start"] == start].iloc[0]
        assert row["depth"] == pytest.approx(depth, rel=1e-12) and row["trough"] == trough
        assert row["recovery"] is end or row["recovery"] == end
        assert row["rows"] == len(days[(days >= start) & (days <= (days[-1] if end is pd.NaT else end))])
    assert len(drawdowns(series(returns), top=1)) == min(1, len(table))


def test_monthly_and_yearly_returns_compound_to_the_wealth():
    rng = np.random.default_rng(2)
    returns = series(rng.normal(0, 0.02, 400), "2023-03-15")
    table = monthly_returns(returns)
    assert list(table.index) == [2023, 2024] and list(table.columns) == [*range(1, 13), "year"]
    assert (table.index.name, table.columns.name) == ("year", "month")
    assert table.loc[2023, [1, 2]].isna().all()
    months = (1 + table.drop(columns="year")).prod(axis=1)
    np.testing.assert_allclose(months, 1 + table["year"], rtol=1e-13)
    np.testing.assert_allclose((1 + table["year"]).prod(), (1 + returns).prod(), rtol=1e-13)
    january = returns[(returns.index.year == 2024) & (returns.index.month == 1)]
    assert table.loc[2024, 1] == pytest.approx((1 + january).prod() - 1, rel=1e-13)


def test_contributions_of_one_row_are_weights_times_returns():
    market = add_cash(pd.DataFrame({"A": [0.1], "B": [-0.2]}, pd.to_datetime(["2024-01-01"])), 0.01)
    run = hold(market, pd.DataFrame([[0.5, 0.3, 0.2]], market.index, market.columns))
    expected = {"A": 0.05, "B": -0.06, "cash": 0.002, "costs": 0.0}
    assert contributions(run, market).round(15).to_dict() == pytest.approx(expected)


def test_contributions_when_all_is_lost():
    """The market's loss is its column's; what costs take is theirs."""
    days = pd.bdate_range("2024-01-01", periods=4)
    market = pd.DataFrame({"A": [0.5, -1.0, 0.5, 0.5], "cash": 0.0}, days)
    run = hold(market, pd.DataFrame([[1.0, 0.0]], days[:1], market.columns), cost=0.25)
    assert contributions(run, market).round(12).to_dict() == {"A": -0.8, "cash": 0.0, "costs": -0.2}
    assert contributions(run, market[::-1]).equals(contributions(run, market))
    lever = pd.DataFrame([[1.5, -0.5], [-1.5, 2.5]], days[:2], market.columns)
    market["A"] = [-0.6, 0.5, 0.0, 0.0]
    run = hold(market, lever, cost=0.6, borrow=0.5)
    gains = contributions(run, market)
    assert gains.sum() == pytest.approx(-1) and gains["A"] == pytest.approx(-0.9 / 1.9)


def test_defaults_of_the_tables():
    returns = series([-0.5, 1.1] * 7)
    assert len(drawdowns(returns)) == 5 and len(drawdowns(returns, top=9)) == 7
    run = run_of([0.01, 0.03, -0.01])
    assert summary({"a": run}).equals(summary({"a": run}, 252))
    wobble = run_of(1e-3 + 1e-15 * np.array([1, -1, 1, -1]))  # below 1e-14 it is rounding, above it is not
    assert np.isnan(summary({"a": wobble}).loc["a", "Sharpe"])
    assert summary({"a": run_of(1e-3 + 1e-12 * np.array([1, -1, 1, -1]))}).notna().loc["a", "Sharpe"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), capital=st.floats(0, 1e7))
def test_shares_spend_no_more_than_the_capital(seed, capital):
    rng = np.random.default_rng(seed)
    weights = pd.Series(rng.dirichlet(np.ones(5)), list("ABCDE")) * rng.choice([0.5, 1.0])
    prices = pd.Series(rng.uniform(1, 500, 5), list("EDCBA"))
    bought, cash = shares(weights, prices, capital)
    spent = bought * prices.reindex(weights.index)
    assert (bought >= 0).all() and (bought == bought.astype(int)).all()
    assert cash >= -1e-9 * capital and spent.sum() + cash == pytest.approx(capital)
    assert (spent <= weights * capital * (1 + 1e-12)).all()
    assert (weights * capital - spent < prices.reindex(weights.index) * (1 + 1e-9)).all()


@pytest.mark.parametrize(
    "weights, price, capital, message",
    [
        ({"A": 1.2}, 10.0, 100, r"sum <= 1, capital >= 0; 1.2"),
        ({"A": 1 + 2e-9}, 10.0, 100, r"sum <= 1"),
        ({"A": -0.2}, 10.0, 100, r"weights must be >= 0"),
        ({"A": np.nan}, 10.0, 100, r"weights must be >= 0"),
        ({"A": 0.5}, 10.0, -1, r"-1"),
        ({"A": 0.5}, 0.0, 100, r"prices must be > 0, one for each stock; A has 0.0"),
        ({"B": 0.5}, 10.0, 100, r"B has nan"),
    ],
)
def test_shares_of_nonsense_are_refused(weights, price, capital, message):
    with pytest.raises(ValueError, match=message):
        shares(pd.Series(weights), pd.Series({"A": price}), capital)


def test_shares_may_take_all_of_the_capital():
    for weight in (1.0, 1 + 5e-10):
        bought, cash = shares(pd.Series({"A": weight, "B": 0.0}), pd.Series({"A": 10.0, "B": 1.0}), 100)
        assert bought.to_dict() == {"A": 10, "B": 0} and cash == 0


def test_in_sample_figures():
    rng = np.random.default_rng(3)
    past = pd.DataFrame(rng.normal(0.001, 0.02, (40, 3)), columns=["A", "B", "cash"])
    w = np.array([0.5, 0.3, 0.2])
    r = past.to_numpy() @ w
    got = in_sample(past, w)
    assert got["growth"] == pytest.approx(np.log1p(r).mean(), rel=1e-12)
    assert got["expected return"] == pytest.approx(past.mean() @ w, rel=1e-12)
    assert got["volatility"] == pytest.approx(np.sqrt(w @ past.cov() @ w), rel=1e-12)
    assert got["diversification"] == pytest.approx(past.std() @ w / np.sqrt(w @ past.cov() @ w), rel=1e-12)
    assert got["holdings"] == pytest.approx(1 / 0.38)
    assert in_sample(past, pd.Series(w, dtype=object)).equals(got)
    assert in_sample(past, [1, 0, 0])["diversification"] == pytest.approx(1)
    past.iloc[7, 0] = -1.0
    assert in_sample(past, [1, 0, 0])["growth"] == in_sample(past, [1.5, 0, -0.5])["growth"] == -np.inf
    assert np.isnan(in_sample(past.assign(cash=0.001), [0, 0, 1])["diversification"])


def test_stationary_bootstrap_blocks():
    """Rows are uniform; a row is followed by the next one unless a block ends, of chance 1 / block."""
    T, block, draws = 50, 5, 4000
    rows = stationary_bootstrap(T, block, draws, np.random.default_rng(4))
    assert rows.shape == (draws, T) and rows.min() == 0 and rows.max() == T - 1
    follows = (np.diff(rows, axis=1) % T == 1).mean()
    chance = 1 - 1 / block + 1 / (block * T)  # a new block may begin there by chance
    n = draws * (T - 1)
    assert abs(follows - chance) < 5 * np.sqrt(chance * (1 - chance) / n)
    first = ((rows[:, 1] - rows[:, 0]) % T == 1).mean()
    assert abs(first - chance) < 5 * np.sqrt(chance * (1 - chance) / draws)
    counts = np.bincount(rows[:, -1], minlength=T) / draws
    assert abs(counts - 1 / T).max() < 5 * np.sqrt(1 / T / draws)
    alone = stationary_bootstrap(T, 1, 200, np.random.default_rng(5))
    assert abs((np.diff(alone, axis=1) % T == 1).mean() - 1 / T) < 0.01
    whole = stationary_bootstrap(T, 1e9, 20, np.random.default_rng(6))
    assert (np.diff(whole, axis=1) % T == 1).all()
    assert stationary_bootstrap(1, 1, 1, np.random.default_rng(0)).tolist() == [[0]]
    for bad in ((T, 0.5, 1), (0, 1, 1), (T, 1, 0)):
        with pytest.raises(
            ValueError, match="block and draws must be >= 1; they are {}, {}, {}".format(*bad)
        ):
            stationary_bootstrap(*bad, np.random.default_rng(0))
