"""Returns -> numbers: one formula a function."""

import numpy as np
import pandas as pd
from scipy.special import log1p  # its log of ruin is -inf without a warning

from kellydata.checks import check_draws, check_runs, check_shares
from kellylib import backtest


def summary(runs, periods_per_year=252):
    r"""Table of performance, a row for each run.

    Annual mean, volatility, growth rate (:math:`\log W_T` a year, nats) and turnover; the Sharpe ratios
    :math:`\bar r_P / s(r_P)`, :math:`(\bar r_P - \bar r) / s(r_P)` and, the textbook's,
    :math:`S = \overline{r_P - r} / s(r_P - r)`, each NaN where the returns do not vary; the standard error of
    the last, :math:`\sqrt{(1 + S^2/2) / T}` with S per period, for independent returns (A. W. Lo, 2002,
    Financial Analysts Journal 58(4), 36-52); what 1 grew to; the deepest drawdown.

    Parameters:
        runs (dict of Backtest): By name.
        periods_per_year (float): Rows a year: multiplies means, its root deviations and Sharpe ratios.
    Returns:
        DataFrame
    Examples:
        >>> market = pd.DataFrame({"A": [0.5, 0.0], "cash": 0.0})
        >>> run = backtest.hold(market, pd.DataFrame({"A": [1.0], "cash": 0.0}))
        >>> summary({"A": run}, 1)[["annual mean", "Sharpe", "wealth"]].round(4).values.tolist()
        [[0.25, 0.7071, 1.5]]
    """
    periods_per_year = check_runs(runs, periods_per_year, backtest.Backtest)
    root, rows = np.sqrt(periods_per_year), {}
    for name, run in runs.items():
        r, excess = run.returns.to_numpy(), (run.returns - run.cash).to_numpy()
        s, S = _deviation(r), excess.mean() / _deviation(excess)
        rows[name] = {
            "annual mean": r.mean() * periods_per_year,
            "volatility": run.returns.std() * root,
            "Sharpe": r.mean() / s * root,
            "Sharpe, less mean r": excess.mean() / s * root,
            "Sharpe, excess": S * root,
            "standard error": np.sqrt((1 + S * S / 2) / len(r)) * root,
            "growth rate": log1p(r.clip(-1)).mean() * periods_per_year,
            "wealth": (1 + r).prod(),
            "drawdown": _below_peak(r).min(),
            "turnover": run.turnover.mean() * periods_per_year,
        }
    return pd.DataFrame(rows).T


def _deviation(r):
    """Standard deviation (ddof 1); NaN where it is rounding only."""
    s = r.std(ddof=1) if r.size > 1 else 0.0
    return s if s > 1e-14 else np.nan


def _below_peak(r):
    """How far wealth is below its greatest so far, as a fraction <= 0."""
    wealth = np.cumprod(1 + r)
    return wealth / np.maximum.accumulate(wealth).clip(1) - 1


def drawdowns(returns, top=5):
    """The deepest drawdowns: first losing row, lowest row, row of recovery (NaT: not yet), depth, rows.

    >>> days = pd.date_range("2025-01-01", periods=4)
    >>> print(drawdowns(pd.Series([0.1, -0.5, -0.2, 2.0], days)).to_string(index=False))
         start     trough   recovery  depth  rows
    2025-01-02 2025-01-03 2025-01-04   -0.6     3
    """
    depth, days = _below_peak(returns.to_numpy()), returns.index
    spells = np.flatnonzero(np.diff(depth < 0, prepend=False, append=False)).reshape(-1, 2)
    low = [a + depth[a:b].argmin() for a, b in spells]
    start, back = spells.T  # back: the first row that is not below the peak, or none has come
    recovery, rows = days.insert(len(days), pd.NaT)[back], np.minimum(back + 1, len(days)) - start
    table = dict(start=days[start], trough=days[low], recovery=recovery, depth=depth[low], rows=rows)
    return pd.DataFrame(table).sort_values("depth", ignore_index=True).head(top)


def monthly_returns(returns):
    """Compound returns of daily ones: a row for each year, a column for each month, the year's in the last.

    >>> days = pd.to_datetime(["2025-01-30", "2025-01-31", "2025-02-03"])
    >>> monthly_returns(pd.Series([0.5, 1.0, -0.5], days)).values.tolist()
    [[2.0, -0.5, 0.5]]
    """
    year, month = returns.index.year.rename("year"), returns.index.month.rename("month")
    months = (1 + returns).groupby([year, month]).prod().unstack()
    return months.assign(year=months.prod(axis=1)) - 1


def contributions(run, returns):
    r"""Gain of 1 by column, :math:`\sum_t W_{t-1} (1 - c_t) w_{t,i} R_{t,i}`; of costs, c = cost x turnover.

    >>> market = pd.DataFrame({"A": [0.5, 1.0], "cash": 0.0})
    >>> run = backtest.hold(market, pd.DataFrame({"A": [1.0], "cash": 0.0}), cost=0.25)
    >>> contributions(run, market).round(8).to_dict()
    {'A': 1.6, 'cash': 0.0, 'costs': -0.2}
    """
    earned = run.weights * returns.sort_index()
    growth = 1 + earned.sum(axis=1)
    kept = ((1 + run.returns) / growth).where(growth > 0, 1.0)
    before = (1 + run.returns).cumprod().shift(fill_value=1.0)
    return earned.mul(kept, axis=0).assign(costs=kept - 1).mul(before, axis=0).sum()


def shares(weights, prices, capital):
    """Whole shares that a capital buys by weights and prices, and the cash left: nothing is bought on credit.

    >>> bought, cash = shares(pd.Series({"A": 0.5, "B": 0.25}), pd.Series({"A": 30.0, "B": 5.0}), 100)
    >>> bought.to_dict(), float(cash)
    ({'A': 1, 'B': 5}, 45.0)
    """
    prices = check_shares(weights, prices, capital)
    bought = np.floor(weights * capital / prices).astype(int)
    return bought, capital - (bought * prices).sum()


def in_sample(past, weights):
    r"""Per period, in the rows that weights were chosen from: growth (nats), mean, volatility, and spread.

    Diversification is :math:`\sum_i |w_i| s_i / s_P` (1: a single stock), holdings :math:`1 / \sum_i w_i^2`.

    >>> in_sample(pd.DataFrame({"A": [0.5, 0.0], "cash": 0.0}), [1, 0]).round(4).tolist()
    [0.2027, 0.25, 0.3536, 1.0, 1.0]
    """
    r = past.to_numpy() @ (w := np.asarray(weights, float))
    spread = past.std().to_numpy() @ abs(w) / _deviation(r)
    values = [log1p(r.clip(-1)).mean(), r.mean(), r.std(ddof=1), spread, 1 / (w @ w)]
    return pd.Series(values, ["growth", "expected return", "volatility", "diversification", "holdings"])


def stationary_bootstrap(T, block, draws, rng):
    """Rows (draws, T) of resampled histories, blocks of random start and geometric length, mean `block`.

    D. N. Politis, J. P. Romano (1994), J. Am. Stat. Assoc. 89(428), 1303-1313. The end joins the start.

    >>> stationary_bootstrap(6, 3, 2, np.random.default_rng(0)).shape
    (2, 6)
    """
    check_draws(T, block, draws)
    begin = np.maximum.accumulate(np.where(rng.random((draws, T)) < 1 / block, np.arange(T), 0), axis=1)
    start = np.take_along_axis(rng.integers(T, size=(draws, T)), begin, axis=1)
    return (start + np.arange(T) - begin) % T
