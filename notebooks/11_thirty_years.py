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
# (sec-thirty)=
# # Thirty years, twenty stocks
#
# {ref}`The audit <sec-audit>` ended without a verdict: thirty months are too few to tell Kelly's rule from cash, or from luck.
# Here are thirty-three years of daily prices of twenty large American companies.
# Are they enough to tell full, half and double Kelly from equal weights, from cash, and from each single stock?
#
# ## First of all: who is on the list
#
# The prices come with the package skfolio, as an example for its own documentation. Its authors call them stale and not authoritative. The twenty names are selected constituents of the
# S&P 500 that were already traded in January 1990 and have a price on every day until December 2022. So **every one of them survived**, and was large or became so.
# Nobody had this list in 1990. In it is the computer maker that became the most valuable company in the world, and not in it are
# all the computer makers that vanished.
#
# This is not a footnote. It bears on every number of the chapter, and not on all of them in the same way. It lifts all strategies that hold these stocks against all that do
# not: against cash and against the index. Whether it also helps a *concentrated* strategy against a spread one is less clear. A bankruptcy would hurt the concentrated
# one most, and the list has none. We shall measure what can be measured, and say what cannot.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from skfolio.datasets import load_sp500_dataset, load_sp500_index

from kellylib import add_cash, hold, kelly_full, kelly_order2, simple_returns, summary, walk_forward
from kellylib.metrics import stationary_bootstrap

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## Parameters
#
# The package has no interest rates, so cash earns a constant rate that is *assumed*: 2.5 % a year. The true short rate was far above that at the beginning and close to zero
# for many years after 2008. The main run estimates from the last 36 whole months, anew on the first row of each month, lets weights drift in between, and pays
# 0.1 % of whatever is bought or sold. The main run was set before its results were looked at. The grid beside it, every other window with every rhythm, has no such claim: it was
# changed while the chapter was written (for a time monthly decisions were left out of it, except for the main window), and two windows were tried that are not in it. They are reported below, too.

# %% tags=["parameters"]
start = "1990-01-01"  # str, date: first day on which prices are used
end = "2023-01-01"  # str, date: the day after the last one on which prices are used
window = "36M"  # str, whole months: what the main run estimates from
windows = ["12M", "36M", "60M"]  # list, whole months: the windows that are compared
rhythm = "M"  # str, "W", "M", "Q" or "Y": how often the main run estimates anew
rhythms = ["Q", "Y", "M"]  # list, calendars: the rhythms that are compared
rebalance = 0  # int, rows: between trades back to the target; 1 holds weights constant, 0 lets them drift
fractions = [0.5, 1.0, 2.0]  # list, multiples of f*: 1 is full Kelly, 0.5 half, 2 double
cost = 0.001  # float, fraction of the value traded: cost of a trade, 0 or more
rate = 0.025  # float, return per year: what cash earns and debt costs, an assumption, above -1
block = 6.0  # float, months: mean length of a block of the bootstrap, 1 to a quarter of those compared
n_draws = 5000  # int, histories: draws of the bootstrap
n_markets = 8  # int, markets: simulated in the section on survivors, at least 2
seed = 1990  # int, none: seed of all random draws, 0 or more

# %%
for name, value, least in [("n_draws", n_draws, 1), ("n_markets", n_markets, 2), ("seed", seed, 0)]:
    if not (isinstance(value, int) and value >= least):
        raise ValueError(f"{name} must be a whole number >= {least}; it is {value!r}.")
rng = np.random.default_rng(seed)

# %%
if not (isinstance(rate, int | float) and rate > -1):
    raise ValueError(f"rate must be a number above -1; it is {rate!r}.")
if not (windows and rhythms):
    raise ValueError("windows and rhythms must name at least one window and one calendar.")

# %%
if not fractions or not all(share >= 0 for share in fractions):
    raise ValueError(f"fractions must list multiples of f*, each >= 0; it is {fractions!r}.")

# %%
for w in [window, *windows]:
    if not (isinstance(w, str) and w[:-1].isdigit() and w[-1] in "MQY"):
        raise ValueError(f"window and windows must be whole months, quarters or years, as 36M; not {w!r}.")

# %%
for name, day in [("start", start), ("end", end)]:
    if not isinstance(day, str) or pd.isna(pd.to_datetime(day, errors="coerce")):
        raise ValueError(f"{name} must be a day such as 2020-01-31; it is {day!r}.")

# %%
shares, borrow = sorted({1.0, *fractions}), max(0, max(fractions) - 1)
windows = sorted({window, *windows}, key=lambda w: int(w.rstrip("WMQY")))
how = dict(rebalance=rebalance or None, cost=cost)

# %%
last_day = pd.Timestamp(end) - pd.Timedelta(days=1)
prices, index = (load().loc[start:last_day] for load in (load_sp500_dataset, load_sp500_index))
if len(prices) < 2:
    raise ValueError(f"start and end must leave at least two days of 1990 to 2022; not {start!r}, {end!r}.")
stocks = simple_returns(prices)
R = add_cash(stocks, (1 + rate) ** (1 / 252) - 1)
print(f"{R.shape[0]} rows, {stocks.shape[1]} stocks, {R.index[0]:%Y-%m-%d} to {R.index[-1]:%Y-%m-%d}")

# %% [markdown]
# Before prices are used they are looked at. They are adjusted for splits and dividends and rounded to three decimals, so the early ones are coarse: a share that cost 0.144 after adjustment
# can move by no less than 0.7 %. A day without a change is rare in a large stock. One has many.

# %%
looks = pd.DataFrame({
    "first price": prices.iloc[0], "growth a year": 252 * np.log1p(stocks).mean(),
    "volatility": stocks.std() * 252**0.5, "worst day": stocks.min(), "days unchanged": (stocks == 0).mean(),
})
looks.sort_values("growth a year").round(3)

# %% [markdown]
# RRC, a gas producer that cost a few dollars, stood still on every eighth day and lost two thirds on a day of April 1990. It is left in: to
# take out what looks odd, with the results at hand, would be another choice from the end. {ref}`An exercise <ex-thirty-rounding>` shows that rounding matters little
# for the others.

# %%
index_returns = simple_returns(index).iloc[:, 0]
equal_wealth, index_wealth = (1 + stocks.mean(axis=1)).cumprod(), (1 + index_returns).cumprod()
times = equal_wealth.iloc[-1] / index_wealth.iloc[-1]
print(f"equal weights ended with {times:.1f} times the wealth of the index")

# %% mystnb={"figure": {"caption": "Wealth of one unit in January 1990: each of the twenty stocks, equal weights in all of them (traded daily, without costs), and the index S&P 500, without dividends.", "name": "fig-thirty-stocks"}, "image": {"alt": "Twenty thin lines on a logarithmic scale from 1990 to 2022, all of which end above one and most above the black line of the index. The line of equal weights ends far above the index."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.8))
ax.plot(prices / prices.iloc[0], color="C7", lw=0.6, alpha=0.6)
for name, color, line in [("equal weights", "C5", equal_wealth), ("index", "C4", index_wealth)]:
    ax.plot(line, color=color)
    at, offset = (line.index[-1], line.iloc[-1]), dict(textcoords="offset points", va="center")
    ax.annotate(name, at, xytext=(6, 0), color=color, **offset)
ax.text(pd.Timestamp("1992-01-01"), 60, "each stock", color="C7")
ax.set(yscale="log", ylabel="wealth", xlabel="year", xlim=(R.index[0], R.index[-1] + pd.Timedelta(days=2000)))
ax.set_xticks(pd.to_datetime([f"{y}-01-01" for y in range(1990, 2023, 4)]), range(1990, 2023, 4))
plt.show()

# %% [markdown]
# The index counts no dividends, which is some two points a year. The rest of the distance in {numref}`fig-thirty-stocks` is the list, and equal weights in place of weights by size.
#
# (sec-thirty-survivors)=
# ## What a list from the end is worth
#
# Theory can say more. Make a market in which no skill is possible: a hundred stocks, monthly returns, one common factor, and the *same* law for all of them. Let it run for 33 years. Keep the twenty that ended
# highest, which is a cruder sieve than that of the real list, and beside them twenty that were drawn at random. Then let full Kelly (three years of past, a new portfolio
# each year, cash that earns nothing) and equal weights run on both lists.

# %%
def full(past):
    return kelly_full(1 + past.to_numpy()).weights


def equal(past):
    return np.append(np.full(past.shape[1] - 1, 1 / (past.shape[1] - 1)), 0.0)

# %%
def race(log_returns):
    market = add_cash(pd.DataFrame(np.expm1(log_returns)), 0.0)
    runs = [walk_forward(market, rule, window=36, calendar=12) for rule in (equal, full)]
    return [12 * np.log1p(run.returns.iloc[36:]).mean() for run in runs]

# %%
def one_market():
    factor, own = rng.normal(0.004, 0.04, (396, 1)), rng.normal(0, 0.08, (396, 100))
    best = np.argsort((factor + own).sum(axis=0))[-20:]
    return race((factor + own)[:, best]) + race((factor + own)[:, :20])

# %%
columns = ["equal, best", "Kelly, best", "equal, any", "Kelly, any"]
drawn = pd.DataFrame([one_market() for _ in range(n_markets)], columns=columns)
lift = pd.DataFrame({
    "equal weights": drawn["equal, best"] - drawn["equal, any"],
    "full Kelly": drawn["Kelly, best"] - drawn["Kelly, any"],
})
lift["Kelly's over equal's"] = lift["full Kelly"] - lift["equal weights"]
pd.DataFrame({"growth by the list": lift.mean(), "standard error": lift.sem()}).round(3)

# %% [markdown]
# Two things follow. A list from the end adds some six points a year to equal weights, ten standard errors from zero, in a market where nobody can know anything. The lead over the index that
# {ref}`will be found below <sec-thirty-leads>` is of that size. (The agreement is loose: this sieve is not the real one.) Kelly's rule is lifted as well, rather less than more: the last row is within two
# standard errors of zero. So against *equal weights on the same list* survivorship does not obviously flatter full Kelly, while against cash and the index it flatters everybody.
# And where there is no skill to be had, what does Kelly's rule pay for its one or two stocks? Theory: all stocks have the same mean, so growth differs by half the variance. One stock
# has its own part of it, $12 \times 0.08^2$ a year, and equal weights a twentieth of that. The same variance, over thirty years and so many markets, says how exact the simulation can be.

# %%
behind = drawn["Kelly, any"] - drawn["equal, any"]
in_theory = -12 * 0.08**2 / 2 * (1 - 1 / 20)
print(f"full Kelly behind: {behind.mean():.3f}, error {behind.sem():.3f}; theory {in_theory:.3f}")
assert abs(behind.mean() - in_theory) < 4 * 0.08 * np.sqrt(12 / 30 / n_markets)

# %% [markdown]
# Few markets were drawn, and the simulated cost by itself is within two standard errors of zero as well as of the theory.

# %% [markdown]
# (sec-thirty-run)=
# ## The run
#
# The strategy sees past days as equally likely scenarios and takes the growth-optimal weights, with no shorting and no debt,
#
# $$
# f^\star = \arg\max_{w \ge 0,\; \sum_i w_i = 1} \; \frac1T \sum_{t} \log (1 + w^\top R_t) ,
# $$ (eq-thirty-full)
#
# with cash as one of the assets. Its memory is a dictionary: who is asked about the same days again, as happens when the rhythms are compared, need not solve the problem again. With each answer it keeps the certificate.

# %%
def remember(solver):
    known = {}

    def strategy(past):
        key = past.index[0], past.index[-1]
        if key not in known:
            known[key] = solver(1 + past.to_numpy())
        return known[key].weights
    strategy.known = known
    return strategy


kelly, order2 = {w: remember(kelly_full) for w in windows}, remember(kelly_order2)

# %% [markdown]
# `walk_forward` hands out copies of past days and nothing else. It runs once for each window and rhythm, here without costs, to
# collect the decisions.

# %%
choices = list(dict.fromkeys([(window, rhythm), *((w, r) for w in windows for r in rhythms)]))
walks = {(w, r): walk_forward(R, kelly[w], window=w, calendar=r) for w, r in choices}
walks["Order2"] = walk_forward(R, order2, window=window, calendar=rhythm)

# %%
solved = [s for strategy in kelly.values() for s in strategy.known.values()]
print(f"{len(solved)} optima; certified within 1e-12 nats: {max(s.gap for s in solved) <= 1e-12}")
assert max(s.gap for s in solved) <= 1e-12 and max(s.violation for s in solved) <= 1e-12

# %% [markdown]
# By another road: Cover's algorithm {cite:p}`cover1984` multiplies each weight by its partial derivative, again and again. It is slow, and simple enough to
# trust. On the last three years it must come as near to our growth as its own certificate says, and never above it.

# %%
G = 1 + R.iloc[-756:].to_numpy()
w = np.full(G.shape[1], 1 / G.shape[1])
for _ in range(1000):
    w *= (1 / (G @ w)) @ G / len(G)
missing = kelly_full(G).growth - np.log(G @ w).mean()
assert -1e-12 <= missing <= np.log(((1 / (G @ w)) @ G / len(G)).max()) + 1e-12

# %% [markdown]
# All comparisons use the same rows: from the first January in which the longest window is full. Everything starts there from cash, and from there on pays its costs. A fraction holds that multiple of each stake, and cash, or debt, for
# the rest. Debt costs what cash earns, which flatters double Kelly.

# %%
asked = max(walk.turnover.gt(0).idxmax() for walk in walks.values())
new_year = R.index[~R.index.to_period("Y").duplicated()]
if not (new_year >= asked).any():
    raise ValueError(f"start and end must leave a January after {asked:%Y-%m-%d}, the first full window.")

# %%
test = R.loc[new_year[new_year >= asked][0] :]
months = test.index.to_period("M")
if months.nunique() < 12:
    raise ValueError(f"start and end must leave at least 12 months to compare, not {months.nunique()}.")
print(f"compared from {test.index[0]:%Y-%m-%d} to {test.index[-1]:%Y-%m-%d}, {len(test)} rows")

# %%
def targets(walk, calendar, share=1.0):
    days = test.index[~test.index.to_period(calendar).duplicated()]
    stakes = share * walk.weights.loc[days].iloc[:, :-1]
    return stakes.assign(cash=1 - stakes.sum(axis=1))


# %% [markdown]
# Weights that `walk_forward` decided on, held by `hold`, are the same run.

# %%
main = walks[window, rhythm]
apart = hold(test, targets(main, rhythm)).returns - main.returns.loc[test.index]
assert apart.abs().max() < 1e-12

# %% [markdown]
# The rivals: equal weights, restored at the same rhythm and cost; cash; and each stock, bought once.

# %%
label = {1.0: "full Kelly", 0.5: "half Kelly", 2.0: "double Kelly"}
runs = {}
for c in shares:
    held = targets(main, rhythm, c)
    runs[label.get(c, f"{c:g} Kelly")] = hold(test, held, borrow=borrow, **how)
runs["Order2"] = hold(test, targets(walks["Order2"], rhythm), **how)

# %%
days = test.index[~test.index.to_period(rhythm).duplicated()]
equal_targets = pd.DataFrame([equal(test)] * len(days), days, R.columns)
runs["equal weights"] = hold(test, equal_targets, **how)
runs["cash"] = hold(test, equal_targets.iloc[:1] * 0 + np.eye(R.shape[1])[-1])

# %%
for j, name in enumerate(stocks):
    runs[name] = hold(test, pd.DataFrame(np.eye(R.shape[1])[[j]], test.index[:1], R.columns), cost=cost)
table = summary(runs)
shown = ["volatility", "Sharpe, excess", "growth rate", "wealth", "drawdown", "turnover"]
table.iloc[: len(shares) + 3][shown].round(3)

# %% [markdown]
# Equal weights, by another road: without costs their wealth grows over a month by the plain average of the stocks' growth over that month, whatever happens in between.

# %%
periods = test.index.to_period(rhythm)
average = (1 + stocks.loc[test.index]).groupby(periods).prod().mean(axis=1)
free = hold(test, equal_targets)
assert abs(np.log1p(free.returns).sum() - np.log(average).sum()) < 1e-10

# %%
lines = {name: (1 + run.returns).cumprod() for name, run in runs.items()}
lines["index"] = (1 + index_returns.loc[test.index]).cumprod()

# %% mystnb={"figure": {"caption": "Wealth of one unit in January 1995, with costs. The lines are histories, not evidence: intervals follow.", "name": "fig-thirty-wealth"}, "image": {"alt": "Lines of wealth on a logarithmic scale from 1995 to 2022. Full Kelly ends near 270, double Kelly lower after falls of more than nine tenths, equal weights near 70, half Kelly near 40, the index near 8, cash at 2."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 4.2))
paint = {"double Kelly": "C2", "full Kelly": "C0", "equal weights": "C5", "half Kelly": "C1"}
for name, color in (paint | {"cash": "C6", "index": "C4"}).items():
    if name in lines:
        ax.plot(lines[name], color=color, lw=1.2)
        at, shift = (test.index[-1], lines[name].iloc[-1]), dict(textcoords="offset points", va="center")
        ax.annotate(name, at, xytext=(6, 0), color=color, **shift)
ax.set_xlim(test.index[0], test.index[-1] + pd.Timedelta(days=1700))
ax.set(yscale="log", ylabel="wealth", xlabel="year")
ax.set_xticks(pd.to_datetime([f"{y}-01-01" for y in range(1996, 2023, 4)]), range(1996, 2023, 4))
plt.show()

# %% [markdown]
# Full Kelly ends with nearly four times the wealth of equal weights, after falls that took three quarters of it. Double Kelly was not ruined, but it once
# lost 98 % of what it had. Half Kelly ends below equal weights. A figure like {numref}`fig-thirty-wealth` is where most reports end. It is one history, and nothing in it says how much of it is luck.
#
# (sec-thirty-leads)=
# ## Leads with intervals
#
# The unit of evidence is the logarithm of growth in a month: it adds up, and months are what the strategies decide on. Let $d_t$ be the difference of two strategies in
# month $t$, so that $12\,\bar d$ is the *lead* in nats a year. New histories come from the stationary bootstrap of {cite:t}`politis1994`: blocks of random start and of
# geometric length, mean $1/q$, here six months, are joined until the history is as long as the real one. All strategies are resampled by the *same* months, so what they
# have in common cancels. A history is then just a count of how often each month occurs in it, and the means of all histories are one matrix product.

# %%
def by_months(run):
    with np.errstate(divide="ignore"):  # ruin: -inf
        return np.log1p(run.returns).groupby(months).sum()

# %%
L = pd.DataFrame({name: by_months(run) for name, run in runs.items()})
L["index"] = np.log1p(index_returns.loc[test.index]).groupby(months).sum()

# %%
ruined = [*L.columns[~np.isfinite(L).all()]]
L, T = L.drop(columns=ruined), len(L)
if not (isinstance(block, int | float) and 1 <= block <= T / 4):
    raise ValueError(f"block must be from 1 to {T / 4:g}, a quarter of the months compared; it is {block!r}.")
print(f"{T} months; ruined, and left out of what follows: {ruined or 'nobody'}")

# %%
def histories(block):
    rows = stationary_bootstrap(T, block, n_draws, rng) + T * np.arange(n_draws)[:, None]
    return np.bincount(rows.ravel(), minlength=rows.size).reshape(rows.shape).astype(float)


counts = histories(block)

# %%
def lead(d, counts=counts):
    low, high = np.quantile(12 * (counts @ d.to_numpy()) / T, [0.025, 0.975])
    return {"lead": 12 * d.mean(), "2.5 %": low, "97.5 %": high}


def leads(pairs):
    rows = {f"{a} - {b}": lead(L[a] - L[b]) for a, b in pairs if {a, b} <= set(L)}
    table = pd.DataFrame.from_dict(rows, "index", columns=["lead", "2.5 %", "97.5 %"])
    return table.assign(covers_zero=(table["2.5 %"] <= 0) & (table["97.5 %"] >= 0))

# %% [markdown]
# Is the machine right? The variance of a resampled mean has a closed form, which {cite:t}`politis1994` give and which follows in two lines. Two places of a history that are $j$ apart
# lie in one block with probability $(1-q)^j$; then they are neighbours of distance $j$ on the circle of months, with the circular covariance
# $C_j$. If not, they are independent. Hence
#
# $$
# \operatorname{Var}^*(\bar d^{\,*}) = \frac1T \Bigl( C_0 + 2 \sum_{j=1}^{T-1} \bigl(1 - \tfrac{j}{T}\bigr) (1-q)^j C_j \Bigr) .
# $$ (eq-thirty-variance)

# %%
d = (L["full Kelly"] - L["equal weights"]).to_numpy()
centred, j = d - d.mean(), np.arange(1, T)
C = np.array([centred @ np.roll(centred, -k) / T for k in range(T)])
exact = np.sqrt((C[0] + 2 * ((1 - j / T) * (1 - 1 / block) ** j) @ C[1:]) / T)
drawn_error = (counts @ d / T).std()
print(f"standard error a year: closed form {12 * exact:.4f}, {n_draws} histories {12 * drawn_error:.4f}")
assert abs(drawn_error / exact - 1) < 5 / np.sqrt(2 * n_draws)

# %% [markdown]
# Now the leads. The intervals hold 95 % of the histories, each for itself: of twenty intervals around truths of zero, one misses on average.

# %%
kellys = [name for name in runs if name.endswith("Kelly")]
pairs = [(a, b) for b in ("equal weights", "cash", "index") for a in kellys]
leads(pairs + [("equal weights", "cash"), ("equal weights", "index")]).round(3)

# %% [markdown]
# Read the last column. **Against equal weights every lead of a Kelly fraction covers zero**: full Kelly was 4.8 points a year ahead, and its interval reaches from 8 behind to 18 ahead. Against
# cash full and half Kelly are ahead by more than chance, double Kelly is not. Against the index all Kelly intervals cover zero, two of them barely. And the clearest lead of the table is the one of equal weights over the index: 7.6 points, far
# from zero, for a strategy without any idea in it. It is what dividends and the list are worth.
#
# The result does not hang on the length of blocks:

# %%
by_block = {b: lead(L["full Kelly"] - L["equal weights"], histories(b)) for b in (1, 3, 12, 24)}
pd.DataFrame(by_block).T.rename_axis("mean block, months").round(3)

# %% [markdown]
# And against the twenty single stocks, each of which somebody could have bought in 1995 and forgotten:

# %%
against = leads([("full Kelly", name) for name in stocks]).sort_values("lead")
behind_of = [name.split(" - ")[1] for name in against.index[against["lead"] < 0]]
print(f"full Kelly grew faster than {(against['lead'] > 0).sum()} stocks, slower than {behind_of}")
print(f"{against['covers_zero'].sum()} of {len(against)} intervals cover zero")

# %%
rows = pd.concat([against, leads([("full Kelly", b) for b in ("equal weights", "index", "cash")])])

# %% mystnb={"figure": {"caption": "Leads of full Kelly in growth, with 95 % intervals: over each stock, and at the top over equal weights, the index and cash. Where the bar crosses the line, thirty years do not tell.", "name": "fig-thirty-leads"}, "image": {"alt": "Twenty-three horizontal intervals in order of the lead. All of those against stocks and those against equal weights and the index cross zero, some barely; the one against cash does not."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 5.4))
paint = {"equal weights": "C5", "index": "C4", "cash": "C6"}
names = [name.split(" - ")[1] for name in rows.index]
for y, (name, (middle, low, high)) in enumerate(zip(names, rows.iloc[:, :3].to_numpy(float), strict=True)):
    ax.plot([low, high], [y, y], color=paint.get(name, "C7"), lw=2)
    ax.plot(middle, y, "o", color=paint.get(name, "C7"))
ax.axvline(0, color="C6", lw=0.8)
ax.set_yticks(range(len(names)), names)
ax.set(xlabel="lead of full Kelly in growth, nats a year")
plt.show()

# %% [markdown]
# Full Kelly beat nineteen of twenty stocks, which sounds like a victory, and **not one of the twenty intervals excludes zero** ({numref}`fig-thirty-leads`). A single stock has a volatility of
# 20 to 60 % a year, the strategy one of 42 %, and the difference of two such histories is known, after 28 years, to within some fifteen points a year on each side.
#
# (sec-thirty-fractions)=
# ## How much of Kelly
#
# What an interval cannot decide, theory may. Growth of the fraction $c$ is, for small bets, the parabola of {ref}`the chapter on security <sec-security>`,
#
# $$
# g(c) \approx r + c\, m - \tfrac12 c^2 s^2 ,
# $$ (eq-thirty-parabola)
#
# with $m$ and $s^2$ the yearly mean and variance of the excess return of full Kelly. If the estimates were the truth, the best $c$ would be 1. Here every window is asked:

# %%
multiples, main_name = np.arange(0, 3, 0.5), f"{window}, {rhythm}"
curves = choices[:1] + [(w, rhythms[0]) for w in windows if w != window]
paths = {
    (f"{w}, {r}", c): hold(test, targets(walks[w, r], r, c), borrow=1.5, **how).returns
    for w, r in curves for c in multiples
}

# %%
with np.errstate(divide="ignore"):  # ruin: growth is -inf
    growth = pd.Series({key: 252 * np.log1p(x).mean() for key, x in paths.items()}).unstack(0)
growth.rename_axis("fraction").round(3)

# %% [markdown]
# By two of the three windows one and a half Kelly grew faster than full, by the third it grew more slowly. That could be chance: all three intervals of the difference cover zero.

# %%
half_more = {
    name: (np.log1p(paths[name, 1.5]) - np.log1p(paths[name, 1.0])).groupby(months).sum()
    for name in growth if np.isfinite(growth.loc[1.5, name])
}
pd.DataFrame({f"1.5 - 1, {name}": lead(d) for name, d in half_more.items()}).T.round(3)

# %%
ruin = [f"{name}, {c:g} Kelly: {x.idxmin():%Y-%m-%d}" for (name, c), x in paths.items() if x.min() <= -1]
print(*(ruin or ["no run was ruined"]), sep="\n")

# %% [markdown]
# Ruin is a result. With a debt as large as wealth, or larger, one bad quarter of one stock is enough, since the debt does not fall with the price. By one window and rhythm double Kelly ends with
# more than a hundred times its start, by another with nothing. All four ruins came in the last months of 2000.

# %%
r0, excess = R["cash"].iloc[0], runs["full Kelly"].returns - R["cash"].loc[test.index]
m, s2 = 252 * excess.mean(), 252 * excess.var()
fine = np.linspace(0, 2.5, 101)
parabola = 252 * np.log1p(r0) + fine * m - fine**2 * s2 / 2

# %%
by_month = excess.groupby(months).agg(["sum", lambda x: (x**2).sum()]).to_numpy()
in_hindsight = (counts @ by_month[:, 0]) / (counts @ by_month[:, 1])
low, high = np.quantile(in_hindsight, [0.025, 0.975])
print(f"best fraction in hindsight m / s2 = {m / s2:.2f}, interval {low:.2f} to {high:.2f}")

# %% mystnb={"figure": {"caption": "Growth against the fraction of Kelly, for three windows, with costs. A line ends where the next fraction was ruined. The dotted line is the parabola of the main run.", "name": "fig-thirty-fractions"}, "image": {"alt": "Three curves of growth that rise from the rate of cash at fraction zero. Two reach 0.2 at one and a little more at one and a half; one of them then falls, the other ends. The third stays below equal weights and falls after one. A dotted parabola follows the main run up to one and a half."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.8, 3.8))
for (name, line), style in zip(growth.items(), ["--", "-", "-.", ":"] * 3, strict=False):
    color, line = "C0" if name == main_name else "C7", line[np.isfinite(line)]
    ax.plot(line.index, line, style, marker="o", color=color)
    ax.annotate(name, (line.index[-1], line.iloc[-1]), xytext=(7, 0), textcoords="offset points", color=color)
ax.plot(fine, parabola, ":", color="C6")
ax.text(2.0, parabola[80] + 0.006, "parabola", color="C6")
ax.axhline(12 * L["equal weights"].mean(), color="C5", lw=1)
ax.text(0.02, 12 * L["equal weights"].mean() + 0.004, "equal weights", color="C5")
ax.set(xlabel="fraction c of full Kelly", ylabel="growth rate, nats a year")
plt.show()

# %% [markdown]
# The best fraction in hindsight was above one, which the theory of estimation errors would not lead us to expect, and its interval reaches from six tenths of Kelly to two and a half times as much. A list of
# survivors is just what makes $m$ too large. What the fraction does to *risk*, on the other hand, the data show beyond doubt. Volatility differences have intervals too:

# %%
def volatility(name):
    x = np.expm1(L[name].to_numpy())
    return np.sqrt(12 * np.maximum(counts @ x**2 / T - (counts @ x / T) ** 2, 0)), np.sqrt(12) * x.std()


def riskier(a, b):
    (drawn_a, real_a), (drawn_b, real_b) = volatility(a), volatility(b)
    low, high = np.quantile(drawn_a - drawn_b, [0.025, 0.975])
    return {"more": real_a - real_b, "2.5 %": low, "97.5 %": high}

# %%
order = [(kellys[0], "equal weights"), *zip(kellys[1:], kellys[:-1], strict=True)]
present = [(a, b) for a, b in order if {a, b} <= set(L)]
risks = pd.DataFrame({f"{a} - {b}": riskier(a, b) for a, b in present}).T
pd.concat({"volatility": risks, "growth": leads(present)}, axis=1).round(3)

# %% [markdown]
# From half to full Kelly volatility rises by twenty points, and the interval is nowhere near zero. Growth rises by seven, and the interval covers zero. From full to double
# it is worse: 42 points of volatility more, for a growth that fell, by an amount whose interval again covers zero. **Risk is known, growth is not.** Half Kelly has about the volatility of equal weights (that difference covers
# zero) at a growth that cannot be told from theirs.
#
# (sec-thirty-grid)=
# ## Windows, rhythms, costs
#
# The choices that nobody can justify: how long a past, how often anew.

# %%
grid = {}
for w, r in choices:
    run = hold(test, targets(walks[w, r], r), **how)
    over_cash = {"over cash, " + k: v for k, v in lead(by_months(run) - L["cash"]).items()}
    grid[w, r] = lead(by_months(run) - L["equal weights"]) | over_cash
grid = pd.DataFrame(grid).T.rename_axis(["window", "rhythm"])
grid.round(3)

# %%
inside = ((grid["2.5 %"] <= 0) & (grid["97.5 %"] >= 0)).sum()
print(f"leads over equal weights: {grid['lead'].min():.3f} to {grid['lead'].max():.3f}")
uncertain = (grid["over cash, 2.5 %"] <= 0).sum()
print(f"of {len(grid)} intervals cover zero: {inside} over equal weights, {uncertain} over cash")

# %% mystnb={"figure": {"caption": "Lead of full Kelly over equal weights for each window and rhythm, with 95 % intervals, after costs. All intervals contain zero; the dots themselves wander by several points.", "name": "fig-thirty-grid"}, "image": {"alt": "Nine horizontal intervals, windows by rhythms. The dots lie between zero and seven points a year, the intervals are about 25 points wide and all contain zero."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(7.2, 3.4))
words = {"W": "weekly", "M": "monthly", "Q": "quarterly", "Y": "yearly"}
for y, (_, row) in enumerate(grid[::-1].iterrows()):
    ax.plot([row["2.5 %"], row["97.5 %"]], [y, y], color="C0", lw=2)
    ax.plot(row["lead"], y, "o", color="C0")
ax.axvline(0, color="C6", lw=0.8)
ax.set_yticks(range(len(grid)), [f"{w}, {words.get(r, r)}" for w, r in grid.index[::-1]])
ax.set(xlabel="lead over equal weights in growth, nats a year")
plt.show()

# %% [markdown]
# All of them cover zero ({numref}`fig-thirty-grid`). Over cash six of the leads do not, but three do: even that finding is not one for every window and rhythm. The dots differ by several points from rhythm to rhythm with the same window. Asking once a year instead of once a month saves most of the trading; whether it gains growth is again not known, as the interval covers zero:

# %%
calm = hold(test, targets(walks[window, "Y"], "Y"), **how) if "Y" in rhythms else runs["full Kelly"]
pd.DataFrame({"yearly - main": lead(by_months(calm) - L["full Kelly"])}).T.round(3)

# %% [markdown]
# Two more windows were looked at while this chapter was written, and must not be kept back. The first is three months, the nearest to the article's one.

# %%
short, looked = walk_forward(R, full, window="3M", calendar="M"), {}
for r in ("M", "Q", "Y"):
    looked["3M", r] = lead(by_months(hold(test, targets(short, r), **how)) - L["equal weights"])
pd.DataFrame(looked).T.round(3)

# %% [markdown]
# Asked monthly, three months of past are ahead of equal weights by 16 points a year, and **this interval excludes zero**. The same window asked quarterly covers zero, and asked yearly it is behind, covering zero again. It
# is the best of twelve cells, found after the fact, and a 95 % interval is not made for a winner that was chosen because it won: among twelve, the level for each would have to be 99.6 %. It may be momentum, it may be the list, it may be the twelfth draw. What
# it is not is a rule that anybody fixed in 1990.
#
# The second is ten years, which are full from 2000 on; before that the run is in cash, and those months do not count. On the rest it is compared with the main window, both asked quarterly:

# %%
def ten_years():
    """Lead over the main window, both asked quarterly, in the months for which ten years are known."""
    pasts = (full, "120M"), (kelly[window], window)
    old, ours = (walk_forward(R, rule, window=w, calendar="Q") for rule, w in pasts)
    a, b = (by_months(hold(test, targets(walk, "Q"), **how)) for walk in (old, ours))
    d = (a - b)[old.turnover.gt(0).idxmax().to_period("M") :]
    rows = stationary_bootstrap(len(d), block, n_draws, np.random.default_rng(seed))
    low, high = np.quantile(12 * d.to_numpy()[rows].mean(axis=1), [0.025, 0.975])
    return {"lead": 12 * d.mean(), "2.5 %": low, "97.5 %": high, "months": len(d)}


known = {f"120M - {window}": ten_years()} if R.index.to_period("M").nunique() > 132 else {}
pd.DataFrame(known).T.round(3)

# %% [markdown]
# Ten years of past grew more slowly than three, and this interval covers zero as well.
#
# Costs. A trade of turnover $\tau$ at cost $c$ multiplies wealth by $1 - c\,\tau$, so growth falls by the mean of $-\log(1 - c\,\tau)$, and this is exact, because weights do not depend on it. It is a check
# of the accounts as well.

# %%
prices_of = {}
for c in (0.0, 0.001, 0.005, 0.01):
    ours, theirs = (hold(test, t, cost=c) for t in (targets(main, rhythm), equal_targets))
    fees = 252 * abs(np.log1p(-c * ours.turnover)).mean()
    own = {"growth": 252 * np.log1p(ours.returns).mean(), "fees": fees}
    prices_of[c] = own | lead(by_months(ours) - by_months(theirs))
prices_of = pd.DataFrame(prices_of).T.rename_axis("cost")
prices_of.round(3)

# %%
assert np.allclose(prices_of["growth"] + prices_of["fees"], prices_of["growth"].iloc[0], atol=1e-12)

# %% [markdown]
# Full Kelly turns its wealth over three and a half times a year: at 1 % a trade, costs take three and a half points of growth, and more than half of a lead that was not distinguishable from zero to begin with.
#
# (sec-thirty-order2)=
# ## The second-order approximation
#
# Order2 replaces the logarithm by its Taylor polynomial. Daily returns are small, so its weights are nearly the same. Its in-sample loss is bounded by the certificate of each decision, and its
# loss in the test has an interval like any other.

# %%
distance = (walks["Order2"].weights - main.weights).loc[days].abs().sum(axis=1) / 2
worst_gap = 252 * max(s.gap for s in order2.known.values())
print(f"moved wealth, Order2 against full: mean {distance.mean():.3f}, most {distance.max():.3f}")
print(f"in-sample loss of any decision at most {worst_gap:.4f} nats a year")

# %%
leads([("Order2", "full Kelly")]).round(4)

# %% [markdown]
# The lead covers zero, and unlike all others this interval is *narrow*: a quarter of a point on each side. Here thirty years do prove something. With daily returns and without debt, it does not matter which
# of the two is solved. {ref}`The coin <sec-coin>` shows where it does.
#
# (sec-thirty-promise)=
# ## Promise and delivery
#
# Each decision comes with a growth rate in-sample: what its weights would have earned in the days that they were chosen from. It is the largest of all, by construction. What was delivered, without costs?

# %%
def told(w, r):
    """Growth by months as the decisions in force had promised it."""
    days = R.index[~R.index.to_period(r).duplicated()]
    said = pd.Series({last: solution.growth for (_, last), solution in kelly[w].known.items()})
    decided = said.reindex(R.index).shift()[days]  # on the row after the last one that was known
    return decided.reindex(R.index).ffill()[test.index].groupby(months).sum()

# %%
promise, short_of = {}, {}
for w, r in curves:
    said, came = told(w, r), by_months(hold(test, targets(walks[w, r], r)))
    promise[f"{w}, {r}"] = {"promised": 12 * said.mean()} | lead(came)
    short_of[f"{w}, {r}"] = lead(said - came)
promise = pd.DataFrame(promise).T.rename(columns={"lead": "delivered"}).rename_axis("window")
promise.round(3)

# %% [markdown]
# Both are series of months, so their difference has an interval like any other lead:

# %%
pd.DataFrame(short_of).T.rename(columns={"lead": "promised - delivered"}).round(3)

# %% [markdown]
# The promises are two to five times what came, and the interval of the difference is above zero for every window: this difference is *not* chance. It is
# the bias of the in-sample optimum, in real data, and even survivorship could not hide it.
#
# ## What thirty years can tell
#
# - **Yes:** equal weights grew faster than the index; dividends and the list suffice to explain it. Full and half Kelly grew faster than cash in the main run, on the same list.
# - **Yes:** more Kelly is more risk, in proportion. Double Kelly lost 98 % on the way, and everything with another window.
# - **Yes:** the in-sample growth of a Kelly portfolio is not a forecast.
# - **Yes:** Order2 and Full are the same, for daily returns and without debt.
# - **No:** whether Kelly's rule beats equal weights. Eleven cells of twelve cover zero, and the twelfth was picked because it does not. Whether it beats any one of twenty stocks. Whether one and a half Kelly beats full. Which window is best. Whether yearly decisions are better than monthly ones.
#
# ## What this chapter does not show
#
# It does not show what an investor of 1990 could have earned: nobody knew these names. The simulation of lists says how much a list from the end can give, in a market of equal stocks, not what it gave here; stocks that
# vanish are in neither. Cash at a constant rate is an assumption, debt at the rate of cash a kindness to double Kelly. Taxes are left out, and so is the difference between the close at which one decides and the price that one gets. The prices are a package's
# example data, rounded, and were not checked against another source. Intervals are pointwise, and assume that months far apart tell little of each other and that the law did not change between 1995 and 2022, which
# nobody believes. The main window was fixed before the run by custom, three years, but the author of these lines had read the literature on momentum, and so has every reader.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-thirty-years
#
# If the true lead over equal weights were five points a year, how many years would it take until it stands two standard errors from zero? And how many for one point?
# ```
#
# ````{solution-start} ex-thirty-years
# :class: dropdown
# ````
#
# The standard error after $T$ months falls like $1/\sqrt T$. Scale the one we have: years $= 28 \times (2 \times \text{error} / \text{lead})^2$.

# %%
wait = {x: round(T / 12 * (2 * 12 * exact / x) ** 2) for x in (0.05, 0.01)}
print(f"years until two standard errors: {wait}")

# %% [markdown]
# Two centuries for five points, and for one point about as long as there has been writing.
#
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-thirty-sharpe
#
# Growth punishes risk, and so does the Sharpe ratio, differently. Is the difference of the monthly Sharpe ratios of equal weights and full Kelly distinguishable from zero?
# ```
#
# ````{solution-start} ex-thirty-sharpe
# :class: dropdown
# ````
#
# Resample means and mean squares of the monthly excess returns with the same histories, and form the ratios in each of them. The real difference is checked by pandas.

# %%
def sharpe(name, counts):
    x = np.expm1(L[name].to_numpy()) - np.expm1(L["cash"].to_numpy())
    mean = counts @ x / T
    return np.sqrt(12) * mean / np.sqrt(counts @ x**2 / T - mean**2)

# %%
apart = sharpe("equal weights", counts) - sharpe("full Kelly", counts)
real = (sharpe("equal weights", np.ones((1, T))) - sharpe("full Kelly", np.ones((1, T)))).item()
print(f"{real:.2f}, interval {np.quantile(apart, 0.025):.2f} to {np.quantile(apart, 0.975):.2f}")

# %%
extra = np.expm1(L[["equal weights", "full Kelly"]]).sub(np.expm1(L["cash"]), axis=0)
assert abs(np.sqrt(12) * (extra.mean() / extra.std(ddof=0)) @ [1, -1] - real) < 1e-9

# %% [markdown]
# The interval covers zero, like the one of growth, although the ratio has the opposite sign.
#
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-thirty-without
#
# Which stock did full Kelly hold most? Strike it from the list in advance, as if somebody in 1990 had overlooked it, and repeat the main run. What is left of the lead?
# ```
#
# ````{solution-start} ex-thirty-without
# :class: dropdown
# ````
#
# Look at the mean weights, drop the column, run again, and compare with equal weights in all twenty.

# %%
most = main.weights.loc[test.index].iloc[:, :-1].mean().idxmax()
less = walk_forward(R.drop(columns=most), full, window=window, calendar=rhythms[0], **how)
left = np.log1p(less.returns.loc[test.index]).groupby(months).sum() - L["equal weights"]
assert most not in less.weights

# %%
whole = by_months(hold(test, targets(walks[window, rhythms[0]], rhythms[0]), **how)) - L["equal weights"]
parts = {"with all": whole, f"without {most}": left, f"by {most}": whole - left}
pd.DataFrame({f"{name}, {rhythms[0]}": lead(d) for name, d in parts.items()}).T.round(3)

# %% [markdown]
# By the point estimates two thirds of that lead came from one stock. All three intervals cover zero, that of the difference too, so whether the stock made the lead is not known either. (To strike the winner is hindsight besides. It shows how
# much may hang on a single name, not what is true.)
#
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-thirty-rounding
#
# Prices are rounded to 0.001. Take the error of a price as uniform and independent from day to day. Which part of the variance of daily returns in the first five years is rounding, for the stock where it is largest?
# ```
#
# ````{solution-start} ex-thirty-rounding
# :class: dropdown
# ````
#
# A uniform error on an interval of length $h$ has variance $h^2/12$; a return contains two of them, divided by the price.

# %%
early = prices.iloc[:1260]
part = ((0.001**2 / 6 / early**2).mean() / stocks.iloc[:1260].var()).sort_values(ascending=False)
print((100 * part.head(3)).round(2).to_dict(), "percent of the variance")

# %%
noise = rng.uniform(-0.0005, 0.0005, early.shape) / early
assert np.allclose(2 * (noise**2).mean(), (0.001**2 / 6 / early**2).mean(), rtol=0.2)

# %% [markdown]
# ````{solution-end}
# ````
#
# ## Sources
#
# {cite:t}`politis1994` for the bootstrap and its variance, {cite:t}`cover1984` for the algorithm of the cross-check. That fourteen elaborate rules did not reliably beat equal weights is the finding of
# {cite:t}`demiguel2009`; on fractions of Kelly see {cite:t}`maclean2010` and {cite:t}`thorp2006`. The prices are those of `skfolio.datasets.load_sp500_dataset` and `load_sp500_index`, which come inside that package.
