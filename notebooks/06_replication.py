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
# (sec-replication)=
# # Replication: the article's backtest
#
# The article turns each month of BIST30 prices into a portfolio, and then asks how those portfolios would have done.
# What did full, half and double Kelly earn against the index, by the article's own conventions, to the last digit?
# And what do they earn if every portfolio is bought only after the month that it was computed from is over?
#
# The copy of the article that this book works from breaks off where its backtest begins, with the first line of a
# function: $r + f^\top(\text{returns} - r)$. What it states before that is enough to rebuild the rest: monthly estimates,
# weights that apply to the month that follows, cash at the overnight rate TLREF, no shorting, no leverage, and the index
# XU030 to compare with. This chapter builds the machine for such tests, runs the article on it, and runs beside it an honest twin
# that differs in one day a month. The next chapter doubts everything.

# %%
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import brentq

from kellydata import BUNDLED
from kellylib import add_cash, hold, kelly_mean_variance, load_bist30, summary, walk_forward

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## Parameters
#
# The defaults are the article's. The last six belong to the honest twin, which may look at other windows, at another
# rhythm, at fewer stocks, and may be charged for its trades; the article's own run stays monthly, as its code is.

# %% tags=["parameters"]
source = "bundled"  # str, "bundled", "yahoo", a folder or a CSV file: where prices and rates come from
vintage = "seed"  # str, "seed" or "2026": prices as served in August 2025 or in July 2026
start = "2022-11-05"  # str, date: first day on which prices are used
end = "2025-08-01"  # str, date: the day after the last one on which prices are used
fractions = [1.0, 0.5, 2.0]  # list, multiples of f*: 1 is full Kelly, 0.5 half, 2 double
window = "1M"  # str, whole months or weeks: what the honest twin estimates from, such as "3M" or "4W"
calendar = "M"  # str, "M" or "W": how often it estimates anew
rebalance = 1  # int, rows: between trades back to the target; 1 holds weights constant, 0 lets them drift
cost = 0.0  # float, fraction of the value traded: cost of a trade, 0 or more
universe = "all"  # str, "all" or tickers with spaces between: the stocks that may be held

# %% [markdown]
# The stocks and the rate come from {ref}`the chapter before <sec-bist30>`. Cash joins them as the last column, and is from here on an
# asset like any other: what the stocks do not take is in cash, and earns $r$.

# %%
market = load_bist30(source, start, end, vintage=vintage)
chosen = list(market.returns) if universe == "all" else universe.split()
if not chosen or (unknown := sorted(set(chosen) - set(market.returns))):
    raise ValueError(f"universe must name stocks of the source, not {unknown if chosen else 'nothing'}.")
stocks = market.returns[chosen]
R = add_cash(stocks, market.rate)
print(*market.notes, sep="\n")
if source == "bundled":
    print("No inference is drawn from paths of these days.")

# %%
asked = (start, end, window, calendar, rebalance, cost, universe)
defaults = asked == ("2022-11-05", "2025-08-01", "1M", "M", 1, 0.0, "all")
own_prices = source == "yahoo" or str(source).endswith(".csv")
articles_run = defaults and str(vintage) == "seed" and fractions == [1.0, 0.5, 2.0] and not own_prices
print(f"{len(R)} rows, {R.index[0]:%Y-%m-%d} to {R.index[-1]:%Y-%m-%d}; the article's run: {articles_run}")

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
# (sec-replication-clock)=
# ## Two clocks
#
# Everything turns on what a row means. The row of day $t$ holds the return from the close of $t$ to the close of the next trading day. So
# it is *known* only a day later, and whoever decides at the close of day $t$ knows the rows before $t$ and no others.
#
# The article stores each month's portfolio under the last day of the calendar month, and lets it apply from that day
# to the end of the next month. Take January 2023. Its last row is that of 31 January, whose return runs to 1 February and is
# part of January's mean. Stored under 31 January, the portfolio is applied to that very row: it is held while a return is made
# from which it was computed. That is *look-ahead*. In a month whose calendar end falls on a weekend or a holiday, such as April 2023, there is no row of that day,
# the portfolio first applies to a row of the next month, and nothing is wrong. {numref}`fig-replication-clock`
# shows both.

# %% mystnb={"figure": {"caption": "Rows at the turn of a month; each runs from one close to the next. The portfolio of January is estimated from the dark rows. The article holds it from the row of 31 January on, which is one of them; the honest twin from the row of 1 February on.", "name": "fig-replication-clock"}, "image": {"alt": "Seven boxes in a line for the rows from 26 January to 3 February 2023. Those up to 31 January are dark: they make the estimate. A first bar below begins with the box of 31 January, a second one a box later."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 2.2))
names = ["26 Jan", "27 Jan", "30 Jan", "31 Jan", "1 Feb", "2 Feb", "3 Feb"]
for i, name in enumerate(names):
    ax.barh(1, 0.94, left=i + 0.03, height=0.5, color="C6" if i < 4 else "#E6E6E6")
    ax.text(i + 0.5, 1, name, ha="center", va="center", color="white" if i < 4 else "black", fontsize=9)
for y, left, color, text in [(0.45, 3, "C2", "article"), (0.05, 4, "C0", "honest twin")]:
    ax.barh(y, 7 - left, left=left, height=0.22, color=color)
    ax.text(left - 0.08, y, f"{text} holds January's portfolio", ha="right", va="center", color=color)
ax.text(2, 1.38, "rows that January's portfolio is estimated from", ha="center", color="C6")
ax.set(xlim=(0, 7), ylim=(-0.15, 1.55))
ax.axis("off")
plt.show()

# %% [markdown]
# ## The article's run
#
# First the portfolio of each month: the article's $f^\star$, with cash for the rest. As a function it takes past rows and
# returns weights, and that is all that a *strategy* is in this book.

# %%
def kelly(past):
    mean, cov, rate = past.iloc[:, :-1].mean(), past.iloc[:, :-1].cov(), past.iloc[:, -1].mean()
    f = kelly_mean_variance(mean, cov, rate)
    return np.append(f, 1 - f.sum())


months = R.groupby(pd.Grouper(freq="ME"))
f_star = pd.DataFrame({month: kelly(rows) for month, rows in months}, index=R.columns).T

# %% [markdown]
# Half Kelly holds half of each stake and double Kelly twice, which means borrowing: with $f^\star$ fully invested, double Kelly
# owes one unit of cash for each unit of wealth. The text of the article rules leverage out for $f^\star$, and its comparison brings it back in. Debt
# pays the same $r$ that cash earns, which flatters it: nobody lends to a stock trader at TLREF.

# %%
def fraction(share, strategy):
    def fractional(past):
        stakes = share * strategy(past)[:-1]
        return np.append(stakes, 1 - stakes.sum())
    return fractional


if not fractions or not all(share >= 0 for share in fractions):
    raise ValueError(f"fractions must list multiples of f*, each >= 0; it is {fractions}.")
borrow = max(0, max(fractions) - 1)

# %% [markdown]
# `hold` takes a table of weights by date and holds each from the first row on or after its date; before the first, everything
# is in cash. With `rebalance=1` it trades back to the weights on every row, so they are constant, which is what the
# article's formula says. Since $f^\star$ is stored by calendar month ends, this is the article's run.

# %%
article = hold(R, f_star, rebalance=1)

# %% [markdown]
# Now by another road, word for word: on each row, the $f$ in force, and the portfolio's return
#
# $$
# r_{P,t} = r_t + f^\top (R_t - r_t \mathbb 1).
# $$ (eq-replication-return)

# %%
in_force = f_star.iloc[:, :-1].reindex(R.index, method="ffill").fillna(0.0)
by_formula = market.rate + (in_force * stocks.sub(market.rate, axis=0)).sum(axis=1)
print(f"largest difference below 1e-14: {(article.returns - by_formula).abs().max() < 1e-14}")
assert (article.returns - by_formula).abs().max() < 1e-14

# %% [markdown]
# (sec-replication-walk)=
# ## The honest twin
#
# The twin must not depend on somebody storing dates rightly. `walk_forward` therefore never shows a strategy anything that
# was not known. It goes through the months; on the first row of each it hands the strategy a *copy* of the rows of the month before,
# asks for weights, and holds them from that row on. For the article's settings that is the following.

# %%
def walk(returns, strategy):
    months, targets = returns.index.to_period("M"), {}
    for month, rows in returns.groupby(months):
        later = returns.index[months > month]
        if len(later):
            targets[later[0]] = strategy(rows.copy())
    return hold(returns, pd.DataFrame(targets, returns.columns).T, rebalance=1)

# %%
honest = walk_forward(R, kelly, rebalance=1)
assert (honest.weights - walk(R, kelly).weights).abs().max(axis=None) < 1e-12

# %% [markdown]
# The library's version takes other windows, other rhythms, and a delay between decision and trade as well. A strategy that tries to
# look ahead finds nothing. This one takes whatever array its rows are a view of, in the hope that it is longer:

# %%
def peek(past):
    values = past.to_numpy()
    whole = values if values.base is None else values.base
    assert max(whole.shape) <= max(past.shape), "it found the future"
    return np.eye(past.shape[1])[-1]


print(f"rows of cash, and no future found: {(walk_forward(R, peek).weights['cash'] == 1).sum()}")

# %% [markdown]
# When do the two differ? Only on rows whose day is the last of a calendar month, and only if the portfolio changed.

# %%
differ = R.index[(article.weights - honest.weights).abs().max(axis=1) > 1e-9]
month_ends = R.index[R.index.is_month_end]
print(f"{len(f_star)} months, {len(month_ends)} rows on a calendar end, weights differ on {len(differ)}")
assert differ.isin(month_ends).all()

# %% [markdown]
# (sec-replication-hold)=
# ## What holding means
#
# Constant weights need a trade every day. A real portfolio is bought once a month, and then *drifts*: what rises becomes a
# larger part of it. And trades cost money. Let $h_i$ be what is owned of stock $i$, $V$ the wealth before the trade, and $V'$ the wealth
# after it, of which the shares $w_i$ are to be in the stocks. A cost of $c$ for each unit bought or sold is paid out of the
# wealth, so $V'$ solves
#
# $$
# V' + c \sum_i \lvert w_i V' - h_i \rvert = V .
# $$ (eq-replication-cost)
#
# The left side rises with $V'$, so there is exactly one solution. What is bought and sold, $\sum_i \lvert w_i V' - h_i\rvert / V$, is the
# *turnover* of that day. These are accounts kept in money, with a general root finder:

# %%
def missing(after, aim, owned, cost):
    """Left side less right side of the equation, for a wealth `after` the trade."""
    return after + cost * np.abs(aim[:-1] * after - owned[:-1]).sum() - owned.sum()

# %%
def accounts(returns, targets, cost):
    owned, wealth = np.eye(returns.shape[1])[-1], []
    for day, row in returns.iterrows():
        if day in targets.index:
            aim = targets.loc[day].to_numpy()
            owned = aim * brentq(missing, 0, owned.sum(), (aim, owned, cost), xtol=1e-300, rtol=1e-15)
        owned = owned * (1 + row.to_numpy())
        wealth.append(owned.sum())
    return pd.Series(wealth, returns.index)

# %% [markdown]
# `hold` does the same with whole stretches between trades at a time, and solves {eq}`eq-replication-cost` by Newton's method, which is exact here because the
# left side consists of straight pieces. With 1 % a trade and drifting weights, both must arrive at the same wealth, every day.

# %%
next_rows = R.index[R.index.searchsorted(f_star.index[:-1] + pd.Timedelta(days=1))]
targets = f_star.iloc[:-1].set_axis(next_rows)
drifting = (1 + hold(R, targets, cost=0.01).returns).cumprod()
assert (drifting / accounts(R, targets, 0.01) - 1).abs().max() < 1e-12

# %% [markdown]
# (sec-replication-figures)=
# ## The figures
#
# Three Kelly fractions, each by the article's clock and by the honest one, and the index. XU030 has days of its own: its
# source lacks four days on which the stocks have prices, and so its cash accrues over its own rows.

# %%
label = {1.0: "full Kelly", 0.5: "half Kelly", 2.0: "double Kelly"}
runs = {}
for share in fractions:
    scaled = share * f_star.iloc[:, :-1]
    name = label.get(share, f"{share:g} Kelly")
    by_month_end = scaled.assign(cash=1 - scaled.sum(axis=1))
    runs[f"{name}, article"] = hold(R, by_month_end, rebalance=1, borrow=borrow)
    how = dict(window=window, calendar=calendar, rebalance=rebalance or None, cost=cost, borrow=borrow)
    runs[f"{name}, honest"] = walk_forward(R, fraction(share, kelly), **how)

# %%
index = add_cash(market.benchmark.iloc[:, :1], market.benchmark["r"])
runs[index.columns[0]] = hold(index, pd.DataFrame([[1.0, 0.0]], index.index[:1], index.columns))
table = summary(runs, 252)

# %%
stamp(cut, rule, clock)
table[["annual mean", "volatility", "Sharpe", "Sharpe, less mean r", "Sharpe, excess"]].round(6)

# %% [markdown]
# Means are multiplied by 252 rows a year, deviations by its root. The three Sharpe ratios, all of daily figures times $\sqrt{252}$, are
#
# $$
# \frac{\bar r_P}{s(r_P)}, \qquad \frac{\bar r_P - \bar r}{s(r_P)}, \qquad \frac{\overline{r_P - r}}{s(r_P - r)},
# $$ (eq-replication-sharpe)
#
# the first without the risk-free rate and two with it. The third is the usual definition; the second has the same numerator and differs
# only by the little that $r$ itself varies. Written out, `summary` is:

# %%
def figures(run, periods=252):
    r, excess = run.returns, run.returns - run.cash
    ratios = [r.mean() / r.std(), excess.mean() / r.std(), excess.mean() / excess.std()]
    return [r.mean() * periods, r.std() * periods**0.5, *(np.array(ratios) * periods**0.5)]


written_out = pd.DataFrame({name: figures(run) for name, run in runs.items()}).T
assert np.abs(written_out.to_numpy() - table.iloc[:, :5].to_numpy()).max() < 1e-12

# %% mystnb={"figure": {"caption": "Three definitions of the Sharpe ratio. Without the risk-free rate half Kelly looks best and the index respectable. Against cash, all fractions of one strategy are alike, and the index is below zero.", "name": "fig-replication-sharpe"}, "image": {"alt": "Dots for each strategy on a line of Sharpe ratios. Grey dots, without the risk-free rate, lie far to the right at various places; coloured dots, with it, lie near one for every Kelly fraction and just below zero for the index."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.8, 3.4))
places = np.arange(len(table))[::-1]
ax.axvline(0, color="C6", lw=0.8)
ax.hlines(places, table["Sharpe, excess"], table["Sharpe"], color="#D0D0D0", lw=1)
ax.plot(table["Sharpe"], places, "o", color="C6", ms=6)
ax.plot(table["Sharpe, excess"], places, "D", color="C0", ms=6)
ax.text(table["Sharpe"].iloc[0], places[0] + 0.35, "without r", color="C6", ha="center")
ax.text(table["Sharpe, excess"].iloc[0], places[0] + 0.35, "with r, both ways", color="C0", ha="center")
ax.set_yticks(places, table.index)
ax.set(xlabel="Sharpe ratio, a year", ylim=(-0.6, len(table) - 0.3))
plt.show()

# %% [markdown]
# Three things can be read from the table and {numref}`fig-replication-sharpe`. Full Kelly earns an average of over 90 % a year at a volatility
# above 50 %. Cash earned 38 % a year in these months, which is why half Kelly, half of which is cash, has such a high first ratio: the risk-free rate
# is counted as a merit. And once it is not, **every fraction of a strategy has the same Sharpe ratio**, since $r_P - r$ is
# just multiplied by the fraction. The index earned less than cash: its ratio is above one in the first definition and negative in the others.

# %%
excess_ratios = table.filter(like="honest", axis=0)["Sharpe, excess"]
assert cost or rebalance != 1 or excess_ratios.max() - excess_ratios.min() < 1e-9
print(f"cash earned {100 * 252 * market.rate.mean():.2f} % a year")

# %% [markdown]
# (sec-replication-worth)=
# ## What one day a month is worth
#
# The article's clock lets full Kelly hold each new portfolio one row early, a row whose return was counted when it was chosen. The difference of the annual means is the
# sum over those rows, divided by the years.

# %%
stamp(cut, rule, clock)
early = [n for n in table.index if n.endswith("article")]
late = [n.replace("article", "honest") for n in early]
gain = table.loc[early].to_numpy() - table.loc[late].to_numpy()
worth = pd.DataFrame(gain, [n.split(",")[0] for n in early], table.columns)
worth[["annual mean", "Sharpe, excess"]].round(4)

# %%
stamp(cut, clock)
summed = (article.returns - honest.returns)[differ].sum() * 252 / len(R)
print(f"full Kelly: {100 * summed:.2f} points a year come from {len(differ)} rows")
assert 1.0 not in fractions or not defaults or abs(summed - gain[fractions.index(1.0), 0]) < 1e-12

# %% [markdown]
# With the article's data that is four percentage points a year, and 0.07 of the Sharpe ratio. It is a mistake of principle, and here it is
# not the large one; the next chapter finds larger ones.
#
# (sec-replication-growth)=
# ## What one lira grew to
#
# The figures so far need only means and covariances of months and the returns of a few portfolios on the last row of a month. The
# bundled data hold exactly these, so the figures are those of the real prices, although the bundled days are generated. What one unit of wealth grows to, and
# how deep it fell on the way, depends on the order of days. From generated days that would be fiction. The table below was therefore computed from the real prices, which cannot
# be passed on, by a script that comes with the book (`data/make_evidence.py`), and the book's tests compute it again where the prices are.

# If `source` gives other prices, real ones, those days are this run's own and come first.

# %%
columns = ["growth rate", "wealth", "drawdown", "turnover"]
stored = json.loads((BUNDLED / "evidence.json").read_text())["tables"]["performance"]
real = pd.DataFrame(stored["data"], columns=stored["columns"]).set_index(["vintage", "run"])

# %%
if source != "bundled" and not articles_run:
    print("This run, from its own days:", table[columns].round(4).to_string(), sep="\n", end="\n\n")
heading = "" if articles_run else "Stored evidence of BIST30 with the article's parameters, not of this run:"

# %%
if heading:
    print(heading)
real.loc["seed", columns].round(4)

# %% [markdown]
# The columns are the growth rate in nats a year, the wealth that one unit became from January 2023 to July 2025, the deepest fall below an earlier maximum, and the value
# bought and sold in a year, in multiples of wealth. For this run the other columns of the stored table must agree with ours:

# %%
if articles_run:
    same = real.loc["seed"].loc[list(table.index)].iloc[:, :5]
    print(f"real days and this run agree to 1e-8: {(same - table.iloc[:, :5]).abs().max(axis=None) < 1e-8}")
    assert (same - table.iloc[:, :5]).abs().max(axis=None) < 1e-8

# %% [markdown]
# Double Kelly had the highest mean and, with luck, the highest final wealth: for constant weights the growth rate is about
# $r + \lambda m - \lambda^2 s^2 / 2$, where $m$ and $s^2$ are the mean and variance of the excess return, and $\lambda$ the fraction. It is
# largest at $\lambda = m / s^2$, which these thirty months put near 1.9. That is a figure of hindsight, with a standard error of more
# than one; {ref}`the chapter on one coin <sec-coin>` shows what happens beyond it.

# %%
stamp(cut)
m, s2 = (honest.returns - honest.cash).mean(), (honest.returns - honest.cash).var()
print(f"best fraction in hindsight {m / s2:.2f}, standard error about {1 / np.sqrt(s2 * len(R)):.2f}")

# %% [markdown]
# The 2026 vintage, in which Yahoo has repaired five dividend adjustments, tells the same story a little more quietly:

# %%
if heading:
    print(heading)
real.xs("full Kelly, honest", level="run")[["annual mean", "Sharpe, excess", "wealth", "drawdown"]].round(4)

# %% [markdown]
# ## What this chapter does not show
#
# It does not compare with the published end figures: the copy of the article at hand breaks off before them. It takes the article's conventions
# as they are: constant weights that cost nothing to keep, stocks bought at the very close at which the decision is made, debt at TLREF, thirty
# stocks chosen because they were in the index in 2025, and an index without dividends as the rival. It gives no error bars, and a Sharpe ratio
# from thirty-one months has wide ones. The {ref}`audit <sec-audit>` takes these up one by one. And with the
# parameters as they are no path of generated days was used for anything; a run with others that would need one says so above its tables.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-replication-sharpe
#
# Show that the third Sharpe ratio in {eq}`eq-replication-sharpe` is the same for every fraction $\lambda > 0$ of a strategy
# with constant weights and no costs, and that the first one tends to $\bar r / s(r)$ as $\lambda \to 0$. What is that number here?
# ```
#
# ````{solution-start} ex-replication-sharpe
# :class: dropdown
# ````
#
# $r_P - r = \lambda f^\top(R - r)$, so mean and deviation are both multiplied by $\lambda$. As $\lambda \to 0$, $r_P \to r$,
# whose own ratio is enormous, since it hardly varies. Ranking by the first ratio therefore always ends at cash.

# %%
stamp(cut)

# %%
ratio = market.rate.mean() / max(market.rate.std(), 1e-14) * np.sqrt(252)
tiny = summary({"": walk_forward(R, fraction(1e-4, kelly), rebalance=1)})["Sharpe"].item()
print(f"cash alone: {ratio:.2f}, a ten-thousandth of Kelly: {tiny:.2f}")
assert not articles_run or abs(tiny / ratio - 1) < 0.01

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-replication-ends
#
# Without a computer: in which months of 2024 could the article's clock make no difference, whatever the prices? (31 March, 30 June, 31 August and
# 30 November 2024 were on a weekend.) Check it.
# ```
#
# ````{solution-start} ex-replication-ends
# :class: dropdown
# ````
#
# In the months whose calendar end was no trading day: the four on a weekend. A holiday at a month's end would add to them.

# %%
ends = f_star.index[f_star.index.year == 2024]
harmless = [f"{day:%B}" for day in ends if day not in R.index]
print(harmless)
assert not articles_run or harmless == ["March", "June", "August", "November"]

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-replication-buyhold
#
# Buy all stocks in equal parts on the first row and never trade again. Show that wealth is the average of the stocks' own
# growth factors and that turnover is 1 in total, then check it with `hold`.
# ```
#
# ````{solution-start} ex-replication-buyhold
# :class: dropdown
# ````
#
# One $n$-th of a unit in each stock grows by that stock's factor and is never touched, and the sum is the average. All wealth is bought once.

# %%
n = stocks.shape[1]
equal = pd.DataFrame([[1 / n] * n + [0.0]], R.index[:1], R.columns)
bought = hold(R, equal)
assert np.allclose((1 + bought.returns).cumprod(), (1 + stocks).cumprod().mean(axis=1), rtol=1e-12)
assert abs(bought.turnover.sum() - 1) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-replication-cheat
#
# How much would full Kelly have earned if it knew each month in advance? Hold $f^\star$ *during* the month that it was estimated
# from. Why is this run, unlike the article's, useless as an error to learn from?
# ```
#
# ````{solution-start} ex-replication-cheat
# :class: dropdown
# ````
#
# Store each $f^\star$ under the first day of its own month. The result is absurd, and an absurd result is found at once.
# A single row a month is dangerous because the result stays plausible.

# %%
stamp(cut, clock)

# %%
oracle = hold(R, f_star.set_axis(f_star.index.to_period("M").start_time), rebalance=1)
yearly = [252 * run.returns.mean() for run in (oracle, article, honest)]
print("annual mean: oracle {:.2f}, article {:.2f}, honest {:.2f}".format(*yearly))
assert oracle.returns.mean() > article.returns.mean()

# %% [markdown]
# ````{solution-end}
# ````
#
# ## Sources
#
# The rule is {cite:t}`kelly1956`'s; fractions of it are discussed by {cite:t}`thorp2006` and {cite:t}`maclean2010`. On what is wrong with annualized
# Sharpe ratios in general see {cite:t}`lo2002`. The article is named in {ref}`the chapter before <sec-bist30>`, and where the data
# come from is written in `data/README.md`.
