"""Monthly walk-forwards by kellylib, by azapy's Port_Kelly and by a plain cvxpy loop, taking turns.

    python benchmarks/backtest.py           # about 10 minutes; writes benchmarks/backtest.json
    python benchmarks/backtest.py --show    # print the stored table again

Needs the extra `bench` (azapy). Two simulated markets, long-only and fully invested: 31 months of 30 assets,
10 years of 500. The problem is that of the rival, with a window of one year and of three: daily returns of
252 and 756 rows against cvxpy (Clarabel); overlapping 21-day returns of 315 and 819 prices against azapy
(ExpCone; hlength 1.25 and 3.25 are its defaults), whose days of fixing and rolling differ from ours. `ratio`
is the median over rounds of the rival's time per month to ours in the same round; ours is the mean of six
short runs, half of them before the rival's and half after. Clocks start at the prices (azapy's table of them
is made before). What takes long is timed on its first months (`months`); `seconds` is the time per month
times all months. Weights are compared on the same scenarios: `gap` bounds the growth that the
rival's miss (nats a period), `violation` is what they miss the budget by, `weights_differ` the largest
difference of a weight.
"""

import json
import os
import platform
import sys
import time
import warnings
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")

import numpy as np
import pandas as pd

from kellylib import add_cash, certify, kelly_full, simple_returns, walk_forward

STORE = Path(__file__).with_suffix(".json")
ROUNDS, REPEATS = 3, 6
# name: (assets, months, months timed of a rival that takes long)
CASES = {"31 months, 30 assets": (30, 31, 31), "10 years, 500 assets": (500, 120, 2)}
LONGEST, HORIZON = 819, 21


def simulated(n, months, seed=0):
    """Prices of n assets (one factor, 2 % a day) on NYSE days, enough for the windows before the months."""
    import azapy as az

    holidays = [pd.Timestamp(day) for day in az.NYSEgen().holidays]
    end = pd.Timestamp("2024-12-31")
    start = end - pd.DateOffset(months=months) - pd.offsets.BDay(LONGEST + 60)
    days = pd.bdate_range(start, end, freq="C", holidays=holidays)
    rng = np.random.default_rng(seed)
    noise = 0.6 * rng.standard_normal((len(days), 1)) + 0.8 * rng.standard_normal((len(days), n))
    growth = 1 + rng.uniform(2e-4, 1e-3, n) + 0.02 * noise
    return pd.DataFrame(100 * growth.cumprod(axis=0), days, [f"S{i:03d}" for i in range(n)])


@cache
def scratch(rows, columns):
    return np.empty((rows, columns))


def overlapping(past):
    """Gross returns over 21 days, one for each day on which such a span ends."""
    value = scratch(len(past) + 1, past.shape[1])
    value[0] = 1
    np.add(past, 1.0, out=value[1:])
    for before, after in zip(value[1:-1], value[2:], strict=True):  # quicker than cumprod along the days
        after *= before
    return value[HORIZON:] / value[:-HORIZON]


def ours(prices, months, window, scenarios):
    """(seconds, months): the whole walk-forward; cash is a column that is never held."""
    start, asked = time.perf_counter(), []
    market = add_cash(simple_returns(prices), 0.0)
    first = market.index.searchsorted(market.index[-1] - pd.DateOffset(months=months))

    def strategy(past):
        asked.append(past.index[-1])
        return np.append(kelly_full(scenarios(past.to_numpy()[:, :-1])).weights, 0.0)

    walk_forward(market.iloc[max(first - window, 0) :], strategy, window=window)
    return time.perf_counter() - start, len(asked)


def by_cvxpy(prices, months, timed, window):
    """(seconds, months, weights): a loop as one would write it, one problem a month, money in between."""
    import cvxpy as cp

    start = time.perf_counter()
    returns = prices.pct_change().shift(-1).iloc[:-1]
    month = returns.index.to_period("M")
    turns = np.flatnonzero(month[1:] != month[:-1])[-months:][:timed] + 1
    wealth, answers = 1.0, []
    for turn, after in zip(turns, [*turns[1:], turns[-1] + 21], strict=True):
        R = 1 + returns.iloc[turn - window : turn].to_numpy()
        w = cp.Variable(R.shape[1])
        cp.Problem(cp.Maximize(cp.sum(cp.log(R @ w)) / len(R)), [cp.sum(w) == 1, w >= 0]).solve("CLARABEL")
        wealth *= (w.value * (1 + returns.iloc[turn:after]).prod()).sum()
        answers.append((R, w.value))
    return time.perf_counter() - start, len(turns), answers


def by_azapy(prices, months, timed, window):
    """(seconds, months, weights): Port_Kelly on the same prices, whole shares off."""
    import azapy as az

    long = prices.stack().rename_axis(["date", "symbol"]).rename("close").reset_index()
    long = long.sort_values(["symbol", "date"]).assign(volume=1.0, divd=0.0, split=1.0)
    long = long.assign(**dict.fromkeys(("open", "high", "low", "adjusted"), long["close"])).set_index("date")
    first = prices.index[-1] - pd.DateOffset(months=months)
    last = prices.index[-1]
    if timed < months:
        last = prices.index[prices.index <= first + pd.DateOffset(months=timed)][-1]
    long = long[long.index <= last]
    start = time.perf_counter()
    run = az.Port_Kelly(
        long,
        symb=list(prices),
        sdate=prices.index[0],
        edate=last,
        freq="M",
        histoffset=(first - prices.index[0]).days / 365.25,
        nsh_round=False,
    )
    run.set_model(rtype="ExpCone", hlength=(window + 1) / 252)
    seconds = time.perf_counter() - start
    table, answers = run.get_weights(fancy=False).dropna(), []  # a last row may be in the future
    for _, row in table.iterrows():
        past = prices.loc[: row["Dfix"]].iloc[-window - 1 :].pct_change().iloc[1:]
        answers.append((overlapping(past.to_numpy()), row[list(prices)].to_numpy(float)))
    return seconds, len(table), answers


def measure(n, months, few):
    prices = simulated(n, months)
    rivals = {
        f"{name}, {years} year{'s' * (years > 1)}": (rival, window, scenarios)
        for name, rival, scenarios, windows in (
            ("cvxpy Clarabel", by_cvxpy, lambda past: 1 + past, {1: 252, 3: 756}),
            ("azapy Port_Kelly", by_azapy, overlapping, {1: 314, 3: 818}),
        )
        for years, window in windows.items()
    }
    entries = {}
    for name, (rival, window, scenarios) in rivals.items():
        rounds = []
        for k in range(ROUNDS):
            some = [ours(prices, months, window, scenarios) for _ in range(REPEATS // 2)]
            seconds, done, answers = rival(prices, months, few, window)
            some += [ours(prices, months, window, scenarios) for _ in range(REPEATS // 2)]
            us, count = np.mean(some, axis=0)
            rounds.append((us / count, seconds / done))
            print(
                f"  round {k + 1}: ours {us:.3f} s for {count:g}; {name} {seconds:.2f} for {done}", flush=True
            )
        theirs = [certify(R, None, w) for R, w in answers]
        best = [kelly_full(R) for R, _ in answers]
        middle = np.median(rounds, axis=0)
        entries[name] = {
            "ours_seconds": float(middle[0] * months),
            "seconds": float(middle[1] * months),
            "months": done,
            "ratio": float(np.median([b / a for a, b in rounds])),
            "gap": max(s.gap for s in theirs),
            "violation": max(s.violation for s in theirs),
            "our_gap": max(s.gap for s in best),
            "weights_differ": float(
                max(abs(w - s.weights).max() for (_, w), s in zip(answers, best, strict=True))
            ),
        }
    return entries


def show(store):
    for case, entries in store["cases"].items():
        print(case)
        for name, entry in entries.items():
            values = ", ".join(f"{key} {value:.3g}" for key, value in entry.items())
            print(f"  {name}: {values}")


def main():
    if "--show" in sys.argv:
        return show(json.loads(STORE.read_text()))
    warnings.simplefilter("ignore")  # azapy's and cvxpy's own
    packages = ("kellylib", "azapy", "cvxpy", "clarabel", "ecos", "numpy", "pandas")
    store = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread a process",
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "cases": {},
    }
    for case, sizes in CASES.items():
        print(case, flush=True)
        store["cases"][case] = measure(*sizes)
        STORE.write_text(json.dumps(store, indent=1) + "\n")
    show(store)


if __name__ == "__main__":
    main()
