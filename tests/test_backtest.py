"""walk_forward and hold: the future cannot change the past, money is conserved, bad input is named by day."""

import gc
import io
import os
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from kellylib import (
    add_cash,
    hold,
    kelly_mean_variance,
    load_bist30,
    simple_returns,
    sweep,
    walk_forward,
)
from kellylib.metrics import contributions, summary

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="needs the folder of real prices, ../shared/data")
EXACT = dict(rtol=0, atol=1e-12)


def random_market(seed, T=70, n=3, size=0.02):
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2024-01-10", periods=T, name="Date")
    stocks = pd.DataFrame(rng.normal(0.001, size, (T, n)), days, [f"S{i}" for i in range(n)])
    return add_cash(stocks, pd.Series(rng.uniform(0, 0.002, T), days))


def momentum(past):
    """Everything on the column that did best: changes with almost any change of its input."""
    w = np.zeros(past.shape[1])
    w[past.to_numpy().mean(0).argmax()] = 1
    return w


def tilted(past):
    """Weights that move with every digit of the past."""
    score = np.exp(50 * past.to_numpy().mean(0) + past.to_numpy()[-1])
    return score / score.sum()


def kelly(past):
    """The article's rule: mean and covariance of the stocks, cash the rest."""
    stocks, cash = past.iloc[:, :-1], past.iloc[:, -1]
    f = kelly_mean_variance(stocks.mean(), stocks.cov(), cash.mean())
    return np.append(f, 1 - f.sum())


def fraction(share, strategy):
    def fractional(past):
        w = share * np.asarray(strategy(past))
        w[-1] += 1 - share
        return w

    return fractional


WINDOWS = [
    dict(window="1M", calendar="M"),
    dict(window="2M", calendar="W"),
    dict(window="1W", calendar="W"),
    dict(window=15, calendar=1),
    dict(window=7, calendar=5, delay=2),
    dict(window=None, calendar="M", delay=1),
    dict(window="1M", calendar="W", delay=3),
]
HOLDINGS = [
    dict(rebalance=None),
    dict(rebalance=1, cost=0.002),
    dict(rebalance="W", cost=0.01, band=0.05),
    dict(rebalance=3),
]


# ---- the future cannot change the past


@pytest.mark.parametrize("windows", WINDOWS, ids=str)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(data=st.data())
def test_no_change_to_the_future_changes_the_past(windows, data):
    market = random_market(data.draw(st.integers(0, 100)))
    k = data.draw(st.integers(35, len(market) - 1))
    other = market.copy()
    change = st.floats(-1.0, 3.0)
    other.iloc[k:] = data.draw(st.lists(change, min_size=4, max_size=4))
    holding = data.draw(st.sampled_from(HOLDINGS))
    a, b = (walk_forward(m, tilted, **windows, **holding) for m in (market, other))
    assert a.returns.iloc[:k].equals(b.returns.iloc[:k])
    # the trade at the start of row k is made before anything of row k is known
    assert a.weights.iloc[: k + 1].equals(b.weights.iloc[: k + 1])
    assert a.turnover.iloc[: k + 1].equals(b.turnover.iloc[: k + 1])


@pytest.mark.parametrize("windows", WINDOWS, ids=str)
def test_the_last_known_row_does_change_the_next_weights(windows):
    """So that the property above is not the emptiness of a strategy that looks at nothing."""
    market = random_market(3)
    run = walk_forward(market, tilted, **windows, rebalance=1)
    asked = np.flatnonzero(run.turnover.to_numpy() > 0)
    for t in asked[asked > 40][:3]:
        other = market.copy()
        other.iloc[: t - windows.get("delay", 0), 0] += 0.01
        changed = walk_forward(other, tilted, **windows, rebalance=1)
        assert not changed.weights.iloc[t].equals(run.weights.iloc[t])


@pytest.mark.parametrize("windows", WINDOWS, ids=str)
def test_a_strategy_that_tries_to_peek_cannot(windows):
    """Nothing that can be reached from what it gets holds a row, or even a day, that is not in it."""
    market = random_market(5)
    seen = []

    def peek(past):
        arrays, todo, known = [], [past], set()
        while todo:
            thing = todo.pop()
            if id(thing) in known or isinstance(thing, type | type(gc)) or callable(thing):
                continue
            known.add(id(thing))
            arrays += [thing] if isinstance(thing, np.ndarray) else []
            todo += gc.get_referents(thing)
            todo += [thing.base] if isinstance(thing, np.ndarray) and thing.base is not None else []
        longest = max(max(a.shape, default=0) for a in arrays)
        assert arrays and longest <= max(past.shape), "an array longer than the past"
        last = past.index[-1]
        assert all(a.max() <= last.to_datetime64() for a in arrays if a.dtype.kind == "M" and a.size)
        seen.append((last, len(past)))
        return np.full(4, 0.25)

    run = walk_forward(market, peek, **windows)
    starts = run.weights.index[run.turnover > 0]
    assert seen and len(seen) == len(starts)
    assert all(day < start for (day, _), start in zip(seen, starts, strict=True)), "decided before it trades"


def test_a_strategy_cannot_change_the_market_or_its_earlier_answers():
    market = random_market(1)
    kept, answer = market.copy(), np.zeros(4)

    def vandal(past):
        answer[:] = momentum(past)
        assert past.index.name == "Date" and list(past) == ["S0", "S1", "S2", "cash"]
        past.index.name = past.columns.name = "vandal"
        past.iloc[:] = 9.0
        past.to_numpy()[:] if not past.to_numpy().flags.writeable else past.to_numpy().fill(9.0)
        return answer

    run = walk_forward(market, vandal, window="1M")
    assert market.equals(kept) and market.index.name == "Date" and market.columns.name is None
    assert run.weights.equals(walk_forward(market, momentum, window="1M").weights)


def test_what_a_strategy_sees_ends_before_it_trades():
    market, seen = random_market(2), []

    def watch(past):
        seen.append(past)
        return [0, 0, 0, 1]

    walk_forward(market, watch, window="1M", calendar="M")
    months = market.index.to_period("M")
    expected = [market[months == m] for m in months.unique()[:-1]]
    assert len(seen) == len(expected)
    assert all(a.to_numpy().tolist() == b.to_numpy().tolist() for a, b in zip(seen, expected, strict=True))
    seen.clear()
    walk_forward(market, watch, window=10, calendar=7, delay=2)
    assert [p.index[0] for p in seen] == list(market.index[: len(market) - 12 : 7])
    assert {len(p) for p in seen} == {10}
    seen.clear()
    walk_forward(market, watch, window="2W", calendar="W")
    weeks = market.index.to_period("W")
    assert [list(p.index.to_period("W").unique()) for p in seen] == [
        list(weeks.unique()[i : i + 2]) for i in range(len(weeks.unique()) - 2)
    ]


def test_a_delay_cuts_the_end_of_a_calendar_window():
    lengths, days = [], MARKET.index
    walk_forward(MARKET, lambda past: lengths.append(past.index[-1]) or [0, 0, 0, 1], delay=3)
    firsts = np.flatnonzero(np.diff(days.month)) + 1
    assert lengths == list(days[firsts - 4])  # row t - 1 is the last known at row t


@pytest.mark.parametrize("unit, count", [("D", 69), ("W", 14), ("M", 3), ("Q", 1), ("Y", 0)])
def test_every_calendar_asks_on_its_first_rows(unit, count):
    asked = []
    if not count:
        with pytest.raises(ValueError, match="No decision"):
            walk_forward(MARKET, momentum, window=f"1{unit}", calendar=unit)
        return
    walk_forward(MARKET, lambda past: asked.append(1) or [0, 0, 0, 1], window=f"1{unit}", calendar=unit)
    assert len(asked) == count


def test_what_a_strategy_raises_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        walk_forward(MARKET, lambda past: 1 / 0)


def test_what_is_left_out_is_what_the_signature_says():
    plain, market = dict(rebalance=None, cost=0.0, band=0.0, borrow=0.0), random_market(11)
    run = walk_forward(market, tilted)
    full = walk_forward(market, tilted, window="1M", calendar="M", delay=0, **plain)
    held = hold(market, run.weights[run.turnover > 0])
    for other in (full, held, hold(market, run.weights[run.turnover > 0], **plain)):
        assert run.weights.equals(other.weights) and run.returns.equals(other.returns)
    for call in (walk_forward, hold):
        with pytest.raises(ValueError, match="owe at most borrow=0 of cash"):
            call(
                market,
                market.iloc[:1] * 0 + [0.6, 0.5, 0, -0.1] if call is hold else lambda _: [0.6, 0.5, 0, -0.1],
            )


def test_a_backtest_is_frozen_named_and_equal_to_itself_only():
    run, again = (hold(MARKET, MARKET.iloc[:1] * 0 + 0.25) for _ in range(2))
    with pytest.raises(FrozenInstanceError):
        run.cash = None
    assert run == run and run != again and len({run, again}) == 2
    assert [run.returns.name, run.turnover.name, run.cash.name] == ["returns", "turnover", "cash"]


def test_a_window_is_never_short():
    """The first decision waits until the window is full; months without rows do not count as seen."""
    market = random_market(2).drop(index=pd.bdate_range("2024-02-01", "2024-02-29"))
    lengths = []
    run = walk_forward(market, lambda past: lengths.append(len(past)) or [1, 0, 0, 0], window=20, calendar=1)
    assert set(lengths) == {20} and len(lengths) == len(market) - 20
    assert (run.weights["S0"].to_numpy() == np.r_[np.zeros(20), np.ones(len(market) - 20)]).all()
    run = walk_forward(market, momentum, window="2M")
    assert run.weights["cash"][:"2024-03-31"].eq(1).all() and run.turnover["2024-04-01"] > 0


# ---- money


def by_hand(X, targets, trades, cost, band):
    """The same backtest with sums of money and a root finder, day by day."""
    money, aim, wealth, out = np.r_[np.zeros(X.shape[1] - 1), 1.0], None, 1.0, []
    for t in range(len(X)):
        aim = targets.get(t, aim)
        if aim is not None and trades[t] and abs(money / money.sum() - aim).max() > band:
            total = money.sum()
            rest = brentq(
                lambda v, old=money, total=total, aim=aim: (
                    v + cost * abs(aim[:-1] * v - old[:-1]).sum() - total
                ),
                0,
                total,
                xtol=1e-300,
                rtol=1e-15,
            )
            money = aim * rest
        money = money * (1 + X[t])
        out.append(money.sum() / wealth - 1)
        wealth = money.sum()
    return np.array(out)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    cost=st.sampled_from([0.0, 0.001, 0.05]),
    band=st.sampled_from([0.0, 0.1]),
    every=st.sampled_from([None, 1, 4]),
    borrow=st.sampled_from([0.0, 1.0]),
)
def test_wealth_agrees_with_accounts_kept_in_money(seed, cost, band, every, borrow):
    rng = np.random.default_rng(seed)
    market = random_market(seed, T=40)
    rows = np.sort(rng.choice(np.arange(1, 39), 3, replace=False))
    stocks = rng.dirichlet(np.ones(3), 3) * (1 + borrow) * rng.uniform(0.2, 1, (3, 1))
    W = np.column_stack([stocks, 1 - stocks.sum(1)])
    targets = pd.DataFrame(W, market.index[rows], market.columns)
    run = hold(market, targets, rebalance=every, cost=cost, band=band, borrow=borrow)
    trades = [t in rows or (every and t > rows[0] and (t - rows[0]) % every == 0) for t in range(40)]
    expected = by_hand(market.to_numpy(), dict(zip(rows, W, strict=True)), trades, cost, band)
    np.testing.assert_allclose(run.returns, expected, **EXACT)
    # the identity of the docstring, and the split of the gain into columns and costs
    gross = (run.weights * (1 + market)).sum(axis=1)
    np.testing.assert_allclose(1 + run.returns, (1 - cost * run.turnover) * gross, **EXACT)
    np.testing.assert_allclose(run.weights.sum(axis=1), 1, **EXACT)
    wealth = (1 + run.returns).cumprod()
    before = wealth.shift(fill_value=1.0)
    np.testing.assert_allclose(summary({"run": run}).loc["run", "wealth"], wealth.iloc[-1], **EXACT)
    gains = contributions(run, market)
    np.testing.assert_allclose(gains["costs"], -(before * cost * run.turnover).sum(), **EXACT)
    np.testing.assert_allclose(gains.sum(), wealth.iloc[-1] - 1, **EXACT)


def test_constant_prices_give_constant_wealth_and_cash_does_not_vanish():
    days = pd.bdate_range("2024-01-01", periods=80)
    prices = pd.DataFrame({"A": 100.0, "B": 3.0}, days)
    market = add_cash(simple_returns(prices), 0.0)
    for weights in ([0.5, 0.2, 0.3], [0, 0, 1], [1, 0, 0]):
        run = walk_forward(market, lambda past, w=weights: w, rebalance="W")
        assert (run.returns == 0).all()
    run = walk_forward(add_cash(market[["A", "B"]], 0.001), lambda past: [0.5, 0.2, 0.3], rebalance=1)
    first = np.flatnonzero(run.turnover.to_numpy())[0]
    np.testing.assert_allclose(run.returns, np.where(np.arange(79) < first, 0.001, 0.0003), **EXACT)


@pytest.mark.parametrize("rebalance", [None, 1, 2, "W"])
def test_a_dividend_is_no_drawdown(rebalance):
    """10 of 100 are paid on the fourth day, after which the price is 90; adjusted prices do not fall."""
    days = pd.bdate_range("2024-01-03", periods=8)  # a Wednesday; weeks begin on the fourth row
    raw = pd.DataFrame({"A": [98.0, 99, 100, 90, 91, 92, 92, 93], "B": np.linspace(50, 54, 8)}, days)
    adjusted = raw.assign(A=raw["A"] * np.where(days < days[3], 1 - 10 / 100, 1))
    target = pd.DataFrame([[0.5, 0.3, 0.2]], days[:1], ["A", "B", "cash"])
    markets = {"raw": add_cash(simple_returns(raw), 0.0), "adjusted": add_cash(simple_returns(adjusted), 0.0)}
    runs = {name: hold(market, target, rebalance=rebalance) for name, market in markets.items()}
    drawdown = summary(runs)["drawdown"]
    assert drawdown["adjusted"] == 0 and (runs["adjusted"].returns >= 0).all()
    assert -0.06 < drawdown["raw"] < -0.04, "half of wealth falls by a tenth"
    for name, run in runs.items():
        np.testing.assert_allclose(run.returns, (run.weights * markets[name]).sum(axis=1), **EXACT)
        assert (run.turnover[days[3:7]] > 0).any() == (rebalance is not None)


@pytest.mark.parametrize("holding", HOLDINGS, ids=str)
def test_all_cash_earns_the_rate_and_trades_nothing(holding):
    market = random_market(0)
    run = walk_forward(market, lambda past: [0, 0, 0, 1], **holding)
    np.testing.assert_allclose(run.returns, market["cash"], **EXACT)
    assert (run.turnover == 0).all() and run.cash.equals(market["cash"].rename("cash"))
    alone = walk_forward(market[["cash"]], lambda past: [1.0], **holding)
    np.testing.assert_allclose(alone.returns, market["cash"], **EXACT)


def test_buy_and_hold_trades_once_and_its_wealth_is_that_of_its_shares():
    market = random_market(4)
    equal = pd.DataFrame([[0.25] * 4], market.index[:1], market.columns)
    run = hold(market, equal, cost=0.01)
    assert run.turnover.iloc[0] > 0 and (run.turnover.iloc[1:] == 0).all()
    shares = 0.25 * (1 + market).cumprod().sum(axis=1) * (1 - 0.01 * run.turnover.iloc[0])
    np.testing.assert_allclose((1 + run.returns).cumprod(), shares, **EXACT)


def test_constant_weights_drift_and_bands():
    market = random_market(6)
    target = pd.DataFrame([[0.4, 0.3, 0.2, 0.1]], market.index[:1], market.columns)
    daily, drift, banded = (
        hold(market, target, **how) for how in (dict(rebalance=1), {}, dict(rebalance=1, band=0.03))
    )
    np.testing.assert_allclose(daily.returns, market @ [0.4, 0.3, 0.2, 0.1], **EXACT)
    assert (daily.weights.nunique() == 1).all() and (drift.weights.nunique() == len(market)).all()
    assert 0 < banded.turnover.sum() < daily.turnover.sum()
    off = (banded.weights - [0.4, 0.3, 0.2, 0.1]).abs().max(axis=1)
    assert 0 < off.max() <= 0.03


def test_debt_pays_the_rate_and_credit_must_be_asked_for():
    market = random_market(7)
    lever = pd.DataFrame([[2.0, 0, 0, -1.0]], market.index[:1], market.columns)
    run = hold(market, lever, rebalance=1, borrow=1.0)
    np.testing.assert_allclose(run.returns, 2 * market["S0"] - market["cash"], **EXACT)
    with pytest.raises(ValueError, match=r"owe at most borrow=0 .* hold -1 on 2024-01-10"):
        hold(market, lever)


def test_ruin_is_recorded_and_is_no_error():
    days = pd.bdate_range("2024-01-01", periods=5)
    market = pd.DataFrame({"A": [0.1, -0.6, 0.5, 0.5, 0.5], "cash": 0.001}, days)
    lever = pd.DataFrame([[2.0, -1.0]], days[:1], market.columns)
    for every in (1, None):
        run = hold(market, lever, rebalance=every, borrow=1, cost=0.001)
        assert run.returns.iloc[1:].tolist() == [-1, 0, 0, 0]
        assert run.weights.iloc[1, 0] > 1 and (run.weights.iloc[2:] == 0).all(axis=None)
        table = summary({"A": run}).loc["A"]
        assert table["wealth"] == 0 and table["growth rate"] == -np.inf and table["drawdown"] == -1
    lost = hold(pd.DataFrame({"A": [-1.0, 0.0], "cash": 0.0}, days[:2]), lever.clip(0, 1).iloc[:1])
    assert lost.returns.tolist() == [-1, 0]


def test_costs_above_what_there_is_are_ruin():
    """Wealth of 1 that owns 6 of a stock cannot pay 0.6 of what it sells; the next day finds nothing."""
    days = pd.bdate_range("2024-01-01", periods=3)
    market = pd.DataFrame({"A": [2.0, 0.5, 0.5], "cash": 0.0}, days)
    targets = pd.DataFrame([[1.5, -0.5], [0.0, 1.0]], days[:2], market.columns)
    safe = hold(market, targets, cost=0.3, borrow=0.5)
    sold = 1.5 * 3 / (1 + 1.5 * 2)
    assert safe.turnover.iloc[1] == pytest.approx(sold, rel=1e-14)
    assert safe.returns.iloc[1] == pytest.approx(-0.3 * sold, rel=1e-14)
    lever = targets.assign(A=[1.5, -1.5], cash=[-0.5, 2.5])
    for later in (0.5, 2.0):  # a debt times the -2 that this short position loses would look like wealth
        market["A"] = [-0.6, later, 0.5]
        run = hold(market, lever, cost=0.6, borrow=0.5)
        assert run.returns.iloc[1:].tolist() == [-1, 0] and (run.weights.iloc[2] == 0).all()


def test_the_band_is_exceeded_not_met():
    days = pd.bdate_range("2024-01-01", periods=3)
    market = pd.DataFrame({"A": [2.0, 0.0, 0.0], "cash": 0.0}, days)  # half becomes three quarters, exactly
    half = pd.DataFrame([[0.5, 0.5]], days[:1], market.columns)
    assert hold(market, half, rebalance=1, band=0.25).turnover.tolist() == [0.5, 0, 0]
    assert hold(market, half, rebalance=1, band=0.24).turnover.tolist() == [0.5, 0.25, 0]


def test_rounding_of_weights_goes_into_cash_and_no_more_than_that():
    W = pd.DataFrame([[0.5, 0.25, 0.25, 0.0]], MARKET.index[:1], MARKET.columns)
    for off in ([0, 0, 0, 5e-9], [5e-9, 0, 0, -5e-9], [0, 5e-9, 0, 0]):
        targets = W + off
        kept = targets.copy()
        run = hold(MARKET, targets)
        assert run.weights.iloc[0, -1] == 1 - run.weights.iloc[0, :-1].sum() and targets.equals(kept)
    for off, rule in (([0, 0, 0, 2e-8], "sum 1"), ([0, -2e-8, 0, 0], "sum 1"), ([2e-8, 0, 0, -2e-8], "owe")):
        with pytest.raises(ValueError, match=rule):
            hold(MARKET, W + off)
    with pytest.raises(ValueError, match="leave wealth after cost; they cost 1 on"):
        hold(MARKET, W, cost=1.0)
    assert hold(MARKET, W, cost=0.999).turnover.iloc[0] == pytest.approx(1 / 1.999, rel=1e-12)


def test_a_single_day_and_targets_outside_the_days():
    day = MARKET.iloc[[0]]
    run = hold(day, day * 0 + 0.25)
    assert run.returns.item() == pytest.approx(day.to_numpy().mean(), rel=1e-12)
    after = pd.DataFrame([[1.0, 0, 0, 0]], [MARKET.index[-1] + pd.Timedelta(days=1)], MARKET.columns)
    for rebalance in (None, 1, "M"):
        run = hold(MARKET, after, rebalance=rebalance, cost=0.1)
        assert run.weights["cash"].eq(1).all() and run.turnover.eq(0).all()
    before = after.set_axis([MARKET.index[0] - pd.Timedelta(days=9)])
    assert hold(MARKET, before).weights["S0"].eq(1).all()


def test_rebalancing_counts_from_the_first_target():
    rows = np.flatnonzero(hold(MARKET, (MARKET * 0 + 0.25).iloc[[4]], rebalance=7).turnover)
    assert rows.tolist() == list(range(4, 70, 7))
    weekly = np.flatnonzero(hold(MARKET, (MARKET * 0 + 0.25).iloc[[4]], rebalance="W").turnover)
    mondays = np.flatnonzero(MARKET.index.day_of_week == 0)
    assert weekly.tolist() == sorted({4, *mondays[mondays > 4].tolist()})


# ---- names, order, dates


@pytest.mark.parametrize("windows", WINDOWS, ids=str)
def test_order_of_rows_and_of_stocks_does_not_matter(windows):
    market = random_market(8)
    run = walk_forward(market, tilted, **windows, cost=0.003, rebalance="W")
    shuffled = walk_forward(
        market.sample(frac=1, random_state=0), tilted, **windows, cost=0.003, rebalance="W"
    )
    assert shuffled.weights.equals(run.weights) and shuffled.returns.equals(run.returns)
    other = market[["S2", "S0", "S1", "cash"]]
    permuted = walk_forward(other, tilted, **windows, cost=0.003, rebalance="W")
    np.testing.assert_allclose(permuted.weights[market.columns], run.weights, **EXACT)
    assert list(run.weights.columns) == list(market.columns) and run.weights.index.equals(market.index)


def test_the_first_windows():
    """All that is known, but never nothing; twelve days are not one."""
    market, lengths = random_market(2), []
    walk_forward(market, lambda past: lengths.append(len(past)) or [0, 0, 0, 1], window=None, calendar=1)
    assert lengths == [*range(1, len(market))]
    lengths.clear()
    walk_forward(market, lambda past: lengths.append(len(past)) or [0, 0, 0, 1], window="12D", calendar=1)
    assert set(lengths) == {12} and len(lengths) == len(market) - 12


def test_targets_in_columns_of_objects_are_numbers():
    W = pd.DataFrame(np.eye(4)[:1], MARKET.index[:1], MARKET.columns)
    assert hold(MARKET.astype(object), W.astype(object)).returns.equals(hold(MARKET, W).returns)


@pytest.mark.parametrize("rebalance", [None, 1, "M"])
def test_without_targets_all_is_cash(rebalance):
    run = hold(MARKET, pd.DataFrame(columns=MARKET.columns, index=MARKET.index[:0]), rebalance=rebalance)
    np.testing.assert_allclose(run.returns, MARKET["cash"], **EXACT)
    assert (run.turnover == 0).all()


def test_order_of_targets_does_not_matter_and_the_last_of_one_row_counts():
    days = MARKET.index
    W = pd.DataFrame(np.eye(4)[[0, 1, 2]], [days[30], days[10], pd.Timestamp("2024-02-04")], MARKET.columns)
    run = hold(MARKET, W)  # 4 February is a Sunday
    assert run.weights.idxmax(axis=1).tolist() == ["cash"] * 10 + ["S1"] * 8 + ["S2"] * 12 + ["S0"] * 40
    weekend = W.set_axis(pd.to_datetime(["2024-02-03", "2024-01-05", "2024-02-04"]))
    assert hold(MARKET, weekend).weights.loc["2024-02-05":, "S2"].eq(1).all()


def test_labelled_weights_are_taken_by_label():
    market = random_market(9)

    def labelled(past):
        return pd.Series({"cash": 0.4, "S2": 0.3, "S0": 0.2, "S1": 0.1})

    run = walk_forward(market, labelled, rebalance=1)
    assert run.weights.iloc[-1].round(12).to_dict() == {"S0": 0.2, "S1": 0.1, "S2": 0.3, "cash": 0.4}


# ---- bad input


def edited(row, column, value):
    market = random_market(0)
    market.iloc[row, column] = value
    return market


MARKET = random_market(0)
LATE = MARKET.copy()
LATE.iloc[:10, 1] = np.nan
GONE = MARKET.copy()
GONE.iloc[60:, 1] = np.nan


@pytest.mark.parametrize(
    "market, message",
    [
        (edited(20, 1, np.nan), r"S1 on 2024-02-07 is nan. Known from 2024-01-10 to 2024-04-16"),
        (LATE, r"S1 on 2024-01-10 is nan. Known from 2024-01-24 to 2024-04-16"),
        (GONE, r"S1 on 2024-04-03 is nan. Known from 2024-01-10 to 2024-04-02"),
        (MARKET.assign(S1=np.nan), r"S1 on 2024-01-10 is nan. Known from NaT to NaT"),
        (edited(20, 1, -1.2), r"must be numbers >= -1; S1 on 2024-02-07 is -1.2"),
        (edited(20, 1, -1.2).replace({MARKET.iloc[3, 0]: -1.0}), r"S1 on 2024-02-07 is -1.2"),
        (edited(20, 3, np.inf), r"cash on 2024-02-07 is inf"),
        (pd.concat([MARKET, MARKET.iloc[[5]]]), r"must come once; not 2024-01-17"),
        (MARKET.rename(columns={"S1": "S0"}), r"must come once; not S0"),
        (MARKET.to_numpy(), r"must be a DataFrame"),
        (MARKET.iloc[:0], r"with rows and columns"),
        (MARKET.iloc[:1], r"No decision falls within the 1 rows from 2024-01-10 to 2024-01-10"),
        (MARKET.reset_index(drop=True), r"D, W, M, Q or Y of dates, not 'M' of RangeIndex"),
    ],
)
def test_bad_markets_are_named_by_column_and_day(market, message):
    with pytest.raises(ValueError, match=message):
        walk_forward(market, momentum)


@pytest.mark.parametrize(
    "answer, message",
    [
        ([0.5, 0.5], r"strategy must return 4 weights, cash the last; on 2024-02-01: shape \(2,\)"),
        (pd.Series({"S0": 1.0}), r"on 2024-02-01: shape \(1,\)"),
        (pd.Series([0.25] * 4, list("abcd")), r"finite with sum 1; their sum is nan on 2024-02-01"),
        ([np.nan, 0, 0, 1], r"finite with sum 1; their sum is nan on 2024-02-01"),
        ([0.5, 0.5, 0.5, 0.5], r"sum 1; their sum is 2 on 2024-02-01"),
        ([0.5, 0.6, 0, -0.1], r"owe at most borrow=0 of cash; they hold -0.1 on 2024-02-01"),
        (None, r"on 2024-02-01: shape \(\)"),
    ],
)
def test_bad_weights_are_named_by_day(answer, message):
    with pytest.raises(ValueError, match=message):
        walk_forward(MARKET, lambda past: answer)


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(window=70), r"No decision falls within the 70 rows .* shorten the window, 70"),
        (dict(window="9M"), r"shorten the window, '9M'"),
        (dict(window="M"), r"window must be a whole number >= 1"),
        (dict(window="0M"), r"window must be a whole number >= 1"),
        (dict(window="1xM"), r"window must be a whole number >= 1 or a calendar; it is '1xM'"),
        (dict(window=0), r"window must be a whole number >= 1 or a calendar; it is 0"),
        (dict(window=2.5), r"it is 2.5"),
        (dict(window="3X"), r"must be D, W, M, Q or Y of dates, not 'X'"),
        (dict(calendar="fortnight"), r"not 'fortnight'"),
        (dict(calendar=0), r"calendar, rebalance must be a whole number >= 1"),
        (dict(rebalance="x"), r"not 'x'"),
        (dict(rebalance=-1), r"it is -1"),
        (dict(delay=-1), r"delay must be a whole number >= 0 .* it is -1"),
        (dict(cost=-0.1), r"cost must be a number >= 0; it is -0.1"),
        (dict(cost=np.nan), r"cost must be a number >= 0"),
        (dict(cost=1.0), r"leave wealth after cost; they cost 1 on 2024-02-01"),
        (dict(band=-0.1), r"band must be a number >= 0"),
        (dict(borrow=np.inf), r"borrow must be a number >= 0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        walk_forward(MARKET, lambda past: [0.5, 0.5, 0, 0], **options)


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: hold(None, None),
            "returns must be a DataFrame with columns; it is None.",
        ),
        (
            lambda: hold(pd.concat([MARKET, MARKET.iloc[[5]]]), None),
            "Days and columns must come once; not 2024-01-17.",
        ),
        (
            lambda: walk_forward(edited(20, 1, -1.2), momentum),
            "returns must be numbers >= -1; S1 on 2024-02-07 is -1.2. Known from 2024-01-10 to 2024-04-16: "
            "leave it out, or the days it lacks.",
        ),
        (
            lambda: walk_forward(MARKET, lambda past: [0.5] * 4),
            "Weights must be finite with sum 1; their sum is 2 on 2024-02-01.",
        ),
        (
            lambda: hold(MARKET, pd.DataFrame([[0, 0, 0, 1], [1] * 4], MARKET.index[[3, 7]], MARKET.columns)),
            "Weights must be finite with sum 1; their sum is 4 on 2024-01-19.",
        ),
        (
            lambda: walk_forward(MARKET, lambda past: [0.5, 0.6, 0, -0.1]),
            "Weights must owe at most borrow=0 of cash; they hold -0.1 on 2024-02-01.",
        ),
        (
            lambda: walk_forward(MARKET, lambda past: [0.5, 0.5, 0, 0], cost=1.5),
            "Weights must leave wealth after cost; they cost 1.5 on 2024-02-01.",
        ),
        (
            lambda: walk_forward(MARKET, momentum, delay=-1),
            "delay must be a whole number >= 0 or a calendar; it is -1.",
        ),
        (
            lambda: walk_forward(MARKET, momentum, window="0M"),
            "window must be a whole number >= 1 or a calendar; it is 0.",
        ),
        (
            lambda: walk_forward(MARKET, momentum, window=0),
            "window must be a whole number >= 1 or a calendar; it is 0.",
        ),
        (
            lambda: walk_forward(MARKET, momentum, calendar=0),
            "calendar, rebalance must be a whole number >= 1 or a calendar; it is 0.",
        ),
        (
            lambda: walk_forward(MARKET, None),
            "strategy must be callable: strategy(past) -> weights; it is None.",
        ),
        (
            lambda: walk_forward(MARKET, lambda past: [*"abcd"]),
            "strategy must return 4 weights, cash the last; on 2024-02-01: they must hold numbers only: "
            "<U1 such as ['a'].",
        ),
        (lambda: hold(MARKET, None), "targets must be a DataFrame with columns; it is None."),
        (
            lambda: hold(MARKET.iloc[:0], None),
            "returns must be a DataFrame with rows and columns, the last of which is cash.",
        ),
        (
            lambda: sweep(None, {"a": [1]}),
            "evaluate must be callable, grid a dict of lists; they are None, {'a': [1]}.",
        ),
        (lambda: sweep(len, {}), f"evaluate must be callable, grid a dict of lists; they are {len!r}, {{}}."),
        (
            lambda: sweep(len, {"a": 1}),
            f"evaluate must be callable, grid a dict of lists; they are {len!r}, {{'a': 1}}.",
        ),
        (lambda: sweep(len, {"a": [1]}, jobs=0), "jobs must be None or a whole number but 0; it is 0."),
        (lambda: sweep(len, {"a": [1]}, jobs=1.5), "jobs must be None or a whole number but 0; it is 1.5."),
    ],
)
def test_messages_word_for_word(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == message


def test_whole_numbers_of_numpy_will_do():
    run = walk_forward(MARKET, tilted, window=np.int64(1), calendar=np.int64(1), delay=np.int64(1))
    assert run.turnover.iloc[:2].eq(0).all() and (run.turnover.iloc[2:] > 0).all()


def test_hold_wants_the_columns_of_the_market():
    with pytest.raises(ValueError, match=r"targets must have the columns of returns, \['S0', .*has \['A'\]"):
        hold(MARKET, pd.DataFrame({"A": [1.0]}, MARKET.index[:1]))


# ---- sweeps


def evaluate(window, calendar, share):
    run = walk_forward(random_market(1), fraction(share, tilted), window=window, calendar=calendar)
    return {"wealth": (1 + run.returns).prod(), "turnover": run.turnover.sum()}


GRID = {"window": [5, 20, "1M"], "calendar": ["W", "M"], "share": [0.5, 1.0]}


def test_a_sweep_is_the_plain_loop():
    table = sweep(evaluate, GRID)
    assert list(table.columns) == ["window", "calendar", "share", "wealth", "turnover"]
    points = [(w, c, s) for w in GRID["window"] for c in GRID["calendar"] for s in GRID["share"]]
    assert list(table[list(GRID)].itertuples(index=False, name=None)) == points
    assert table["wealth"].tolist() == [evaluate(*point)["wealth"] for point in points]


def backtest_of(market):
    """An evaluation with a market of its own, as chapters have; nested, so that it is sent by value."""

    def evaluate(window, cost):
        import os

        import numpy as np

        import kellylib

        def tilted(past):
            score = np.exp(50 * past.to_numpy().mean(0))
            return score / score.sum()

        run = kellylib.walk_forward(market, tilted, window=window, calendar="W", cost=cost)
        numbers = {"wealth": (1 + run.returns).prod(), "turnover": run.turnover.sum()}
        return numbers | {"process": os.getpid(), "library": kellylib.__file__}

    return evaluate


BACKTESTS = {"window": [5, 20, "1M"], "cost": [0.0, 0.01]}


def check_sweep_elsewhere(table):
    """The numbers of the plain loop, from other processes that ran the same library."""
    here = sweep(backtest_of(random_market(1)), BACKTESTS)
    assert table.drop(columns="process").equals(here.drop(columns="process"))
    assert here["wealth"].nunique() == 6 and {*here["process"]} == {os.getpid()}
    assert os.getpid() not in {*table["process"]}


def test_a_sweep_in_processes_keeps_the_order():
    check_sweep_elsewhere(sweep(backtest_of(random_market(1)), BACKTESTS, jobs=2))


@pytest.mark.parametrize("terminal", [True, False])
def test_a_sweep_shows_its_progress_on_a_terminal_only(monkeypatch, terminal):
    screen = io.StringIO()
    screen.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stderr", screen)
    sweep(lambda a: {"b": a}, {"a": [1, 2, 3]})
    assert ("100%" in screen.getvalue() and "3/3" in screen.getvalue()) if terminal else not screen.getvalue()


@pytest.mark.filterwarnings("default")  # Dask's own, about ports and diagnostics, are not ours
def test_a_sweep_runs_on_a_local_dask_cluster_without_a_change():
    from dask.distributed import Client, LocalCluster
    from joblib import parallel_config

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster),
        parallel_config(backend="dask"),
    ):
        table = sweep(backtest_of(random_market(1)), BACKTESTS)
    check_sweep_elsewhere(table)


# ---- the article's run


def month_ends(market):
    """f* of each month by its calendar end, as the article stores them."""
    return pd.DataFrame({end: kelly(rows) for end, rows in market.groupby(pd.Grouper(freq="ME"))}).T.set_axis(
        market.columns, axis=1
    )


def article_runs(market):
    """The article's rule and its honest twin for three fractions, and the index."""
    R, runs = add_cash(market.returns, market.rate), {}
    f, honest = month_ends(R), walk_forward(R, kelly)
    bought = honest.weights[honest.turnover > 0]
    for share in (0.5, 1.0, 2.0):
        for name, targets in (("article", f), ("honest", bought)):
            weights = share * targets
            weights["cash"] += 1 - share
            runs[f"{name} {share}"] = hold(R, weights, rebalance=1, borrow=1)
    index = add_cash(market.benchmark.iloc[:, :1], market.benchmark["r"])
    runs["XU030"] = hold(index, pd.DataFrame([[1.0, 0.0]], index.index[:1], index.columns))
    fixed = pd.DataFrame(1 / 31, R.index[:1], R.columns)
    return runs | {"equal": hold(R, fixed, rebalance=1)}


def test_the_articles_convention_and_its_honest_twin():
    market = load_bist30("bundled")
    R = add_cash(market.returns, market.rate)
    f = month_ends(R)
    article, honest = hold(R, f, rebalance=1), walk_forward(R, kelly, rebalance=1)
    # row by row, as the article's text says it: r + f'(returns - r)
    X, rate, F = market.returns.to_numpy(), market.rate.to_numpy(), f.to_numpy()[:, :-1]
    for run, shift in ((article, 0), (honest, 1)):
        since = f.index + pd.Timedelta(days=shift)
        for t, day in enumerate(R.index):
            known = (since <= day).sum()
            w = F[known - 1] if known else 0 * F[0]
            assert abs(run.returns.iloc[t] - (rate[t] + w @ (X[t] - rate[t]))) < 1e-13, day
    # they differ on the last trading day of a month only if that is the calendar's last
    differ = R.index[(article.weights - honest.weights).abs().max(axis=1) > 1e-9]
    assert len(differ) and differ.is_month_end.all()


@needs_real
@pytest.mark.parametrize("vintage", ["seed", "2026"])
def test_bundled_and_real_runs_agree(vintage):
    bundled, real = (
        summary(article_runs(load_bist30(source, vintage=vintage))) for source in ("bundled", REAL)
    )
    columns = [c for c in bundled if c not in ("growth rate", "wealth", "drawdown", "turnover")]
    assert len(columns) == 6
    np.testing.assert_allclose(bundled[columns], real[columns], rtol=0, atol=1e-10)


@needs_real
def test_other_weights_changed_on_a_last_row_do_not_agree():
    """But any that are constant within each month do."""
    runs, rng = {}, np.random.default_rng(5)
    W = rng.dirichlet(np.full(31, 0.2), 31)
    for source in ("bundled", REAL):
        market = load_bist30(source)
        R = add_cash(market.returns, market.rate)
        f, first = month_ends(R), R.index[~R.index.to_period("M").duplicated()]
        targets = {"start": pd.DataFrame(W, first, R.columns), "end": pd.DataFrame(W, f.index, R.columns)}
        targets["mean of three"] = f.rolling(3).mean().dropna()
        runs[source] = summary({name: hold(R, w, rebalance=1) for name, w in targets.items()})["Sharpe"]
    apart = abs(runs["bundled"] - runs[REAL])
    assert apart["start"] < 1e-10 and 0.1 < apart["end"] < 0.2 and 0.01 < apart["mean of three"] < 0.03


def test_an_infinite_weight_is_named_without_a_warning():
    W = pd.DataFrame([[np.inf, 0, 0, 1], [np.inf, -np.inf, 0, 1]], MARKET.index[[3, 7]], MARKET.columns)
    with pytest.raises(ValueError, match="Weights must be finite with sum 1; their sum is nan on "):
        hold(MARKET, W, cost=0.0)
