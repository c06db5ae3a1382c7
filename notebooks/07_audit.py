# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# (sec-audit)=
# # The audit
#
# {ref}`The replication <sec-replication>` ends with a strategy that earned over 90 % a year, with a Sharpe ratio of one against cash.
# Which of this is the rule, which is the data, which is the way it was counted, and which is luck?
# And what is left when the mistakes are taken out, trades are paid for, and every number gets its error bar?
#
# The chapter goes through the run point by point, each with a number or a picture, and ends with an honest contest. Two kinds of
# numbers appear. Those that need only means and covariances of months are computed here. Those that depend on the order of days, such as costs, drawdowns,
# weeks and resampled histories, were computed from real prices by `data/make_evidence.py` and are read from its small file of
# results; the book's tests derive them again where the prices are. Each such table is called *evidence* below.

# %%
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from kellydata import BUNDLED, read_prices
from kellylib import add_cash, hold, kelly_mean_variance, load_bist30, metrics, summary, sweep, walk_forward
from kellylib.metrics import contributions, drawdowns, in_sample, monthly_returns, shares

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## Parameters
#
# Window, calendar, rebalancing and cost are those of every honest run below. The article's own run stays monthly, as its code is. The prose describes the
# defaults. With other prices the report shows what the run itself gave, and stored evidence is headed as what it is: of BIST30.

# %% tags=["parameters"]
source = "bundled"  # str, "bundled", "yahoo", a folder or a CSV file: where prices and rates come from
vintage = "seed"  # str, "seed" or "2026": prices as served in August 2025 or in July 2026
start = "2022-11-05"  # str, date: first day on which prices are used
end = "2025-08-01"  # str, date: the day after the last one on which prices are used
window = "1M"  # str, whole months or weeks: what each portfolio is estimated from
calendar = "M"  # str, "M" or "W": how often it is estimated anew
rebalance = 1  # int, rows: between trades back to the target; 1 holds weights constant, 0 lets them drift
fraction = 1.0  # float, multiple of f*: 1 is full Kelly, at most 1
cost = 0.0  # float, fraction of the value traded: cost of a trade, 0 or more
universe = "all"  # str, "all" or tickers with spaces between: the stocks that may be held
capital = 1_000_000.0  # float, lira: what the example of shares and cash invests, 0 or more
n_draws = 2000  # int, draws: simulated months in the section on twenty observations
seed = 1994  # int, none: seed of the simulated draws, 0 or more

# %%
market = load_bist30(source, start, end, vintage=vintage)
names = list(market.returns) if universe == "all" else universe.split()
if not names or set(names) - set(market.returns):
    raise ValueError(f"universe must name stocks of the source; it is {universe!r}.")
R = add_cash(market.returns[names], market.rate)
print(*market.notes, sep="\n")
if source == "bundled":
    print("No inference is drawn from paths of these days.")

# %%
for name, value, least in [("n_draws", n_draws, 1), ("seed", seed, 0)]:
    if not (isinstance(value, int) and value >= least):
        raise ValueError(f"{name} must be a whole number >= {least}; it is {value!r}.")
if not 0 < fraction <= 1:
    raise ValueError(f"fraction must be above 0 and at most 1; it is {fraction!r}.")
rng = np.random.default_rng(seed)

# %%
asked = (start, end, window, calendar, rebalance, fraction, cost, universe)
defaults = asked == ("2022-11-05", "2025-08-01", "1M", "M", 1, 1.0, 0.0, "all")
defaults &= source != "yahoo" and not str(source).endswith(".csv")
stored = json.loads((BUNDLED / "evidence.json").read_text())["tables"]


def head():
    if not defaults:
        print("Stored evidence of BIST30 with parameters of its own, not of this run:")


def evidence(name, *index):
    head()
    table = pd.DataFrame(stored[name]["data"], columns=stored[name]["columns"])
    return table.set_index([*index]) if index else table

# %% [markdown]
# Generated days have the statistics of whole months and nothing else. A run whose parameters ask for more is not refused, but a line above each table that
# it spoils says so: months that `start` or `end` cuts; weeks, drift and costs; and for some of the stocks only, the last row of a month, of which just the portfolios of all thirty are stored.

# %%
def size(table):
    return table.groupby(pd.Grouper(freq="ME")).size()


short = []
if source == "bundled":
    whole = size(load_bist30(vintage=vintage).returns)
    short = [f"{month:%Y-%m}" for month, rows in size(R).items() if rows < whole[month]]

# %% [markdown]
# Each setting, and whether it spoils a table of generated days:

# %%
cut = {f"start={start!r}, end={end!r} (cut: {', '.join(short)})": len(short) > 0}
rule = {
    f"window={window!r}": str(window)[-1:] not in ("M", "Q", "Y"),
    f"calendar={calendar!r}": calendar not in ("M", "Q", "Y"),
    f"rebalance={rebalance}": rebalance != 1,
    f"cost={cost}": cost != 0,
}
clock = {f"universe={universe!r} (by the article's clock)": universe != "all"}

# %%
def stamp(*settings):
    spoiled = [setting for table in settings for setting, spoils in table.items() if spoils]
    if source == "bundled" and spoiled:
        print("NOT REAL, since days are generated from statistics of months, which do not suffice for")
        print(f"{'; '.join(spoiled)}. Cure: give real prices by `source`.")

# %% [markdown]
# The strategy under audit, as a function of the past, and its honest run: each month's portfolio is held from the first row of the next month.

# %%
def kelly(past):
    f = kelly_mean_variance(past.iloc[:, :-1].mean(), past.iloc[:, :-1].cov(), past.iloc[:, -1].mean())
    return np.append(fraction * f, 1 - fraction * f.sum())

# %%
by_month = dict(list(R.groupby(pd.Grouper(freq="ME"))))
f_star = pd.DataFrame({month: kelly(rows) for month, rows in by_month.items()}, index=R.columns).T
how = dict(window=window, calendar=calendar, rebalance=rebalance or None, cost=cost)
honest = walk_forward(R, kelly, **how)

# %% [markdown]
# ## Point 1: the text says weekly, the code is monthly
#
# "Weekly re-balancing" is in the article's first paragraph; its code groups by months. Which one is run is not a detail. Evidence, from
# real days, repaired prices, no costs, new portfolios every week, for several lengths of the window:

# %%
weekly = evidence("weekly", "window")
weekly[["annual mean", "volatility", "Sharpe, excess", "wealth", "turnover"]].round(2)

# %% [markdown]
# Windows of one, two and four weeks give excess Sharpe ratios of 0.38, 0.13 and $-0.26$, those of a quarter and half a year 0.52 and 0.60, all in cash until the
# window is full. The same rule, the same stocks, the same years: from above cash to below it by a change of the window that nobody could have
# justified in advance. Not that one week is known to be better than four. Evidence, from resampled histories ({ref}`below <sec-audit-contest>`): the differences in growth, in nats a year, with 95 % intervals.

# %%
evidence("differences", "pair").filter(regex="^[12]W", axis=0).round(2)

# %% [markdown]
# Both intervals cover zero, by far. A result that hangs on such a choice, and a choice that thirty months cannot settle: that is not a property of the rule.
#
# ## Point 2: one row of look-ahead a month
#
# The article applies a portfolio from the last calendar day of its month on. Where that day is a row, the row was part of the estimate. Its twin waits
# for the first day of the next month, and is the honest run with the article's settings.

# %%
later = f_star.set_axis(f_star.index + pd.Timedelta(days=1))
article, twin = hold(R, f_star, rebalance=1), hold(R, later, rebalance=1)
assert (twin.weights - walk_forward(R, kelly, rebalance=1).weights).abs().max(axis=None) < 1e-12

# %%
stamp(cut, clock)
used = [month for month in f_star.index if month in R.index]
changed = [m for m in used if (article.weights.loc[m] - twin.weights.loc[m]).abs().max() > 1e-9]
early = article.returns.loc[changed] - twin.returns.loc[changed]
print(f"{len(f_star)} months, {len(used)} with look-ahead, which changed the portfolio in {len(changed)}")
print(f"worth {100 * early.sum() * 252 / len(R):.2f} points a year; t = {early.mean() / early.sem():.2f}")

# %% [markdown]
# In two months of three the article holds a portfolio during a day that it was chosen for. It gains four points a year by it, and even this gain from
# knowing one day is not distinguishable from noise: nineteen days are few. The honest clock is used from here on.
#
# A related question is whether one can trade at the very close at which one decides. Evidence: with a delay of one, two and five rows the excess
# Sharpe ratio is lower every time, though by less than its own error; the difference in growth between no delay and five rows has an interval that covers zero.

# %%
delay = evidence("delay", "delay")
delay[["annual mean", "Sharpe, excess", "standard error", "wealth"]].round(2)

# %%
evidence("differences", "pair").filter(like="delay", axis=0).round(2)

# %% [markdown]
# (sec-audit-sharpe)=
# ## Point 3: a ratio that is not one, and a rate that is not zero
#
# The article prints the Sharpe ratio as $(r_P - r) / \sigma_P^2$, with the *variance* below, and writes a root in the formula beside it. The two are not variants of
# each other. A ratio over the variance has the unit of one over a return, doubles when the fraction is halved, and ranks cash first. (Below, both are of the excess return, whose
# deviation differs from that of $r_P$ by the little that $r$ varies.)

# %%
def both(share):
    run = hold(R, (share * later).assign(cash=1 - share * later.iloc[:, :-1].sum(axis=1)), rebalance=1)
    excess = run.returns - run.cash
    m, s = excess.mean(), excess.std()
    return {"over variance": m / s**2, "over deviation": m / s * 252**0.5}


stamp(cut)
ratios = sweep(both, {"share": [0.25, 0.5, 1.0]}).set_index("share")
ratios.round(3)

# %%
assert abs(ratios["over variance"].iloc[1] / ratios["over variance"].iloc[2] - 2) < 1e-9
assert abs(ratios["over deviation"].iloc[1] / ratios["over deviation"].iloc[2] - 1) < 1e-9

# %% [markdown]
# It does have a meaning: $m / s^2$ is the Kelly fraction itself, in hindsight. As a measure of performance it is empty.
#
# The larger matter is the rate. With cash at 38 % a year a ratio without $r$ calls everything good.

# %%
index = add_cash(market.benchmark.iloc[:, :1], market.benchmark["r"])
xu = hold(index, pd.DataFrame([[1.0, 0.0]], index.index[:1], index.columns))
cash = hold(R, pd.DataFrame(np.eye(R.shape[1])[-1:], R.index[:1], R.columns))
stamp(cut, rule)
rates = summary({"Kelly, honest": honest, index.columns[0]: xu, "cash": cash})
rates[["annual mean", "Sharpe", "Sharpe, excess", "standard error"]].round(2)

# %% [markdown]
# The index has a ratio of 1.07 without $r$ and of $-0.18$ with it: over these thirty months an investor in XU030 took the risk of stocks and earned less than
# the overnight rate. Cash has a ratio of nearly 20 without $r$. And the column of standard errors, $\sqrt{(1 + S^2/2)/T}$ per period by
# {cite:t}`lo2002`, says that thirty months cannot tell a ratio of 1 from one of 0: the interval of two errors is 1.3 wide *on each side*.
#
# (sec-audit-vintages)=
# ## Point 4: prices that change after the fact
#
# Yahoo's adjusted prices are computed backwards from today's. Two downloads of the same days, eleven months apart, differ by more than 1 % in five daily
# returns. Evidence (the factor is the older gross return over the newer):

# %%
evidence("adjustments").round(3)

# %% [markdown]
# The four of AEFES are dividends that were added twice or at the wrong size: prices jumped by 8 to 20 % on days on which nothing happened. One of them, in May
# 2024, decides a portfolio. Both vintages' monthly statistics come with the book, so this can be computed here.

# %%
vintages = {v: load_bist30("bundled", vintage=v) for v in ("seed", "2026")}


def month_of(vintage, month):
    rows, rate = vintages[vintage].returns.loc[month], vintages[vintage].rate.loc[month]
    return pd.Series(kelly_mean_variance(rows.mean(), rows.cov(), rate.mean()), rows.columns)

# %%
head()
may = pd.DataFrame({v: month_of(v, "2024-05") for v in ("seed", "2026")})
may[may.max(axis=1) > 0].round(4)

# %%
assert round(may.at["AEFES", "seed"], 4) == 0.4546 and may.at["AEFES", "2026"] == 0

# %% [markdown]
# The article put 0.4546 of all wealth on a dividend that was never paid. With repaired prices the weight is zero. Three more notes of this kind:
#
# - **KOZAL** was renamed TRALT after the article. A rerun today finds no such ticker; the loader resolves the name by a table that the reader can extend, and names
#   a stock that stays missing. A silent drop would change every portfolio that held it.
# - **8 February 2023.** Two days after the earthquake prices fell, and the next row, a week later, shows thirty of thirty stocks up. The exchange was closed and
#   appears to have cancelled that day's trades. Nobody could have earned that row. Evidence: the choice of February is the same with or without it.
# - **Rounding.** The article rounds $f^\star$ to four decimals. The sum of August 2024 then exceeds one by $10^{-4}$, which breaks its own budget by borrowing that much, and costs nothing visible.

# %%
quake = evidence("earthquake", "run")
quake[["Sharpe, excess", "stocks that rose on the next row", "days closed", "choice of February"]].round(3)

# %%
stamp(cut)
rounded = f_star.iloc[:, :-1].round(4).sum(axis=1)
print(f"largest sum of rounded weights: {rounded.max():.4f} in {rounded.idxmax():%B %Y}")
evidence("rounding")[["annual mean", "Sharpe, excess", "wealth"]].round(4)

# %% [markdown]
# (sec-audit-members)=
# ## Point 5: thirty names from the future, against an index without dividends
#
# The thirty stocks are the members of the index in mid-2025. A stock that did badly in 2023 and fell out of the index is not among them, one that multiplied and
# was taken in is. To see the size of it, compare simply equal weights in the thirty with XU030. Evidence, mean daily returns times 252:

# %%
rivals = evidence("benchmark", "year")
rivals.assign(difference=rivals["equal weights"] - rivals["XU030"]).round(3)

# %% [markdown]
# Twenty points in 2023, eight in 2024, two in 2025: the advantage of knowing the list shrinks as the list comes nearer, as it should if survivorship is its cause. One
# year is short, though. The same differences as growth, with intervals:

# %%
evidence("differences", "pair").filter(like="XU030", axis=0).round(2)

# %% [markdown]
# Only that of 2023 is clear of zero; those of the two later years cover it, so that the shrinking itself is what one would expect and not what is proved. Nor is survivorship
# the only cause. Equal weights differ from an index that weighs by size, and stock prices count dividends while XU030 does not.
# That last part can be measured. Between the two downloads a year of dividends was paid, and the ratio of the two vintages on their last common day shows them. Evidence:

# %%
evidence("dividends").round(4)

# %% [markdown]
# About two points a year are dividends. The rest of the gap to the index, in 2023, is the list and the weighting, and no strategy can claim it.
#
# How much hangs on single names? We take one stock out of the list *before* the run and repeat the whole honest backtest, for every stock that is ever held (to strike another changes nothing). Portfolios are constant within a month, so
# this is exact from monthly statistics. The runs go through `sweep`, which hands the points of a grid to joblib.

# %%
def without(stock):
    left = walk_forward(R.drop(columns=stock), kelly, **how)
    excess = left.returns - left.cash
    return {"annual mean": 252 * left.returns.mean(), "Sharpe": excess.mean() / excess.std() * 252**0.5}


stamp(cut, rule)
ever_held = [name for name in names if honest.weights[name].max() > 0]
one_less = sweep(without, {"stock": ever_held}).set_index("stock").sort_values("Sharpe")
one_less.head(3).round(3)

# %% mystnb={"figure": {"caption": "Excess Sharpe ratio of the honest run when one of the stocks that are ever held is struck from the list in advance. The line is the run with all of them.", "name": "fig-audit-without"}, "image": {"alt": "Dots in rising order, one a stock. Most lie near the line of the full run at 1.0; the first, ASTOR, lies far below at 0.4, the last above at 1.3."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.2))
ax.axhline(rates["Sharpe, excess"].iloc[0], color="C6", lw=1)
ax.plot(range(len(one_less)), one_less["Sharpe"], "o", color="C0")
ax.set_xticks(range(len(one_less)), one_less.index, rotation=90, fontsize=7)
ax.set(ylabel="Sharpe ratio without it, a year", xlabel="stock struck from the list")
plt.show()

# %% [markdown]
# One name decides. Without ASTOR the mean falls from 93 % to 56 % and the ratio from 1.0 to 0.4, while no other stock moves it by more than 0.3
# ({numref}`fig-audit-without`). How certain is even this? The two runs hold constant weights within a month, so the mean and the deviation of their daily difference are those of the real days:

# %%
stamp(cut, rule)
least = one_less.index[0]
lost = honest.returns - walk_forward(R.drop(columns=least), kelly, **how).returns
print(f"{least}: {252 * lost.mean():.2f} a year, two standard errors {2 * 252 * lost.sem():.2f}")

# %% [markdown]
# The interval covers zero: thirty months do not even tell whether the rule needs the stock that made its record. ASTOR came to the exchange with the first row of the sample, 18 January 2023, and could not have been on
# anybody's list of thirty that day; it is on this one because of what it did next.
#
# (sec-audit-twenty)=
# ## Point 6: twenty observations for thirty means and 465 covariances
#
# A month has about twenty rows. The standard error of a stock's mean is its daily deviation over $\sqrt{20}$, and the optimum takes the stock whose mean *came out* largest.
# If all thirty stocks had the same true mean, one would still come out best. By how much? Draw the means of a month from a normal law with that month's covariance divided by
# its rows, and equal true means, and note the lead of the best over the average.

# %%
rows_in = pd.Series({m: len(rows) for m, rows in by_month.items()})
means = pd.DataFrame({m: rows[names].mean() for m, rows in by_month.items()}).T
errors = pd.DataFrame({m: rows[names].std() / np.sqrt(len(rows)) for m, rows in by_month.items()}).T
lead = means.max(axis=1) - means.mean(axis=1)

# %%
def noise_lead(rows):
    cov = rows[names].cov() / len(rows)
    drawn = rng.multivariate_normal(np.zeros(len(names)), cov, n_draws, method="eigh")
    return (drawn.max(axis=1) - drawn.mean(axis=1)).mean()


stamp(cut)
by_noise = pd.Series({month: noise_lead(rows) for month, rows in by_month.items()})
print(f"{rows_in.min()} to {rows_in.max()} rows; error of a mean {100 * errors.stack().mean():.2f} % a day")
print(f"lead of the best: {100 * lead.mean():.1f} % a day; by noise alone {100 * by_noise.mean():.1f} %")

# %% [markdown]
# Four fifths of the lead for which a stock is chosen is what noise alone would produce. So the month's winner should do little better than
# the others afterwards. Its next month is known, from monthly means alone:

# %%
stamp(cut)
lead_of = means.sub(means.mean(axis=1), axis=0).to_numpy()
held = f_star[names].to_numpy()[:-1]
same, after = (pd.Series((held * x).sum(axis=1)) for x in (lead_of[:-1], lead_of[1:]))
print(f"lead of the portfolio over the average stock, its own month: {100 * same.mean():.2f} % a day")
print(f"in the month after: {100 * after.mean():.2f} % a day, t = {after.mean() / after.sem():.2f}")

# %% mystnb={"figure": {"caption": "Mean daily return of each stock in the last month, with two standard errors on each side, in rising order. The optimum takes the one at the right.", "name": "fig-audit-errors"}, "image": {"alt": "Thirty dots in rising order with vertical error bars. The bars are longer than the distance between the lowest and most of the other dots; nearly all of them overlap."}} tags=["hide-input"]
last = means.index[-1]
order = means.loc[last].sort_values().index
fig, ax = plt.subplots(figsize=(7.2, 3.2))
middle, bars = 100 * means.loc[last, order], 200 * errors.loc[last, order]
ax.errorbar(range(len(order)), middle, bars, fmt="o", color="C7", ms=4, lw=1)
ax.plot(len(order) - 1, middle.iloc[-1], "o", color="C0")
ax.axhline(0, color="C6", lw=0.8)
ax.set_xticks(range(len(order)), order, rotation=90, fontsize=7)
ax.set(ylabel="mean return, % a day", xlabel=f"stock, {last:%B %Y}")
plt.show()

# %% [markdown]
# How often is the optimum one single asset, and how stable is it? The first is exact. For the second we need evidence, since it resamples real days: draw the days of a month
# again with replacement, a hundred times, and look at the optimum of each draw.

# %%
stamp(cut)
single = (f_star[names].max(axis=1) > fraction - 1e-9).sum()
count = 1 / (f_star**2).sum(axis=1)
print(f"{single} of {len(f_star)} optima are a single stock; effective holdings {count.mean():.2f} (mean)")
resampled = evidence("resampled", "month")
resampled.mean().round(3)

# %% mystnb={"figure": {"caption": "Share of resampled months whose optimum has the same first choice as the month itself. Evidence from real days, 100 draws a month.", "name": "fig-audit-resampled"}, "image": {"alt": "Bars for 31 months. The first is close to one, most of the others lie between 0.2 and 0.5."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 2.8))
ax.bar(range(len(resampled)), resampled["same first choice"], color="C0")
ax.set_xticks(range(0, len(resampled), 3), resampled.index[::3], rotation=45, ha="right")
ax.set(ylabel="share with the same choice", xlabel="month", ylim=(0, 1))
plt.show()

# %% [markdown]
# On average the resampled optimum is a single asset in 85 cases of a hundred, but has the *same* first choice in only 38: the rule is certain about being certain, not
# about its choice. A dozen different stocks take first place among a hundred draws of the same month ({numref}`fig-audit-resampled`).
#
# What such a distribution looks like, for the last month, July 2025, whose optimum is all on ASELS. Evidence, a thousand draws: in how many a stock had no weight, a weight in a range, or everything.

# %%
spread = evidence("weights", "column")
spread.head(6).round(3)

# %% mystnb={"figure": {"caption": "Bootstrap distribution of the weights of July 2025, 1000 draws of its days: in how many the weight of a stock was in each range. Stocks that no draw held are left out. Evidence from real days.", "name": "fig-audit-weights"}, "image": {"alt": "A table of counts in colour, a row for each of sixteen stocks, a column for each range of weight. Counts stand at the two edges, no weight and everything; the columns between them are nearly empty. ASELS has 514 and 421 at its edges."}} tags=["hide-input"]
counts = spread.iloc[:, :6]
fig, ax = plt.subplots(figsize=(7.2, 4.6))
ax.imshow(counts**0.5, cmap="Greens", aspect="auto")
for (i, j), value in np.ndenumerate(counts):
    ax.text(j, i, f"{value}", ha="center", va="center", fontsize=8, color="white" if value > 300 else "black")
ax.set_xticks(range(6), counts.columns)
ax.set_yticks(range(len(counts)), counts.index)
ax.set(xlabel="weight, fraction of wealth", ylabel="stock")
ax.grid(False)
plt.show()

# %% [markdown]
# A weight is 0 or 1 and seldom anything between ({numref}`fig-audit-weights`). ASELS has everything in 42 draws of a hundred and nothing in 51; its mean weight is 0.46, its weight in $f^\star$ is 1. An average of
# resampled portfolios would hold sixteen stocks where the rule holds one.
#
# (sec-audit-costs)=
# ## Point 7: turnover, costs, concentration
#
# A single stock that changes nearly every month means selling and buying the whole wealth nearly every month: about 21 times its value a year. Evidence:

# %%
costs = evidence("costs").pivot(index=["rule", "rebalance"], columns="cost", values="growth rate")
costs.round(3)

# %% mystnb={"figure": {"caption": "Growth rate against the cost of a trade, weights drifting between months. Full Kelly loses twenty times the cost, equal weights little more than once. Evidence from real days.", "name": "fig-audit-costs"}, "image": {"alt": "Three falling lines of growth against cost from 0 to 1 percent. Full Kelly is highest and steepest, half Kelly less so, equal weights lowest and nearly level."}} tags=["hide-input"]
fig, ax = plt.subplots()
for rule, color in [("full Kelly", "C0"), ("half Kelly", "C1"), ("equal weights", "C5")]:
    line = costs.loc[(rule, "none")]
    ax.plot(100 * line.index, line, "o-", color=color, ms=4)
    ax.text(1.02, line.iloc[-1], rule, color=color, va="center")
ax.set(xlabel="cost, % of the value traded", ylabel="growth rate, nats a year", xlim=(0, 1.28))
plt.show()

# %% [markdown]
# The slope is the turnover, up to a second-order term: a cost $c$ takes $-\log(1 - c\,\tau)$ from growth at each trade of turnover $\tau$. One percent a trade costs full Kelly 0.2 nats a year.
# That identity is a check by another road, here on the run of this chapter:

# %%
charged, free = (walk_forward(R, kelly, **how | {"cost": c}) for c in (0.002, 0.0))
fee = -np.log1p(-0.002 * charged.turnover).sum()
assert abs(np.log1p(free.returns).sum() - np.log1p(charged.returns).sum() - fee) < 1e-12

# %% [markdown]
# Concentration shows in where the gain came from. Evidence: contributions to the gain of one unit of wealth, honest full Kelly at 0.2 % a trade.

# %%
gains = evidence("contributions", "column")["gain"]
best = gains.iloc[:2].sum()
print(f"gain {gains.sum():.2f}: the two best {best:.2f}, all others {gains.sum() - best:.2f}")
gains[abs(gains) > 0.5].round(2).to_dict()

# %% [markdown]
# Wealth of one grew by five, and the two best stocks gave 4.5 of that. `contributions` computes each column's part, $\sum_t W_{t-1}(1 - c_t)\,w_{t,i} R_{t,i}$ with $c_t$ the part of wealth that the day's trade cost. Written out:

# %%
earned = charged.weights * R
before = (1 + charged.returns).cumprod().shift(fill_value=1.0)
parts = (earned.mul(before * (1 - 0.002 * charged.turnover), axis=0)).sum()
assert np.allclose(parts, contributions(charged, R)[R.columns], rtol=0, atol=1e-10)

# %% [markdown]
# (sec-audit-report)=
# ## The report
#
# What a fund would show its clients. If `source` gives real prices, this run's own comes first, with shares if it is a CSV file; generated days have none to show.

# %%
def report(run):
    gained = contributions(run, R)
    yield rates.T
    yield drawdowns(run.returns, 3)
    yield monthly_returns(run.returns)
    yield gained[abs(gained) > 1e-9].rename("gain of 1").sort_values(ascending=False).to_frame()

# %%
if source != "bundled":
    print("This run, from its own days: figures, deepest falls, months, contributions", end="\n\n")
    print(*[part.to_string(float_format="{:.4f}".format) for part in report(honest)], sep="\n\n")
if str(source).endswith(".csv"):
    day, w = honest.weights.index[-1], honest.weights[names].iloc[-1]
    bought, left = shares(w, read_prices(source)[names].loc[day], capital)
    print(f"\n{day:%Y-%m-%d}, {capital:,.0f} invested: {bought[bought > 0].to_dict()}, cash {left:.2f}")

# %% [markdown]
# Of BIST30 there is evidence of real days, repaired prices, 0.2 % a trade: full Kelly and the index month by month, all years (2023 from February on), the deepest falls.

# %%
months = evidence("months", "run", "in")
months.loc[["full Kelly", "XU030"]].iloc[:, :-1].round(3)

# %%
months["whole year"].unstack().T.round(3)

# %%
evidence("drawdowns", "run", "rank").round(3)

# %% mystnb={"figure": {"caption": "Wealth at month ends of one unit in February 2023. Honest, 0.2 % a trade, repaired prices; evidence from real days.", "name": "fig-audit-wealth"}, "image": {"alt": "Lines of wealth on a logarithmic scale. Double Kelly swings most and ends near full Kelly at about six; half Kelly ends at four, equal weights near three, cash rises steadily to two and a half, the index ends lowest."}} tags=["hide-input"]
wealth = evidence("wealth", "month")
fig, ax = plt.subplots(figsize=(7.2, 4))
places = [("full Kelly", "C0", -9), ("double Kelly", "C2", 8), ("half Kelly", "C1", 0),
          ("equal weights", "C5", 4), ("cash", "C6", -3), ("XU030", "C4", -6)]
for name, color, shift in places:
    end_at = (len(wealth) - 1, wealth[name].iloc[-1])
    ax.plot(range(len(wealth)), wealth[name], color=color)
    ax.annotate(name, end_at, xytext=(6, shift), textcoords="offset points", color=color, va="center")
ax.set_xticks(range(0, len(wealth), 4), wealth.index[::4])
ax.set(yscale="log", ylabel="wealth, start: 1", xlabel="end of the month", xlim=(0, len(wealth) + 5))
ax.set_yticks([1, 2, 4, 8, 12], ["1", "2", "4", "8", "12"])
plt.show()

# %% [markdown]
# Look at the last year: in {numref}`fig-audit-wealth` full Kelly stands in July 2025 where it stood seven months before, while cash earned 30 %. At the end of September 2023 it had four times the wealth of cash, at the end 2.4 times.
#
# The functions behind the tables are short. `monthly_returns` compounds by month and year, `drawdowns` finds each spell below an earlier maximum. A toy of five
# days shows both: wealth 1.25, then 1, 0.5 and 1.5, then 1.8.

# %%
days = pd.to_datetime(["2024-12-27", "2024-12-30", "2024-12-31", "2025-01-02", "2025-01-03"])
toy = pd.Series([0.25, -0.2, -0.5, 2.0, 0.2], days)
assert monthly_returns(toy)["year"].round(12).tolist() == [-0.5, 2.6]
drawdowns(toy)

# %% [markdown]
# What would be bought? `shares` turns weights into whole shares and the cash that is left. On 30 July 2025, a day whose prices the article prints, the run held June's
# portfolio. So full and half Kelly own, of a million lira:

# %%
tickers = "AEFES AKBNK ASELS ASTOR BIMAS CIMSA EKGYO ENKAI EREGL FROTO".split()
closes = [15.32, 67.199997, 180.300003, 104.400002, 520.0, 49.48, 19.73, 68.849998, 26.620001, 95.449997]
prices = pd.Series(closes, tickers)
june = f_star.loc[:"2025-06", tickers].iloc[-1] if defaults else pd.Series(0.1, tickers)
assert not defaults or abs(june.sum() - 1) < 1e-9  # no other stock was held

# %%
print("The run's portfolio" if defaults else "An example at the article's prices, a tenth in each stock")
for share in (1.0, 0.5):
    bought, left = shares(share * june, prices, capital)
    print(f"{share:g}: {bought[bought > 0].to_dict()}, cash {left:.2f}")
    assert abs(bought @ prices + left - capital) < 1e-6 * capital and left >= 0

# %% [markdown]
# And in-sample, each month's portfolio in the month that it was chosen from, which is the most flattering picture there is: growth, expected return and volatility a day, the diversification
# ratio, which is 1 for a single asset, and the effective number of holdings. Growth needs the days themselves, so on bundled data the table is evidence; all other columns follow from the
# statistics of months and must be those of this run.

# %%
inside = pd.DataFrame({f"{m:%Y-%m}": in_sample(rows, f_star.loc[m]) for m, rows in by_month.items()}).T
shown = evidence("in_sample", "month") if source == "bundled" else inside
if defaults and vintage == "seed":
    assert (inside - shown).drop(columns="growth").abs().max(axis=None) < 1e-8
shown.round(4)

# %%
stamp(cut)
month = f_star.index[-1]
w, cov = f_star.loc[month].to_numpy(), by_month[month].cov().to_numpy()
assert abs(inside["volatility"].iloc[-1] - np.sqrt(w @ cov @ w)) < 1e-12
outside = twin.returns.groupby(pd.Grouper(freq="ME")).mean().iloc[1:]
chosen = inside["expected return"].mean()
print(f"mean daily return: in-sample {100 * chosen:.2f} %, a month later {100 * outside.mean():.2f} %")

# %% [markdown]
# (sec-audit-contest)=
# ## The honest version
#
# Now everything that was found goes into one contest: repaired prices, decisions before trades, 0.2 % a trade, drifting weights, for Kelly a no-trade band of 0.1 (a portfolio is left alone
# while no weight is off by more), excess returns over TLREF, all on the same rows from July 2023 on. Kelly is asked monthly with windows of one, three and six whole months, and weekly with windows about as long in
# whole weeks: 4, 13 and 26. Six months are full as the contest begins, 26 weeks on 17 July; until then that rule is in cash. The rivals
# are equal weights, cash, the index, and the *universal portfolio* of {cite:t}`cover1991`, which deserves a word.
#
# Cover spreads wealth over *all* constant portfolios $b$ and lets each grow. The whole then holds, at any time, the wealth-weighted average
# $\hat b = \int b\, W(b)\, db / \int W(b)\, db$, and its wealth is the average of all of theirs, so it lags behind the best of them by a factor that grows only like a power of time. No estimates, no parameters.
# The integral is done with five thousand portfolios drawn evenly from the simplex.

# %%
def universal(past, B):
    grown = np.exp(np.log1p(past.to_numpy() @ B.T).sum(axis=0))
    return grown @ B / grown.sum()

# %% [markdown]
# The theorem is also a test: traded every day without costs, its wealth must be the plain average of the wealths of all portfolios in the draw, on any data.

# %%
B = rng.dirichlet(np.ones(R.shape[1]), 50)
run = walk_forward(R, lambda past: universal(past, B), window=None, calendar=1, rebalance=1)
growth_first = 1 + R.iloc[0] @ B.T  # the first row is needed for the first weights; the run is in cash then
rest = np.prod(1 + R.to_numpy() @ B.T, axis=0)
assert abs((1 + run.returns.iloc[1:]).prod() / (rest.mean() / growth_first.mean()) - 1) < 1e-10

# %% [markdown]
# Error bars come from the *stationary bootstrap* of {cite:t}`politis1994`: new histories are pieced together from blocks of the real one, with random starts and lengths that average ten days, so that
# what neighbouring days have in common stays. Each row continues the block before it with probability $1 - 1/10$.

# %%
def resample(T, block, rng):
    new = rng.random((1, T)) < 1 / block
    start, rows = rng.integers(T, size=(1, T)), []
    for t in range(T):
        rows.append(int(start[0, t]) if t == 0 or new[0, t] else (rows[-1] + 1) % T)
    return rows


seeds = range(20)
theirs = [metrics.stationary_bootstrap(40, 10, 1, np.random.default_rng(s))[0].tolist() for s in seeds]
assert theirs == [resample(40, 10, np.random.default_rng(s)) for s in seeds]

# %% [markdown]
# Evidence: the contest. The interval holds 95 % of two thousand resampled Sharpe ratios.

# %%
contest = evidence("contest", "run")
contest[["growth rate", "Sharpe, excess", "Sharpe 2.5 %", "Sharpe 97.5 %", "drawdown", "turnover"]].round(2)

# %% mystnb={"figure": {"caption": "Excess Sharpe ratios after costs with 95 % intervals from the stationary bootstrap, all rules on the same rows. Every interval contains zero. Evidence from real days.", "name": "fig-audit-contest"}, "image": {"alt": "Nineteen horizontal intervals with dots. The dots lie between minus 0.5 and 0.8, every interval is about two and a half wide and contains zero."}} tags=["hide-input"]
rated = contest.dropna(subset=["Sharpe, excess"])
kind = {"full": "C0", "half": "C1", "log-": "C7", "equa": "C5", "univ": "C7", "XU03": "C4"}
fig, ax = plt.subplots(figsize=(7.2, 5))
for y, (name, row) in enumerate(rated[::-1].iterrows()):
    color = kind[name[:4]]
    ax.plot([row["Sharpe 2.5 %"], row["Sharpe 97.5 %"]], [y, y], color=color, lw=2)
    ax.plot(row["Sharpe, excess"], y, "o", color=color)
ax.axvline(0, color="C6", lw=0.8)
ax.set_yticks(range(len(rated)), rated.index[::-1])
ax.set(xlabel="excess Sharpe ratio, a year")
plt.show()

# %%
includes_zero = (rated["Sharpe 2.5 %"] < 0) & (rated["Sharpe 97.5 %"] > 0)
over_cash = (contest["cash 2.5 %"] < 0) & (contest["cash 97.5 %"] > 0)
over_equal = (contest["equal weights 2.5 %"] < 0) & (contest["equal weights 97.5 %"] > 0)
print(f"{includes_zero.sum()} of {len(rated)} intervals of the Sharpe ratio contain 0")
print(f"{over_cash.sum()} of {len(contest) - 1} intervals of growth over cash contain 0")
kellys = over_equal.filter(like="Kelly")
print(f"{kellys.sum()} of {len(kellys)} intervals of Kelly's growth over equal weights contain 0")

# %% [markdown]
# Not one rule is distinguishable from cash, upwards or downwards, and none of the Kelly rules from equal weights. Lo's formula and the bootstrap agree on how wide the intervals are, which is a check by another road; and
# the length of the blocks hardly matters (the table below is of full Kelly, one month, monthly).

# %%
width = (rated["Sharpe 97.5 %"] - rated["Sharpe 2.5 %"]) / (2 * 1.96 * rated["standard error"])
print(f"bootstrap intervals are {width.min():.2f} to {width.max():.2f} times as wide as Lo's")
assert width.between(0.6, 1.4).all()
evidence("blocks").round(2)

# %% [markdown]
# Monthly or weekly? Evidence: growth of full Kelly by months less that by weeks, for windows of about equal length, and last the best against the worst of the six.

# %%
evidence("differences", "pair").filter(regex="^full", axis=0).round(2)

# %% [markdown]
# Deciding weekly on four weeks trades 62 times the wealth a year and grows 0.37 less than deciding monthly on one month; for a quarter it is the other way round. All three intervals cover zero. Even the best
# against the worst, a pair picked because it is far apart, has an interval from $-0.02$ to 1.19.
#
# (sec-audit-grid)=
# ## A grid, and why its best point means little
#
# How far do choices that nobody can justify move the result? Evidence: all combinations of window, fraction, cost, no-trade band and rebalancing, from real days. Windows of months (M) are asked
# monthly, windows of weeks (W) weekly.

# %%
grid = evidence("grid")
rated_grid = grid["Sharpe, excess"]
print(f"{len(grid)} backtests: excess Sharpe from {rated_grid.min():.2f} to {rated_grid.max():.2f}")
grid.groupby("window", sort=False)[["growth rate", "Sharpe, excess", "turnover"]].mean().round(2)

# %%
full = grid[(grid["fraction"] == 1) & (grid["rebalance"] == "none")]
heat = full.pivot(index="window", columns=["cost", "band"], values="Sharpe, excess")
heat = heat.loc[grid["window"].unique()]
averages = {name: rated_grid.groupby(grid[name]).mean() for name in grid.columns[:5]}
pd.Series({name: x.max() - x.min() for name, x in averages.items()}).sort_values(ascending=False).round(3)

# %% mystnb={"figure": {"caption": "Excess Sharpe ratio of full Kelly for each window (rows) and each cost and no-trade band (columns). Windows of months are asked monthly, windows of weeks weekly. Rows differ more than columns. Evidence from real days.", "name": "fig-audit-grid"}, "image": {"alt": "A heat map of eight rows and nine columns. The row of six months is brightest, that of four weeks darkest and below zero throughout; the rows of weeks grow darker towards the columns with the highest cost."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 4))
image = ax.imshow(heat, aspect="auto", vmin=-0.8, vmax=1)
across = [f"{100 * c:g} %, {b:g}" for c, b in heat.columns]
ax.set_xticks(range(heat.shape[1]), across, rotation=45, ha="right")
ax.set_yticks(range(len(heat)), heat.index)
for (i, j), value in np.ndenumerate(heat):
    shade = "white" if value < 0.35 else "black"
    ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8, color=shade)
ax.set(xlabel="cost of a trade, no-trade band", ylabel="window, months or weeks")
ax.grid(False)
fig.colorbar(image, label="excess Sharpe ratio, a year")
plt.show()

# %% [markdown]
# The window moves the ratio most. Asked monthly there is no order in it: two months are better than one, three worse than either, six best; asked weekly, longer is better ({numref}`fig-audit-grid`). Costs come second,
# and bite where trades are weekly. Whoever reports the best of hundreds of cells reports the maximum of many draws whose standard error is 0.7 each, and a maximum of noise looks like skill: in the
# contest the data could not tell even the best from the worst of six. Cells of a row share their luck, so a row of good cells is one good draw, not nine.
#
# Grids like this run in parallel. `sweep(evaluate, grid, jobs=8)` uses eight processes of one machine, with a progress bar in a terminal, and on a Dask cluster the same call runs inside joblib's own switch, without a change of code:
#
# ```python
# from dask.distributed import Client
# from joblib import parallel_config
#
# with Client("scheduler-address:8786"), parallel_config(backend="dask"):
#     table = sweep(evaluate, grid)
# ```
#
# ## What survives
#
# One more row of evidence before the verdict, half Kelly less full Kelly, growth a year on the same rows:

# %%
evidence("differences", "pair").filter(regex="^half", axis=0).round(2)

# %% [markdown]
# - **The arithmetic.** The article computed what it says, but for one row a month.
# - **The direction of Kelly's trade-off.** Half Kelly had half the volatility and less than half of the deepest fall of full Kelly in all six pairs of the contest, three of them monthly and three weekly, and gave up at most a tenth of a nat of growth; in three pairs it
#   grew faster. The intervals of the six differences in growth all cover zero and are 0.55 to 0.65 wide; the halved risk is plain arithmetic. That is the one claim here that theory predicts and data do not contradict.
# - **Not the skill.** After costs no version beats cash or equal weights by more than its error, at either rhythm and with any window; what noise alone would give explains most of the lead for which stocks are chosen, and one listing explains much of the gain.
# - **Not the comparison.** Against an index without dividends, over names known to have survived, at a rate of 38 % left out of the ratio, almost anything wins.
#
# To tell a Sharpe ratio of 0.3 from zero would take more than forty years of such data ({ref}`ex-audit-years`). The problem is not Kelly's rule, it is what
# it was fed: means of twenty days. The chapters on estimation take this up.
#
# ## What this chapter does not show
#
# It does not show that the strategy is worthless, only that thirty months cannot tell. Its costs are an assumption; taxes, price limits, minimum fees and the market's depth are left out, and borrowing
# is not in the contest. The contest begins in July 2023, which leaves out the best months of full Kelly; {numref}`fig-audit-wealth` shows them. The thirty names are as biased in the contest as in the article, for all rules but cash and XU030. The window of dates is the
# article's, and nothing was tested after it. Intervals from resampled histories assume that the future resembles the past. With the parameters as they are no path of generated days was used for any number; a
# run with others that would need one says so above its tables.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-audit-years
#
# By Lo's formula, how many years of daily data does it take until a Sharpe ratio of $S$ a year is two standard errors from zero? Evaluate for 0.3, 0.5 and 1.
# ```
#
# ````{solution-start} ex-audit-years
# :class: dropdown
# ````
#
# In units of a year the error is $\sqrt{(252 + S^2/2)/T}$ with $T$ days, since $S$ per day is $S/\sqrt{252}$. Set twice that to $S$ and solve: $T/252 = 4\,(1 + S^2/504)/S^2$ years.

# %%
S = np.array([0.3, 0.5, 1.0])
wait = 4 * (1 + S**2 / 504) / S**2
print(dict(zip(S.tolist(), wait.round(1).tolist(), strict=True)))
assert np.allclose(2 * np.sqrt((252 + S**2 / 2) / (252 * wait)), S)

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-audit-breakeven
#
# At what cost does honest full Kelly grow no faster than cash did, if its turnover does not change? Use the evidence table of costs and 38 % of cash.
# ```
#
# ````{solution-start} ex-audit-breakeven
# :class: dropdown
# ````
#
# Growth falls by about the turnover times the cost, so the answer is the lead in growth at no cost over the turnover.

# %%
table = evidence("costs", "rule", "rebalance", "cost")
free_growth, turned = table.loc[("full Kelly", "none", 0.0), ["growth rate", "turnover"]]
cash_growth = 252 * np.log1p(load_bist30("bundled", vintage="2026").rate).mean()
print(f"break-even cost about {100 * (free_growth - cash_growth) / turned:.1f} % of the value traded")
assert table.loc[("full Kelly", "none", 0.01), "growth rate"] > cash_growth

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-audit-variance
#
# Show that mean over variance of the excess return of a fraction $\lambda$ of a strategy is $1/\lambda$ times that of the whole.
# Which $\lambda$ would an investor choose who maximizes it?
# ```
#
# ````{solution-start} ex-audit-variance
# :class: dropdown
# ````
#
# The excess return is multiplied by $\lambda$, its variance by $\lambda^2$. The ratio grows without bound as $\lambda \to 0$: the investor
# stays in cash, or as near to it as he may.

# %%
scaled = ratios["over variance"] * ratios.index
print(scaled.round(3).to_dict())
assert abs(scaled.max() / scaled.min() - 1) < 1e-9

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-audit-vintage
#
# In how many of the 31 months do the two vintages lead to different portfolios, and in which by more than a tenth of wealth?
# ```
#
# ````{solution-start} ex-audit-vintage
# :class: dropdown
# ````
#
# Compute all portfolios from both, and half the sum of absolute differences, which is the part of wealth that would have to be moved.

# %%
head()
labels = [f"{month:%Y-%m}" for month in pd.period_range("2023-01", "2025-07", freq="M")]
moved = pd.Series({m: (month_of("seed", m) - month_of("2026", m)).abs().sum() / 2 for m in labels})
print(f"{(moved > 1e-6).sum()} months differ; by more than a tenth:", moved[moved > 0.1].round(3).to_dict())
assert moved["2024-05"] > 0.2

# %% [markdown]
# ````{solution-end}
# ````
#
# ## Sources
#
# {cite:t}`lo2002` for the error of a Sharpe ratio, {cite:t}`politis1994` for the bootstrap, {cite:t}`cover1991` for the universal portfolio. That simple rules are hard to beat
# once means are estimated is the message of {cite:t}`demiguel2009`; on fractions of Kelly see {cite:t}`maclean2010`.
