"""Compute from real prices what depends on their paths, and store it as small tables of results.

    python data/make_evidence.py ../shared/data

Writes evidence.json beside this script: tables of performance, costs, drawdowns and resampling, with the
checksums of the files that they were computed from. It holds no price and no daily return. Chapters show
these tables where bundled data, whose days are generated, could prove nothing. Takes about two minutes.
"""

import hashlib
import json
import os
import sys
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from kellydata import read_prices
from kellylib import (
    add_cash,
    empirical,
    hold,
    kelly_full,
    kelly_mean_variance,
    load_bist30,
    sweep,
    walk_forward,
)
from kellylib.backtest import Backtest
from kellylib.metrics import (
    contributions,
    drawdowns,
    in_sample,
    monthly_returns,
    stationary_bootstrap,
    summary,
)

FILES = ("bist30_prices_seed_vintage.csv", "bist30_prices_2026_vintage.csv", "xu030.csv", "tlref.csv")
WINDOWS = {"monthly": ("1M", "3M", "6M"), "weekly": ("4W", "13W", "26W")}
KEYS = [f"{window}, {name}" for name, windows in WINDOWS.items() for window in windows]
COST = 0.002  # of the value traded: an assumption for commission and half the spread
SINCE = (
    "2023-07-01"  # all rules are compared on these rows: six months are full; 26 weeks are on 17 July 2023
)
GRID = {
    "window": [
        "1M",
        "2M",
        "3M",
        "6M",
        "4W",
        "9W",
        "13W",
        "26W",
    ],  # whole months: asked monthly; weeks: weekly
    "fraction": [0.5, 1.0],
    "cost": [0.0, 0.002, 0.005],
    "band": [0.0, 0.1, 0.3],
    "rebalance": ["none", "W"],
}


# ---- strategies: functions of the past


def kelly(past):
    """The article's rule: mean and covariance of the rows seen; cash takes the rest."""
    stocks, cash = past.iloc[:, :-1], past.iloc[:, -1]
    if len(past) < 2:
        return np.eye(past.shape[1])[-1]
    f = kelly_mean_variance(stocks.mean(), stocks.cov(), cash.mean())
    return np.append(f, 1 - f.sum())


def log_optimal(past):
    """The exact growth-optimal portfolio of the rows seen."""
    return kelly_full(*empirical(past)).weights


def equal(past):
    """The same in every stock, no cash."""
    n = past.shape[1] - 1
    return np.append(np.full(n, 1 / n), 0.0)


def universal(past, portfolios=5000, seed=1991):
    """Cover's universal portfolio: an even draw from the simplex, weighted by wealth so far."""
    B = np.random.default_rng(seed).dirichlet(np.ones(past.shape[1]), portfolios)
    wealth = np.exp(np.log1p(past.to_numpy() @ B.T).sum(axis=0))
    return wealth @ B / wealth.sum()


def cash(past):
    """All in cash."""
    return np.eye(past.shape[1])[-1]


def fraction(share, strategy):
    """A share of what a strategy says; the rest stays in, or is borrowed from, cash."""

    def fractional(past):
        w = share * np.asarray(strategy(past))
        w[-1] += 1 - share
        return w

    return fractional


# ---- runs


class Evidence:
    """The tables, one a method whose name does not begin with an underscore; each returns a DataFrame."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self._market = {v: load_bist30(folder, vintage=v) for v in ("seed", "2026")}
        self._R = {v: add_cash(m.returns, m.rate) for v, m in self._market.items()}
        index = self._market["2026"].benchmark
        self._index = add_cash(index[["XU030"]], index["r"])

    def _xu030(self):
        return hold(self._index, pd.DataFrame([[1.0, 0.0]], self._index.index[:1], self._index.columns))

    def _month_ends(self, vintage):
        R = self._R[vintage]
        f = {end: kelly(rows) for end, rows in R.groupby(pd.Grouper(freq="ME"))}
        return pd.DataFrame(f, index=R.columns).T

    def _clean(self, strategy, **how):
        return walk_forward(self._R["2026"], strategy, **dict(cost=COST) | how)

    @cached_property
    def _runs(self):
        """The honest contest: what each rule earned after costs, on repaired prices."""
        runs = {}
        for name, windows in WINDOWS.items():
            calendar = windows[0][-1]
            for window in windows:
                for share, label in ((1.0, "full Kelly"), (0.5, "half Kelly")):
                    runs[f"{label}, {window}, {name}"] = self._clean(
                        fraction(share, kelly), window=window, calendar=calendar, band=0.1
                    )
            runs[f"log-optimal, {windows[1]}, {name}"] = self._clean(
                log_optimal, window=windows[1], calendar=calendar, band=0.1
            )
            runs[f"equal weights, {name}"] = self._clean(equal, window=1, calendar=calendar)
            runs[f"universal portfolio, {name}"] = self._clean(universal, window=None, calendar=calendar)
        runs["cash"] = self._clean(cash, window=1)
        runs["XU030"] = self._xu030()
        return {name: _since(run) for name, run in runs.items()}

    @cached_property
    def _held(self):
        """The runs of the report: honest, after costs, repaired prices, drifting weights."""
        return {
            "full Kelly": self._clean(kelly),
            "half Kelly": self._clean(fraction(0.5, kelly)),
            "double Kelly": self._clean(fraction(2, kelly), borrow=1),
            "equal weights": self._clean(equal, window=1),
            "universal portfolio": self._clean(universal, window=None),
            "cash": self._clean(cash, window=1),
            "XU030": self._xu030(),
        }

    def performance(self):
        """The article's run and its honest twin, without costs, from real days of both vintages."""
        tables = {}
        for vintage, R in self._R.items():
            runs = {}
            for share, label in ((1.0, "full Kelly"), (0.5, "half Kelly"), (2.0, "double Kelly")):
                targets = share * self._month_ends(vintage)
                targets["cash"] += 1 - share
                runs[f"{label}, article"] = hold(R, targets, rebalance=1, borrow=1)
                runs[f"{label}, honest"] = walk_forward(R, fraction(share, kelly), rebalance=1, borrow=1)
            runs["XU030"] = self._xu030()
            tables[vintage] = summary(runs)
        return pd.concat(tables, names=["vintage", "run"]).reset_index()

    def rounding(self):
        """The article rounds f* to four decimals: the same figures with that rounding, seed vintage."""
        targets = self._month_ends("seed").round(4)
        targets["cash"] = 1 - targets.drop(columns="cash").sum(axis=1)
        return _named(
            summary(
                {"full Kelly, article, rounded": hold(self._R["seed"], targets, rebalance=1, borrow=0.001)}
            )
        )

    def contest(self):
        """Every rule from July 2023 on, after costs, with intervals from the stationary bootstrap."""
        runs = self._runs
        rivals = {name: runs[name] for name in ("cash", "equal weights, monthly")}
        table = summary(runs)
        for name, run in runs.items():
            table.loc[name, _intervals(run, rivals).index] = _intervals(run, rivals)
        return _named(table)

    def differences(self):
        """Growth a year of one run less that of another on the same rows, with 95 % intervals."""
        runs, clean, index = self._runs, self._R["2026"], self._index["XU030"]
        weekly = {
            w: walk_forward(clean, kelly, window=w, calendar="W", rebalance=1) for w in ("1W", "2W", "4W")
        }
        waits = {d: walk_forward(clean, kelly, rebalance=1, delay=d).returns for d in (0, 5)}
        pairs = {
            f"half less full Kelly, {key}": (runs[f"half Kelly, {key}"], runs[f"full Kelly, {key}"])
            for key in KEYS
        }
        rhythms = [*zip(*WINDOWS.values(), strict=True), ("6M", "4W")]  # as long; and the best and the worst
        pairs |= {
            f"full Kelly, {m}, monthly less {w}, weekly": (
                runs[f"full Kelly, {m}, monthly"],
                runs[f"full Kelly, {w}, weekly"],
            )
            for m, w in rhythms
        }
        pairs |= {f"{a} less {b}, weekly": (weekly[a], weekly[b]) for a, b in (("1W", "4W"), ("2W", "4W"))}
        pairs = {name: (a.returns, b.returns) for name, (a, b) in pairs.items()}
        pairs["no delay less five rows"] = waits[0], waits[5]
        equal_weights = clean.iloc[:, :-1].mean(axis=1)
        for year in ("2023", "2024", "2025"):
            pairs[f"equal weights less XU030, {year}"] = equal_weights.loc[year], index.loc[year]
        rows = {name: _lead(a, b) for name, (a, b) in pairs.items()}
        columns = ["difference", "2.5 %", "97.5 %"]
        return pd.DataFrame.from_dict(rows, "index", columns=columns).rename_axis("pair").reset_index()

    def blocks(self):
        """The interval of one Sharpe ratio for several mean lengths of block."""
        run = self._runs["full Kelly, 1M, monthly"]
        rows = {b: _intervals(run, {}, block=b) for b in (1, 5, 10, 21, 42)}
        return pd.DataFrame(rows).T.rename_axis("block").reset_index()

    def wealth(self):
        """Wealth at the end of each month of 1 on 1 February 2023: honest, after costs, repaired prices."""
        months = {n: monthly_returns(r.returns["2023-02-01":]) for n, r in self._held.items()}
        months = pd.DataFrame({n: table.drop(columns="year").stack() for n, table in months.items()}).dropna()
        names = [f"{year}-{month:02d}" for year, month in months.index]
        return (1 + months).cumprod().set_axis(pd.Index(names, name="month")).reset_index()

    def months(self):
        """Compound returns of each month and year from February 2023 on, after costs."""
        table = {name: monthly_returns(run.returns["2023-02-01":]) for name, run in self._held.items()}
        table = pd.concat(table, names=["run", "in"]).rename(columns={"year": "whole year"})
        return table.reset_index()

    def drawdowns(self):
        """The three deepest drawdowns of some rules from February 2023 on, after costs."""
        tables = {}
        for name in ("full Kelly", "half Kelly", "equal weights", "XU030"):
            tables[name] = drawdowns(self._held[name].returns["2023-02-01":], top=3)
        table = pd.concat(tables, names=["run", "rank"]).reset_index()
        for column in ("start", "trough", "recovery"):
            table[column] = table[column].dt.strftime("%Y-%m-%d").fillna("not yet")
        return table.assign(rank=table["rank"] + 1)

    def in_sample(self):
        """Each month's f* in the days that it was chosen from, per day, seed vintage."""
        f = self._month_ends("seed")
        months = self._R["seed"].groupby(pd.Grouper(freq="ME"))
        rows = {f"{end:%Y-%m}": in_sample(days, f.loc[end]) for end, days in months}
        return pd.DataFrame(rows).T.rename_axis("month").reset_index()

    def contributions(self):
        """Where the gain of full Kelly came from: stocks, cash and costs, of a wealth of one at the start."""
        gains = contributions(self._held["full Kelly"], self._R["2026"])
        return (
            gains[gains != 0].sort_values(ascending=False).rename_axis("column").rename("gain").reset_index()
        )

    def costs(self):
        """Full and half Kelly and equal weights at rising costs, weights drifting or traded back daily."""

        def evaluate(rule, cost, rebalance):
            strategy = {"full Kelly": kelly, "half Kelly": fraction(0.5, kelly), "equal weights": equal}[rule]
            every = {"none": None, "daily": 1}[rebalance]
            run = walk_forward(self._R["2026"], strategy, cost=cost, rebalance=every)
            return summary({"": run}).loc["", ["growth rate", "Sharpe, excess", "turnover"]].to_dict()

        rules = ["full Kelly", "half Kelly", "equal weights"]
        return sweep(
            evaluate,
            {"rule": rules, "cost": [0.0, 0.001, 0.002, 0.005, 0.01], "rebalance": ["none", "daily"]},
        )

    def delay(self):
        """Full Kelly with rows between the last one seen and the trade; no costs."""
        runs = {d: walk_forward(self._R["2026"], kelly, rebalance=1, delay=d) for d in (0, 1, 2, 5)}
        return summary(runs).rename_axis("delay").reset_index()

    def weekly(self):
        """What the article's text says, weekly, on five lengths of window; no costs, constant weights."""
        runs = {
            w: walk_forward(self._R["2026"], kelly, window=w, calendar="W", rebalance=1)
            for w in ("1W", "2W", "4W", "13W", "26W")
        }
        return summary(runs).rename_axis("window").reset_index()

    def resampled(self, draws=100):
        """f* of each month from resampled days of it: is it one stock, the same stock, how far is it?"""
        rng, table = np.random.default_rng(30), []
        for end, rows in self._R["2026"].groupby(pd.Grouper(freq="ME")):
            f = kelly(rows)
            again = np.array([kelly(rows.iloc[i]) for i in rng.integers(len(rows), size=(draws, len(rows)))])
            table.append(
                {
                    "month": f"{end:%Y-%m}",
                    "single asset": (again.max(axis=1) > 1 - 1e-9).mean(),
                    "same first choice": (again.argmax(axis=1) == f.argmax()).mean(),
                    "first choices": len(set(again.argmax(axis=1))),
                    "moved": abs(again - f).sum(axis=1).mean() / 2,
                }
            )
        return pd.DataFrame(table)

    def weights(self, draws=1000):
        """Bootstrap distribution of f* of July 2025: in how many of 1000 draws a weight is in each range."""
        rows, rng = self._R["2026"].loc["2025-07"], np.random.default_rng(31)
        again = np.array([kelly(rows.iloc[i]) for i in rng.integers(len(rows), size=(draws, len(rows)))])
        w = pd.DataFrame(again, columns=rows.columns).round(9)
        names = ["none", "to 1/4", "to 1/2", "to 3/4", "below 1", "all"]
        edges = [-1, 0, 0.25, 0.5, 0.75, 1 - 1e-9, 2]
        table = pd.DataFrame({stock: pd.cut(w[stock], edges, labels=names).value_counts() for stock in w})
        table = table.loc[names].T.assign(mean=w.mean(), chosen=kelly(rows)).rename_axis("column")
        return table[table["none"] < draws].sort_values("mean", ascending=False).reset_index()

    def adjustments(self):
        """Days on which the vintages disagree by more than 1 %: the factor between their gross returns."""
        seed, new = (m.returns for m in self._market.values())
        both = seed.index.intersection(new.index)
        factor = ((1 + seed.loc[both]) / (1 + new.loc[both])).stack()
        factor = factor[abs(factor - 1) > 0.01]
        # a return belongs to two days; the second is the one on which the dividend shows
        follows = dict(zip(both[:-1], both[1:], strict=True))
        rows = [(f"{follows[day]:%Y-%m-%d}", stock, value) for (day, stock), value in factor.items()]
        return pd.DataFrame(rows, columns=["day", "stock", "factor"])

    def earthquake(self):
        """8 February 2023: how many stocks rose after it, and full Kelly (honest, no costs) without it."""
        prices = read_prices(self._folder / FILES[1])
        R = self._R["2026"]
        run = {"all rows": walk_forward(R, kelly, rebalance=1)}
        joined = (1 + R.loc["2023-02-07"]) * (1 + R.loc["2023-02-08"]) - 1  # as if that day had not traded
        without = R.drop(index=pd.Timestamp("2023-02-08"))
        without.loc["2023-02-07"] = joined
        run["without 2023-02-08"] = walk_forward(without, kelly, rebalance=1)
        table = summary(run)
        table["stocks that rose on the next row"] = (R.loc["2023-02-08"].iloc[:-1] > 0).sum()
        table["days closed"] = (
            prices.index[prices.index > "2023-02-08"][0] - pd.Timestamp("2023-02-08")
        ).days
        targets = {n: r.weights.loc["2023-03-01"] for n, r in run.items()}
        table["choice of February"] = [targets[name].idxmax() for name in table.index]
        return _named(table)

    def benchmark(self):
        """Equal weights in the 30 stocks against XU030, year by year: mean daily returns, annualized."""
        equal_weights = self._R["2026"].iloc[:, :-1].mean(axis=1)
        both = pd.DataFrame({"equal weights": equal_weights, "XU030": self._index["XU030"]})
        same = both.dropna().assign(cash=self._index["cash"])
        return (same.groupby(same.index.year).mean() * 252).rename_axis("year").reset_index()

    def dividends(self):
        """What adjusted prices count and the index does not: one year of dividends of the 30 stocks.

        Yahoo scales past prices down by every dividend, so the ratio of the two vintages on their last common
        day is the product of 1 - yield over the dividends of the year between the downloads. Smaller ratios
        than 0.75, which bonus shares make, are left out.
        """
        old, new = (read_prices(self._folder / name).loc["2025-07-31"] for name in FILES[:2])
        paid = 1 - (new / old)[new / old > 0.75]
        row = {"stocks": len(paid), "that paid": (paid > 0.001).sum(), "mean yield": paid.mean()}
        return pd.DataFrame([row | {"largest yield": paid.max()}])

    def grid(self, points=GRID):
        """Hundreds of backtests: window, fraction, cost, band, rebalancing; repaired prices."""
        R = self._R["2026"]
        answers = {}  # f* does not depend on costs or holding: one solution for each window

        def evaluate(window, fraction, cost, band, rebalance):
            seen = dict(window=window, calendar=window[-1])
            if window not in answers:
                asked = []
                walk_forward(R, lambda past: asked.append(kelly(past)) or asked[-1], **seen)
                answers[window] = asked
            told = iter(answers[window])

            def strategy(past):
                w = fraction * next(told)
                w[-1] += 1 - fraction
                return w

            how = dict(cost=cost, band=band, rebalance=None if rebalance == "none" else rebalance)
            run = _since(walk_forward(R, strategy, **seen, **how))
            columns = ["growth rate", "Sharpe, excess", "drawdown", "turnover"]
            return summary({"": run}).loc["", columns].round(6).to_dict()

        return sweep(evaluate, points)


def _since(run):
    return Backtest(*(part.loc[SINCE:] for part in (run.weights, run.returns, run.turnover, run.cash)))


def _named(table):
    return table.rename_axis("run").reset_index()


def _intervals(run, rivals, block=10, draws=2000):
    """95 % intervals of the excess Sharpe ratio a year and of growth a year over rivals on the same rows."""
    excess = (run.returns - run.cash).to_numpy()
    rows = stationary_bootstrap(len(excess), block, draws, np.random.default_rng(1994))
    again = excess[rows]
    found = {}
    if excess.std() > 1e-14:
        ratio = again.mean(axis=1) / again.std(axis=1, ddof=1) * np.sqrt(252)
        found["Sharpe 2.5 %"], found["Sharpe 97.5 %"] = np.quantile(ratio, [0.025, 0.975])
    for name, rival in rivals.items():
        lead, low, high = _lead(run.returns, rival.returns, block, draws)
        name = name.split(",")[0]
        found |= {f"growth over {name}": lead, f"{name} 2.5 %": low, f"{name} 97.5 %": high}
    return pd.Series(found, dtype=float)


def _lead(returns, rival, block=10, draws=2000):
    """Growth a year over a rival on the rows that both have, and its 95 % interval."""
    same = returns.index.intersection(rival.index)
    gain = (np.log1p(returns[same]) - np.log1p(rival[same])).to_numpy()
    rows = stationary_bootstrap(len(gain), block, draws, np.random.default_rng(1994))
    low, high = np.quantile(gain[rows].mean(axis=1) * 252, [0.025, 0.975])
    return gain.mean() * 252, low, high


def tables(folder):
    """Names of all tables and the functions that compute them."""
    evidence = Evidence(folder)
    return {name: getattr(evidence, name) for name in vars(Evidence) if not name.startswith("_")}


def plain(table):
    """A table as JSON: ten digits are more than any sentence uses, and what is undefined is null."""

    def cell(x):
        x = getattr(x, "item", lambda: x)()
        return x if not isinstance(x, float) else float(f"{x:.10g}") if np.isfinite(x) else None

    rows = [[cell(x) for x in row] for row in table.itertuples(index=False)]
    return {"columns": [str(c) for c in table.columns], "data": rows}


def main(folder, out):
    """Compute all tables, then write the file at once."""
    sums = {name: hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest() for name in FILES}
    content = {}
    for name, compute in tables(folder).items():
        content[name] = {"about": compute.__doc__.split("\n")[0], **plain(compute())}
        print(f"{name}: {len(content[name]['data'])} rows", flush=True)
    lines = ",\n".join(f'"{name}": {json.dumps(table)}' for name, table in content.items())
    text = f'{{"inputs": {json.dumps(sums)},\n"tables": {{\n{lines}\n}}}}\n'
    new = out / "evidence.json.new"
    new.write_text(text)
    os.replace(new, out / "evidence.json")
    print(f"evidence.json: {len(text)} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1], Path(__file__).parent)
