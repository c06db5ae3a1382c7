"""Weights -> wealth: strategies walk forward and see only what was known. Knows no strategy."""

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pandas as pd

from kellydata import checks


@dataclass(frozen=True, eq=False)
class Backtest:
    r"""What was held and earned: :math:`r_t = \max(0, (1 - \text{cost turnover}_t) w_t^\top (1 + R_t)) - 1`.

    Attributes:
        weights (DataFrame, shape (T, n)): Fractions of wealth after the trade of each row; 0 after ruin.
        returns, turnover, cash (Series, shape (T,)): Simple returns of wealth, net of costs (-1 at ruin, then
            0); stocks bought plus sold, fractions of wealth before the trade; simple returns of cash.
    """

    weights: pd.DataFrame
    returns: pd.Series
    turnover: pd.Series
    cash: pd.Series


def walk_forward(
    returns, strategy, *, window="1M", calendar="M", delay=0, rebalance=None, cost=0.0, band=0.0, borrow=0.0
):
    """Backtest of a strategy that is asked again and again, with copies of the rows known by then only.

    ValueErrors name the day of what cannot be.

    Parameters:
        strategy (callable): ``strategy(past) -> weights``, n of them with sum 1.
        window (str, int or None): What it sees: the last three whole months with rows, ``"3M"``; the last
            whole week, ``"1W"``; the last 63 rows, 63; all, None. It is not asked before there are so many.
        calendar (str or int): Asked on first rows of months, ``"M"``, weeks, ``"W"``; on every fifth row, 5.
        delay (int): Rows between the last that it sees and the trade; 0 decides and trades at the same close.
        returns, rebalance, cost, band, borrow: As in `hold`.
    Returns:
        Backtest
    Examples:
        >>> market = pd.DataFrame({"A": [0.1, 0.5, -0.5], "cash": 0}, pd.date_range("2025-01-31", periods=3))
        >>> walk_forward(market, lambda past: np.eye(2)[past.mean().argmax()]).returns.tolist()
        [0.0, 0.5, -0.5]
    """
    checks.check_strategy(strategy)
    X, days, columns = checks.check_returns(returns)
    last = np.arange(len(days)) - checks.whole("delay", delay, 0)
    if isinstance(window, str):
        k = checks.whole("window", int(window[:-1]) if window[:-1].isdecimal() else window, 1)
        month = _starts(days, window[-1:]).cumsum()  # or week, ...
        first = np.where(month > k, month.searchsorted(month - k), -1)
        last = np.minimum(last, month.searchsorted(month))
    else:
        first = last - checks.whole("window", window, 1) if window is not None else 0 * last
    full = (first >= 0) & (first < last)
    asked = np.flatnonzero(full & _starts(days, calendar, full.argmax()))
    checks.check_asked(asked, days, window)
    targets = np.empty((len(asked), len(columns)))
    for i, t in enumerate(asked):
        a, b = first[t], last[t]  # copied, days too: a view would lead to the rest of its array
        w = strategy(pd.DataFrame(X[a:b], days.take(range(a, b)), columns, copy=True))
        targets[i] = checks.check_answer(w, columns, days[t])
    targets = pd.DataFrame(targets, days[asked], columns)
    return hold(returns, targets, rebalance=rebalance, cost=cost, band=band, borrow=borrow)


def hold(returns, targets, *, rebalance=None, cost=0.0, band=0.0, borrow=0.0):
    """Backtest of given weights, each from the first row on or after its day; before that, cash.

    It trusts the days: `walk_forward` keeps the future out. ValueErrors name the day of what cannot be.

    Parameters:
        returns (DataFrame, shape (T, n)): Simple returns, cash the last column; row t is day t to the next.
        targets (DataFrame, shape (m, n)): Weights by day, each row with sum 1.
        rebalance (None, str or int): When to trade back to the target, besides its first day: never (weights
            drift), None; on each row (constant weights), 1; on first rows of months, ``"M"``, weeks, ``"W"``.
        cost (float): Paid out of wealth per unit of value bought or sold, >= 0.
        band (float): Trade only if some weight is off its target by more than this, >= 0.
        borrow (float): The most that targets may owe, a fraction of wealth, >= 0; debt pays what cash earns.
    Returns:
        Backtest
    Examples:
        >>> market = pd.DataFrame({"A": [0.5, 0.0], "cash": 0.0}, pd.date_range("2025-01-01", periods=2))
        >>> run = hold(market, pd.DataFrame([[0.5, 0.5]], market.index[:1], market.columns), cost=0.1)
        >>> run.weights["A"].round(4).tolist(), run.turnover.round(4).tolist(), run.returns.round(4).tolist()
        ([0.5, 0.6], [0.4762, 0.0], [0.1905, 0.0])
    """
    X, days, columns = checks.check_returns(returns)
    T, n = X.shape
    cost, band, borrow = checks.check_costs(cost=cost, band=band, borrow=borrow)
    plan = checks.check_targets(targets, days, columns, cost, borrow)
    start = min(plan, default=T)
    again = np.flatnonzero(_starts(days, T if rebalance is None else rebalance, start))
    edges = np.unique([0, *plan, *again[again > start], T])
    weights, earned, turnover = np.zeros_like(X), np.zeros(T), np.zeros(T)
    held = aim = np.eye(n)[-1]
    for a, b in pairwise(edges):
        aim, kept = plan.get(a, aim), 1.0
        if abs(aim - held).max() > band:
            kept = _after_cost(aim[:-1], held[:-1], cost)
            turnover[a], held = abs(aim[:-1] * kept - held[:-1]).sum(), aim
        on = held.nonzero()[0]
        values = kept * held[on] * np.cumprod(1 + X[a:b, on], axis=0)
        wealth = np.append(1.0, values.sum(1))
        m = (wealth <= 0).argmax() or b - a  # rows until ruin; it starts at 1
        weights[a, on], weights[a + 1 : a + m, on] = held[on], values[: m - 1] / wealth[1:m, None]
        earned[a : a + m] = np.maximum(wealth[1 : m + 1], 0) / wealth[:m] - 1
        if wealth[m] <= 0:
            break
        held = np.bincount(on, values[-1] / wealth[-1], n)
    series = dict(returns=earned, turnover=turnover, cash=X[:, -1])
    series = [pd.Series(x, days, name=name) for name, x in series.items()]
    return Backtest(pd.DataFrame(weights, days, columns, copy=False), *series)


def sweep(evaluate, grid, *, jobs=None):
    """Table of ``evaluate(**point)`` at each point of a grid, in parallel; a terminal shows progress.

    Parameters:
        evaluate (callable): Takes the parameters of `grid` by name, returns a dict of numbers.
        grid (dict of list): Values of each parameter.
        jobs (int or None): Processes; None: one, or what ``joblib.parallel_config`` says (a Dask cluster).
    Returns:
        DataFrame: Parameters, then results, in the order of ``itertools.product``.
    Examples:
        >>> sweep(lambda a, b: {"sum": a + b}, {"a": [1, 2], "b": [10]}).values.tolist()
        [[1, 10, 11], [2, 10, 12]]
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    checks.check_grid(evaluate, grid, jobs)
    points = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    results = Parallel(jobs, return_as="generator")(delayed(evaluate)(**point) for point in points)
    progress = tqdm(results, total=len(points), disable=None)
    return pd.DataFrame([point | result for point, result in zip(points, progress, strict=True)])


def _after_cost(aim, held, cost):
    """The x >= 0 with x + cost * sum |aim x - held| = 1: convex and rising, so Newton's steps from 1 end."""
    x, step = 1.0, cost
    while step > 1e-16 and x > 0:
        trade = aim * x - held
        step = (x + cost * abs(trade).sum() - 1) / (1 + cost * (np.sign(trade) @ aim))
        x -= step
    return max(x, 0.0)  # 0: the costs exceed what there is


def _starts(days, step, first=0):
    """Whether a month, week, ... begins with the row; or whether it is a k-th row from the first."""
    if not isinstance(step, str):
        return (np.arange(len(days)) - first) % checks.whole("calendar, rebalance", step, 1) == 0
    if step not in ("D", "W", "M", "Q", "Y") or not isinstance(days, pd.DatetimeIndex):
        raise ValueError(f"calendar must be D, W, M, Q or Y of dates, not {step!r} of {type(days).__name__}.")
    return ~days.to_period(step).duplicated()
