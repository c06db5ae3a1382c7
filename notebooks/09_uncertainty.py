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
# (sec-uncertainty)=
# # Uncertain probabilities
#
# Every chapter so far handed the bettor a probability, and real bettors have a few dozen observations instead.
# The growth rate is concave, so an error in either direction costs growth, and an error upwards costs more.
# How should the stake depend on what you do not know: average over it, shrink, or guard against the worst?
#
# Each of the three verbs is a school. The *Bayesian* averages over what the probability may be. The *statistician*
# shrinks an estimate, or the stake itself, towards something safe. The *robust optimizer* names a set of
# probabilities and plays for the worst of them. On one coin all three can be computed exactly, so that nothing in the first half of this chapter is a
# simulation. Portfolios come second, on simulated markets whose truth is known, with an interval at every difference.

# %%
import math

import cvxpy as cp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.integrate import quad
from scipy.optimize import brentq, linprog, minimize_scalar
from scipy.special import rel_entr
from scipy.stats import beta, betabinom, binom
from sklearn.covariance import LedoitWolf

from kellylib import bet_growth, growth_rate, kelly_fraction, kelly_full, kelly_mean_variance, kelly_robust
from kellylib.full import interior_point

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## Parameters
#
# An even-money coin with a hidden probability $p$, and a bettor who has seen it tossed $n$ times. The prior is a Beta distribution, which is as good as having seen
# some tosses before the first: `prior` heads and as many tails. Then a market of stocks observed for some months, and the number of simulated worlds in which each rule is tried.

# %% tags=["parameters"]
p = 0.6  # float, probability: of heads, hidden from the bettor, above 0.5 and below 1
n_seen = 50  # int, tosses: seen before the bet, 2 to 1000
prior = 1.0  # float, tosses: heads, and as many tails, in the prior; 1 is uniform
n_stocks = 10  # int, stocks: in the simulated markets, 4 or more
n_months = 60  # int, months: observed in each market, 12 or more
n_worlds = 1000  # int, worlds: simulated markets of stocks, 30 or more
n_samples = 50  # int, samples: of the market of bets, for the robust rules, 10 or more
radius = 0.02  # float, nats: divergence guarded against in the robust examples, 0.0001 to 0.1
seed = 2013  # int, none: seed of the simulated markets, 0 or more

# %%
if not 0.5 < p < 1:
    raise ValueError(f"p must make the coin favourable and able to lose, 0.5 < p < 1; it is {p}.")
if not (0 < prior < math.inf and 1e-4 <= radius <= 0.1):
    raise ValueError(f"prior must be > 0 and radius from 0.0001 to 0.1; they are {prior} and {radius}.")

# %%
whole = {"n_seen": (n_seen, 2, 1000), "n_stocks": (n_stocks, 4, 100), "n_months": (n_months, 12, 2000)}
whole |= {"n_worlds": (n_worlds, 30, 5000), "n_samples": (n_samples, 10, 1000), "seed": (seed, 0, 2**32)}

# %%
for name, (value, least, most) in whole.items():
    if not (isinstance(value, int) and least <= value <= most):
        raise ValueError(f"{name} must be a whole number from {least} to {most}; it is {value!r}.")

# %%
f_star = kelly_fraction(p)
g_star = bet_growth(f_star, p)
print(f"who knew p would stake {f_star:.4f} and grow by {g_star:.6f} nats per bet")

# %% [markdown]
# (sec-uncertainty-bayes)=
# ## Averaging: the Bayesian stakes on the posterior mean
#
# Suppose that what you know about the coin is a probability distribution of $p$, your posterior. The toss is then random twice, and the expected logarithm of your wealth after it is the average of the growth rate over that distribution.
#
# :::{prf:theorem} Only the mean matters
# :label: thm-uncertainty-mean
#
# Let $p$ have any distribution on $[0, 1]$ with mean $m$. For one bet at net odds $b$ and a stake $f$,
#
# $$
# \operatorname{E}\bigl[p \log(1 + bf) + (1 - p) \log(1 - f)\bigr] = m \log(1 + bf) + (1 - m) \log(1 - f),
# $$ (eq-uncertainty-mean)
#
# so the best stake is Kelly's fraction of the posterior mean, $\max(0, m - (1 - m)/b)$, however wide the posterior is.
# :::
#
# :::{prf:proof}
# For a fixed $f$ the growth rate {eq}`eq-coin-growth` is *linear* in $p$, and the average of a linear function is its value at the average. The right side is the growth rate of a coin with the known probability $m$, and
# {prf:ref}`thm-coin-kelly` gives its maximum. $\square$
# :::
#
# The theorem surprises people who expect uncertainty to shrink the bet. It does, but only through the mean: the posterior mean is itself pulled towards the prior. It also holds for a sequence of bets with learning in between. The logarithm of final wealth is a sum, what you see does not depend on what you stake,
# and so each term is maximized separately, with the posterior of its time. (For one bet only the mean matters whatever the utility, since expected utility is linear in $p$ too; the stake is then another. For a sequence of bets it needs the logarithm: {ref}`ex-uncertainty-same`.)
#
# After $h$ heads in $n$ tosses, a prior Beta$(a, a)$ becomes the posterior Beta$(a + h,\, a + n - h)$ with mean $(a + h)/(2a + n)$, and the even-money stake is
#
# $$
# f_{\text{Bayes}} = \max\Bigl(0,\; 2\,\frac{a + h}{2a + n} - 1\Bigr) = \frac{n}{n + 2a}\, \max\Bigl(0,\; \frac{2h}{n} - 1\Bigr).
# $$ (eq-uncertainty-bayes)
#
# The second form is worth a pause. The last factor is the stake of the *plug-in* bettor, who puts the observed frequency $h/n$ into Kelly's formula as if it were the truth. **The Bayesian with a symmetric prior bets a fixed fraction of plug-in Kelly**, and the fraction is known before the first toss: $n/(n + 2a)$.
# With the uniform prior and 50 tosses it is 0.96, with two tosses one half.

# %%
heads = np.arange(n_seen + 1)
plug_in = np.maximum(2 * heads / n_seen - 1, 0)
bayes = kelly_fraction((prior + heads) / (2 * prior + n_seen))
assert np.allclose(bayes, n_seen / (n_seen + 2 * prior) * plug_in, rtol=0, atol=1e-14)

# %% [markdown]
# By another road: forget the theorem, integrate the growth over the posterior density by quadrature, and search for the best stake. Say that 60 % of the tosses showed heads.

# %%
h = round(0.6 * n_seen)
posterior = beta(prior + h, prior + n_seen - h)
averaged = lambda f: quad(lambda x: bet_growth(f, x) * posterior.pdf(x), 0, 1, epsabs=1e-13)[0]
search = minimize_scalar(lambda f: -averaged(f), bounds=(0, 0.99), options={"xatol": 1e-8})

# %%
print(f"{h} heads of {n_seen}: plug-in {plug_in[h]:.4f}, Bayes {bayes[h]:.4f}, search {search.x:.4f}")
assert abs(search.x - bayes[h]) < 1e-4
assert abs(-search.fun - bet_growth(bayes[h], posterior.mean())) < 1e-9

# %% [markdown]
# (sec-uncertainty-plugin)=
# ## Why the plug-in estimate overbets
#
# The number of heads is binomial, so what a betting rule $f(h)$ will earn on average is a finite sum: no simulation, no error bars.
#
# $$
# G(f) = \sum_{h=0}^n \binom nh p^h q^{n-h} \; g\bigl(f(h)\bigr).
# $$ (eq-uncertainty-sum)
#
# Three things are wrong with plug-in Kelly, and each is exact.
#
# **It bets too much on average.** The frequency is unbiased, $\operatorname{E}(2h/n - 1) = f^\star$, but nobody stakes a negative amount. The plug-in stake is the positive part, a convex function, and Jensen's inequality makes its mean larger than $f^\star$.
#
# **It bets too much when it bets.** Among all possible samples, those that invite a high stake are those that were lucky. If $p$ itself was drawn from the prior, {eq}`eq-uncertainty-bayes` says so without any doubt: given what was seen, every positive plug-in stake is above the best one, by the factor $1 + 2a/n$.
#
# **It bets everything with positive probability.** With probability $p^n$ all tosses show heads, the frequency is 1, the stake is all of the wealth, and the next tails ruins. The expected growth of plug-in Kelly is therefore $-\infty$, for every $n$. The event is rare, but a criterion that counts logarithms does not forgive it.

# %%
chance = binom.pmf(heads, n_seen, p)
earned = lambda stakes: np.sum(chance * bet_growth(stakes, p))
print(f"mean stake: plug-in {chance @ plug_in:.6f}, Bayes {chance @ bayes:.6f}, best {f_star:.6f}")
print(f"growth: plug-in {earned(plug_in):.6f}, Bayes {earned(bayes):.6f}, best {g_star:.6f}")

# %% [markdown]
# Is that ruin a mere curiosity of the boundary? The next cell sends the bettor who has seen heads only home. On the coin of this run the plug-in stake remains behind. And over the *prior*, which averages the truths as well, the Bayesian rule cannot be beaten by any rule whatever: given $h$, the theorem makes it best.
# Under that average the number of heads is beta-binomial, and the average is a finite sum again. We check it against every multiple of the plug-in stake.

# %%
sane = heads < n_seen
given = lambda stakes: chance[sane] @ bet_growth(stakes[sane], p) / chance[sane].sum()
print(f"growth unless all heads: plug-in {given(plug_in):.6f}, Bayes {given(bayes):.6f}")
assert chance @ plug_in > f_star - 1e-12 and earned(plug_in) == -math.inf

# %%
seen = betabinom.pmf(heads, n_seen, prior, prior)
mean_p = (prior + heads) / (2 * prior + n_seen)
over_prior = lambda stakes: np.sum(seen * bet_growth(stakes, mean_p))
assert all(over_prior(k * plug_in) <= over_prior(bayes) + 1e-15 for k in np.linspace(0, 1, 201))

# %% [markdown]
# (sec-uncertainty-shrink)=
# ## Shrinking the stake
#
# {cite:t}`baker2013` ask for a factor: stake $k \hat f$ instead of $\hat f$, with $0 \le k \le 1$. Which $k$ is best if the stake $\hat f$ comes from an estimate? For the coin the slope of {eq}`eq-uncertainty-sum` in $k$ settles it,
#
# $$
# \frac{d}{dk}\, G(k \hat f) = \sum_h \binom nh p^h q^{n-h}\, \hat f_h \Bigl(\frac{p}{1 + k \hat f_h} - \frac{q}{1 - k \hat f_h}\Bigr) = 0 .
# $$ (eq-uncertainty-slope)
#
# At $k = 0$ the slope is $(p - q) \operatorname{E} \hat f > 0$; it falls, since every bracket does; and at $k \to 1$ the term of all heads goes to $-\infty$. So there is one root, strictly between 0 and 1: **some shrinkage is always right**, for every coin and every number of tosses.
#
# An approximation shows what it depends on. Near its top the growth rate is a parabola, so the loss is proportional to the mean square of $k \hat f - f^\star$. For an unbiased $\hat f$ with variance $v$ that is
#
# $$
# \operatorname{E}(k \hat f - f^\star)^2 = (1 - k)^2 f^{\star 2} + k^2 v
# \quad\Longrightarrow\quad
# k \approx \frac{f^{\star 2}}{f^{\star 2} + v}, \qquad v = \frac{4pq}{n} .
# $$ (eq-uncertainty-factor)
#
# Bias is bought to save variance, as in all shrinkage. The factor is one when the edge is large compared with its standard error, and one half when the edge is exactly one standard error. *Half of the plug-in stake is the right answer to a true edge of one standard error.* To the true edge, note, and not to an estimate that lies one standard error from zero: an estimate put into the formula is another rule, to which we come below. The paper too ends with a back-of-envelope correction; it needs only the estimate and its variance. Ours is derived here, for even money.

# %%
def best_factor(n):
    """The exact shrinkage factor: the root of the slope over the binomial distribution."""
    h = np.arange(n + 1)
    weight, f = binom.pmf(h, n, p), np.maximum(2 * h / n - 1, 0)
    slope = lambda k: np.sum(weight * f * (p / (1 + k * f) - (1 - p) / (1 - k * f)))
    return brentq(slope, 0, 1 - 1e-12)

# %% [markdown]
# A search over the sum itself, which knows no derivative, ends at the same factor:

# %%
k_exact = best_factor(n_seen)
k_rough = f_star**2 / (f_star**2 + 4 * p * (1 - p) / n_seen)

# %%
search = minimize_scalar(lambda k: -earned(k * plug_in), bounds=(0, 0.9999), options={"xatol": 1e-10})
print(f"{n_seen} tosses: best factor {k_exact:.4f}, approximation {k_rough:.4f}")
assert abs(search.x - k_exact) < 1e-4 and -search.fun <= earned(k_exact * plug_in) + 1e-14

# %% [markdown]
# Both factors need $p$, which is what the bettor lacks. A rule that can be played must estimate its own shrinkage. Ours puts the posterior mean $m$ and the posterior variance of $2p - 1$ into {eq}`eq-uncertainty-factor`; note that it shrinks an estimate that the prior has shrunk already. The table sets it beside its rivals: half of plug-in Kelly, and the Bayesian stake.
# All entries are exact sums, so a difference between two of them is a difference, without an interval. *Best factor* is not a rule but the ceiling of all rules that multiply the plug-in stake by a constant.

# %%
def stakes_after(n):
    """Stakes of the rules after each possible number of heads in n tosses."""
    h = np.arange(n + 1)
    f, m = np.maximum(2 * h / n - 1, 0), (prior + h) / (2 * prior + n)
    mine, spread = np.maximum(2 * m - 1, 0), 4 * m * (1 - m) / (2 * prior + n + 1)
    rules = {"best factor": best_factor(n) * f, "half Kelly": f / 2, "Bayes": mine}
    return rules | {"Bayes, shrunk": mine**3 / (mine**2 + spread)}

# %%
sizes = [10, 20, 50, 100, 200, 500, 1000]
score = lambda n, f: np.sum(binom.pmf(np.arange(n + 1), n, p) * bet_growth(f, p)) / g_star
table = pd.DataFrame({n: {name: score(n, f) for name, f in stakes_after(n).items()} for n in sizes}).T
table.insert(0, "factor", [best_factor(n) for n in sizes])
table.insert(1, "approximate", [f_star**2 / (f_star**2 + 4 * p * (1 - p) / n) for n in sizes])
table.rename_axis("tosses").round(4)

# %% [markdown]
# Read the table from the top. The columns after the second are growth as a share of what the true $p$ would give. After ten tosses the Bayesian with the uniform prior *loses* money on this coin: a flat prior thinks extreme coins as likely as mild ones and so believes lucky streaks. That is no contradiction to its being
# best on average over the prior; our coin is a mild one. After some twenty tosses half Kelly is close to the ceiling, because the best factor passes through one half there. After a thousand, half Kelly still keeps only its three quarters, while the rules that learn approach one.
# The rule that puts its own estimate into the formula is better than the Bayesian after ten and twenty tosses and worse from fifty on: on top of the prior it shrinks too much.
# A fixed fraction is insurance that never lapses; a shrinkage factor is one whose premium falls as knowledge grows.

# %%
ks = np.linspace(0, 0.98, 99)
shares = {n: [score(n, k * np.maximum(2 * np.arange(n + 1) / n - 1, 0)) for k in ks] for n in (20, 50, 200)}
tops = {n: (best_factor(n), score(n, stakes_after(n)["best factor"])) for n in shares}
assert all(top >= max(shares[n]) - 1e-12 for n, (_, top) in tops.items())

# %% mystnb={"figure": {"caption": "Expected growth, as a share of the growth with the true probability known, against the factor by which the plug-in stake is multiplied; exact sums for three numbers of tosses seen. Dots mark the best factors.", "name": "fig-uncertainty-shrink"}, "image": {"alt": "Three concave curves that start at zero, one each for 20, 50 and 200 tosses seen. The more tosses, the higher the maximum and the further to the right; a dashed vertical line marks half Kelly."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0, color="C6", lw=0.8)
ax.axvline(0.5, color="C1", ls="--", lw=1)
ax.annotate("half Kelly ", (0.5, -0.28), color="C1", ha="right")
for n, color in zip(shares, ["C3", "C7", "C5"], strict=True):
    ax.plot(ks, shares[n], color=color)
    ax.plot(*tops[n], "o", color=color)
    ax.annotate(f" {n} tosses", (ks[-1], shares[n][-1]), color=color, va="center")
ax.set(xlabel="factor $k$ on the plug-in stake", ylabel="share of the best growth", ylim=(-0.35, 1.05))
ax.set_xlim(0, 1.17)
plt.show()

# %% [markdown]
# (sec-uncertainty-portfolio)=
# ## Shrinking the inputs of a portfolio
#
# With many stocks one shrinks the *inputs*. In the mean-variance form, the growth of weights $f$ in the stocks and the rest in cash is about
#
# $$
# G(f) = r + f^\top (\mu - r) - \tfrac12 f^\top \Sigma f ,
# $$ (eq-uncertainty-growth)
#
# and `kelly_mean_variance` maximizes it over $f \ge 0$, $\sum_i f_i \le 1$. The means enter linearly and decide which stocks are held; their estimates are the poor ones. Two classical repairs:
#
# - **Means.** James and Stein's estimator, in the form that shrinks towards the common average $\bar m$ of the sample means $m_j$. If all true means were equal, the sum $\sum_j (m_j - \bar m)^2$ would come from noise alone, and its expected size, called noise in the formula, can be estimated from the $T$ months $x_{tj}$: the sum over $j$ of the sample variances of $x_{tj} - \bar x_t$, divided by $T$, with $\bar x_t$ the average over the stocks. The part explained by noise is removed:
#
# $$
# \hat\mu_j = \bar m + \Bigl(1 - \frac{n - 3}{n - 1} \, \frac{\text{noise}}{\sum_i (m_i - \bar m)^2}\Bigr)_{\!+} (m_j - \bar m).
# $$ (eq-uncertainty-stein)
#
# - **Covariances.** Ledoit and Wolf's estimator, of scikit-learn, mixes the sample covariance with a multiple of the identity, and chooses the proportion from the data.

# %%
def james_stein(returns):
    """Sample means, shrunk towards their average by the part of their spread that noise explains."""
    T, n = returns.shape
    means = returns.mean(axis=0)
    apart = means - means.mean()
    noise = (returns - returns.mean(axis=1, keepdims=True)).var(axis=0, ddof=1).sum() / T
    return means.mean() + max(0.0, 1 - (n - 3) / (n - 1) * noise / (apart @ apart)) * apart

# %% [markdown]
# The simulated truth: monthly returns with one common factor, volatilities of some 7 to 9 % a month, cash at 0.3 %, and true expected returns that differ between stocks and are drawn anew in every world. In each world the bettor sees the stated number of months and nothing else. The rules are then scored by {eq}`eq-uncertainty-growth` *with the true moments*, so that the only noise left is in what the bettor saw.
#
# One rule serves as a ceiling. *Bayes* knows the law from which the true means were drawn and the true covariance, and uses the posterior mean $c + \tau^2 (\tau^2 I + \Sigma/T)^{-1} (m - c)$. Since $G$ is linear in $\mu$, the argument of {prf:ref}`thm-uncertainty-mean` applies word by word: no rule that sees the same months does better on average. Nobody has such a prior in reality.

# %%
rng = np.random.default_rng(seed)
rate, center, loading = 0.003, 0.009, np.linspace(0.6, 1.4, n_stocks)
cov = 0.045**2 * np.outer(loading, loading) + 0.06**2 * np.eye(n_stocks)
means = rng.normal(center, 0.004, (n_worlds, n_stocks))
pull = 0.004**2 * np.linalg.inv(0.004**2 * np.eye(n_stocks) + cov / n_months)
worth = lambda f, mean: rate + f @ (mean - rate) - f @ cov @ f / 2

# %%
def rules_for(x):
    """Weights of the stocks by each rule, from observed returns x."""
    pairs = {"sample": (x.mean(axis=0), np.cov(x.T)), "shrunken means": (james_stein(x), np.cov(x.T))}
    mixed = LedoitWolf().fit(x).covariance_
    pairs |= {"shrunken covariance": (x.mean(axis=0), mixed), "both shrunken": (james_stein(x), mixed)}
    held = {name: kelly_mean_variance(*moments, rate) for name, moments in pairs.items()}
    known = center + pull @ (x.mean(axis=0) - center)
    held |= {"half of sample": held["sample"] / 2, "Bayes": kelly_mean_variance(known, cov, rate)}
    return held | {"equal weights": np.full(n_stocks, 1 / n_stocks), "cash": np.zeros(n_stocks)}

# %%
records, errors, market = [], [], []
for mean in means:
    x = rng.multivariate_normal(mean, cov, n_months, method="cholesky")
    best = worth(kelly_mean_variance(mean, cov, rate), mean)
    records.append({name: best - worth(f, mean) for name, f in rules_for(x).items()})
    errors.append([((m - mean) ** 2).sum() for m in (x.mean(axis=0), james_stein(x))])
    market.append(x.mean())

# %% [markdown]
# Differences are taken world by world, so that what all rules suffer together cancels, and each gets the usual interval for a mean: 1.96 standard errors either way. In the table, growth is in hundredths of a nat per year, and a positive gain means that less growth is lost than with sample moments.

# %%
def interval(x):
    """Mean of x with its 95 % interval."""
    x = np.asarray(x, float)
    half = 1.96 * x.std(ddof=1) / math.sqrt(len(x))
    return pd.Series({"mean": x.mean(), "low": x.mean() - half, "high": x.mean() + half})

# %%
lost = 1200 * pd.DataFrame(records)  # hundredths of a nat a year
gain = lost.rsub(lost["sample"], axis=0).drop(columns="sample").apply(interval).T
gain["covers zero"] = (gain["low"] <= 0) & (gain["high"] >= 0)
gain.insert(0, "lost", lost.mean())

# %%
print(f"sample moments lose {interval(lost['sample']).round(2).tolist()} a year: mean, low, high")
gain.round(3)

# %% [markdown]
# Three checks before reading it: nobody beats the truth in any world; the shrunken means are closer to the true ones, as promised; and the mean-variance form stands for growth, which a simulated world confirms with 200 000 months of exact logarithms.

# %%
plain, stein = np.transpose(errors)
closer = interval(1 - stein / plain)
print(f"squared error removed by shrinking the means: {closer.round(3).tolist()} of it (mean, low, high)")
assert lost.min().min() >= -1e-9 and closer["low"] > 0

# %%
months = rng.multivariate_normal(means[0], cov, 200_000, method="cholesky")
f = kelly_mean_variance(means[0], cov, rate)
logs = np.log1p(rate + (months - rate) @ f)

# %%
exact, noise = logs.mean(), logs.std() / math.sqrt(len(logs))
print(f"a month: {worth(f, means[0]):.5f} by the quadratic form, {exact:.5f} by logarithms")
assert abs(exact - worth(f, means[0])) < 5 * noise + 2e-4

# %%
rank = lost.mean().sort_values(ascending=False)
bars = lost[rank.index].apply(interval).T

# %% mystnb={"figure": {"caption": "Growth lost to not knowing the truth, by rule, with 95 % intervals over the simulated worlds (hundredths of a nat per year).", "name": "fig-uncertainty-lost"}, "image": {"alt": "A chart of dots with horizontal error bars, one row per rule, showing the growth lost per year; cash loses most, the Bayesian ceiling least, with sample moments and a shrunken covariance next."}} tags=["hide-input"]
fig, ax = plt.subplots()
colors = {"sample": "C3", "half of sample": "C1", "equal weights": "C5", "cash": "C6"}
for y, (name, row) in enumerate(bars.iterrows()):
    ax.plot([row["low"], row["high"]], [y, y], color=colors.get(name, "C7"), lw=4)
    ax.plot(row["mean"], y, "o", color=colors.get(name, "C7"), ms=8)
ax.set(yticks=range(len(bars)), yticklabels=bars.index, xlim=(0, None))
ax.set_xlabel("growth lost, 0.01 nats per year")
plt.show()

# %% [markdown]
# The table does not say what the textbook promises. Shrinking removes almost half of the squared error of the means, and yet the portfolio of the shrunken means loses *more* growth than that of the sample means; the interval stays clear of zero. For the shrunken covariance the interval covers zero: the effect, if there is one, is of no practical size, because sixty months say enough about the covariances of ten stocks. Half of the sample portfolio, equal weights and cash all lose more, each with an interval far from zero. Only the ceiling shows that there was something to gain.
#
# Why does the better estimate give the worse portfolio? The target of the shrinkage, the average $\bar m$, is itself the least known number of all: the common factor does not average out over stocks, and its standard error after 60 months is as large as the premium over cash. When the market happened to do badly, all shrunken
# means sink below the return of cash *together*, and the bettor leaves a favourable market. Among unshrunken means some stock has always done well, and the budget is spent on it. That is a right action for a wrong reason. If this is the explanation, the damage must sit in the worlds whose sample was poor. We split the worlds at the median of the observed average:

# %%
harm = lost["shrunken means"] - lost["sample"]
poor = np.array(market) < np.median(market)
halves = {"market did poorly": interval(harm[poor]), "market did well": interval(harm[~poor])}
pd.DataFrame(halves).T.round(3)

# %% [markdown]
# All of the damage is there. In the poor half the extra loss is large and its interval stays above zero; in the other half the interval covers zero, and nothing can be said against shrinking or for it. An estimator should be judged by the decision that it feeds, and a squared error treats all directions alike. The growth does not: an error that moves all means up or down together costs most where the choice is between stocks and cash.
#
# (sec-uncertainty-ball)=
# ## Playing for the worst: a ball of probabilities
#
# The third school trusts no prior. {cite:t}`sunboyd2018` let nature choose the probabilities $q$ of the scenarios after you have chosen the weights, from a set around the estimate $p$, and maximize what is left:
#
# $$
# \max_w \; \min_{q \in Q} \; \sum_k q_k \log (Rw)_k .
# $$ (eq-uncertainty-robust)
#
# The inner minimum of linear functions of $q$ is concave in $w$, whatever $Q$ is, so the problem is convex. First take for $Q$ all probabilities within a Kullback-Leibler divergence $\rho$ of $p$,
#
# $$
# D(q \,\|\, p) = \sum_k q_k \log \frac{q_k}{p_k} \le \rho .
# $$
#
# **The worst probabilities.** For any $\lambda > 0$ and any $q$, Jensen's inequality gives $-\lambda \sum_k q_k \log (Rw)_k - D(q \| p) \le \log \sum_k p_k (Rw)_k^{-\lambda}$, with equality for the *tilted* probabilities $q_k \propto p_k (Rw)_k^{-\lambda}$. Hence, on the ball,
#
# $$
# \sum_k q_k \log (Rw)_k \;\ge\; -\frac1\lambda \log \sum_k p_k (Rw)_k^{-\lambda} - \frac\rho\lambda ,
# $$ (eq-uncertainty-dual)
#
# and the bound is attained by the tilted $q$ whose divergence is exactly $\rho$. Nature moves probability to the bad scenarios, exponentially in the logarithm of wealth. (The letter $\lambda$ is an exponent here, as in chapter {ref}`sec-security`.)
#
# **What the robust bettor does.** For a fixed $\lambda$ the right side is maximized by whoever maximizes $-\operatorname{E} (Rw)^{-\lambda}$: *an investor with power utility of relative risk aversion $1 + \lambda$*, who believes $p$. The logarithm has relative risk aversion 1. In the limit of small bets that investor stakes the fraction $1/(1 + \lambda)$ of Kelly ({ref}`ex-uncertainty-power`).
# So to guard against wrong probabilities is, once more, to bet a fraction, and the promise on drawdowns of chapter {ref}`sec-security` rests on the very same expectation.
#
# ### The code of `kelly_robust`
#
# The tilt and the divergence are one line each. The inner problem, the worst $q$ for given weights, is a root in $\lambda$, because the divergence grows with it.

# %%
def tilt(p, wealth, lam):
    q = p * wealth**-lam
    return q / q.sum()

# %%
def divergence(q, p):
    return rel_entr(q, p).sum()

# %%
def worst(R, p, w, rho):
    """Probabilities in the ball under which w grows slowest (rho below -log of the worst scenario's p)."""
    excess = lambda lam: divergence(tilt(p, R @ w, lam), p) - rho
    high = 1.0
    while excess(high) < 0:
        high *= 2
    return tilt(p, R @ w, brentq(excess, 0, high))

# %% [markdown]
# The outer problem for a fixed $\lambda$ goes to the interior-point method of chapter {ref}`sec-roads`, which asks for the value, the gradient and a square root of minus the Hessian. With $A_{kj} = R_{kj}/(Rw)_k$ these are
#
# $$
# -\tfrac1\lambda \log \textstyle\sum_k p_k (Rw)_k^{-\lambda}, \qquad A^\top q, \qquad
# A^\top \bigl((1 + \lambda) \operatorname{diag}(q) - \lambda\, q q^\top\bigr) A .
# $$
#
# The matrix in brackets is $D^{1/2}(I - u u^\top) D^{1/2}$ with $D = (1 + \lambda) \operatorname{diag}(q)$ and a vector $u$ shorter than 1, whose square root is known: $I - u u^\top / (1 + \sqrt{1 - u^\top u})$.

# %%
def power_oracle(R, p, lam):
    """w -> value, gradient and Hessian root of the growth tilted by lam, for interior_point."""

    def oracle(w):
        wealth = R @ w
        if wealth.min() <= 0:
            return -math.inf, None, None, None
        A, q = R / wealth[:, None], tilt(p, wealth, lam)
        root = np.sqrt((1 + lam) * q)
        u = math.sqrt(lam / (1 + lam)) * np.sqrt(q)
        S = root[:, None] * (A - 1)  # on sum(dw) = 0 the same Hessian, better conditioned
        S -= np.outer(u / (1 + math.sqrt(1 - u @ u)), u @ S)
        return -math.log(p @ wealth**-lam) / lam, q @ A, S, 0.0

    return oracle

# %% [markdown]
# What remains is one number: the $\lambda$ whose optimal weights make nature spend exactly $\rho$.

# %%
def robust(R, p, rho):
    n = R.shape[1]
    held = lambda lam: interior_point(power_oracle(R, p, lam), np.full(n, 1 / n), np.full(n, np.inf))[0]
    spent = lambda lam: divergence(tilt(p, R @ held(lam), lam), p)
    excess = lambda log_lam: math.log(spent(math.exp(log_lam)) / rho)
    return held(math.exp(brentq(excess, -7, 4, xtol=1e-12)))

# %% [markdown]
# A market to try it on, of our own invention like the one of chapter {ref}`sec-security`: a hundred equally probable scenarios, five bets whose edges shrink as they get tamer, and cash.

# %%
K, n_bets = 100, 5
spread = np.linspace(0.1, 0.4, n_bets)
R = np.exp(spread * rng.standard_normal((K, n_bets)))
R *= (1 + spread / 4) / R.mean(axis=0)

# %%
R, even = np.column_stack([R, np.ones(K)]), np.full(K, 1 / K)

# %%
by_hand, found = robust(R, even, radius), kelly_robust(R, even, radius=radius)
guaranteed = worst(R, even, by_hand, radius) @ np.log(R @ by_hand)
print(f"growth {found.growth:.8f} guaranteed in the ball; gap <= 1e-9: {found.gap <= 1e-9}")
assert abs(guaranteed - found.growth) < 1e-9 and abs(by_hand - found.weights).max() < 1e-5

# %% [markdown]
# ### The certificate
#
# Two inequalities, neither of which asks how the weights were found. From below, {eq}`eq-uncertainty-dual` with *any* $\lambda$ is a guarantee for every $q$ in the ball. From above, *any one* $q$ in the ball limits everyone: for all weights $v$,
#
# $$
# \min_{q' \in Q} \sum_k q'_k \log (Rv)_k \le \sum_k q_k \log (Rv)_k \le \sum_k q_k \log (Rw)_k + \log \max_j \sum_k q_k \frac{R_{kj}}{(Rw)_k} ,
# $$ (eq-uncertainty-upper)
#
# the certificate of chapter {ref}`sec-roads` under $q$. If the two bounds meet, $w$ is optimal and $q$ is the worst case. This is weak duality, and it works for every set $Q$.

# %%
def above(R, q, w):
    """No weights guarantee more than this on any set that contains q (nats)."""
    return q @ np.log(R @ w) + math.log((q / (R @ w) @ R).max())


# %%
def below(R, p, w, rho, lam):
    """The weights w guarantee this on the ball, for any lam > 0 (nats)."""
    return -(math.log(p @ (R @ w) ** -lam) + rho) / lam

# %%
w = found.weights
q = worst(R, even, w, radius)
lam = np.polyfit(np.log(R @ w), np.log(q), 1)[0] * -1  # log q is linear in log wealth, with slope -lam
print(f"lambda {lam:.4f}; the bounds meet to 1e-9: {above(R, q, w) - below(R, even, w, radius, lam) <= 1e-9}")
assert -1e-12 <= above(R, q, w) - below(R, even, w, radius, lam) <= 1e-9

# %% [markdown]
# By another road, a cone programme in cvxpy that has never heard of tilts. With $\eta = 1/\lambda$ the right side of {eq}`eq-uncertainty-dual` is $-\eta \log \sum_k p_k e^{-\log (Rw)_k / \eta} - \eta\rho$, jointly concave in $w$ and $\eta$. It is written with an auxiliary $t$ and the exponential cone $y\,e^{x/y} \le z$:

# %%
def ball_by_cones(R, p, rho):
    v, u = cp.Variable(R.shape[1], nonneg=True), cp.Variable(len(R))
    logs, t, eta = cp.Variable(len(R)), cp.Variable(), cp.Variable(nonneg=True)
    cone = cp.constraints.ExpCone(-logs - t, eta * np.ones(len(R)), u)
    rules = [cone, p @ u <= eta, logs <= cp.log(R @ v), cp.sum(v) == 1]
    problem = cp.Problem(cp.Maximize(-t - rho * eta), rules)
    problem.solve(solver=cp.CLARABEL)
    return problem.value

# %%
print(f"by cones {ball_by_cones(R, even, radius):.6f}, by kelly_robust {found.growth:.6f}")
assert abs(ball_by_cones(R, even, radius) - found.growth) < 1e-6

# %% [markdown]
# On the coin the answer can be read off. With two outcomes the ball is an interval of probabilities, the worst is its lower end $p_-$ with $D(p_- \| p) = \rho$, and the robust bettor is Kelly at $p_-$: *stake on the confidence limit, not on the estimate*. Take a ball whose radius is a quarter of the believer's growth. A divergence is nearly quadratic, so that $p_-$ lies about half way to the fair coin, and the answer is close to an old friend, half Kelly:

# %%
p_low = brentq(lambda x: divergence([x, 1 - x], [p, 1 - p]) - g_star / 4, 1e-9, p)
coin = kelly_robust([[2, 1], [0, 1]], [p, 1 - p], radius=g_star / 4)
print(f"lower end {p_low:.4f}: stake {kelly_fraction(p_low):.4f}; kelly_robust {coin.weights[0]:.4f}")
assert abs(coin.weights[0] - kelly_fraction(p_low)) < 1e-5

# %% [markdown]
# ### The price and the benefit
#
# On the market of five bets, let the ball grow. The *price* is growth under the estimate $p$, the *benefit* is growth under the worst case. Kelly's portfolio has the most of the first, the robust one the most of the second, and this is no statement about chance: both are computed.

# %%
radii = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1]
kelly, guards = kelly_full(R), [kelly_robust(R, radius=x) for x in radii]
trade = pd.DataFrame({"Kelly if p": kelly.growth}, index=pd.Index(radii, name="radius"))
trade["robust if p"] = [growth_rate(R, None, s.weights) for s in guards]
trade["Kelly at worst"] = [worst(R, even, kelly.weights, x) @ np.log(R @ kelly.weights) for x in radii]
trade["robust at worst"], trade["cash"] = [s.growth for s in guards], [s.weights[-1] for s in guards]

# %%
assert all(s.gap <= 1e-9 for s in guards)
assert (trade["robust at worst"] >= trade["Kelly at worst"] - 1e-9).all()
trade.round(4)

# %% mystnb={"figure": {"caption": "Growth under the worst probabilities in a ball around the estimate, against the ball's radius: Kelly's weights and the robust ones. Growth under the estimate itself is dashed.", "name": "fig-uncertainty-ball"}, "image": {"alt": "Two falling solid curves for growth at the worst; the one of the Kelly weights turns negative while the robust one stays at or above zero. Two dashed curves above show growth under the estimate."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0, color="C6", lw=0.8)
for name, color in [("Kelly", "C0"), ("robust", "C7")]:
    ax.plot(trade.index, trade[f"{name} if p"], color=color, ls="--")
    ax.plot(trade.index, trade[f"{name} at worst"], color=color, marker="o", ms=4)
    for label in (f"{name} if p", f"{name} at worst"):
        ax.annotate(f" {label}", (radii[-1], trade[label].iloc[-1]), color=color, va="center")
ax.set(xscale="log", xlabel="radius of the ball, nats", ylabel="growth, nats per period", xlim=(None, 0.35))
plt.show()

# %% [markdown]
# (sec-uncertainty-box)=
# ## A box of probabilities
#
# {cite:t}`sunboyd2018` also treat a box: $\ell_k \le q_k \le u_k$ with $\sum_k q_k = 1$, say each probability wrong by a third of itself at most. Nature's problem for given weights is a linear programme with the greedy solution of a knapsack: give every scenario its lower limit, then fill the poorest scenarios to their upper limits until the probabilities sum to 1. Its dual has one variable $\nu$,
#
# $$
# \min_{q} \sum_k q_k z_k = \max_\nu \; \nu + \sum_k \min\bigl(\ell_k (z_k - \nu),\; u_k (z_k - \nu)\bigr), \qquad z = \log Rw ,
# $$ (eq-uncertainty-box)
#
# and since $0 \le \ell_k \le u_k$ the right side stays concave when $z$ is a concave function of $w$. So the whole robust problem is one convex programme in $w$, $z$ and $\nu$. `kelly_robust` of the library guards against the ball, for which an algorithm of our own is much quicker than a cone solver; the box needs nothing but these few lines, so they are here and not there.

# %%
def kelly_box(R, low, high):
    """Weights with the best growth at the worst q in a box, and that q."""
    v, z, nu = cp.Variable(R.shape[1], nonneg=True), cp.Variable(len(R)), cp.Variable()
    earned = z <= cp.log(R @ v)
    value = nu + cp.sum(cp.minimum(cp.multiply(low, z - nu), cp.multiply(high, z - nu)))
    cp.Problem(cp.Maximize(value), [earned, cp.sum(v) == 1]).solve(solver=cp.CLARABEL)
    w, q = np.maximum(v.value, 0), np.clip(earned.dual_value, low, high)
    short = 1 - q.sum()  # rounding of the solver: back to sum 1 inside the box
    room = high - q if short > 0 else q - low
    return w / w.sum(), q + short * room / room.sum()

# %% [markdown]
# The multiplier of the constraint $z \le \log Rw$ *is* nature's answer: it lies in the box and sums to 1, up to the solver's rounding. The certificate is the same as before: the greedy filling is what $w$ guarantees, and {eq}`eq-uncertainty-upper` with the multiplier $q$ is what nobody exceeds. A cone solver leaves a gap of about a millionth of a nat; the certificate measures it, whatever the solver says of itself.

# %%
def worst_in_box(wealth, low, high):
    """Greedy: lower limits first, then the poorest scenarios up to their upper limits."""
    order = np.argsort(wealth)
    width = (high - low)[order]
    before = np.r_[0, np.cumsum(width)[:-1]]
    q = np.array(low, float)
    q[order] += np.clip(1 - low.sum() - before, 0, width)
    return q

# %%
low, high = even * 2 / 3, even * 4 / 3
boxed, nature = kelly_box(R, low, high)
promised = worst_in_box(R @ boxed, low, high) @ np.log(R @ boxed)
print(f"growth {promised:.6f} guaranteed; gap <= 1e-5: {above(R, nature, boxed) - promised <= 1e-5}")

# %%
assert -1e-10 <= above(R, nature, boxed) - promised <= 1e-5
assert low.min() <= nature.min() and nature.max() <= high.max() + 1e-15 and abs(nature.sum() - 1) < 1e-12

# %% [markdown]
# Two other roads. SciPy's linear programme must find the same worst case for these weights as the greedy filling. And on the coin the worst case is the lower limit again.

# %%
lp = linprog(np.log(R @ boxed), A_eq=np.ones((1, K)), b_eq=[1.0], bounds=np.column_stack([low, high]))
assert abs(lp.fun - promised) < 1e-9

# %%
limits = np.array([0.95 * p, 1 - 1.05 * p]), np.array([1.05 * p, 1 - 0.95 * p])
coin_box, _ = kelly_box(np.array([[2.0, 1.0], [0.0, 1.0]]), *np.clip(limits, 0, 1))
print(f"p at least {0.95 * p:.4f}: stake {coin_box[0]:.4f}, Kelly there {kelly_fraction(0.95 * p):.4f}")
assert abs(coin_box[0] - kelly_fraction(0.95 * p)) < 1e-3

# %%
held = {"Kelly": kelly.weights, f"ball, {radius:g}": found.weights, "box, a third": boxed}
pd.DataFrame(held, index=[*(f"bet {j}" for j in range(1, n_bets + 1)), "cash"]).T.round(3)

# %% [markdown]
# Both move weight from the wild bets, in which Kelly's portfolio is concentrated, to the tame ones: robustness *diversifies*. This box holds back more than this ball, but then it is the larger threat: its worst case lies at the divergence that the next cell prints. Size and shape of a set are different questions. The ball tilts every scenario in proportion to how bad it is, while the box
# draws a line between good and bad ones and treats all on one side alike.

# %%
print(f"divergence of the worst case: box {divergence(nature, even):.4f}, ball {radius:.4f} nats")

# %% [markdown]
# (sec-uncertainty-worth)=
# ## Is robustness worth its price?
#
# A guarantee against the worst is not the same as a better average. So we ask a plain question: draw a sample from the hundred scenarios, take its frequencies for the probabilities, and score each portfolio *by the true ones*. Does the robust bettor grow faster than the one who trusts the frequencies? Half Kelly (half of the plug-in portfolio, half cash) needs no theory at all.
#
# The radius needs a reason. By the theory of likelihood ratios, $2T$ times the divergence that matters for *one* number, such as the growth of given weights, is about $\chi^2_1$ for large $T$, so that $\rho = 1.92/T$ gives an interval of 95 % for that number, and $\rho = 0.23/T$ one of 50 %. Half of the errors are on the harmless side: the lower limits alone should hold in 97.5 % and 75 % of the samples. We take both radii.

# %%
samples = rng.integers(K, size=(n_samples, n_months))
wide, narrow = 1.92 / n_months, 0.23 / n_months
cash = np.eye(n_bets + 1)[-1]

# %%
scores, promised = [], []
for rows in samples:
    x = R[rows]
    w = kelly_full(x).weights
    held = {"Kelly": w, "half Kelly": (w + cash) / 2, "equal weights": np.full(n_bets + 1, 1 / (n_bets + 1))}
    safe = {f"ball, {rho:.4f}": kelly_robust(x, radius=rho) for rho in (narrow, wide)}
    promised.append({name: s.growth for name, s in safe.items()})
    held |= {name: s.weights for name, s in safe.items()} | {"cash": cash}
    scores.append({name: growth_rate(R, None, v) for name, v in held.items()})

# %%
scores = pd.DataFrame(scores)
more = scores.drop(columns="Kelly").sub(scores["Kelly"], axis=0).apply(interval).T
more["covers zero"] = (more["low"] <= 0) & (more["high"] >= 0)
more.insert(0, "growth", scores.mean())

# %%
print(f"true growth: best possible {kelly.growth:.4f}, Kelly on frequencies {scores['Kelly'].mean():.4f}")
more.round(4)

# %%
rivals = interval(scores[f"ball, {wide:.4f}"] - scores["half Kelly"])
verdict = "covers zero" if rivals["low"] <= 0 <= rivals["high"] else "does not cover zero"
print(f"wide ball less half Kelly: {rivals.round(4).tolist()} (mean, low, high); the interval {verdict}")
assert (scores <= kelly.growth + 1e-12).all().all()

# %% [markdown]
# With the parameters as stated: the narrow ball grows faster than Kelly on the frequencies, and the interval of the difference does not cover zero. The gain is a few per cent of the growth. For the wide ball the interval covers zero: its guarantee has no measurable price and no measurable
# benefit in average growth. For equal weights the interval covers zero as well. Sixty observations of six assets taught Kelly, on balance, no more than that all six are worth holding; {cite:t}`demiguel2009` found the like on market data.
#
# Half Kelly falls far behind, and that too is a lesson. Here the budget binds: even the true optimum holds no cash and would rather borrow. Who halves such a portfolio cures a disease that it does not have. On the coin the error was in the *size* of the bet, and there shrinking is the cure; here it is in the *mixture*, and the ball repairs the mixture.
#
# One more comparison keeps the guarantee honest. The growth that a robust portfolio promises is a worst case around the sample. Was the true growth at least as large? We count, for the portfolios chosen by the sample, and for one that was fixed before anything was seen (the true Kelly weights).

# %%
promised = pd.DataFrame(promised)
kept = (promised <= scores[promised.columns]).astype(float)
lows = dict(zip(promised, (narrow, wide), strict=True))
even_T = np.full(n_months, 1 / n_months)

# %%
def limit(x, rho):
    """Growth of the true Kelly weights, fixed before the sample x, under the worst case around x."""
    return worst(x, even_T, kelly.weights, rho) @ np.log(x @ kelly.weights)


for name, rho in lows.items():
    kept[f"{name}, fixed"] = [float(limit(R[rows], rho) <= kelly.growth) for rows in samples]
    kept[f"{name}, fixed less chosen"] = kept[f"{name}, fixed"] - kept[name]

# %%
kept.apply(interval).T.rename(columns={"mean": "share kept"}).clip(upper=1).round(3)

# %% [markdown]
# For weights fixed in advance the limits hold about as often as the theory of one number says. For weights *chosen on the same sample* they hold less often, with intervals of the differences above zero: the choice has already profited from the errors that the ball was to guard against, and the ball is too small for it. A promise of robust optimization is a statement about the set, not about the world.
#
# ## What this chapter does not show
#
# - **That the truth stands still.** All samples here are drawn from the law that also pays the bets. In markets the law drifts, and an old frequency is a biased estimate, not just a noisy one. A ball makes no difference between the two.
# - **Which prior, or which radius.** The Bayesian stake is best on average over its own prior and can lose on a given coin, as the table showed after ten tosses. A radius chosen after looking at the results is no guarantee.
# - **That shrinkage helps in every market.** The simulated stocks have one factor, normal returns and true means of moderate spread. Where true means differ more, or the history is longer, sample means lose less and there is less to repair. Chapter {ref}`sec-estimation` varies what is held fixed here.
# - **Intervals for the population of all markets.** They cover the noise of the simulated worlds of one design. Another design is another question.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-uncertainty-wealth
#
# A Bayesian with the prior Beta$(a, a)$ bets on every toss of an even-money coin, on heads or on tails, whichever the posterior mean favours. Show that after $h$ heads in $n$ tosses the wealth is $2^n B(a + h, a + n - h)/B(a, a)$ with Euler's beta function $B$, in whatever order the tosses came.
# ```

# %% [markdown]
# ````{solution-start} ex-uncertainty-wealth
# :class: dropdown
# ````
# If the posterior mean is $m$, staking $|2m - 1|$ on the favoured side multiplies wealth by $2m$ on heads and by $2(1 - m)$ on tails, whichever side is favoured. So wealth is $2^n$ times the product of the predictive probabilities of what happened, which is the marginal probability of the sequence. For $a = 1$ and 60 tosses:

# %%
tosses = rng.random(60) < p
before = np.r_[0, np.cumsum(tosses)[:-1]]
m = (1 + before) / (2 + np.arange(60))
wealth = np.prod(2 * np.where(tosses, m, 1 - m))

# %%
h = tosses.sum()
formula = 60 * math.log(2) + math.lgamma(1 + h) + math.lgamma(61 - h) - math.lgamma(62)
print(f"{h} heads: wealth {wealth:.6g}, by the formula {math.exp(formula):.6g}")
assert abs(math.log(wealth) - formula) < 1e-9

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-uncertainty-odds
#
# Derive the approximate shrinkage factor for net odds $b$. At which odds does it equal one half for $p = 0.6$ known from 50 tosses?
# ```

# %% [markdown]
# ````{solution-start} ex-uncertainty-odds
# :class: dropdown
# ````
# $\hat f = \hat p - (1 - \hat p)/b$ has the slope $(1 + b)/b$ in $\hat p$, so $v = \bigl(\tfrac{1+b}{b}\bigr)^2 \tfrac{pq}{n}$, and with $f^\star = \bigl((1 + b)p - 1\bigr)/b$ the factor is $\dfrac{((1+b)p - 1)^2}{((1+b)p - 1)^2 + (1+b)^2\, pq/n}$. It is one half where $(1 + b)p - 1 = (1 + b)\sqrt{pq/n}$, that is $1 + b = 1/(p - \sqrt{pq/n})$: the fair odds of a coin one standard error worse.

# %%
odds = 1 / (0.6 - math.sqrt(0.24 / 50)) - 1
edge, error = (1 + odds) * 0.6 - 1, (1 + odds) ** 2 * 0.24 / 50
print(f"net odds {odds:.4f}")
assert abs(edge**2 / (edge**2 + error) - 0.5) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-uncertainty-power
#
# Show that in the limit of small bets the investor who maximizes $-\operatorname{E} (Rw)^{-\lambda}$ holds $1/(1 + \lambda)$ of the Kelly stake. Check it on the coin with $p = 0.51$ and $\lambda = 3$.
# ```

# %% [markdown]
# ````{solution-start} ex-uncertainty-power
# :class: dropdown
# ````
# $(1 + x)^{-\lambda} \approx 1 - \lambda x + \tfrac12 \lambda (1 + \lambda) x^2$ with $x = f\rho$, so one maximizes $f \operatorname{E}\rho - \tfrac12 (1 + \lambda) f^2 \operatorname{E} \rho^2$. The maximum is at $\operatorname{E}\rho / \operatorname{E}\rho^2$, the Kelly stake of small bets, divided by $1 + \lambda$.

# %%
loss = lambda f: 0.51 * (1 + f) ** -3 + 0.49 * (1 - f) ** -3
careful = minimize_scalar(loss, bounds=(0, 0.5), options={"xatol": 1e-12}).x
print(f"{careful / kelly_fraction(0.51):.4f} of Kelly")
assert abs(careful / kelly_fraction(0.51) - 1 / 4) < 1e-3

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-uncertainty-width
#
# How wide must the ball around a coin be for the robust bettor not to bet at all? Compare the answer with the growth of the one who believes $p$.
# ```

# %% [markdown]
# ````{solution-start} ex-uncertainty-width
# :class: dropdown
# ````
# The ball must reach one half: $\rho \ge D(\tfrac12 \| p) = -\tfrac12 \log(4pq)$. The growth of the believer is $D(p \| \tfrac12)$, the same divergence with its arguments exchanged ({eq}`eq-coin-entropy`); for small edges the two are nearly equal. You should not bet if you may be wrong by as much as you hope to earn.

# %%
width = divergence([0.5, 0.5], [p, 1 - p])
just_in, just_out = (kelly_robust([[2, 1], [0, 1]], [p, 1 - p], radius=width * c) for c in (0.99, 1.01))
print(f"width {width:.6f}, growth {g_star:.6f}")
assert just_in.weights[0] > 0 and just_out.weights[0] < 1e-9
assert abs(width + math.log(4 * p * (1 - p)) / 2) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-uncertainty-same
#
# A bettor must fix one stake for the next hundred tosses, without learning from them. Show that the posterior mean is still all that matters for the logarithm of final wealth, and that it is not for the expected square root of final wealth.
# ```
#
# ```{solution} ex-uncertainty-same
# :class: dropdown
#
# Given $p$, the expected logarithm is $100\, g(f; p)$, linear in $p$. The expected square root is $\bigl(p \sqrt{1 + f} + q \sqrt{1 - f}\bigr)^{100}$, a *convex* function of $p$, whose average depends on the whole posterior: a wide posterior makes the square root bet more, since the good coins dominate the average.
# ```
#
# ## Sources
#
# {cite:t}`baker2013` showed that the Kelly stake should shrink when the probability is an estimate, and compare exact and approximate factors; the derivation for the coin, {eq}`eq-uncertainty-slope` and {eq}`eq-uncertainty-factor`, is our own. {cite:t}`sunboyd2018` formulated distributionally robust Kelly gambling and its tractable cases. The growth of the mean-variance form is in {cite:t}`thorp2006`, and
# {cite:t}`demiguel2009` compare shrinkage rules for portfolios with equal weights on market data. Ledoit and Wolf's estimator is the one of scikit-learn.
