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
# (sec-roads)=
# # Three roads
#
# Given scenarios of what each asset may return, which portfolio makes wealth grow fastest?
# The problem has one answer and three roads lead to it, or near it: Newton's method, a cone programme, a quadratic approximation.
# Which one should you take, and how do you know that you have arrived?
#
# A solver that reports success has told you nothing that you could check. So the chapter starts with the problem and
# with a *certificate* that anybody can compute for anybody's weights. Then it builds the three roads, one cell each,
# and sends them through the months of the Turkish market, thirty years of American shares and simulated
# crashes. At the end other people's software is put on the same scales.

# %%
import json

import cvxpy as cp
import daqp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.stats import t as student
from skfolio.datasets import load_sp500_dataset

import kellylib
from kellydata import BUNDLED
from kellylib import (
    add_cash,
    certify,
    empirical,
    growth_rate,
    kelly_expcone,
    kelly_full,
    kelly_order2,
    load_bist30,
)

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## Parameters
#
# A simulated market serves for the derivations. Its stocks share one factor, and their returns have fat tails:
# Student's distribution, where fewer degrees of freedom mean wilder extremes. Its volatility is that of a month.

# %% tags=["parameters"]
n_scenarios = 252  # int, scenarios: rows of the simulated market, at least 2
n_stocks = 30  # int, stocks: columns of the simulated market besides cash, at least 2
degrees = 5.0  # float, degrees of freedom: of the simulated returns, above 2
volatility = 0.1  # float, per period: standard deviation of a simulated stock, above 0 and at most 0.5
leverage = [1, 2, 3]  # list, multiples of wealth: how much may be invested in shares, each at least 1
seed = 4  # int, none: seed of the simulated market, 0 or more

# %%
limits = {"n_scenarios": (n_scenarios, 2, 1e5), "n_stocks": (n_stocks, 2, 1e3), "seed": (seed, 0, 2**31)}
limits |= {"degrees": (degrees, 2.01, 1e9), "volatility": (volatility, 1e-4, 0.5)}
limits |= {"leverage": (min(leverage, default=0), 1, 10)}
for name, (value, least, most) in limits.items():
    if not least <= value <= most:
        raise ValueError(f"{name} must be between {least:g} and {most:g}; it is {value!r}.")


def simulate(K, n, degrees, volatility, rng):
    """Gross returns of n stocks and of cash, the last column, which stays 1."""
    mean, beta = volatility**2 * rng.uniform(1.25, 2.5, n), rng.uniform(0.7, 1.3, n)
    factor, own = rng.standard_t(degrees, K), rng.standard_t(degrees, (K, n))
    noise = np.sqrt(0.4) * beta * factor[:, None] + np.sqrt(0.6) * own
    return np.c_[np.maximum(1 + mean + volatility * np.sqrt(1 - 2 / degrees) * noise, 0.02), np.ones(K)]


R = simulate(n_scenarios, n_stocks, degrees, volatility, np.random.default_rng(seed))
p = np.full(n_scenarios, 1 / n_scenarios)

# %% [markdown]
# (sec-roads-problem)=
# ## The problem
#
# A market is a table $R \ge 0$ of *gross* returns: in scenario $k$, which has probability $p_k$, one unit of money in
# asset $j$ becomes $R_{kj}$. Cash is a column like any other. A portfolio $w$ has shares of wealth that sum to 1 and multiplies wealth by $(Rw)_k$.
# As for the coin of {ref}`sec-coin`, repeated bets multiply, so that what counts in the end is the mean logarithm:
#
# $$
# \max_w \; g(w) = \sum_k p_k \log (R w)_k
# \quad\text{subject to}\quad \sum_j w_j = 1, \quad w \ge 0 .
# $$ (eq-roads-problem)
#
# Short positions and limits are other bounds, $l \le w \le u$; the law stays the same. One line of code says it.

# %%
def growth(R, p, w):
    wealth = R @ w
    return p @ np.log(wealth) if wealth.min() > 0 else -np.inf

# %% [markdown]
# The library's `growth_rate` is this line with a check of the input. Equal weights are a first portfolio to try it on.

# %%
equal = np.full(n_stocks + 1, 1 / (n_stocks + 1))
assert abs(growth(R, p, equal) - growth_rate(R, p, equal)) <= 1e-15

# %% [markdown]
# The logarithm is concave and $Rw$ is linear, so $g$ is concave: a local maximum is global, and the set of maxima is
# convex. Because the logarithm is *strictly* concave, all maxima have the same wealth $Rw$ in every scenario with
# $p_k > 0$. The optimal **wealth is unique, the weights need not be**: if one share is listed twice, nobody can say how to
# split it. They are unique whenever no portfolio of the held assets, with weights that sum to zero, pays zero everywhere.
#
# (sec-roads-certificate)=
# ## The certificate
#
# The slope of growth in the direction of asset $j$ is
#
# $$
# \frac{\partial g}{\partial w_j} = \sum_k p_k \frac{R_{kj}}{(Rw)_k}, \qquad\text{and always}\qquad \nabla g(w)^\top w = \sum_k p_k \frac{(Rw)_k}{(Rw)_k} = 1 .
# $$ (eq-roads-gradient)
#
# :::{prf:theorem} Optimality and its certificate
# :label: thm-roads-certificate
#
# Let $w$ be a portfolio whose wealth is positive in every scenario.
# 1. No portfolio $v$ grows faster than $w$ by more than $\operatorname{gap}(w) = \log \max_j \partial g/\partial w_j$.
# 2. $w$ is optimal if and only if $\partial g/\partial w_j \le 1$ for every asset $j$; then equality holds for each asset that is held.
# :::
#
# :::{prf:proof}
# For any $v$, Jensen's inequality gives {eq}`eq-certificate`:
# $g(v) - g(w) = \sum_k p_k \log\frac{(Rv)_k}{(Rw)_k} \le \log \sum_k p_k \frac{(Rv)_k}{(Rw)_k} = \log (\nabla g(w)^\top v)$, and a weighted mean of slopes is at
# most the largest one. That is the first claim, and if no slope exceeds 1 the gap is 0 at most. Conversely let some slope exceed 1. The slope from $w$
# towards that asset is $\partial g / \partial w_j - \nabla g(w)^\top w > 0$, so a little of it improves $w$. Equality for held assets: the mean of the slopes with weights $w$ is 1, so none with
# $w_j > 0$ can be below 1 if none is above. $\square$
# :::
#
# These are the conditions of Karush, Kuhn and Tucker for {eq}`eq-roads-problem`, with the multiplier of the budget equal to 1 whatever the market.
# {cite:t}`cover1984` used the gap to stop his algorithm, and {cite:t}`bellcover1980` found the same inequality at the bottom of a game.
# Since the gap needs nothing but the weights, it can judge anybody's. Every `Solution` of the library carries it,
# together with the `violation` of the budget and the bounds, because the proof speaks of portfolios: weights that sum to
# 1.01 would show a gap that is too small by $\log 1.01$.

# %%
def gap(R, p, w):
    return np.log(((p / (R @ w)) @ R).max())

# %% [markdown]
# That is all of it, and `certify` agrees. Equal weights must then lie no further below the best than their gap says:

# %%
best = kelly_full(R, p)
assert abs(gap(R, p, equal) - certify(R, p, equal).gap) <= 1e-15
assert best.growth - growth(R, p, equal) <= gap(R, p, equal)

# %%
print(f"equal weights: growth {growth(R, p, equal):.6f}, at most {gap(R, p, equal):.6f} below the best")
print(f"best weights : growth {best.growth:.6f}, gap at most 1e-12: {best.gap <= 1e-12}")
print(f"assets held  : {(best.weights > 0).sum()} of {R.shape[1]}")

# %% [markdown]
# With bounds the largest value of $\nabla g(w)^\top v$ is no longer at one asset. Fill the assets in the order of their
# slopes, each up to its bound, until the budget is spent. A linear programme must find the same maximum.

# %%
def fill(c, lower, upper):
    v = lower.copy()
    for j in np.argsort(-c):
        v[j] += min(upper[j] - lower[j], 1 - v.sum())
    return c @ v


slopes, lower, upper = (p / (R @ equal)) @ R, np.full(n_stocks + 1, -0.01), np.full(n_stocks + 1, 0.2)
programme = linprog(-slopes, A_eq=[np.ones_like(slopes)], b_eq=[1.0], bounds=np.c_[lower, upper])
assert abs(fill(slopes, lower, upper) + programme.fun) <= 1e-9
assert abs(np.log(fill(slopes, lower, upper)) - certify(R, p, equal, lower=lower, upper=upper).gap) <= 1e-12

# %% [markdown]
# ## Few assets suffice
#
# :::{prf:theorem} Sparsity
# :label: thm-roads-sparse
#
# A market with $K$ scenarios has an optimal portfolio that holds at most $K$ assets.
# :::
#
# :::{prf:proof}
# Let $y = Rw$ be the optimal wealth. By {prf:ref}`thm-roads-certificate` the column of each held asset satisfies $\sum_k (p_k / y_k) R_{kj} = 1$: all these points of
# $\mathbb{R}^K$ lie in one hyperplane, of dimension $K - 1$. The point $y$ is a convex combination of them, and by Carathéodory's theorem $K$ of them are enough. $\square$
# :::
#
# With a month of 21 days and 30 shares, then, at most 21 can be needed, and in practice it is far fewer: the inequality must hold with
# equality for *every* asset held, and a market rarely grants that to many at once. This is the reason why the best
# portfolio so often looks like a bet on a handful of names, and also the key to computing it fast.
#
# (sec-roads-newton)=
# ## First road: Newton's method, kept inside
#
# Newton's method climbs a smooth hill by fitting a parabola, but the constraint $w \ge 0$ is not smooth. The interior-point
# idea is to relax the second claim of the theorem. Write $z_j = \lambda - \partial g/\partial w_j \ge 0$ for the amount by which asset $j$ is too poor to hold.
# At the optimum $w_j z_j = 0$ for all $j$; ask instead for $w_j z_j = t$ with a small $t > 0$, and let $t$ go to zero:
#
# $$
# \nabla g(w) - \lambda \mathbf 1 + z = 0, \qquad w_j z_j = t, \qquad \mathbf 1^\top w = 1 .
# $$ (eq-roads-kkt)
#
# Linearize all three and eliminate $\Delta z = t/w - z - (z/w)\Delta w$. With $A = R / (Rw)$ row by row, minus the Hessian is $A^\top \operatorname{diag}(p) A$, and a step solves
#
# $$
# \bigl(A^\top \operatorname{diag}(p) A + \operatorname{diag}(z/w)\bigr) \Delta w + \Delta\lambda\, \mathbf 1 = \nabla g - \lambda \mathbf 1 + t/w, \qquad \mathbf 1^\top \Delta w = 0 .
# $$ (eq-roads-newton)
#
# The matrix is positive definite, so one Cholesky factor does. Then go as far as $w$ and $z$ stay positive, nearly, and
# repeat until the certificate is small. The cell is the whole method.

# %%
def newton(R, p, enough=1e-12):
    """Weights, and the gap after each iteration."""
    n = R.shape[1]
    w, gaps = np.full(n, 1 / n), []
    while True:
        A = R / (R @ w)[:, None]
        slope = p @ A
        if not gaps:
            price = slope.max() + 0.1
            z = price - slope
        gaps.append(np.log(slope.max()))
        if gaps[-1] <= enough or len(gaps) > 60:
            return w, np.array(gaps)
        t = 0.1 * (w @ z) / n
        M = (p[:, None] * A).T @ A + np.diag(z / w)
        a, e = np.linalg.solve(M, np.c_[slope - price + t / w, np.ones(n)]).T
        d_price = a.sum() / e.sum()
        dw = a - d_price * e
        dz = t / w - z - z / w * dw
        step = [min(1, 0.99 * np.min(-v[dv < 0] / dv[dv < 0], initial=2)) for v, dv in ((w, dw), (z, dz))]
        w, z, price = w + step[0] * dw, z + step[1] * dz, price + step[1] * d_price
        w /= w.sum()

# %% [markdown]
# By another road: {cite:t}`cover1984`'s algorithm multiplies each weight by its slope, $w_j \leftarrow w_j\, \partial g / \partial w_j$. By {eq}`eq-roads-gradient` the sum stays 1, and growth never falls. It is a
# single line and needs no linear algebra. {numref}`fig-roads-gap` shows what it costs.

# %%
def cover(R, p, rounds):
    w, gaps = np.full(R.shape[1], 1 / R.shape[1]), []
    for _ in range(rounds):
        slope = (p / (R @ w)) @ R
        gaps.append(np.log(slope.max()))
        w = w * slope
    return w, np.array(gaps)


w_newton, newton_gaps = newton(R, p)
w_cover, cover_gaps = cover(R, p, 3000)
assert abs(growth(R, p, w_newton) - best.growth) <= 2e-12
assert best.growth - growth(R, p, w_cover) <= cover_gaps[-1]

# %% mystnb={"figure": {"caption": "What the certificate says after each iteration. Newton's method gains digits at a steady, fast rate; Cover's multiplicative algorithm is still far away after thousands of steps, although each is a hundred times cheaper.", "name": "fig-roads-gap"}, "image": {"alt": "Two falling curves on logarithmic axes. The Newton curve drops below ten to the minus twelve within some fifteen iterations. Cover's curve falls slowly and is near ten to the minus four or five after three thousand iterations."}} tags=["hide-input"]
fig, ax = plt.subplots()
for gaps, color, label in [(newton_gaps, "C0", "Newton"), (cover_gaps, "C7", "Cover")]:
    shown = np.maximum(gaps, 1e-16)
    ax.loglog(np.arange(1, len(gaps) + 1), shown, color=color)
    place = dict(ha="right", va="bottom", xytext=(-6, 4), textcoords="offset points")
    ax.annotate(label, (len(gaps), shown[-1]), color=color, **place)
ax.set(xlabel="iteration", ylabel="certified gap, nats per period")
plt.show()

# %% [markdown]
# `kelly_full` refines this in three ways, none of which changes what is computed. It chooses $t$ by a trial step
# (a predictor, then a corrector). It substitutes bounds away. And it exploits sparsity: solve for a *working
# set* of the dozen most promising assets, price **all** assets with one product $(p / Rw)^\top R$, let
# those with a slope above 1 join, and repeat. The certificate at the end covers every asset, also those that never joined, so nothing is
# assumed about which ones matter. Before all that it tries the asset of the steepest slope alone, in case the certificate accepts it;
# after it, what is priced out is put to exactly 0, and the rest takes one more Newton step if the certificate asks for it. {cite:t}`kim2020` solve the same optimization problem in statistics, where it estimates mixtures.

# %%
S = np.argsort(-p @ R)[:12]
while True:
    held, _ = newton(R[:, S], p)
    slopes = (p / (R[:, S] @ held)) @ R
    if slopes.max() <= 1 + 1e-9:
        break
    S = np.union1d(S, np.flatnonzero(slopes > 1 + 1e-9))
assert abs(growth(R[:, S], p, held) - best.growth) <= 1e-9
print(f"{len(S)} of {R.shape[1]} assets were enough to certify all")

# %% [markdown]
# (sec-roads-cone)=
# ## Second road: an exponential cone
#
# Cone programmes maximize a linear function over linear constraints and a few standard convex cones; good general
# solvers exist. The logarithm enters through the *exponential cone*
#
# $$
# \mathcal K = \operatorname{closure}\{(x, y, z) : y > 0, \; y\, e^{x/y} \le z\} .
# $$ (eq-roads-cone)
#
# Line by line: give each scenario a number $s_k$ that may not exceed $\log (Rw)_k$. Since the objective pushes it up, it will be equal. Next, $s_k \le \log (Rw)_k$
# means $e^{s_k} \le (Rw)_k$. With $y = 1$ in {eq}`eq-roads-cone` this says $(s_k, 1, (Rw)_k) \in \mathcal K$. All told:
#
# $$
# \max_{w, s} \; p^\top s \quad\text{subject to}\quad (s_k, 1, (Rw)_k) \in \mathcal K \;\; \forall k, \quad \mathbf 1^\top w = 1, \quad w \ge 0 .
# $$
#
# Modelling languages do this rewriting. The next cell states the problem twice, once with the logarithm, as one would
# write it, and once with the cones spelled out; both go to the solver Clarabel with its default tolerances of $10^{-8}$.

# %%
def cone(R, p, spelled_out):
    w, s = cp.Variable(R.shape[1]), cp.Variable(len(p))
    portfolio = [cp.sum(w) == 1, w >= 0]
    if spelled_out:
        problem = cp.Problem(cp.Maximize(p @ s), [*portfolio, cp.ExpCone(s, np.ones(len(p)), R @ w)])
    else:
        problem = cp.Problem(cp.Maximize(p @ cp.log(R @ w)), portfolio)
    problem.solve(solver=cp.CLARABEL)
    return w.value, float(portfolio[0].dual_value)

# %%
month = R[:60], np.full(60, 1 / 60)
(w_log, price_log), (w_cone, price_cone) = cone(*month, False), cone(*month, True)
referee = kelly_expcone(*month)

# %% [markdown]
# Both ways reach the same growth, and the multiplier of the budget is the 1 that {eq}`eq-roads-gradient` promises, whatever the market.

# %%
assert abs(growth(*month, w_log) - growth(*month, w_cone)) <= 1e-7
assert abs(abs(price_log) - 1) <= 1e-5  # the multiplier of the budget, as the theorem says
print(f"kelly_full - kelly_expcone within 1e-13: {abs(kelly_full(*month).growth - referee.growth) <= 1e-13}")

# %% [markdown]
# `kelly_expcone` asks for $10^{-12}$. A solver of this kind then has the *objective* right to 13 digits and, because the top of the hill is flat, the *weights* to
# six or seven. The certificate is a first-order statement and feels the error of the weights in full. So `kelly_expcone`
# finishes the job: weights whose multiplier exceeds them are put on their bound, the others take one step of Newton's
# method, and the best certified of the candidates is returned. If the solver fails, or if it reports success and
# the certificate disagrees, the result is an error and not a portfolio.
#
# The road is slow, as we shall see, and yet indispensable: it shares no line of algorithm with `kelly_full`, which
# makes it the **referee**. The tests of the library let the two meet on five hundred random markets with every kind of bound.
#
# (sec-roads-taylor)=
# ## Third road: a parabola
#
# Write $x_k = (Rw)_k - 1 = r_k^\top w$ for the simple return of the portfolio, where $r = R - 1$. Taylor's formula with its remainder in integral form, worked out, is exact:
#
# $$
# \log(1 + x) = x - \frac{x^2}{2} + \rho(x), \qquad \rho'(x) = \frac{1}{1 + x} - (1 - x) = \frac{x^2}{1 + x} .
# $$ (eq-roads-taylor)
#
# Drop $\rho$ and take means. What remains is a quadratic programme in the mean $\mu$ and the raw second moment $M$,
#
# $$
# \max_w \; q(w) = \mu^\top w - \tfrac12 w^\top M w, \qquad \mu = \operatorname{E} r, \quad M = \operatorname{E} r r^\top,
# $$ (eq-roads-order2)
#
# over the same portfolios. It looks like Markowitz's problem, but $M = \Sigma + \mu\mu^\top$ is not the covariance, and the risk aversion is not a matter of taste: it is 1.

# %%
def parabola(R, p):
    r, one = R - 1, np.ones((1, R.shape[1]))
    bounds = np.r_[one[0], 1.0], np.r_[0 * one[0], 1.0]  # of the weights, and of their sum
    return daqp.solve(r.T @ (p[:, None] * r), -p @ r, one, *bounds, primal_tol=1e-12, eps_prox=-1.0)[0]

# %% [markdown]
# `kelly_order2` adds a working set, as above, and checks with the slopes of the parabola that no portfolio does better on it.
# What it returns is certified *as growth*: the gap tells how much the approximation may have cost.

# %%
approximate = kelly_order2(R, p)
assert abs(growth(R, p, parabola(R, p)) - approximate.growth) <= 1e-9
lost = best.growth - approximate.growth
print(f"Order2: growth {approximate.growth:.6f}, lost {lost:.1e}, certified {approximate.gap:.1e}")

# %% [markdown]
# :::{prf:theorem} The price of the parabola
# :label: thm-roads-price
#
# Let $w^\star$ be growth-optimal and $w_q$ maximize {eq}`eq-roads-order2`, with returns $x^\star = r^\top w^\star$ and $x = r^\top w_q > -1$. Then
#
# $$
# 0 \le g(w^\star) - g(w_q) \le \operatorname{E}\Bigl[(x^\star - x)\,\frac{x^2}{1 + x}\Bigr] .
# $$ (eq-roads-price)
# :::
#
# :::{prf:proof}
# By concavity $g(w^\star) - g(w_q) \le \nabla g(w_q)^\top (w^\star - w_q)$. By {eq}`eq-roads-taylor`, $\nabla g = \nabla q + \operatorname{E}[r\, x^2/(1 + x)]$. And
# $\nabla q(w_q)^\top (w^\star - w_q) \le 0$, because $w_q$ is the best for $q$ and $w^\star$ is admissible. $\square$
# :::
#
# The bound is a product of two small things. The weight $x^2/(1 + x)$ is of the size of a variance, **but it explodes as
# $x$ nears $-1$**: one scenario that nearly ruins outweighs all others. And the difference $x^\star - x$ is itself caused by the error
# in the slope, $\operatorname{E}[r\, x^2/(1 + x)]$, a third moment. Let the volatility of a period be $\sigma$ and its mean of size $\sigma^2$. If the returns are skewed,
# the error in the slope is of size $\sigma^3$, the weights are off by something of size $\sigma$ and the price is of size $\sigma^4$. If they are
# nearly symmetric, what is left of the third moment is of size mean times variance, $\sigma^4$, and the price drops to $\sigma^6$. Since $\sigma^2$ grows with the length of the period,
# the price *per year* should then grow with the square of that length: weeks instead of days cost 25 times as much. We shall measure it.

# %%
def price_bound(R, w_best, w_parabola):
    x, better = R @ w_parabola - 1, R @ w_best - 1
    return np.mean((better - x) * x**2 / (1 + x))


assert -1e-15 <= best.growth - approximate.growth <= price_bound(R, best.weights, approximate.weights) + 1e-15

# %% [markdown]
# ### Second moment or covariance?
#
# The difference $M - \Sigma = \mu\mu^\top$ is negligible for daily shares and deadly for bets. On an even-money coin with $p = 0.9$ the second moment is
# 1 and the parabola stakes $\mu = 0.8$, which is exactly Kelly's $2p - 1$. The variance is $0.36$, the covariance stakes $0.8 / 0.36$, cut to everything one has, and
# the first tails is ruin.

# %%
coin = np.array([[2.0, 1.0], [0.0, 1.0]])
stake = kelly_order2(coin, [0.9, 0.1]).weights[0]
with_covariance = kellylib.kelly_mean_variance([0.8], [[0.36]], 0.0)[0]

# %%
ruin = growth_rate(coin, [0.9, 0.1], [with_covariance, 1 - with_covariance])
print(f"second moment stakes {stake:.4f}; covariance stakes {with_covariance:.4f}, growth {ruin}")
assert abs(stake - 0.8) <= 1e-12

# %% [markdown]
# (sec-roads-qp)=
# ### Does the answer depend on the solver?
#
# It should not, and it is easy to see whether it does. We take one month of the Istanbul market, 22 days
# and 31 assets, where $M$ has at most rank 22 and some solvers refuse to work. Five others get the same parabola through cvxpy.

# %%
market = load_bist30("bundled")
bist = 1 + add_cash(market.returns, market.rate)
one_month = bist.loc["2024-05"].to_numpy()
r, exact = one_month - 1, kelly_order2(one_month).weights

# %%
def through_cvxpy(solver):
    w = cp.Variable(r.shape[1])
    risk = cp.sum_squares(r @ w) / (2 * len(r))
    cp.Problem(cp.Maximize(r.mean(axis=0) @ w - risk), [cp.sum(w) == 1, w >= 0]).solve(solver=solver)
    return w.value


solved = {solver: through_cvxpy(solver) for solver in ("CLARABEL", "OSQP", "ECOS", "CVXOPT", "SCS")}

# %%
q = lambda w: np.mean(r @ w - (r @ w) ** 2 / 2)
agreement = pd.DataFrame({
    "objective within 1e-7": {name: abs(q(w) - q(exact)) <= 1e-7 for name, w in solved.items()},
    "weights within 1e-3": {name: abs(w - exact).max() <= 1e-3 for name, w in solved.items()},
    "budget within 1e-6": {name: abs(w.sum() - 1) <= 1e-6 for name, w in solved.items()},
})
assert agreement.all().all()
agreement

# %% [markdown]
# All agree on the portfolio; they differ in the last digits and in what they do when there are fewer days than assets.
#
# (sec-roads-bist)=
# ## Thirty-one Turkish months
#
# Each month of the article of {ref}`sec-bist30` is one market: its days are equally likely scenarios, its assets the thirty
# shares and cash at the overnight rate. All three roads, every month. (The days are generated from each month's true
# mean and covariance; they are used as scenarios here, and no inference is drawn from paths.)

# %%
def three(R, **bounds):
    a, b, c = (solver(R, **bounds) for solver in (kelly_full, kelly_expcone, kelly_order2))
    return {
        "held": (a.weights > 1e-9).sum(),
        "Full - ExpCone": a.growth - b.growth,
        "Full - Order2": a.growth - c.growth,
        "moved by Order2": abs(a.weights - c.weights).sum() / 2,
        "worst gap": max(a.gap, b.gap),
        "growth": a.growth,
    }


months = pd.DataFrame({str(month): three(R) for month, R in bist.groupby(bist.index.to_period("M"))}).T
assert months["Full - ExpCone"].abs().max() <= 1e-12 and months["worst gap"].max() <= 1e-9

# %%
print(f"assets held: {months['held'].value_counts().sort_index().to_dict()} (names: months)")
print(f"Full and ExpCone agree to 1e-12 nats a day in all {len(months)} months")
print(f"Order2 moves at most 1 % of wealth in {(months['moved by Order2'] <= 0.01).sum()} months")
print(f"the largest loss of Order2 is {250e4 * months['Full - Order2'].max():.2f} basis points a year")

# %% [markdown]
# Here the choice of the road costs nothing. Days are short, and the winner of a month is so far ahead of the rest that the exact problem and its
# parabola pick the same share, or the same two or three. (How little such a winner says about next month is the subject of {ref}`sec-bist30` and of the
# chapters on evidence.)
#
# (sec-roads-horizon)=
# ## Twenty American shares, from a day to a year
#
# The data set that comes with skfolio holds daily prices of twenty large American companies from 1990 to 2022, adjusted
# for dividends and splits. They are survivors, chosen with hindsight, so their growth is nothing to believe in; for the
# *comparison of solvers* that does not matter. We rebalance every 1, 5, 21, 63 or 252 days, with cash that pays nothing, and allow
# borrowing at that same rate up to the multiples of `leverage`. Every line of the table is one market with its past periods as scenarios; losses and their bounds are in basis points a year.

# %%
prices = load_sp500_dataset()
horizons = {"day": 1, "week": 5, "month": 21, "quarter": 63, "year": 252}

# %%
def sampled(days, multiple):
    """The market at this horizon, and its bounds."""
    R, _ = empirical(add_cash(prices.iloc[::days].pct_change().dropna(), 0.0))
    return R, {"lower": np.r_[np.zeros(R.shape[1] - 1), 1.0 - multiple], "upper": float(multiple)}

# %%
rows = []
for multiple in leverage:
    for name, days in horizons.items():
        R_h, bounds = sampled(days, multiple)
        full, second = kelly_full(R_h, **bounds), kelly_order2(R_h, **bounds)
        ruined = second.growth == -np.inf
        bound = np.inf if ruined else price_bound(R_h.to_numpy(), full.weights, second.weights)
        assert full.gap <= 1e-12 and full.growth - second.growth <= bound + 1e-14
        moved = abs(full.weights - second.weights).sum() / 2
        costs = np.array([full.growth - second.growth, second.gap, bound]) * 1e4 * 252 / days
        rows.append((multiple, name, days, 252 / days * full.growth, *costs, moved))

# %%
columns = "leverage, period, days, best growth a year, lost by Order2, certified, theorem, moved".split(", ")
horizon = pd.DataFrame(rows, columns=columns)
horizon.drop(columns="days").set_index(["leverage", "period"]).round(3)

# %% mystnb={"figure": {"caption": "Growth that Order2 loses against the exact optimum, in basis points a year, by rebalancing period and by how many times the wealth may be invested. Twenty American shares, 1990 to 2022.", "name": "fig-roads-horizon"}, "image": {"alt": "Rising lines on logarithmic axes, one for each leverage. Without leverage the loss climbs from about a thousandth of a basis point a year for daily rebalancing to nearly a hundred for yearly. The lines for more leverage lie above, by factors of ten and more."}} tags=["hide-input"]
fig, ax = plt.subplots()
for (multiple, part), style in zip(horizon.groupby("leverage"), ["-", "--", ":", "-."] * 3, strict=False):
    ax.loglog(part["days"], part["lost by Order2"], "C3", ls=style, marker="o", ms=4)
    ax.annotate(f"  {multiple}x", (252, part["lost by Order2"].iloc[-1]), color="C3", va="center")
ax.set(xlabel="rebalancing period, trading days", ylabel="growth lost, basis points a year")
ax.set_xticks(list(horizons.values()), list(horizons))
ax.minorticks_off()
ax.margins(x=0.12)
plt.show()

# %% [markdown]
# {numref}`fig-roads-horizon` is the answer to the question when a parabola is good enough. For daily or weekly
# decisions without borrowing it costs less than any spread you will pay. For yearly ones it costs real money, and
# with borrowed money more still, because leverage multiplies $x$, and the worst years come near $-1$. From one line of the table to the next the loss
# grows roughly with the square of the period, as foretold for nearly symmetric returns.
#
# The columns "certified" and "theorem" bound the loss, the first without knowing the optimum, the second knowing it. The theorem
# overstates the loss by a factor near two, and has to: it multiplies the way to the optimum by the slope at its beginning, while the slope falls to zero on the way.
#
# The referee agrees at every horizon from the week up (on 8312 days the cone takes seconds, Newton milliseconds):

# %%
for days in (5, 21, 63, 252):
    R_h, bounds = sampled(days, 1)
    assert abs(three(R_h, **bounds)["Full - ExpCone"]) <= 1e-10

# %% [markdown]
# And how different are the portfolios? For the quarter, without leverage:

# %%
quarter, bounds = sampled(63, 1)
held = {solver.__name__: solver(quarter, **bounds).weights for solver in (kelly_full, kelly_order2)}
weights = pd.DataFrame(held, quarter.columns)
weights = weights[weights.max(axis=1) > 1e-6].sort_values("kelly_full")
weights.round(4)

# %% mystnb={"figure": {"caption": "Weights of the exact portfolio and of its parabola for quarterly rebalancing without leverage: the same names, slightly different shares.", "name": "fig-roads-weights"}, "image": {"alt": "Horizontal bars for the few companies held. For each company two bars, one for kelly_full and one for kelly_order2, of similar length."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.4, 2.6))
y = np.arange(len(weights))
ax.barh(y + 0.2, weights["kelly_full"], 0.38, color="C0")
ax.barh(y - 0.2, weights["kelly_order2"], 0.38, color="C3")
ax.annotate(" Full", (weights["kelly_full"].iloc[-1], y[-1] + 0.2), color="C0", va="center")
ax.annotate(" Order2", (weights["kelly_order2"].iloc[-1], y[-1] - 0.2), color="C3", va="center")
ax.set(xlabel="share of wealth", ylabel="company", yticks=y, yticklabels=weights.index)
ax.grid(axis="y", visible=False)
plt.show()

# %% [markdown]
# (sec-roads-tails)=
# ## Fat tails
#
# One share and cash. The share has 2000 equally likely returns, the quantiles of Student's distribution, clipped above ruin and scaled so that
# **mean and variance are the same in every line**: 10 % of volatility and a mean that asks for a stake of 0.7 or, with borrowing allowed, of 1.4.
# The parabola sees nothing else and cannot tell the lines apart. Fewer degrees of freedom move only what it does not see.

# %%
def fat(freedom, asked, sigma=0.1):
    """Gross returns whose two moments ask for this stake, with tails of so many degrees of freedom."""
    x = student.ppf((np.arange(2000) + 0.5) / 2000, freedom)
    for _ in range(100):
        x = np.maximum((x - x.mean()) / x.std(), -9.5)
    mean = (1 - np.sqrt(1 - 4 * asked**2 * sigma**2)) / (2 * asked)  # mean / (mean**2 + sigma**2) == asked
    return np.c_[1 + mean + sigma * x, np.ones(2000)]


rows = []
for asked in (0.7, 1.4):
    for freedom in (30.0, 10.0, 5.0, 3.0, 2.2):
        R_t, bounds = fat(freedom, asked), {"lower": [0.0, -1.0], "upper": 2.0}
        full, second = kelly_full(R_t, **bounds), kelly_order2(R_t, **bounds)
        stakes, lost = (second.weights[0], full.weights[0]), full.growth - second.growth
        rows.append((asked, freedom, *stakes, full.growth, lost))
names = ["asked", "degrees of freedom", "Order2 stakes", "Full stakes", "best growth", "lost by Order2"]
tails = pd.DataFrame(rows, columns=names).set_index(names[:2])
assert np.allclose(tails["Order2 stakes"], tails.index.get_level_values("asked"), rtol=0, atol=1e-6)
tails.round(6)

# %% [markdown]
# With a stake below one the exact portfolio shrinks a little as the tails fatten. With borrowed money the worst quantile
# decides everything: the exact stake is pushed back to where it survives, and the parabola, unmoved, is ruined.
#
# And the extreme case: an asset that gains 20 % in 99 periods and loses everything in the hundredth. Its parabola
# sees a mean of 0.188 and a second moment of 0.05 and wants more than everything. Ruin is a fourth-order effect to a
# parabola, and infinite to a logarithm. The library does not hide it: growth is $-\infty$, and so says the result.

# %%
default = np.r_[np.tile([1.2, 1.0], (99, 1)), [[0.0, 1.0]]]
ruined, safe = kelly_order2(default), kelly_full(default)
print(f"Order2 invests {ruined.weights[0]:.2f}, growth {ruined.growth}")
print(f"Full invests {safe.weights[0]:.2f}, growth {safe.growth:.6f}")
assert ruined.growth == -np.inf and abs(safe.weights[0] - (0.99 - 0.01 / 0.2)) <= 1e-9  # Kelly's p - q / b

# %% [markdown]
# (sec-roads-peers)=
# ## Other people's answers
#
# The documentation of the package azapy, from which this book takes its three names, offers the same three roads. Its
# answers below were computed in an environment of its own by `benchmarks/solvers.py`, stored with versions and date, and are
# certified here, now, by the function above. The markets are small enough to be built again in a cell. Cash is no column
# in azapy: Full and Order2 may leave money aside, ExpCone may not. What is left aside we count as cash.

# %%
stored = json.loads((BUNDLED.parent / "benchmarks" / "solvers.json").read_text())
named = [f"{name} {stored['versions'][name]}" for name in ("azapy", "riskfolio-lib", "cvxpy", "clarabel")]
print(f"measured {stored['examples']['date'][:10]}:", ", ".join(named))

# %%
cash = lambda r: np.c_[1 + np.asarray(r), np.ones(len(r))]
falling = 0.98 + 0.04 * np.random.default_rng(0).random((100, 3)) - 0.005
quoted = {
    "coin": cash(np.r_[np.ones(160), -np.ones(40)]),
    "default": cash(np.r_[np.full(198, 0.2), -np.ones(2)]),
    "half": cash(np.r_[np.full(120, 0.5), np.full(80, -0.5)]),
    "falling": np.c_[falling, np.ones(100)],
    "bist30": bist.loc["2025-07"].to_numpy(),
}

# %%
table = []
for a in stored["examples"]["answers"]:
    if a["market"] in quoted and a["weights"] is not None:
        w = np.append(a["weights"], 1 - sum(a["weights"]))
        s = certify(quoted[a["market"]], None, w)
        optimum = kelly_full(quoted[a["market"]]).growth
        system = f"{a['system']} {a['method']}" if "Order2" in a["system"] else a["system"]
        table.append((a["market"], system, a["said"], 1 - w[-1], optimum, s.growth, s.gap, s.violation))

# %%
columns = ["market", "system", "said", "invested", "best growth", "its growth", "certified gap", "violation"]
pd.DataFrame(table, columns=columns).set_index(["market", "system"]).round(6)

# %% [markdown]
# Every line says `status 0`, success. Read them with the certificate:
#
# * **coin**: an even-money coin that won 160 of 200 tosses. Full and both Order2 stake 0.6, which is right. ExpCone must
#   invest all and stakes everything, as its constraint demands: growth $-\infty$, status 0.
# * **default**: gains of 20 %, twice in 200 periods a total loss. The second moment asks for everything, and Order2 through cvxopt invests all but a
#   hundred millionth, as ExpCone must: wealth that shrinks, a gap of 14 nats. Through ecos it does not, for the wrong reason that the next market shows.
# * **half**: plus or minus 50 %. The two QP solvers of the *same* model differ by a factor of two: 0.4 is right, 0.2 a defect
#   in front of the solver, not in it. The gap finds it without knowing the answer.
# * **falling**: shares that only fall. Full and Order2 stay in cash; ExpCone buys what falls least.
# * **bist30**: a month of 30 shares. All agree, and the line of Order2 through ecos is missing, because it stops with an error
#   when there are fewer days than shares.
#
# The three names of azapy do not solve the same problem, then: one must be fully invested. In this book all three
# range over the same portfolios, with cash as a column, and "fully invested" is a matter of leaving cash out.

# %%
found = {(a["market"], a["system"], a["method"]): a["weights"] for a in stored["examples"]["answers"]}
ecos, cvxopt = found["half", "azapy Order2", "ecos"][0], found["half", "azapy Order2", "cvxopt"][0]
assert abs(cvxopt - kelly_order2(quoted["half"]).weights[0]) <= 1e-4 and abs(cvxopt / ecos - 2) <= 1e-2

# %%
variance, tail = found["four", "Riskfolio approx", "MV"], found["four", "Riskfolio approx", "CVaR"]
print(f"Riskfolio 'approx', largest weight: {max(variance):.4f} with rm='MV', {max(tail):.4f} with rm='CVaR'")

# %% [markdown]
# The last line is a defect of another package. In Riskfolio-Lib the option `kelly="approx"` subtracts half of the variance from the mean,
# but only if the measure of risk is the variance; with another one that term is left free, and what is maximized, without a word, is the mean:
# everything in one asset.
#
# (sec-roads-time)=
# ## Which road is fastest?
#
# The same documentation says that Order2 is the fastest, followed by the cone. The benchmark lets all systems solve the same markets
# in turns, `make bench` repeats it, and {numref}`fig-roads-time` draws its table. The ratios are what to look at, since they were taken
# within each round.

# %%
sizes = {size: e["systems"] for size, e in stored["sizes"].items() if "azapy Full" in e["systems"]}
column = lambda key: pd.DataFrame({s: {k: row.get(key) for k, row in t.items()} for s, t in sizes.items()})
ratio, gaps, violations = column("ratio"), column("gap"), column("violation")
ratio.round(1).astype(str).mask(gaps.isna(), lambda t: t + " cut or failed")

# %% [markdown]
# How right they are is a question of its own. For each system the largest gap and the largest violation at any size; a system that breaks the
# budget by $10^{-5}$ proves nothing by its gap, and for Order2 the gap is the price of the approximation:

# %%
assert gaps.loc["kelly_full"].max() <= 1e-12 and violations.loc["kelly_full"].max() <= 1e-12
worst = pd.DataFrame({"largest gap": gaps.max(axis=1), "largest violation": violations.max(axis=1)})
worst.map("{:.0e}".format)

# %% mystnb={"figure": {"caption": "Time to solve, in multiples of the time of kelly_full on the same market: scenarios x assets. Calls were cut at 120 seconds (the cut is drawn as the time).", "name": "fig-roads-time"}, "image": {"alt": "Lines over market sizes on a logarithmic scale. kelly_order2 lies between one half and three. Cone solvers rise from about ten to thousands as the market grows, azapy Full lies highest."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.8, 4.6))
shown = {"kelly_full": ("C0", "-"), "kelly_order2": ("C3", "-"), "kelly_expcone": ("C0", "--")}
shown |= {"SciPy SLSQP": ("C6", "-"), "cvxpy Clarabel": ("C7", "-"), "Riskfolio exact": ("C5", "-")}
shown |= {"azapy ExpCone": ("C4", "-"), "azapy Full": ("C4", "--"), "azapy Order2 cvxopt": ("C3", ":")}
x = np.arange(len(ratio.columns))
ends = ratio.loc[list(shown)].iloc[:, -1].sort_values()
spread = np.log10(ends.to_numpy())
for i in range(1, len(spread)):
    spread[i] = max(spread[i], spread[i - 1] + 0.22)
for (name, _), height in zip(ends.items(), spread, strict=True):
    color, style = shown[name]
    ax.semilogy(x, ratio.loc[name], color=color, ls=style, marker="o", ms=3)
    ax.text(x[-1] + 0.15, 10**height, name, color=color, va="center", fontsize=8)
ax.set(xlabel="scenarios x assets", ylabel="time, multiples of kelly_full", xlim=(-0.3, x[-1] + 1.6))
ax.set_xticks(x, [size.replace("-", "\n") for size in ratio.columns], fontsize=8)
plt.show()

# %% [markdown]
# Three claims were to be tested.
#
# * *"Order2 is the fastest, followed by the exponential cone."* Of azapy's three roads, Full is the slowest by far.
#   Between the other two it depends on the size: on small markets its Order2 takes longer than its ExpCone, since the
#   time goes into tables and not into the programme. In this book it is no rule either: on the two smallest markets, where the exact
#   method finds that the best asset alone is optimal, it takes a third of the time of Order2; on the others up to twice as long.
# * *"The weights can be slightly different."* True at short horizons, where often nothing differs at all; at yearly
#   horizons a quarter of the wealth may sit elsewhere.
# * *"The performances can be very close."* True in sample for daily to monthly periods without leverage. It is false for yearly
#   periods and with leverage, and in the worst case the parabola is ruined.
#
# If the exact answer costs a few milliseconds and comes with a proof, the approximation is best kept for what it explains: near the top, growth is
# mean minus half the second moment.

# %%
azapy = ratio.loc["azapy Order2 cvxopt"] / ratio.loc["azapy ExpCone"]
print("azapy, time of Order2 over time of ExpCone:", azapy.round(2).to_dict())
print("kellylib, time of Order2 over time of Full:", ratio.loc["kelly_order2"].round(2).to_dict())

# %% [markdown]
# ## What this chapter does not show
#
# * **That the scenarios are right.** All three roads take the past, or a model, at its word. An answer certified to twelve digits for a
#   wrong market is wrong. What not knowing the market costs is the subject of the chapters on uncertainty and on estimation.
# * **Out-of-sample growth.** Every comparison here is in sample: the same scenarios define the problem and judge the answer. That is right for
#   solvers and wrong for strategies.
# * **Costs, taxes, positions in whole shares, the risk of the path.** The American shares are survivors chosen with
#   hindsight, their borrowing is free, and no broker lends to the brink of ruin.
# * **Speed in general.** Times are of one machine, one thread, one kind of market; on markets where hundreds of assets
#   are held, the working set saves less. Versions change; the file of results carries theirs.
# * **Every defect of the packages quoted, or that they are bad.** Each was chosen because a certificate finds it at once.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-roads-coin
#
# Derive Kelly's fraction $p - q/b$ for one bet from {prf:ref}`thm-roads-certificate` alone, without differentiating anything.
# ```
#
# ```{solution} ex-roads-coin
# :class: dropdown
#
# With the bet in the first column, $R = \bigl(\begin{smallmatrix} 1 + b & 1 \\ 0 & 1 \end{smallmatrix}\bigr)$ and $w = (f, 1 - f)$ has wealth $1 + bf$ and $1 - f$. If both
# assets are held, both slopes are 1. That of the bet is $p (1 + b)/(1 + bf) = 1$, so that $f = (p(1 + b) - 1)/b = p - q/b$. That of cash follows, because the
# mean of the slopes is 1. If this $f$ is not positive, cash alone is optimal: its slope is 1, and the bet's, $p (1 + b)$, is at most 1.
# ```
#
# ```{exercise}
# :label: ex-roads-sparse
#
# Three scenarios, thirty assets: how many are held at most? Try twenty random markets.
# ```

# %% [markdown]
# ````{solution-start} ex-roads-sparse
# :class: dropdown
# ````
# Three, by {prf:ref}`thm-roads-sparse`. If the columns are in general position, no fourth one lies in the same plane.

# %%
rng = np.random.default_rng(seed)
counts = [(kelly_full(rng.lognormal(0, 0.3, (3, 30))).weights > 1e-9).sum() for _ in range(20)]
print(f"assets held: between {min(counts)} and {max(counts)}")
assert max(counts) <= 3

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-roads-budget
#
# A solver returns $1.01\, w^\star$ instead of $w^\star$. What are its growth, its gap and its violation? Why does the library print gap and violation together?
# ```

# %% [markdown]
# ````{solution-start} ex-roads-budget
# :class: dropdown
# ````
# Wealth is one per cent higher everywhere, so growth rises by $\log 1.01$, all slopes fall by the factor $1.01$, and the gap is $-\log 1.01$: better than optimal, and not a
# portfolio. Where the violation is not tiny, the gap certifies nothing.

# %%
over = certify(R, p, 1.01 * best.weights)
print(f"growth {over.growth - best.growth:+.6f}, gap {over.gap:.6f}, violation {over.violation:.6f}")
assert abs(over.gap + np.log(1.01)) <= 1e-9 and abs(over.violation - 0.01) <= 1e-9

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-roads-order2
#
# What does the parabola stake on one bet with net odds $b$? Show that this is right at even odds for every $p$, and find out when it stakes too little.
# ```

# %% [markdown]
# ````{solution-start} ex-roads-order2
# :class: dropdown
# ````
# The mean is $bp - q$ and the second moment $b^2 p + q$, so the stake is $f_q = (bp - q)/(b^2 p + q)$, while Kelly's is $(bp - q)/b$. They agree where $b^2 p + q = b$, which is the case at $b = 1$
# for every $p$. For a bet with an edge, $bp > q$, write $b^2p + q - b = (b - 1)(bp - q)$, using $p + q = 1$: positive for $b > 1$. So the parabola is too timid at
# long odds and too bold at short ones.

# %%
for odds, win in [(1.0, 0.7), (4.0, 0.4), (0.25, 0.9)]:
    bet = np.array([[1 + odds, 1.0], [0.0, 1.0]])
    stakes = kelly_order2(bet, [win, 1 - win]).weights[0], kelly_full(bet, [win, 1 - win]).weights[0]
    print(f"odds {odds:4.2f}: parabola {stakes[0]:.4f}, Kelly {stakes[1]:.4f}")
    assert abs(stakes[0] - (odds * win - 1 + win) / (odds**2 * win + 1 - win)) <= 1e-9

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-roads-twice
#
# List the best share of the simulated market twice. What happens to the optimal growth, to the optimal wealth and to the weights?
# ```

# %% [markdown]
# ````{solution-start} ex-roads-twice
# :class: dropdown
# ````
# Growth and wealth stay. The weight of the share may be split in any way, and the solver returns one of them. The Hessian is singular
# there; `kelly_full` must not stumble.

# %%
twin = np.c_[R, R[:, best.weights.argmax()]]
doubled = kelly_full(twin, p)
assert abs(doubled.growth - best.growth) <= 1e-12
assert np.allclose(twin @ doubled.weights, R @ best.weights, atol=1e-6)
print(f"gap still at most 1e-12: {doubled.gap <= 1e-12}")

# %% [markdown]
# ````{solution-end}
# ````
#
# ## Sources
#
# The problem is that of {cite:t}`kelly1956` and {cite:t}`breiman1961`. The multiplicative algorithm and the stopping rule are {cite:t}`cover1984`'s; the inequality behind
# them, and what it says about competition between investors, is in {cite:t}`bellcover1980`. {cite:t}`kim2020` solve the same problem, fast, to estimate mixtures.
# {cite:t}`busseti2016` state it for a cone solver and add the risk of drawdown. {cite:t}`thorp2006` uses the second-order approximation throughout.
# The prices of the American shares are those of the package skfolio, the names of the three roads those of the package azapy.
