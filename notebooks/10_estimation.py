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
# (sec-estimation)=
# # What estimating costs
#
# Kelly's portfolio is the fastest for a distribution that you know, and you know only a sample of it.
# How much growth is lost when the weights are computed from 20 days, or 60, or 5000, and by which of the book's methods least?
# In this chapter the truth is known to us, though not to the strategies, so the loss can be measured exactly.
#
# The answer is a rule of thumb that fits on a card: *every weight that you fit costs half a nat per sample*. It says how many
# years of data a portfolio needs. Twenty days of thirty stocks, the article's case, are so far from enough that the
# month's optimum is little better than a stock drawn by lot, and much worse than equal weights, as long as the stocks do not differ by far more than we assume.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.covariance import ledoit_wolf

from kellylib import growth_rate, kelly_full, kelly_mean_variance, kelly_order2, kelly_robust

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## The experiment and its parameters
#
# The truth is a market of ten stocks and cash, one row a trading day. Expected returns of the stocks are spread evenly around a
# common mean, volatilities around a common volatility, and each pair has the same correlation. Volatility is that of an
# emerging market or of single technology shares, and half of the stocks deserve no place in a portfolio; change the figures and run the chapter again.

# %% tags=["parameters"]
n_stocks = 10  # int, stocks: besides cash, 2 to 50
mean = 0.08  # float, per year: average expected return of the stocks above cash, -0.5 to 0.5
spread = 0.16  # float, per year: largest minus smallest expected return, 0 to 1
volatility = 0.40  # float, per year: average volatility, 0.1 to 1
correlation = 0.3  # float, none: of each pair of stocks, 0 to 0.9
n_samples = 24  # int, samples: drawn for each length of the history, 10 to 1000
seed = 252  # int, none: seed of the random draws, 0 or more

# %% [markdown]
# Parameters that make no market are refused here.

# %%
whole = {"n_stocks": (n_stocks, 2, 50), "n_samples": (n_samples, 10, 1000), "seed": (seed, 0, 2**32)}
for name, (value, least, most) in whole.items():
    if not (isinstance(value, int) and least <= value <= most):
        raise ValueError(f"{name} must be a whole number from {least} to {most}; it is {value!r}.")

# %%
real = {"mean": (mean, -0.5, 0.5), "spread": (spread, 0, 1), "volatility": (volatility, 0.1, 1)}
for name, (value, least, most) in (real | {"correlation": (correlation, 0, 0.9)}).items():
    if not (isinstance(value, int | float) and least <= value <= most):
        raise ValueError(f"{name} must be a number from {least} to {most}; it is {value!r}.")

# %%
sizes = [20, 60, 250, 1000, 5000]  # days in the sample
rng = np.random.default_rng(seed)

# %% [markdown]
# ## A truth with finitely many days
#
# A distribution given by formulas would leave us with integrals, and each integral with an error of its own. So the truth is a finite market: 4000
# possible days, equally likely, drawn once from a heavy-tailed one-factor model and then moved and scaled to have exactly the stated
# means and volatilities. From there on nothing about the truth is approximate: the growth rate of any weights is a sum of
# 4000 terms, and the best weights carry the certificate of {eq}`eq-certificate`. A "sample of $T$ days" is $T$ independent draws from the 4000.

# %%
def truth(n, spread, days=4000):
    """Gross returns of n stocks and cash on equally likely days."""
    common, own = rng.standard_t(5, (days, 1)), rng.standard_t(5, (days, n))
    x = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    means = (mean + spread * np.linspace(-0.5, 0.5, n)) / 252
    deviations = volatility * np.linspace(0.8, 1.2, n) / np.sqrt(252)
    return np.column_stack([np.maximum(1 + means + deviations * x, 0.01), np.ones(days)])

# %%
R = truth(n_stocks, spread)
best = kelly_full(R)
print(f"the best weights grow by {252 * best.growth:.4f} nats a year; certified: {best.gap <= 1e-12}")

# %% [markdown]
# Cash earns nothing here, so growth is growth above cash. A second road to the same number: the best weights cannot lose to equal weights, to
# any single stock, or to a thousand portfolios drawn at random.

# %%
equal = np.r_[np.full(n_stocks, 1 / n_stocks), 0.0]
rivals = np.vstack([equal, np.eye(n_stocks + 1), rng.dirichlet(np.ones(n_stocks + 1), 1000)])
growths = np.log(R @ rivals.T).mean(axis=0)

# %%
print(f"equal weights: {252 * growths[0]:.4f} nats a year")
print(f"best of {len(rivals)} rivals: {252 * growths.max():.4f} nats a year")
assert growths.max() <= best.growth + best.gap + 1e-12

# %% [markdown]
# (sec-estimation-half)=
# ## Half a nat for every weight
#
# Before the simulation, the theory of it. Take one stock with excess return $x$ per day and let the weight be free: no limits, shorts
# allowed. To second order growth is $\mu w - \tfrac12 m w^2$ with $\mu = \operatorname{E} x$ and $m = \operatorname{E} x^2$, so the best weight is
# $w^\star = \mu / m$ and its growth $\mu^2 / 2m = \tfrac12 S^2$, where $S = \mu/\sqrt m$ is very nearly the Sharpe ratio per day.
# Now estimate. With $\hat w = \hat\mu / \hat m$ the error of $\hat w$ comes from $\hat\mu$, whose variance is about $m/T$, so
#
# $$
# g^\star - \operatorname{E} g(\hat w) = \tfrac12 m \operatorname{Var} \hat w \approx \tfrac12 m \, \frac{m/T}{m^2} = \frac{1}{2T}.
# $$ (eq-estimation-half)
#
# Everything about the market has cancelled. One free weight costs $1/2T$ nats per day, half a nat over the length of the
# sample, whatever the stock. With $k$ free weights the same computation in matrices gives $k/2T$. And the *in-sample* growth of the
# fitted weights is too high by the same amount, because $\hat w$ maximizes the sample's parabola instead of the true one. So
#
# $$
# \operatorname{E} \hat g(\hat w) \approx g^\star + \frac{k}{2T},
# \qquad
# \operatorname{E} g(\hat w) \approx g^\star - \frac{k}{2T} :
# $$ (eq-estimation-bias)
#
# what the sample promises exceeds what the future holds by $k/T$. Estimating pays only if $k/2T < g^\star = \tfrac12 S^2$, that is
#
# $$
# T > \frac{k}{S^2} .
# $$ (eq-estimation-years)
#
# With a Sharpe ratio of 0.8 *a year* $S^2 = 0.64$ per year, and each free weight needs $1/0.64 = 1.6$ years of data before the fitted
# portfolio beats cash. That is the whole story of this chapter in one number; limits on the weights soften it, as we will see.
#
# The constant can be checked without any solver. For the last stock alone, and then for all stocks at once, draw samples of 1000 days, fit the free weights by
# the first two moments, and take the loss from the parabola of the truth. The theory says $k/2$, up to terms of the order $S^2$ per day, which are small in any market that we know.

# %%
def free_loss(x, T=1000, samples=400):
    """T times the loss of free fitted weights, one number for each sample of T days."""
    M = x.T @ x / len(x)
    w = np.linalg.solve(M, x.mean(axis=0))
    errors = []
    for _ in range(samples):
        y = x[rng.integers(len(x), size=T)]
        errors.append(np.linalg.solve(y.T @ y / T, y.mean(axis=0)) - w)
    return T / 2 * np.einsum("si,ij,sj->s", errors, M, errors)

# %%
for k, x in [(1, R[:, [-2]] - 1), (n_stocks, R[:, :-1] - 1)]:
    loss = free_loss(x)
    error = loss.std() / np.sqrt(len(loss))
    S2 = x.mean(axis=0) @ np.linalg.solve(x.T @ x / len(x), x.mean(axis=0))
    print(f"{k} free weights: loss times T = {loss.mean():.2f} +- {2 * error:.2f} nats, theory {k / 2}")
    assert abs(loss.mean() - k / 2) < 5 * error + (0.05 + S2) * k

# %% [markdown]
# ## Seven strategies, one sample
#
# Each strategy sees the sample and nothing else. *Full* is the exact optimum of the sample, *half* puts the other half in cash, *Order2* maximizes
# the Taylor expansion. *Shrunken* pulls the sample means towards their common mean, by the factor of James and Stein in {eq}`eq-uncertainty-stein`, takes the
# covariance of Ledoit and Wolf, and solves the mean-variance problem. *Robust* maximizes the worst growth in a ball of radius $1/2T$ around the sample's
# probabilities ({ref}`sec-uncertainty-ball`). Equal weights and cash look at nothing.

# %%
def shrunken(x):
    """Mean-variance weights from shrunken means and covariance of simple returns x, cash the last column."""
    x = x[:, :-1]
    (T, n), cov, mu = x.shape, ledoit_wolf(x)[0], x.mean(axis=0)
    away = mu - mu.mean()
    noise = (x - x.mean(axis=1, keepdims=True)).var(axis=0, ddof=1).sum() / T
    keep = max(0.0, 1 - max(n - 3, 0) / (n - 1) * noise / max(away @ away, 1e-300))
    w = kelly_mean_variance(mu.mean() + keep * away, cov, 0.0)
    return np.r_[w, 1 - w.sum()]

# %%
def fit(sample):
    """Weights of every strategy that looks at the sample."""
    full = kelly_full(sample).weights
    cash = np.eye(len(full))[-1]
    robust = kelly_robust(sample, radius=0.5 / len(sample)).weights
    return {"Full": full, "half": (full + cash) / 2, "Order2": kelly_order2(sample).weights,
            "shrunken": shrunken(sample - 1), "robust": robust}

# %% [markdown]
# Now every strategy plays on the same samples, and each is judged by the truth. The loss is the distance in growth from the best weights, in nats a year.

# %%
def experiment(R, sizes, n_samples):
    """Rows of samples: true growth by strategy, and growth in the sample of Full and of the best weights."""
    rows, ideal = [], kelly_full(R).weights
    for T in sizes:
        for i in range(n_samples):
            sample = R[rng.integers(len(R), size=T)]
            fitted = fit(sample)
            row = {name: 252 * np.log(R @ w).mean() for name, w in fitted.items()}
            promise, had = (252 * growth_rate(sample, None, w) for w in (fitted["Full"], ideal))
            rows.append({"T": T, "sample": i, **row, "promise": promise, "best had": had})
    return pd.DataFrame(rows).set_index(["T", "sample"])

# %% [markdown]
# There are a few dozen samples, so no mean of the table means anything without an interval. The intervals below are
# for differences *within* a sample (both strategies saw the same days), 95 % by Student's $t$.

# %%
def interval(x):
    """Mean and 95 % interval of the mean."""
    mean, error = x.mean(), x.std(ddof=1) / np.sqrt(len(x))
    wide = student.ppf(0.975, len(x) - 1) * error
    return pd.Series({"mean": mean, "from": mean - wide, "to": mean + wide})

# %%
def against(results, *pairs):
    """Mean differences in growth with their intervals, a row for each length of the sample."""
    change = {f"{a} - {b}": (results[a] - results[b]).groupby("T") for a, b in pairs}
    rows = {pair: x.apply(interval).unstack().to_numpy() for pair, x in change.items()}
    cells = {pair: [f"{m:+.3f} ({low:+.3f}, {high:+.3f})" for m, low, high in t] for pair, t in rows.items()}
    return pd.DataFrame(cells, index=results.index.unique("T"))

# %%
results = experiment(R, sizes, n_samples)
results["equal"], results["cash"], results["best"] = 252 * growths[0], 0.0, 252 * best.growth
looking = ["Full", "half", "Order2", "shrunken", "robust"]
assert (results[[*looking, "equal", "cash"]] <= 252 * best.growth + 1e-9).all(axis=None)

# %%
against(results, *[("best", name) for name in [*looking, "equal", "cash"]]).T

# %% [markdown]
# With twenty days Full loses 0.078 of the 0.086 nats that there are, and with 5000 it still loses 0.031, the interval from 0.023 to 0.038. Equal weights and cash look at nothing, so their losses are the same in
# every column, exactly, and their intervals have no width. The assertion holds each weight vector of each sample against the best one. Do not compare two rows by their intervals here: half and Full saw the same days, and what they have in common cancels only in their
# difference. Those differences follow, first against equal weights.

# %%
careful = ["Full", "half", "shrunken", "robust"]
against(results, *[(name, "equal") for name in careful])

# %% [markdown]
# An interval below zero says that looking at the sample was worse than not looking at it. For samples of up to 1000 days, four years, that is so in all four columns, for the certified optimum and for all the careful variants.
# Twenty years of daily data bring Full, shrunken and robust level with equal weights: their intervals cover zero. Half Kelly is still behind, if only just. And against cash?

# %%
against(results, *[(name, "cash") for name in careful])

# %% [markdown]
# Against cash everything gains, at every length, with one exception: twenty days leave Full where cash is, and its interval covers zero. (Robust weights clear zero there by a hair.)
#
# Next, the two ways of being careful. Half Kelly and robust weights against Full:

# %%
against(results, ("half", "Full"), ("robust", "Full"))

# %% [markdown]
# Half Kelly gains up to 250 days, because it halves the stake in an error. At 1000 days its interval covers zero, and with 5000, where the sample is good, it loses, because these weights are without credit: the Full weights of a risky market are below what growth
# would ask for already. The robust weights are level with Full, every interval but one covering zero. That one, at 1000 days, lies above zero; one row of five is thin evidence.
#
# And the two that look at moments only: does it matter for growth that Order2 stops at the second order? Does shrinking help?

# %%
against(results, ("Order2", "Full"), ("shrunken", "Full"))

# %% [markdown]
# Order2 and Full agree to a thousandth of a nat a year, where the error of either is tens of thousandths. The choice of the *solver* is
# irrelevant beside the choice of the *sample*: that is the sense in which order matters little. Shrinking cannot be told from Full at any length: all five intervals cover zero.
# The assertion says the first for every length.

# %%
lost = (252 * best.growth - results["Full"]).groupby("T").mean()
order = (results["Order2"] - results["Full"]).groupby("T").mean().abs()
print(f"Order2 - Full: at most {order.max():.4f}; loss of Full: at least {lost.min():.4f} nats a year")
assert (order < 0.1 * lost + 0.001).all()

# %% mystnb={"figure": {"caption": "Growth under the truth of weights that were fitted to a sample, means over samples with 95 % intervals. The line at the top is the best portfolio; equal weights and cash need no sample.", "name": "fig-estimation-growth"}, "image": {"alt": "True growth against the number of days in the sample on a logarithmic axis. Full Kelly starts lowest and rises towards the optimum; half Kelly and robust start near cash; equal weights are a horizontal line that Full crosses late."}} tags=["hide-input"]
fig, ax = plt.subplots()
styles = {"Full": "C0o-", "half": "C1o-", "shrunken": "C7o--", "robust": "C7o-"}
for (name, style), shift in zip(styles.items(), [0.94, 0.98, 1.02, 1.06], strict=True):
    table = results[name].groupby("T").apply(interval).unstack()
    days, wide = np.array(sizes) * shift, table["to"] - table["mean"]
    ax.errorbar(days, table["mean"], wide, fmt=style, ms=3, label=name)
levels = {"the best weights": (252 * best.growth, "C4"), "cash": (0, "C6")}
levels["equal weights"] = 252 * growths[0], "C5"
for name, (level, color) in levels.items():
    ax.axhline(level, color=color, lw=0.9, ls="--")
    ax.annotate(name, (9.5, level), color=color, va="bottom")
ax.legend(loc="lower right", ncols=2)
ax.set(xscale="log", xlabel="days in the sample", ylabel="true growth, nats a year", xlim=(9, 7000))
plt.show()

# %% [markdown]
# (sec-estimation-bias)=
# ## What the sample promises
#
# A backtest of the fitted weights *on the sample that fitted them* is not a forecast. By {eq}`eq-estimation-bias` it exceeds the truth by $k/T$ nats per day, where $k$ is the number of weights that are free.
# Limits (no shorts, no credit) stop the weights long before the sample is used up: the optimum of twenty days would like to borrow many times its wealth, and may not. So the number of weights that are *effectively*
# free is small, and grows with $T$. The table shows promise, truth and their distance, per year, and the same distance as a number of weights, $k = T \times$ distance.

# %%
table = results.groupby("T")[["promise", "Full"]].mean()
table["distance"] = table["promise"] - table["Full"]
table["weights"] = table["distance"] * table.index / 252
table.round(2)

# %% [markdown]
# With 20 days the sample's optimum promises to multiply wealth by four or five in a year, and delivers next to nothing. Limits are the best friend of who must estimate: with free weights the loss would be $k/2T$, a quarter of a nat *a day*.
# Is the bias certain for every length, or could it be chance?

# %%
bias = (results["promise"] - results["Full"]).groupby("T").apply(interval).unstack().round(3)
print(bias.to_string())
print(f"the whole interval is above zero at every length: {(bias['from'] > 0).all()}")
assert (results["promise"] >= results["best had"] - 1e-9).all()

# %% [markdown]
# There is a theorem behind the sign. For *any* sample size, whatever the market, the expected promise is at least the best growth, and the truth of fitted weights at most:
#
# $$
# \operatorname{E} \max_w \hat g(w) \;\ge\; \max_w \operatorname{E} \hat g(w) = \max_w g(w) = g^\star \;\ge\; \operatorname{E} g(\hat w) .
# $$ (eq-estimation-sign)
#
# The first step is that the maximum of a mean is at most the mean of the maxima; the last, that no weights beat the best. Sample by sample the first step reads: the promise is at least what the truly best weights earned
# on the same days. That is the assertion in the last cell.
# So in-sample growth is biased upwards always. A *minimum* of losses over many strategies tried on one history is biased in the same way, which is why the
# chapters on evidence count how many were tried.
#
# (sec-estimation-article)=
# ## Twenty days, thirty stocks
#
# The article refits thirty stocks on each calendar month of about twenty days. Here is a truth of that shape, with the same average stock as before, and dozens of such months.

# %%
def months(R):
    """Table of months of 20 days each, as in `experiment`, with equal weights, cash and the best weights."""
    month, stocks = experiment(R, [20], 2 * n_samples), R.shape[1] - 1
    month["equal"] = 252 * growth_rate(R, None, np.r_[np.full(stocks, 1 / stocks), 0.0])
    month["cash"], month["best"] = 0.0, 252 * kelly_full(R).growth
    return month

# %%
R30 = truth(30, spread)
month = months(R30)
month.drop(columns="best had").groupby("T").mean().T.round(3)

# %% [markdown]
# Rule {eq}`eq-estimation-years` would ask for decades, and here are twenty days. What does the month's optimum cost against putting the same money into all thirty
# stocks alike, and is it even better than cash?

# %%
pairs = [("best", "Full"), *[(name, "equal") for name in looking], ("Full", "cash")]
pairs += [("half", "Full"), ("robust", "Full")]
against(month, *pairs).T

# %% [markdown]
# A fit that carried no information would be a stock drawn by lot: it earns an average stock's mean and bears one stock's variance. The
# growth of the lot can be written down without any sample, a second road to the order of magnitude in the table.

# %%
single = 252 * np.log(R30[:, :-1]).mean(axis=0)
fits = [kelly_full(R30[rng.integers(4000, size=20)]).weights for _ in range(50)]
held = [np.count_nonzero(w > 0.01) for w in fits]
print(f"one stock at random: {single.mean():.3f} nats a year")
print(f"stocks in a month's optimum: {np.median(held):.0f} (median)")

# %%
print("Full less the lot (mean, from, to):", *interval(month["Full"] - single.mean()).round(3))
top, lot = month["best"].iloc[0], single.mean()
way = (month["Full"].mean() - lot) / (top - lot)
print(f"part of the way from the lot to the best weights: {way:.2f}")
assert single.max() <= top + 1e-9 and (month["Full"] <= top + 1e-9).all()

# %% [markdown]
# The month's optimum is better than the lot, for twenty days do carry a little information, and it is far from the best. Against equal weights it loses in all five versions of the rule, with intervals below zero: by
# concentrating it pays for risk that equal weights do not bear, and twenty days hardly show which stocks are the good ones. Here, where the error is largest, robust weights do gain on Full, and half Kelly comes nearer to equal weights. Against cash it gains something here only because stocks gain in this truth.
# So in this truth the rule can be judged without the article's thirty-one months of prices. But it is *one* truth, and invented: the best and the worst of its stocks differ by 0.16 a year. Here are three more, drawn anew, in which they differ
# by as much again, by three times and by five times as much. Everything else stays.

# %%
wider = {f"{times} x {spread:g}": months(truth(30, times * spread)) for times in (1, 3, 5)}
others = {name: against(m, *[(s, "equal") for s in careful]).T[20] for name, m in wider.items()}
pd.DataFrame(others)

# %% [markdown]
# A fresh truth of the same kind gives the same verdict. Three times the spread, expected returns from -0.16 to 0.32 a year, turn it round: Full *gains* on equal weights, and so does half Kelly, both with intervals above zero, while shrunken and robust weights
# cover zero. At five times the spread robust weights gain too, and the shrunken ones still cover zero. Twenty days do tell a very good stock from a very bad one, if there are such. How far apart the expected returns of real stocks are would have to be estimated too,
# so the verdict hangs on an assumption. What the article's particular months showed is measured in {ref}`sec-audit`.
#
# ## What this chapter does not show
#
# - **Days that depend on each other, and truths that move.** Samples are independent draws from one fixed distribution. In a real market the past is a sample
#   of something else than the future, and the losses here are lower bounds in that sense.
# - **Other truths.** Every interval covers the chance of the samples *within* one truth. None covers the choice of that truth, on which the sign of a difference may depend, as the table of wider spreads shows.
# - **The size of real edges.** Means and volatilities are invented to be plausible. Rule {eq}`eq-estimation-years` is free of them except through the Sharpe ratio.
# - **Better estimators.** Shrinkage to a common mean is the simplest; factor models, priors and longer histories of volatilities do more. None escapes the variance of a mean, which depends on years and not on the number of observations.
# - **The best radius.** The radius $1/2T$ of the robust weights was set beforehand and not tuned; see {ref}`sec-uncertainty-ball`.
# - **Costs.** Refitting trades. The turnover of a fitted portfolio comes on top of its error.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-estimation-daily
#
# Would hourly data help? Show that the loss over a *year* in {eq}`eq-estimation-half` does not depend on how finely a fixed span of time is sampled.
# ```
#
# ```{solution} ex-estimation-daily
# :class: dropdown
#
# With $Y$ years of history cut into $N$ periods a year, $T = NY$, and the loss per year is $N \cdot 1/2T = 1/2Y$. It depends on the years only. (Variances, unlike means, are
# estimated better from finer data; but here the loss comes from the mean.)
# ```
#
# ```{exercise}
# :label: ex-estimation-half
#
# If weights are fitted to a sample of $T$ periods, which fraction $c$ of the fitted weight has the best expected growth? Use $\hat w = w^\star + \varepsilon$, $\operatorname{Var} \varepsilon = 1/(mT)$.
# ```

# %% [markdown]
# ````{solution-start} ex-estimation-half
# :class: dropdown
# ````
# Expected growth of $c \hat w$ is $\mu c w^\star - \tfrac12 m c^2 (w^{\star 2} + 1/mT)$. Its maximum is at $c = S^2/(S^2 + 1/T)$: trust the estimate in the proportion of signal to
# signal plus noise. With $S^2 T = 1$, the break-even of {eq}`eq-estimation-years`, the answer is half Kelly. In numbers:

# %%
S2, T = 0.64 / 252, 252 / 0.64
c = np.linspace(0, 1, 1001)
value = S2 * c - 0.5 * c**2 * (S2 + 1 / T)

# %%
print(f"best fraction {c[value.argmax()]:.3f}, by the formula {S2 / (S2 + 1 / T):.3f}")
assert abs(c[value.argmax()] - 0.5) < 1e-9

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-estimation-years
#
# A portfolio of twelve free weights has a Sharpe ratio of 1 a year. After how many years of data does the fitted portfolio beat cash, on average, and after how many does it keep 90 % of the best growth?
# ```
#
# ```{solution} ex-estimation-years
# :class: dropdown
#
# By {eq}`eq-estimation-years` it beats cash after $12/1 = 12$ years. The loss is a tenth of $\tfrac12 S^2 = \tfrac12$ when $12/2Y = 0.05$: 120 years.
# ```
#
# ```{exercise}
# :label: ex-estimation-order
#
# Prove the first inequality of {eq}`eq-estimation-sign` for two portfolios, and find the bias for two independent stocks with the same true growth and sample growths that are normal with standard deviation $s$.
# ```

# %% [markdown]
# ````{solution-start} ex-estimation-order
# :class: dropdown
# ````
# $\max(a, b) \ge a$ and $\ge b$, so its mean is at least either mean. For normal $a, b$ the mean of $\max(a, b) = \tfrac12 (a + b) + \tfrac12 |a - b|$ is $s/\sqrt\pi$ above the truth.

# %%
draws = rng.normal(0, 1, (200_000, 2)).max(axis=1)
print(f"simulated {draws.mean():.3f}, exact {1 / np.sqrt(np.pi):.3f}")
assert abs(draws.mean() - 1 / np.sqrt(np.pi)) < 0.02

# %% [markdown]
# ````{solution-end}
# ````
#
# ## Sources
#
# That estimated optimal portfolios lose to equal weights is the finding of {cite:t}`demiguel2009`, who ask for thousands of months where we ask for $k/S^2$. {cite:t}`maclean2010` name the estimate of the mean as the practical weakness of Kelly
# betting, and {cite:t}`baker2013` shrink a bettor's stake for the reason of {ref}`ex-estimation-half`. The robust weights are in the spirit of {cite:t}`sunboyd2018`.
