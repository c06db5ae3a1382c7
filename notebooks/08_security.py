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
# (sec-security)=
# # Security
#
# The Kelly bettor grows fastest, and on the way loses half of the wealth more often than most people can bear.
# A bettor who stakes only a fraction of Kelly grows more slowly and falls less.
# What exactly is the rate of exchange between growth and security, and can one buy security more cheaply than by betting less?
#
# The first half of this chapter takes one coin, for which everything can be computed exactly, and its limit of many small bets, for which everything
# is a formula. The two agree well enough to put the trade-off on one chart. The second half takes any market and asks for the fastest growth under
# a promise: *wealth shall ever fall below a given part of its start with at most a given probability*.

# %%
import json
import math

import cvxpy as cp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sympy as sp
from scipy.optimize import brentq, minimize, minimize_scalar

from kellydata import BUNDLED
from kellylib import bet_growth, growth_rate, kelly_drawdown, kelly_fraction, kelly_full

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## Parameters
#
# A favourable coin that can lose: probability $p$, net odds $b$. The level $\alpha$ is the part of the starting wealth (or of the peak) below which you
# do not want to fall, and $\beta$ the probability that you allow for it.

# %% tags=["parameters"]
p = 0.6  # float, probability: of winning one toss, favourable and below 1
b = 1.0  # float, profit per unit staked: net odds, > 0
alpha = 0.5  # float, part of the start: the level not to fall to, between 0 and 1
beta = 0.1  # float, probability: allowed for ever falling to that level, between 0 and 1
n_bets = 1000  # int, bets: length of a simulated path
n_paths = 4000  # int, paths: simulated bettors
seed = 1956  # int, none: seed of the random tosses, 0 or more

# %%
f_star = kelly_fraction(p, b)
if not 0 < f_star < 1:
    raise ValueError(f"p must make the coin favourable and able to lose; at p = {p} Kelly stakes {f_star:g}.")

# %%
for name, value in [("alpha", alpha), ("beta", beta)]:
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1; it is {value}.")

# %%
for name, value, least in [("n_bets", n_bets, 1), ("n_paths", n_paths, 1), ("seed", seed, 0)]:
    if not (isinstance(value, int) and value >= least):
        raise ValueError(f"{name} must be a whole number >= {least}; it is {value!r}.")

# %%
g_star = bet_growth(f_star, p, b)
print(f"Kelly stakes {f_star:.4f} and grows by {g_star:.6f} nats per bet")

# %% [markdown]
# In this chapter $c$ is the *fraction of Kelly*: the bettor stakes $c f^\star$, so that $c = 1$ is full and $c = \tfrac12$ half Kelly. (The letter $\lambda$,
# which stands for that fraction elsewhere in the book, is needed here for an exponent.)
#
# (sec-security-limit)=
# ## The limit of small bets
#
# Suppose that you bet all the time: in each short time $h$ a risky asset returns $\mu h \pm \sigma\sqrt h$, with equal probability, while cash earns $rh$. You
# hold the fraction $f$ in the asset. In one step wealth is multiplied by $1 + rh + f\,\bigl((\mu - r) h \pm \sigma \sqrt h\bigr)$. Expand the logarithm,
# $\log(1 + x) = x - \tfrac12 x^2 + \dots$: the terms in $\sqrt h$ cancel between the two outcomes, the square of $f \sigma \sqrt h$ does not, and everything else is
# of higher order than $h$. So the growth per unit of time tends to
#
# $$
# g(f) = r + f(\mu - r) - \tfrac12 f^2 \sigma^2 .
# $$ (eq-security-merton)
#
# A parabola: its maximum lies at the fraction of Merton and Thorp {cite:p}`thorp2006`,
#
# $$
# f^\star = \frac{\mu - r}{\sigma^2}, \qquad g^\star - r = \frac12 \Bigl(\frac{\mu - r}{\sigma}\Bigr)^2 ,
# $$ (eq-security-fraction)
#
# half of the squared Sharpe ratio. SymPy confirms the expansion.

# %%
mu, r, sigma, f, s = sp.symbols("mu r sigma f s", positive=True)  # s is the square root of h
up, down = (sp.log(1 + r * s**2 + f * ((mu - r) * s**2 + sign * sigma * s)) for sign in (1, -1))
per_time = sp.expand(sp.series((up + down) / 2, s, 0, 4).removeO() / s**2)

# %%
assert sp.simplify(per_time - (r + f * (mu - r) - f**2 * sigma**2 / 2)) == 0
assert sp.simplify(sp.solve(sp.diff(per_time, f), f)[0] - (mu - r) / sigma**2) == 0

# %% [markdown]
# And numbers confirm that it is a limit. With an excess return of 6 % and a volatility of 20 % a year and no interest, the exact Kelly stake of the coin for a step $h$
# (a bet with two outcomes is a coin whose units are rescaled) approaches $0.06/0.04 = 1.5$, all of the wealth and half as much on loan. The growth per
# year approaches 0.045.

# %%
steps = np.array([1 / 4, 1 / 12, 1 / 52, 1 / 252, 1 / 25200])
win, lose = 0.06 * steps + 0.2 * np.sqrt(steps), 0.2 * np.sqrt(steps) - 0.06 * steps
held = kelly_fraction(0.5, win / lose) / lose  # stake of the coin, in units of the asset
yearly = bet_growth(held * lose, 0.5, win / lose) / steps

# %%
pd.DataFrame({"steps a year": 1 / steps, "asset held": held, "growth a year": yearly}).round(5)

# %%
assert abs(held[-1] - 1.5) < 1e-3 and abs(yearly[-1] - 0.045) < 1e-5

# %% [markdown]
# In the limit a bettor with the fraction $c$ of Kelly has, in excess of cash, the growth
#
# $$
# g(c) = (2c - c^2)\, g^\star
# $$ (eq-security-parabola)
#
# and the volatility $c$ times Kelly's. By machine, once more:

# %%
c = sp.Symbol("c", positive=True)
excess = per_time.subs(f, c * (mu - r) / sigma**2) - r
assert sp.simplify(excess - (2 * c - c**2) * ((mu - r) / sigma) ** 2 / 2) == 0

# %% [markdown]
# Half Kelly keeps three quarters of the growth for half of the volatility. Double Kelly has no growth left. Below, wealth is measured in units of what cash would have become, which sets $r = 0$.
#
# (sec-security-ever)=
# ## Will wealth ever fall to a part of its start?
#
# Let $R > 0$ be the factor of one bet at a fixed stake, and suppose that growth is positive, $\operatorname{E}\log R > 0$, while a loss is possible. The function
# $\theta \mapsto \operatorname{E} R^{-\theta}$ is convex, equals 1 at $\theta = 0$, falls there (its slope is minus the growth), and goes to infinity. So it
# equals 1 again at exactly one $\theta > 0$. That number is the *security* of the stake.
#
# :::{prf:theorem} The bound
# :label: thm-security-bound
#
# If $\theta > 0$ and $\operatorname{E} R^{-\theta} \le 1$, then wealth ever falls to $\alpha < 1$ times its start or below with probability at most $\alpha^\theta$. If
# $\operatorname{E} R^{-\theta} = 1$ and no factor $R$ is below $\rho$, the probability is at least $(\alpha \rho)^\theta$.
# :::
#
# :::{prf:proof}
# Start with $W_0 = 1$. The process $M_n = W_n^{-\theta}$ is positive and $\operatorname{E}(M_{n+1} \mid \text{past}) = M_n \operatorname{E} R^{-\theta} \le M_n$. Let $\tau$ be the first time
# that $W_n \le \alpha$. Stop there: $\operatorname{E} M_{\min(\tau, n)} \le 1$, and $M_\tau \ge \alpha^{-\theta}$, so $\alpha^{-\theta}\operatorname{P}(\tau \le n) \le 1$ for every $n$.
#
# If $\operatorname{E} R^{-\theta} = 1$, use $R^{-\theta}$ as a density to tilt the probabilities of each bet. Under the tilted ones the mean of $\log R$ is minus the slope of
# $\log\operatorname{E} R^{-\theta}$ at $\theta$, which is negative, so $\tau$ is finite with certainty: $\operatorname{E}(M_\tau;\, \tau < \infty) = 1$. At that
# time $W_\tau > \alpha\rho$, because the wealth before was above $\alpha$. Hence $1 \le (\alpha\rho)^{-\theta} \operatorname{P}(\tau < \infty)$. $\square$
# :::
#
# **Full Kelly has $\theta \ge 1$, in every market with cash, and exactly 1 where some cash is held.** The optimality condition of cash says $\operatorname{E}(1/R) \le 1$, with equality if it is held: no use of wealth earns more than the
# optimum at the margin. So whoever bets Kelly, on coins, races or stocks, ever falls to a half with a probability of at most one half, and to a tenth with at
# most one tenth.
#
# In the limit of small bets $\log R$ over a time $h$ is normal with mean $gh$ and variance $v h$, so $\operatorname{E} R^{-\theta} = e^{(-\theta g + \theta^2 v/2) h}$ and
# $\theta = 2g/v$. With {eq}`eq-security-parabola` and $v = c^2 \cdot 2 g^\star$, and since continuous paths cannot jump over the level (so $\rho = 1$ and the two bounds meet),
#
# $$
# \operatorname{P}(\text{ever} \le \alpha) = \alpha^{\,2/c - 1} .
# $$ (eq-security-limit)
#
# Half Kelly halves with probability $\tfrac18$ and not $\tfrac12$; three quarters of the growth for a quarter of the risk. For the coin $\theta$ is one root:

# %%
def security(f, p, b):
    """The root theta > 0 of E R^-theta = 1, for a stake with positive growth."""
    excess = lambda x: math.log(p * (1 + b * f) ** -x + (1 - p) * (1 - f) ** -x) / x
    high = 1.0
    while excess(high) <= 0:
        high *= 2
    return brentq(excess, 1e-6, high, xtol=1e-14)

# %%
print(f"full Kelly: theta = {security(f_star, p, b):.6f}")
assert abs(security(f_star, p, b) - 1) < 1e-6

# %% [markdown]
# ### Exactly, for the coin
#
# A path of tosses that has shown $x$ heads and $y$ tails has wealth $(1 + bf)^x (1 - f)^y$, whatever their order. So it is enough to carry along one
# probability for each number of heads, for those paths that have not fallen yet: after each toss shift and mix the numbers, and take out what has fallen to the
# level. The sum never ends, but {prf:ref}`thm-security-bound` bounds what is still to come: a path with wealth $W$ falls later with probability at most $(\alpha/W)^\theta$. We stop following paths for which this is
# below $10^{-10}$, keep account of it, and obtain the probability between two numbers.

# %%
def ever_falls(f, alpha, p, b, bets=30_000):
    """Lower and upper bound of the probability that wealth ever falls to alpha times its start."""
    up, down, theta = math.log1p(b * f), math.log1p(-f), security(f, p, b)
    floor, roof = math.log(alpha) + 1e-12, math.log(alpha) + 23 / theta
    first, alive, fallen, later = 0, np.ones(1), 0.0, 0.0
    for n in range(1, bets + 1):
        alive = np.append((1 - p) * alive, 0.0) + np.append(0.0, p * alive)
        level = (first + np.arange(len(alive))) * (up - down) + n * down
        low, high = np.searchsorted(level, [floor, roof], side="right")
        fallen += alive[:low].sum()
        later += alive[high:] @ np.exp(theta * (floor - level[high:]))
        first, alive, level = first + low, alive[low:high], level[low:high]
        if alive.sum() < 1e-15:
            break
    return fallen, min(1.0, fallen + later + alive @ np.exp(theta * (floor - level)))

# %%
grid = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5]
fractions = [c for c in grid if c * f_star < 1 and bet_growth(c * f_star, p, b) > 0]
stakes = np.array(fractions) * f_star
exact = np.array([ever_falls(f, alpha, p, b) for f in stakes])

# %%
table = pd.DataFrame({"stake": stakes, "share of growth": bet_growth(stakes, p, b) / g_star}, fractions)
table["theta"] = [security(f, p, b) for f in stakes]
table["at most"] = alpha ** table["theta"]
table["exactly"] = exact.mean(axis=1)
table["limit"] = alpha ** (2 / table.index - 1)

# %%
print(f"probability of ever falling to {alpha:g} of the start, by fraction of Kelly")
table.round(4)

# %%
low = (alpha * (1 - stakes)) ** table["theta"]
print(f"known to within 1e-9: {np.ptp(exact, axis=1).max() <= 1e-9}")
assert (exact[:, 0] <= table["at most"] + 1e-12).all() and (exact[:, 1] >= low - 1e-12).all()

# %% [markdown]
# By another road: the second half of the proof is a recipe for a simulation. Toss with the tilted probabilities, under which every bettor falls, and average $W_\tau^\theta$. Up to the fall this power of wealth is exactly the factor by which the true
# probability of a path differs from the tilted one, so its mean is the probability asked for. It lies between $(\alpha\rho)^\theta$ and $\alpha^\theta$ on every path, and therefore few paths say much: the sampling error is many times smaller than that of counting falls among as many true bettors.
# The sums above and this simulation share the root $\theta$ and nothing else. Who has not fallen after the last toss counts with anything from 0 to $\alpha^\theta$.

# %%
def falls_tilted(f, alpha, p, b, rng, runs=10_000, bets=30_000):
    """Lowest and highest mean of W^theta at the fall, by tilted tosses, and its standard error."""
    up, down, theta = math.log1p(b * f), math.log1p(-f), security(f, p, b)
    path, score = np.zeros(runs), []
    for _ in range(bets):
        path = path + np.where(rng.random(len(path)) < p * math.exp(-theta * up), up, down)
        fallen = path <= math.log(alpha) + 1e-12
        score, path = [*score, *np.exp(theta * path[fallen])], path[~fallen]
        if not len(path):
            break
    score = np.append(score, 0 * path)
    return score.mean(), score.mean() + len(path) / runs * alpha**theta, score.std() / math.sqrt(runs)

# %%
tosses = np.random.default_rng([seed, 1])
low, high, error = np.transpose([falls_tilted(f, alpha, p, b, tosses) for f in stakes])
pd.DataFrame({"exactly": table["exactly"], "tilted": (low + high) / 2, "standard error": error}).round(5)

# %%
assert (exact[:, 1] >= low - 4 * error - 1e-9).all() and (exact[:, 0] <= high + 4 * error + 1e-9).all()

# %% [markdown]
# The two agree within four standard errors at every stake.
#
# The bound is close to the exact probability: all that it gives away is the overshoot, the part of the last loss that carries wealth below the level. And the formula of the limit,
# which knows nothing of $p$ and $b$, is close to both.
#
# (sec-security-peak)=
# ## Falling from the start, falling from the peak
#
# What people feel is not the distance from the start but from the highest wealth so far, the *drawdown*. In a long life any drawdown will happen, with certainty, to anyone who bets at all. So the question must be how
# *often* wealth is below $\alpha$ times its peak. The answer is a surprise: we have computed it already.
#
# :::{prf:theorem} Two meanings of one number
# :label: thm-security-dual
#
# After $n$ independent bets at a fixed stake, wealth is at or below $\alpha$ times its peak with the same probability with which it falls to $\alpha$ times its *start* or below at some time within the $n$ bets.
# :::
#
# :::{prf:proof}
# Let $S_k$ be the logarithm of wealth after $k$ bets. The drawdown after $n$ bets is $\max_{k \le n} (S_k - S_n)$, the largest of the sums $-(X_{k+1} + \dots + X_n)$ of the last bets' logarithms, with sign reversed. Read the bets backwards, last
# one first: independent and identical bets have the same distribution in either order, so this maximum is distributed as $\max_j (-S_j)$, which is how far wealth falls below its start. $\square$
# :::
#
# So {eq}`eq-security-limit` is also the share of time that a bettor spends below $\alpha$ of the peak in the long run. The half Kelly bettor is down by half
# or more one eighth of the time; the Kelly bettor half of the time. We test this on simulated paths (all bettors on the same tosses, the drawdown read at the last bet) against
# the exact probability within as many bets. A simulated share may err by five of its standard errors and five paths.

# %%
rng = np.random.default_rng(seed)
wins = np.cumsum(rng.random((n_paths, n_bets)) < p, axis=1, dtype=np.int32)

# %%
def log_wealth(f):
    """Logarithm of wealth on every path, the start included."""
    up, down = math.log1p(b * f), math.log1p(-f)
    return np.pad(wins * (up - down) + np.arange(1, n_bets + 1) * down, ((0, 0), (1, 0)))

# %%
def drawdown(path):
    """Logarithm of wealth over its peak so far."""
    return path - np.maximum.accumulate(path, axis=1)

# %%
floor = math.log(alpha) + 1e-9
below = [(drawdown(log_wealth(f))[:, -1] <= floor).mean() for f in stakes]
within = [ever_falls(f, alpha, p, b, n_bets)[0] for f in stakes]
pd.DataFrame({"from the peak, simulated": below, "from the start, exact": within}, fractions).round(4)

# %%
allowed = lambda chance: 5 * np.sqrt(chance * (1 - chance) / n_paths) + 5 / n_paths
assert (np.abs(np.subtract(below, within)) <= allowed(np.array(within))).all()

# %% [markdown]
# The deepest drawdown of a whole career is another matter. It grows with the length of the career, and is sobering. The table shows what is left of the peak at the worst moment:
# the median bettor, and the unlucky and the lucky twentieth.

# %%
careers = {"quarter Kelly": 0.25, "half Kelly": 0.5, "full Kelly": 1.0, "double Kelly": 2.0}
careers = {name: c * f_star for name, c in careers.items() if c * f_star < 1}
left = {name: np.exp(drawdown(log_wealth(f)).min(axis=1)) for name, f in careers.items()}

# %%
levels = [0.05, 0.5, 0.95]
worst = [np.quantile(x, levels, method="inverted_cdf") for x in left.values()]
pd.DataFrame(worst, list(left), ["5 % quantile", "median", "95 % quantile"]).map("{:.2g}".format)

# %% mystnb={"figure": {"caption": "What is left of the peak at the worst moment of the simulated career: chance that it is less than a given part (logarithmic scale; double Kelly lies off to the left).", "name": "fig-security-drawdown"}, "image": {"alt": "Three rising curves of the probability that wealth at its worst is below a given part of its peak. Quarter Kelly lies to the right, half Kelly in the middle, full Kelly to the left."}} tags=["hide-input"]
fig, ax = plt.subplots()
for (name, x), color, y in zip(left.items(), ["C7", "C1", "C0"], [0.92, 0.84, 0.76], strict=False):
    ax.plot(np.sort(x), (1 + np.arange(n_paths)) / n_paths, color=color)
    ax.text(0.03, y, name, color=color, transform=ax.transAxes)
ax.set(xscale="log", xlabel="what is left of the peak at worst", ylabel="probability of less", ylim=(0, 1))
plt.show()

# %% [markdown]
# (sec-security-double)=
# ## How long to double?
#
# The other side of the bargain is time. Growth $g$ doubles wealth in $\log 2 / g$ bets *on average*, nearly: by Wald's identity the mean number $T$ of bets until wealth has doubled satisfies $g \operatorname{E} T = \operatorname{E} \log W_T$, and
# the last win overshoots the goal by at most its own size, so
#
# $$
# \frac{\log 2}{g} \;\le\; \operatorname{E} T \;\le\; \frac{\log 2 + \log(1 + bf)}{g} .
# $$ (eq-security-wald)
#
# The distribution of $T$ follows from the same bookkeeping as above, with the barrier on the other side.

# %%
def doubles(f, p, b, enough=0.9, goal=2.0, bets=20_000):
    """Probability that wealth has reached the goal, after 0, 1, 2, ... bets until it is enough."""
    up, down, alive, reached = math.log1p(b * f), math.log1p(-f), np.ones(1), [0.0]
    for n in range(1, bets + 1):
        alive = np.append((1 - p) * alive, 0.0) + np.append(0.0, p * alive)
        level = np.arange(len(alive)) * (up - down) + n * down
        high = np.searchsorted(level, math.log(goal) - 1e-12)
        reached.append(reached[-1] + alive[high:].sum())
        alive = alive[:high]
        if reached[-1] >= enough:
            break
    return np.array(reached)

# %%
waits = {c: doubles(f, p, b) for c, f in zip(fractions, stakes, strict=True)}
reach = lambda x, q: np.searchsorted(x, q) if x[-1] >= q else math.nan
when = {f"{q:.0%} by bet": [reach(x, q) for x in waits.values()] for q in (0.1, 0.5, 0.9)}
when = pd.DataFrame(when, fractions)

# %%
when["mean, at least"] = math.log(2) / bet_growth(stakes, p, b)
when["mean, at most"] = (math.log(2) + np.log1p(b * stakes)) / bet_growth(stakes, p, b)
when.round(1)

# %% [markdown]
# The simulated bettors must agree, at the bet where the sum stopped or at their last bet, whichever comes first:

# %%
for f, reached in zip(stakes, waits.values(), strict=True):
    n = min(len(reached) - 1, n_bets)
    simulated = (log_wealth(f)[:, : n + 1].max(axis=1) >= math.log(2) - 1e-12).mean()
    assert abs(simulated - reached[n]) <= allowed(reached[n])

# %% [markdown]
# Wald's identity itself holds at any time that does not look ahead, also at the goal or the last bet, whichever comes first: the logarithm of wealth there, less $g$ times the number of bets, has mean 0. On the
# simulated paths of the Kelly bettor the mean is within seven standard errors of that; at most $n$ bets, with the variance $pq\,\log^2\frac{1 + bf}{1 - f}$ each, say how large one of those can be.

# %%
path = log_wealth(f_star)
there = path >= math.log(2) - 1e-12
stop = np.where(there.any(axis=1), there.argmax(axis=1), n_bets)
surplus = path[np.arange(n_paths), stop] - g_star * stop

# %%
one_bet = p * (1 - p) * math.log((1 + b * f_star) / (1 - f_star)) ** 2
print(f"Wald: mean bets {stop.mean():.1f}, mean of what should be zero {surplus.mean():.4f}")
assert abs(surplus.mean()) <= 7 * math.sqrt(one_bet * n_bets / n_paths)

# %% [markdown]
# Read the columns from left to right. Who stakes more than Kelly shortens the wait of the lucky, even that of the median bettor, and pays with the waits of the unlucky, which grow so much that the *mean* is
# longer than Kelly's. Who stakes less waits longer at the median, but the unlucky tenth hardly notices until the stake is far below Kelly's.
#
# (sec-security-chart)=
# ## The chart for the wall
#
# Both sides of the bargain are now numbers that hardly depend on the coin: the share $2c - c^2$ of the best growth, and the probability $\alpha^{2/c - 1}$ of ever being worth $\alpha$ of the start, equal to the share of time spent
# below $\alpha$ of the peak. {numref}`fig-security-chart` plots one against the other.

# %%
axis_c = np.linspace(0.02, 2, 400)
marks_c = np.array([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2])
wall = pd.DataFrame({"share of growth": 2 * marks_c - marks_c**2}, marks_c)

# %%
for part in (0.75, 0.5, 0.25):
    wall[f"ever to {part:g}"] = part ** (2 / marks_c - 1)
wall.round(4)

# %% mystnb={"figure": {"caption": "Growth against risk. Line: the limit of small bets, the same for every favourable game; labels: fractions of Kelly. Crosses: the exact values for the coin of this chapter. Right of full Kelly every step costs growth and security at once.", "name": "fig-security-chart"}, "image": {"alt": "A curve of growth, as a share of the maximum, against the probability of ever falling to the level. It rises steeply from the origin, reaches half Kelly at three quarters of the growth with little risk, peaks at full Kelly, and falls to zero at double Kelly and certain loss. Crosses for the coin lie close to it."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.4, 4.4))
ax.axvspan(alpha, 1, color="C2", alpha=0.07, lw=0)
ax.plot(alpha ** (2 / axis_c - 1), 2 * axis_c - axis_c**2, color="C7")
ax.plot(table["exactly"], table["share of growth"], "x", color="C4", ms=7, zorder=3)
for c, x, y in zip(marks_c, alpha ** (2 / marks_c - 1), 2 * marks_c - marks_c**2, strict=True):
    ax.plot(x, y, "o", color={0.5: "C1", 1.0: "C0", 2.0: "C2"}.get(c, "C7"))
    ax.annotate(f"{c:g}", (x, y), xytext=(6, 6 if c >= 1 else -12), textcoords="offset points")
ax.text(0.98, 0.97, "too much", color="C2", ha="right", va="top", transform=ax.transAxes)
ax.set(xlabel=f"probability of ever falling to {alpha:g} of the start", ylabel="growth, share of the best")
ax.set(xlim=(0, 1.05), ylim=(0, 1.12))
plt.show()

# %% [markdown]
# Three rules follow.
#
# 1. **Never more than Kelly.** Beyond it both axes get worse.
# 2. **The last part of the growth is the expensive one.** The curve is flat near full Kelly. The first half of Kelly's stake brings three quarters of the growth; at $\alpha = \tfrac12$ the second half brings one quarter and multiplies the risk by four.
# 3. **Aim low if you are not sure.** An estimate of the edge that is too high by half moves a half Kelly bettor to three quarters, where growth even rises, at two and a half times the risk (0.125 becomes 0.315 at $\alpha = \tfrac12$). It moves a full Kelly bettor to one and a half, where a quarter of the growth is lost *and* the risk rises, from 0.5 to 0.79.
#
# (sec-security-constrained)=
# ## A promise instead of a fraction
#
# Betting a fraction of Kelly scales all stakes alike. With several bets that may not be the best use of caution: why give up a safe little edge because a wild one is dangerous? {cite:t}`busseti2016` turn the question
# round. Fix the level $\alpha$ and the probability $\beta$, let
#
# $$
# \lambda = \frac{\log\beta}{\log\alpha},
# $$
#
# and maximize growth subject to the condition of {prf:ref}`thm-security-bound` with $\theta = \lambda$:
#
# $$
# \max_w \; \sum_k p_k \log (Rw)_k \qquad\text{subject to}\qquad \sum_k p_k\, (Rw)_k^{-\lambda} \le 1 .
# $$ (eq-security-rck)
#
# Every $w$ that is allowed keeps the promise: wealth ever falls to $\alpha$ with probability at most $\alpha^\lambda = \beta$. The problem is convex, for the
# logarithm of the left side is a convex function of $w$. Note what is *not* promised: a bound on the fall from the peak during a career, which no stake above zero can give.
#
# For one coin the answer is a fraction of Kelly again, the one whose security is $\lambda$ (or full Kelly, if $\lambda \le 1$), since there is only one stake to choose:

# %%
power = math.log(beta) / math.log(alpha)
coin = np.array([[1 + b, 1.0], [0.0, 1.0]])
kept = kelly_drawdown(coin, [p, 1 - p], alpha=alpha, beta=beta)
print(f"stake {kept.weights[0]:.6f} of wealth, {kept.weights[0] / f_star:.4f} of Kelly's")

# %%
miss = lambda f: security(f, p, b) - power
by_root = f_star if power <= 1 else brentq(miss, f_star / (1 + power), f_star)
assert abs(kept.weights[0] - by_root) < 1e-6 and kept.gap <= 1e-9

# %%
chance = ever_falls(kept.weights[0], alpha, p, b)
print(f"promised at most {beta:g}, exactly {np.mean(chance):.4f}")
print(f"fraction of Kelly in the limit of small bets: 2/(1 + lambda) = {min(1, 2 / (1 + power)):.4f}")
assert chance[1] <= beta + 1e-9

# %% [markdown]
# ## A market with many outcomes
#
# Here is a market of our own invention, in the spirit of the finite-outcome example of {cite:t}`busseti2016`: sixty equally probable scenarios, eight bets, and cash. The bets have different edges and very different
# tails: some win often and lose much when they lose, others the reverse.

# %%
K, n = 60, 8
spread, tail = np.linspace(0.05, 0.4, n), np.linspace(-0.6, 0.6, n)
normal = np.random.default_rng(8).standard_normal((K, n))

# %%
bets = np.exp(spread * normal + tail * spread * (normal**2 - 1))
bets *= (1 + spread / 8) / bets.mean(axis=0)  # the edge is an eighth of the spread
R, even = np.column_stack([bets, np.ones(K)]), np.full(K, 1 / K)

# %%
level, promise = 0.7, 0.1
lam = math.log(promise) / math.log(level)
full, safe = kelly_full(R), kelly_drawdown(R, alpha=level, beta=promise)
print(f"lambda {lam:.4f}; growth {full.growth:.6f} of full Kelly, {safe.growth:.6f} with the promise")

# %% [markdown]
# ### The certificate
#
# How do we know that no other weights keep the promise and grow faster? By Jensen's inequality once more, now twice. Let $w$ be the answer, $h = \log \sum_k p_k (Rw)_k^{-\lambda}$, and $q_k \propto p_k (Rw)_k^{-\lambda}$ the
# probabilities tilted towards the bad scenarios. For any other $v$ that keeps the promise
#
# $$
# \begin{aligned}
# 0 \ge \log \sum_k p_k (Rv)_k^{-\lambda}
# &= h + \log \sum_k q_k \Bigl(\frac{(Rv)_k}{(Rw)_k}\Bigr)^{-\lambda} \\
# &\ge h - \lambda \sum_k q_k \log\frac{(Rv)_k}{(Rw)_k} .
# \end{aligned}
# $$
#
# Mix the two probabilities, $m = (1 - \vartheta) p + \vartheta q$ with any $0 \le \vartheta < 1$ (a Lagrange multiplier, written so that it lies between 0 and 1). Then
#
# $$
# \begin{aligned}
# (1 - \vartheta)\bigl(g(v) - g(w)\bigr) + \vartheta\,\frac h\lambda
# &\le \sum_k m_k \log \frac{(Rv)_k}{(Rw)_k} \\
# &\le \log \max_j \sum_k m_k \frac{R_{kj}}{(Rw)_k} ,
# \end{aligned}
# $$ (eq-security-certificate)
#
# and this bounds $g(v) - g(w)$ by numbers that are known. The inequality holds for every $\vartheta$; the best one is found by a search on a line.

# %%
def certify_promise(R, p, w, lam):
    """How much faster than w, at most, weights can grow that keep the promise (nats)."""
    wealth = R @ w
    q, h = p * wealth**-lam, math.log(p @ wealth**-lam)
    q /= q.sum()

    def bound(theta):
        m = (1 - theta) * p + theta * q
        return (math.log((m / wealth @ R).max()) - theta * h / lam) / (1 - theta)

    search = minimize_scalar(bound, bounds=(0, 1), options={"xatol": 1e-12})
    return min(search.fun, bound(0.0))

# %%
print(f"gap <= 1e-10: {safe.gap <= 1e-10}, promise kept to 1e-9: {safe.violation <= 1e-9}")
assert -1e-12 <= certify_promise(R, even, safe.weights, lam) <= 1e-9 and safe.gap <= 1e-10

# %% [markdown]
# The library's solver searches along the same multiplier. It maximizes growth less a multiple of $h$ by Newton steps and adjusts the multiple until the promise is just kept. A student may get the same answer, more slowly and with fewer
# digits, from a general routine that is told the problem as it stands:

# %%
def fastest(goal, rule, start):
    """Weights that minimize goal under rule >= 0, by a general-purpose routine."""
    rules = [{"type": "eq", "fun": lambda w: w.sum() - 1}, {"type": "ineq", "fun": rule}]
    box, options = [(0, 1)] * len(start), {"ftol": 1e-14, "maxiter": 1000}
    found = minimize(goal, start, jac=True, bounds=box, constraints=rules, options=options)
    return np.maximum(found.x, 0) / np.maximum(found.x, 0).sum()

# %%
growth_and_slope = lambda w: (-(even @ np.log(R @ w)), -(even / (R @ w) @ R))
cautious = np.append(np.full(n, 1e-3), 1 - n * 1e-3)
general = fastest(growth_and_slope, lambda w: (1 - even @ (R @ w) ** -lam) / lam, cautious)

# %%
print(f"growth {growth_rate(R, None, general):.6f} by SLSQP, {safe.growth:.6f} by kelly_drawdown")
assert abs(growth_rate(R, None, general) - safe.growth) < 1e-6
assert certify_promise(R, even, general, lam) < 1e-6  # the certificate scores anybody's weights

# %% [markdown]
# And the cone programme of chapter {ref}`sec-roads`, now with the constraint, which says that $\sum_k e^{-\lambda \log (Rw)_k} \le K$ if the scenarios are equally likely: cvxpy writes it in cones, Clarabel solves. It shares no line with `kelly_drawdown`. Its
# weights are slightly outside the promise or the budget, as those of cone solvers are; a grain of cash brings them back, and then the certificate scores them like anybody's.

# %%
v = cp.Variable(n + 1, nonneg=True)
rules = [cp.sum(v) == 1, cp.log_sum_exp(-lam * cp.log(R @ v)) <= math.log(K)]
cp.Problem(cp.Maximize(even @ cp.log(R @ v)), rules).solve(solver=cp.CLARABEL)
coned = np.maximum(v.value, 0) / np.maximum(v.value, 0).sum()
coned = 0.999999 * coned + 0.000001 * np.eye(n + 1)[-1]

# %%
between = safe.growth - growth_rate(R, None, coned)
bound = certify_promise(R, even, coned, lam)
print(f"growth {growth_rate(R, None, coned):.6f} by cvxpy; its certified gap is below 1e-5: {bound <= 1e-5}")
assert even @ (R @ coned) ** -lam <= 1 + 1e-9 and -safe.gap - 1e-9 <= between <= bound <= 1e-5

# %% [markdown]
# Each of the two lies within the gap that the other's certificate allows.
#
# One market is an anecdote. The same pair was run beforehand by `benchmarks/drawdown.py` on simulated markets of several sizes, one after the other on each market, and stored with versions and date. *Ratio* is the time of cvxpy,
# its compilation included, over that of `kelly_drawdown`: the median over the markets of a size, and the least. *Binding* counts the markets in which the promise costs growth; where it does not, the Kelly weights are the answer, and the search is over before it begins. *Binding ratio* is the median over those in which it costs.

# %%
stored = json.loads((BUNDLED.parent / "benchmarks" / "drawdown.json").read_text())
print(stored["date"], stored["versions"])
columns = ["markets", "binding", "cvxpy_solved", "ratio", "binding_ratio", "least_ratio", "gap", "difference"]
beside = pd.DataFrame(stored["sizes"]).T[columns]
beside.round({"ratio": 1, "binding_ratio": 1, "least_ratio": 2})

# %%
assert beside["gap"].max() <= 2e-12 and beside["difference"].max() <= 1e-8
assert (beside["ratio"] > 1).all() and (beside["binding_ratio"].iloc[1:] > 1).all()
assert beside["least_ratio"].min() < 1
assert beside["markets"].sum() > beside["cvxpy_solved"].sum()

# %% [markdown]
# In the median over its markets `kelly_drawdown` is faster at every size. Where the promise binds the two are level on the smallest table, which has two such markets; from there on ours is faster, by half on 63 scenarios of 20 volatile assets, three times or more on 252, tens of times from
# 1000 scenarios of 100 on. The large ratios on 21 scenarios are those of markets that Kelly's own weights solve. Larger tables than 2520 scenarios of 500 were not tried. The larger the table, the more often Clarabel stops without calling its answer optimal (on 2520 scenarios always, so that there is no difference to show); ours answered every market, each with its certificate.
#
# ### Rivals
#
# Two simpler ways keep the same promise. *Fractional Kelly* mixes the Kelly portfolio with cash, as much as the constraint requires. The *quadratic approximation* of {cite:t}`busseti2016` replaces both the growth and the constraint by
# second-order expansions in the excess return $\rho = Rw - 1$ (cash returns 0 here): maximize $\operatorname{E}\rho - \tfrac12\operatorname{E}\rho^2$ subject to $\operatorname{E}\rho \ge \tfrac{\lambda + 1}{2}\operatorname{E}\rho^2$. With one bet, or as long as no weight
# meets a bound, its answer is the fraction $2/(1 + \lambda)$ of the quadratic Kelly portfolio, in agreement with {eq}`eq-security-limit`.

# %%
risk = lambda w: math.log(even @ (R @ w) ** -lam)
mix = lambda c: c * full.weights + (1 - c) * np.eye(n + 1)[-1]
fractional = mix(brentq(lambda c: risk(mix(c)), 1e-3, 1.0) if risk(full.weights) > 0 else 1.0)

# %%
mean, second = even @ (R - 1), (R - 1).T @ (even[:, None] * (R - 1))
taylor = lambda w: (w @ second @ w / 2 - mean @ w, second @ w - mean)
quadratic = fastest(taylor, lambda w: mean @ w - (lam + 1) / 2 * (w @ second @ w), mix(0.1))

# %%
names = ["full Kelly", "promise", "fractional", "quadratic"]
held = np.array([full.weights, safe.weights, fractional, quadratic])
pd.DataFrame(held, names, [*(f"bet {j}" for j in range(1, n + 1)), "cash"]).round(3)

# %% [markdown]
# To see whether promises are kept we let each portfolio run on the same random sequences of scenarios, and count both kinds of fall: below the level as a part of the *start*, which the theory bounds, and below the same part
# of the *peak*, which it does not. A run ends after 400 periods, while the promise is for ever.

# %%
periods, runs = 400, 10_000
draws = np.random.default_rng(seed).integers(K, size=(runs, periods))

# %%
def falls(w):
    """Shares of the runs that fall to the level, from the start and from the peak."""
    path = np.pad(np.log(R @ w)[draws].cumsum(axis=1), ((0, 0), (1, 0)))
    return [(x.min(axis=1) <= math.log(level)).mean() for x in (path, drawdown(path))]

# %%
theta_of = lambda w: brentq(lambda x: math.log(even @ (R @ w) ** -x) / x, 1e-6, 200)
result = pd.DataFrame({"growth": [growth_rate(R, None, w) for w in held]}, names)
result["bound"] = [level ** theta_of(w) for w in held]
result[["from the start", "from the peak"]] = [falls(w) for w in held]

# %%
result["standard error"] = np.sqrt(result["from the start"] * (1 - result["from the start"]) / runs)
result.round(4)

# %% [markdown]
# A simulated share passes if it is at most four standard errors above the bound, the standard error being that of a share whose true value *is* the bound.

# %%
limit = lambda bound: bound + 4 * np.sqrt(bound * (1 - bound) / runs)
assert (result["from the start"] <= limit(result["bound"])).all()
assert result.loc["promise", "growth"] >= result.loc["fractional", "growth"]
assert (result.loc[["promise", "fractional"], "bound"] <= promise + 1e-9).all()

# %% [markdown]
# The findings of the paper return on this example. The bound holds in simulation, and gives away little. At the same promise the constrained portfolio grows a good deal faster than the mixture of Kelly and cash, because it
# changes the *proportions* of the bets as well as their size: it takes up the tame bets, for which full Kelly had no money left, where the mixture puts cash. The quadratic approximation comes near; it happens to keep the promise with room to spare here, which nothing guarantees, and
# pays for it with growth. And from the *peak* all of them fall to the level almost surely within so many periods. That is not what was promised.
#
# The trade-off of many promises, at the same level:

# %%
promises = [0.3, 0.2, 0.1, 0.05, 0.02, 0.01]
frontier = [kelly_drawdown(R, alpha=level, beta=x) for x in promises]
mixed = [mix(c) for c in np.linspace(0.25, 1, 40)]
line = np.array([[level ** theta_of(w), growth_rate(R, None, w)] for w in mixed])

# %%
paid = pd.DataFrame({"growth": [s.growth for s in frontier]}, promises)
paid["cash"] = [s.weights[-1] for s in frontier]
paid["fractional Kelly"] = np.interp(promises, line[:, 0], line[:, 1])
paid["from the start"] = [falls(s.weights)[0] for s in frontier]
assert all(s.gap <= 1e-9 and s.violation <= 1e-9 for s in frontier)
paid.round(4)

# %%
assert (paid["from the start"] <= limit(paid.index)).all()

# %% [markdown]
# Every one of the six promises is kept in simulation: the last column, the share of the runs that fell to the level, stays below the promise at its left.

# %% mystnb={"figure": {"caption": "Growth against the promised bound on the probability of ever falling to the level: the best portfolios (dots), mixtures of Kelly and cash (line), and the quadratic approximation (diamond).", "name": "fig-security-frontier"}, "image": {"alt": "An increasing concave curve of growth against the bound on the probability of falling below the level. Dots for the constrained optimum lie on or slightly above the line for fractional Kelly."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.plot(line[:, 0], line[:, 1], color="C1")
ax.text(line[15, 0], line[15, 1], "   fractional Kelly", color="C1", va="top")
ax.plot(promises, paid["growth"], "o", color="C7")
ax.annotate("best for each promise ", (0.05, paid.loc[0.05, "growth"]), color="C7", ha="right", va="bottom")
at, fast = result["bound"], result["growth"]
for name, color, side in [("quadratic", "C3", "left"), ("full Kelly", "C0", "right")]:
    ax.plot(at[name], fast[name], "D", color=color)
    ax.annotate(f"  {name}  ", (at[name], fast[name]), color=color, ha=side, va="bottom")
ax.set(xscale="log", ylabel="growth, nats per period")
ax.set(xlabel=f"bound on the probability of ever falling to {level:g} of the start")
plt.show()

# %% [markdown]
# ## What this chapter does not show
#
# - **Risk that is not in the model.** Every probability above is computed as if $p$, the scenarios and their independence were known. An overestimated edge lowers the true $\theta$ of the same stake, and no formula of this chapter notices.
# - **A bound on the fall from a peak.** It does not exist for a fixed stake. Rules that stake less as wealth nears a floor can give one; they are another subject.
# - **That the scenarios of the eight bets mean anything.** They are random numbers. The example shows how the methods compare on it, not how they compare in markets.
# - **That security is worth its price to you.** The chart states the rate of exchange. What to choose on it is a matter of taste; {cite:t}`maclean2010` discuss tastes and their consequences.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-security-third
#
# In the limit of small bets, what is the probability that a full Kelly bettor halves the wealth before doubling it? And a half Kelly bettor?
# ```

# %% [markdown]
# ````{solution-start} ex-security-third
# :class: dropdown
# ````
# $W^{-\theta}$ has mean 1 at the first time that wealth is 2 or ½. If $x$ is the probability of ½, then $x\, 2^\theta + (1 - x)\, 2^{-\theta} = 1$, so $x = 1/(1 + 2^\theta)$: one third for full Kelly ($\theta = 1$), one ninth for half Kelly ($\theta = 3$). For a coin with
# tiny steps the exact probability is near:

# %%
tiny = 0.51
factor = {c: 1 / (1 + 2 ** security(c * kelly_fraction(tiny), tiny, 1)) for c in (1.0, 0.5)}
print({c: f"{x:.4f}" for c, x in factor.items()})
assert abs(factor[1.0] - 1 / 3) < 1e-6 and abs(factor[0.5] - 1 / 9) < 1e-3

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-security-quarter
#
# You want to fall to half of the start with probability at most 1 %. Which fraction of Kelly is that in the limit of small bets, and how much growth does it keep?
# ```

# %% [markdown]
# ````{solution-start} ex-security-quarter
# :class: dropdown
# ````
# $0.5^{2/c - 1} = 0.01$ gives $2/c - 1 = \log 0.01 / \log 0.5$.

# %%
c = 2 / (1 + math.log(0.01) / math.log(0.5))
print(f"fraction {c:.4f}, growth kept {2 * c - c**2:.4f}")
assert abs(0.5 ** (2 / c - 1) - 0.01) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-security-race
#
# Show that a Kelly bettor at the races of chapter {ref}`sec-races` has $\operatorname{E}(1/R) = 1$ as long as some cash is held, and conclude about the probability of ever halving. What changes at a track without a margin?
# ```
#
# ```{solution} ex-security-race
# :class: dropdown
#
# The second condition in {eq}`eq-races-kkt` *is* $\operatorname{E}(1/R) = \sum_i p_i/W_i = 1$ if $c > 0$, so $\theta = 1$ and the probability is at most one half. Without a margin no cash is held and the condition is $\operatorname{E}(1/R) = \sum_i 1/o_i < 1$; then
# $\theta > 1$, and wealth is safer than that.
# ```
#
# ```{exercise}
# :label: ex-security-reverse
#
# Test {prf:ref}`thm-security-dual` without any formula: enumerate all sequences of ten tosses, and compare the two probabilities.
# ```

# %% [markdown]
# ````{solution-start} ex-security-reverse
# :class: dropdown
# ````
# The two sets of sequences are different, but each sequence in one is the reversal of a sequence in the other, with the same probability.

# %%
tosses = (np.arange(2**10)[:, None] >> np.arange(10)) & 1
weight = 0.6 ** tosses.sum(axis=1) * 0.4 ** (10 - tosses.sum(axis=1))
path = np.pad(np.log(np.where(tosses, 1.2, 0.8)).cumsum(axis=1), ((0, 0), (1, 0)))

# %%
from_start = weight @ (path.min(axis=1) <= math.log(0.7))
from_peak = weight @ (drawdown(path)[:, -1] <= math.log(0.7))
assert abs(from_start - from_peak) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-security-convex
#
# Show that the set of weights that keep the promise {eq}`eq-security-rck` is convex.
# ```
#
# ```{solution} ex-security-convex
# :class: dropdown
#
# $x \mapsto x^{-\lambda}$ is convex for $x > 0$, $(Rw)_k$ is linear in $w$, and a sum of convex functions with weights $p_k \ge 0$ is convex. So the set on which it is at most 1 is convex.
# ```
#
# ## Sources
#
# The fraction $(\mu - r)/\sigma^2$, the growth of fractional Kelly and the formula {eq}`eq-security-limit` are in {cite:t}`thorp2006`. {cite:t}`busseti2016` introduced the constraint {eq}`eq-security-rck`, its
# quadratic approximation and the finite-outcome example that inspired ours. {cite:t}`maclean2010` weigh growth against security.
