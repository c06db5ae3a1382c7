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
# (sec-many-coins)=
# # Many coins
#
# Tonight there are twenty football matches, all kicked off at the same hour, and you believe that you know a little more than the odds.
# Each bet alone has a formula, but they share one purse and are settled together, so nobody can wait for the first result before placing the second bet.
# How much of your wealth goes on each game, and how can anyone compute that when twenty games have a million joint outcomes?
#
# The answer has no closed form beyond one game. It has something nearly as good: an integral in one dimension that
# replaces the $2^N$ outcomes, exactly, so that a thousand games take a moment and the stakes come with a proof. The chapter derives it,
# measures it against plain enumeration, and then asks what the shortcuts that people use instead cost in growth.

# %%
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import gammaln, ndtr, ndtri

from kellydata import BUNDLED
from kellylib import kelly_fraction, kelly_full, kelly_games, kelly_games_mixture
from kellylib.full import interior_point

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## The games and their parameters
#
# The first three games have even odds ($b = 1$) and the probabilities $0.55$, $0.60$ and $0.65$. The odds are the same for all games of a run.

# %% tags=["parameters"]
p = [0.55, 0.60, 0.65]  # list, probabilities: of winning each game, at most 16 games
b = 1.0  # float, profit per unit staked: net odds of every game, > 0
n_many = 1000  # int, games: in the section on a thousand games, 1 to 2000
n_samples = 100  # int, samples: Monte Carlo repetitions, 2 or more
seed = 1974  # int, none: seed of the random outcomes, 0 or more

# %% [markdown]
# `kelly_games` checks the probabilities and the odds. The rest is checked by hand, before anything is computed from it.

# %%
best = kelly_games(p, b)

# %%
limits = [("number of games in p", len(p), 1, 16), ("n_many", n_many, 1, 2000),
          ("n_samples", n_samples, 2, 10**4), ("seed", seed, 0, 2**32)]
for name, value, low, high in limits:
    if not (isinstance(value, int) and low <= value <= high):
        raise ValueError(f"{name} must be a whole number from {low} to {high}; it is {value!r}.")

# %%
p = np.array(p, dtype=float)
rng = np.random.default_rng(seed)

# %% [markdown]
# (sec-many-problem)=
# ## Two coins are not twice one coin
#
# Stake the fraction $x_i$ of wealth on game $i$ and keep the rest, $c = 1 - \sum_i x_i$, in cash. A game that is won pays $1 + b_i$ per unit staked and a game that is
# lost pays nothing, so after the round wealth has been multiplied by
#
# $$
# W = c + \sum_{i=1}^N (1 + b_i)\, x_i\, \varepsilon_i, \qquad \varepsilon_i = 1 \text{ with probability } p_i, \text{ else } 0,
# $$ (eq-many-wealth)
#
# and the growth rate is $g(x) = \operatorname{E} \log W$. With two even coins of the same $p$ this can be done by hand. Both are staked $x$: the pair gains $2x$ with probability
# $p^2$, loses $2x$ with probability $q^2$ and breaks even otherwise. Setting the slope of $p^2 \log(1 + 2x) + q^2 \log(1 - 2x)$ to zero gives
#
# $$
# x = \frac12\,\frac{p^2 - q^2}{p^2 + q^2} = \frac{p - q}{2\,(p^2 + q^2)} ,
# $$ (eq-many-two)
#
# *less* than the $p - q$ that one coin alone deserves, because $2(p^2 + q^2) > 1$ unless $p = q$. The two bets compete for the same cash: whoever loses one would like to have staked less on the other.
# Together, though, they stake more than one coin would, since a double loss is rarer than a single one.

# %%
pair, by_hand = kelly_games([0.6, 0.6]), 0.2 / (2 * (0.6**2 + 0.4**2))
print(f"two coins of 0.6: {pair.weights[0]:.6f} each; by hand {by_hand:.6f}; alone {kelly_fraction(0.6):.6f}")
assert abs(pair.weights[0] - by_hand) < 1e-6

# %% [markdown]
# (sec-many-wall)=
# ## The wall of two to the N
#
# Three different games already lead to a polynomial of degree seven. What can always be done is to list all outcomes. For $N$ games there are $2^N$ of them, each a row of a
# table with its probability and its payoffs; cash is the last column. That table is a *market* like every other in this book, and `kelly_full` solves it.

# %%
def outcomes(p, b):
    won = (np.arange(2 ** len(p))[:, None] >> np.arange(len(p))) & 1
    probability = np.where(won == 1, p, 1 - p).prod(axis=1)
    return np.column_stack([won * (1 + b), np.ones(len(won))]), probability

# %%
R, probability = outcomes(p, b)
listed = kelly_full(R, probability)
by_game = {"alone": kelly_fraction(p, b), "together": best.weights[:-1], "listed": listed.weights[:-1]}
pd.DataFrame({"p": p} | by_game).round(4)

# %%
print(f"growth {best.growth:.8f} nats a round, certified to 1e-12: {best.gap <= 1e-12}")
print(f"cash {best.weights[-1]:.4f}")
assert abs(listed.growth - best.growth) <= 1e-12

# %% [markdown]
# Listing works until it does not. Each further game doubles the table. {numref}`fig-many-wall` shows times that were measured once, side by side on
# one machine, and stored with the book (`benchmarks/games.py` measures them again): enumeration in vectorized NumPy, the enumeration of the package
# azapy, whose loops are in Python, and `kelly_games`. Each curve of an enumeration bends upwards like a wall: that is what $2^N$ looks like even on logarithmic axes. The third one rises slowly, and goes on to thousands of games.

# %%
stored = json.loads((BUNDLED.parent / "benchmarks" / "games.json").read_text())
seconds = {int(n): {k: e["seconds"] for k, e in row.items()} for n, row in stored["games"].items()}
times = pd.DataFrame(seconds).T
print(f"measured on {stored['date']} with azapy {stored['versions']['azapy']}")

# %% mystnb={"figure": {"caption": "Seconds to solve N games, measured once on one machine and stored with the book. Both axes are logarithmic.", "name": "fig-many-wall"}, "image": {"alt": "Solving time against the number of games. The curve of azapy climbs from milliseconds to tens of seconds at a dozen games, that of NumPy enumeration reaches seconds at twenty, and that of kelly_games stays within seconds up to three thousand."}} tags=["hide-input"]
fig, ax = plt.subplots()
for name, colour, label in [("azapy.gamblingKelly", "C7", "azapy"), ("enumeration", "C4", "enumeration"),
                            ("kelly_games", "C0", "kelly_games")]:
    line = times[name].dropna()
    ax.loglog(line.index, line, "o-", ms=3, color=colour)
    end = line.index[-1], line.iloc[-1]
    ax.annotate(label, end, xytext=(6, 0), textcoords="offset points", color=colour, va="center")
ax.set(xlabel="number of games N", ylabel="time to solve, seconds")
ax.margins(x=0.2)
plt.show()

# %% [markdown]
# (sec-many-frullani)=
# ## One integral instead
#
# The obstacle is the logarithm of a sum. *Exponentials* of sums are easy: they factor, and independent factors have independent means. So write the logarithm as a mixture of exponentials. For $w > 0$
#
# $$
# \log w = \int_0^\infty \frac{e^{-t} - e^{-tw}}{t}\, dt .
# $$ (eq-many-frullani)
#
# :::{prf:lemma} Frullani's integral
# :label: thm-many-frullani
#
# The integral {eq}`eq-many-frullani` exists for every $w > 0$ and equals $\log w$.
# :::
#
# :::{prf:proof}
# For fixed $t$, $\dfrac{e^{-t} - e^{-tw}}{t} = \displaystyle\int_1^w e^{-ts}\, ds$. The integrand $e^{-ts}$ has one sign, so the order of integration may be exchanged (Tonelli):
# $\displaystyle\int_0^\infty \int_1^w e^{-ts}\, ds\, dt = \int_1^w \int_0^\infty e^{-ts}\, dt\, ds = \int_1^w \frac{ds}{s} = \log w$. $\square$
# :::
#
# Now take the mean of {eq}`eq-many-frullani` over the outcomes. Let $\varphi(t) = \operatorname{E} e^{-tW}$. Since $W$ is a constant plus a sum of independent terms, and a game contributes $e^{-t(1+b_i)x_i}$ if it is won and $1$ if it is lost,
#
# $$
# \operatorname{E}\log W = \int_0^\infty \frac{e^{-t} - \varphi(t)}{t}\,dt ,
# \qquad
# \varphi(t) = e^{-ct} \prod_{i=1}^N \bigl(q_i + p_i\, e^{-t (1 + b_i) x_i}\bigr) .
# $$ (eq-many-growth)
#
# **A sum over $2^N$ outcomes has become a product of $N$ factors under one integral.** Nothing was approximated. Every exponent is negative, so nothing can overflow, however many games there are.
#
# ## Tilted probabilities
#
# Growth alone is not enough: an optimizer needs the slope. Differentiating $\varphi$ with respect to $x_i$ pulls down a factor, and it is a pretty one:
#
# $$
# \frac{\partial g}{\partial x_i} = \operatorname{E}\frac{(1 + b_i)\varepsilon_i}{W} = \int_0^\infty \varphi(t)\,(1 + b_i)\,\tilde p_i(t)\, dt ,
# \qquad
# \tilde p_i(t) = \frac{p_i\, e^{-t (1 + b_i) x_i}}{q_i + p_i\, e^{-t (1 + b_i) x_i}} .
# $$ (eq-many-gradient)
#
# $\tilde p_i(t)$ is the probability that game $i$ was won in a world where outcomes that leave the bettor rich are discounted, by $e^{-tW}$. At $t = 0$ it is $p_i$, and it falls as $t$ grows: the larger $t$, the more the integral listens to the poor outcomes,
# and there, the bets have been lost. The slope with respect to cash is $\int \varphi\,dt = \operatorname{E}\,1/W$. The second derivatives need one more factor $t$ and the tilted variance:
#
# $$
# -\frac{\partial^2 g}{\partial x_i \partial x_j} = \int_0^\infty t\,\varphi(t)\,\bigl(m_i m_j + [i = j]\, v_i\bigr)\, dt,
# \qquad m_i = (1 + b_i)\,\tilde p_i, \quad v_i = (1 + b_i)^2\, \tilde p_i (1 - \tilde p_i) .
# $$ (eq-many-hessian)
#
# ## The quadrature
#
# One integral is left to compute, over $0 < t < \infty$, with weight at very small and at very large $t$: wealth of all sizes, from $\operatorname{E} W$ down to the little cash that is left when every game is lost. The substitution of {cite:t}`takahasi1974`,
#
# $$
# t = e^{u - e^{-u}}, \qquad dt = t\,(1 + e^{-u})\, du ,
# $$ (eq-many-nodes)
#
# runs over all these scales at an even pace on the right and makes the integrand vanish doubly exponentially on the left. On such integrands the plain trapezoidal rule, equal steps and equal weights, is extraordinarily good: halving the step *squares* the error.
#
# Growth, slope and curvature then fit into one function, in the order of the formulas. It is the heart of the library's code for games, without the latter's care for extreme cases. The curvature is handed on as
# $S^\top S + \operatorname{diag}(d)$, a row of $S$ for each node, because that is how it comes out of {eq}`eq-many-hessian`, and the smaller of the two systems can then be solved.

# %%
def games(p, b, step=1 / 16):
    pay = 1 + b * np.ones(len(p))

    def oracle(w):
        cash, x = w[-1], w[:-1]
        u = np.arange(-3.75, max(4.0, np.log(745 / cash)), step)
        t = np.exp(u - np.exp(-u))
        dt = step * t * (1 + np.exp(-u))
        E = p * np.exp(-np.outer(t, pay * x))
        total = 1 - p + E
        phi = np.exp(np.log(total).sum(axis=1) - cash * t)
        m = np.column_stack([pay * E / total, np.ones(len(t))])
        v = np.append(pay**2 * (dt * t * phi @ (E * (1 - p) / total**2)), 0)
        return dt @ ((np.exp(-t) - phi) / t), dt * phi @ m, np.sqrt(dt * t * phi)[:, None] * m, v

    return oracle

# %% [markdown]
# Against the list of all outcomes, at the optimum and at random stakes, growth and every slope agree to the last digits that a sum over the list can carry:

# %%
oracle = games(p, b)
for w in [best.weights, *rng.dirichlet(np.ones(len(p) + 1), 20)]:
    wealth = R @ w
    growth, gradient, *_ = oracle(w)
    assert abs(growth - probability @ np.log(wealth)) <= 1e-12
    assert np.allclose(gradient, (probability / wealth) @ R, rtol=1e-12, atol=1e-12)

# %% [markdown]
# How fast does the error fall with the step? The table takes the stakes of the optimum. The number of correct digits doubles from line to line, until rounding ends it.

# %%
exact = probability @ np.log(R @ best.weights)
steps = np.array([1, 1 / 2, 1 / 4, 1 / 8, 1 / 16])
errors = np.array([abs(games(p, b, h)(best.weights)[0] - exact) for h in steps])
bounds = [f"1e{np.ceil(np.log10(max(e, 1e-14))):.0f}" for e in errors]
pd.DataFrame({"step": steps, "error below": bounds})

# %% [markdown]
# The tilted probabilities can be looked at. {numref}`fig-many-tilted` shows them for the games of this run, with the weight $t\,\varphi(t)$ that the integral gives to each scale.

# %%
t_show = np.geomspace(1e-2, 1e2, 200)
E_show = p * np.exp(-np.outer(t_show, (1 + b) * best.weights[:-1]))
tilted_show = E_show / (1 - p + E_show)
weight_show = t_show * np.exp(np.log(1 - p + E_show).sum(axis=1) - best.weights[-1] * t_show)

# %% mystnb={"figure": {"caption": "Tilted probabilities of winning each game (lines), and the weight of each scale in the integral (grey area, arbitrary units).", "name": "fig-many-tilted"}, "image": {"alt": "Tilted probabilities against the discount t on a logarithmic axis. Each starts at its p on the left and falls to zero on the right, the game with the largest stake first. A grey hump near t equal to one marks the weight."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.fill_between(t_show, 0.5 * weight_show / weight_show.max(), color="C6", alpha=0.25, lw=0)
for i in range(len(p)):
    ax.semilogx(t_show, tilted_show[:, i], color="C0")
    if len(p) <= 4:
        start = t_show[0], tilted_show[0, i]
        ax.annotate(f"p = {p[i]:g}", start, xytext=(4, 4), textcoords="offset points", color="C0")
ax.set(xlabel="discount t of wealth", ylabel=r"tilted probability $\tilde p_i(t)$", ylim=(0, None))
plt.show()

# %% [markdown]
# (sec-many-solver)=
# ## The optimum and its certificate
#
# Growth is concave in the stakes, so Newton's method in its interior-point form finds the maximum; it is the same code that solves portfolios (see the chapter on three roads), fed by another function.
# What makes its answer trustworthy is not the code. Let $v$ be *any* other stakes with cash. By Jensen's inequality,
#
# $$
# g(v) - g(w) = \operatorname{E}\log\frac{W_v}{W_w} \le \log \operatorname{E}\frac{W_v}{W_w} = \log\bigl(\nabla g(w) \cdot v\bigr) \le \log \max_i \frac{\partial g}{\partial w_i}(w) ,
# $$ (eq-many-certificate)
#
# because the entries of $v$ are a weighted mean's weights. The largest slope, which the integral delivers anyway, bounds what anyone could still gain. So the body of `kelly_games` is three lines: leave out the games without an edge (for independent games the best stake
# on them is exactly 0), maximize, certify.

# %%
def stakes(p, b):
    edge = kelly_fraction(p, b) > 0
    n = edge.sum() + 1
    x, *_ = interior_point(games(p[edge], b), np.full(n, 1 / n), np.full(n, np.inf))
    w = np.zeros(len(p) + 1)
    w[np.append(edge, True)] = x
    return w

# %%
w = stakes(p, b)
growth, gradient, *_ = oracle(w)
print(f"growth {growth:.8f}, nobody gains more than 1e-12 nats on it: {np.log(gradient.max()) <= 1e-12}")
assert abs(growth - best.growth) <= 1e-12

# %% [markdown]
# (sec-many-thousand)=
# ## A thousand games
#
# Nothing above cares how many games there are. Here are `n_many` of them at even odds, with probabilities spread between 0.51 and 0.56, more joint outcomes than any machine will ever list.

# %%
p_many = np.linspace(0.51, 0.56, n_many)
many = kelly_games(p_many)

# %%
print(f"{n_many} games: growth {many.growth:.8f} nats, certified to 1e-10: {many.gap <= 1e-10}")
print(f"staked {many.weights[:-1].sum():.6f}, largest stake {many.weights.max():.6f}")
print(f"sum of the fractions that the games would get alone: {kelly_fraction(p_many).sum():.1f}")
assert many.gap <= 1e-10

# %% [markdown]
# With many games practically all wealth is at stake, in small pieces, and the cash that is left is tiny. That is not recklessness: to lose it all, all games have to be lost, and the chance of that is smaller than the cash. It must
# not be *nothing*, though, for then the growth rate is $-\infty$. No optimum of independent games that can be lost stakes everything.
#
# Can a thousand games be checked by another road? If all are identical, symmetry can: all stakes are equal, and only the number of wins matters, which is binomial. That is a problem with two assets and $N + 1$ scenarios.

# %%
wins = np.arange(n_many + 1)
log_binomial = gammaln(n_many + 1) - gammaln(wins + 1) - gammaln(n_many - wins + 1)
chances = np.exp(log_binomial + wins * np.log(0.53) + (n_many - wins) * np.log(0.47))

# %%
by_sum = kelly_full(np.column_stack([2 * wins / n_many, np.ones(n_many + 1)]), chances / chances.sum())
alike = kelly_games(np.full(n_many, 0.53))
print(f"identical games: growth {alike.growth:.8f}, by the binomial sum {by_sum.growth:.8f}")
assert abs(alike.growth - by_sum.growth) <= 1e-10

# %% [markdown]
# (sec-many-naive)=
# ## What the shortcuts cost
#
# Four rules that bettors use when they have no solver. **Own**: stake on each game what it would get alone. **Scaled**: the same, but scaled down to the whole purse when it exceeds it. **Nine tenths**: scaled to at most 90 % of the purse. **Equal**: 90 % of the purse in equal parts.
# Each is scored by the integral, and since $g^\star \le g(w^\star) + \text{gap}$, the loss below is certified to $10^{-12}$ nats: it belongs to the rule, not to the optimizer.

# %%
def rules(p):
    own = kelly_fraction(p)
    cut = own * min(1, 0.9 / own.sum())
    equal = np.full(len(p), 0.9 / len(p))
    return {"own": own, "scaled": own / max(1, own.sum()), "nine tenths": cut, "equal": equal}

# %%
def score(p, x):
    cash = 1 - x.sum()
    return games(p, 1.0)(np.append(x, cash))[0] if cash > 1e-12 else -np.inf

# %%
loss = {}
for n in (2, 3, 5, 10, 20, 100):
    q = np.linspace(0.55, 0.65, n)
    optimum = kelly_games(q)
    assert optimum.gap <= 1e-12
    losses = {name: optimum.growth - score(q, x) for name, x in rules(q).items()}
    loss[n] = {"optimum": optimum.growth} | losses

# %%
pd.DataFrame(loss).T.rename_axis("games").round(4)

# %% [markdown]
# The first column is the best growth, the others what a rule *loses*; `inf` is ruin. With two or three games the own fractions are nearly right: the bets hardly meet. From five games on they sum to the whole purse or more. Scaling to the whole purse leaves no cash, and one bad
# night in which everything is lost, however improbable, ends the game for good. Keeping a tenth back avoids ruin and still loses a sizeable part of the growth, for a reason that the optimum makes plain: with many games it pays to drop the weak edges nearly altogether and to put
# the purse on the strong ones, where proportional scaling keeps everybody in. {cite:t}`whitrow2007` found such proportions too, by other means, and noted that for many simultaneous bets they drift away from the single-bet fractions.
#
# (sec-many-sampling)=
# ## Why not simulate?
#
# A popular way around the wall is Monte Carlo: draw $K$ joint outcomes at random, and solve the portfolio problem on the sample. The sample's optimum has a growth rate *on the sample* that flatters it, and a true growth rate, that the integral can tell. The difference between the optimum and the latter is the *regret*.

# %%
def sampled(p, K):
    won = rng.random((K, len(p))) < p
    x = kelly_full(np.column_stack([2.0 * won, np.ones(K)]))
    return x.growth, score(p, x.weights[:-1])

# %%
q = np.array([0.55, 0.60, 0.65])
target = kelly_games(q).growth
trials = {K: np.array([sampled(q, K) for _ in range(n_samples)]) for K in (50, 200, 1000, 5000)}

# %%
medians = {K: np.median(a, axis=0) for K, a in trials.items()}
table = pd.DataFrame(medians, ["median promise", "median truth"]).T
assert all((a[:, 1] <= target + 1e-12).all() for a in trials.values())
table.assign(regret=target - table["median truth"]).rename_axis("outcomes drawn").round(6)

# %% [markdown]
# The promise exceeds the truth, and the regret falls like $1/K$: $2K$ times the regret is asymptotically chi-squared with one degree of freedom for each of the three stakes, about 3 on average and 2.4 in the median. For three games a sample of thousands is fine, and pointless, as the list has eight lines. For twenty games it is worse than pointless:

# %%
q20 = np.linspace(0.52, 0.60, 20)
promised, truth = sampled(q20, 5000)
print(f"20 games, 5000 outcomes drawn: promised {promised:.4f}, true {truth:.4f}")

# %% [markdown]
# The sample contains no outcome in which every game is lost: that has a chance of about one in a million. So the sample sees no need for cash, stakes everything, and the true growth rate is $-\infty$. Rare catastrophes are what the logarithm is about, and what samples leave out.
#
# (sec-many-correlation)=
# ## When games share their luck
#
# Independence was the key. Suppose instead that the games have a common factor $z$, a standard normal number (the weather; the mood of a market; a model error of yours that hits all games alike), and are independent only once $z$ is known. In the *one-factor Gaussian copula* game $i$ is won with probability
#
# $$
# p_i(z) = \Phi\!\left(\frac{\Phi^{-1}(p_i) + \sqrt{\rho}\, z}{\sqrt{1 - \rho}}\right) ,
# $$ (eq-many-copula)
#
# with $\Phi$ the distribution function of the standard normal law and $\rho$ the share of a game's luck that is common, $0 \le \rho < 1$. Its mean over $z$ is $p_i$ again: only the dependence changes. Given $z$ the integral {eq}`eq-many-growth` holds, and the mean over $z$ is a sum over 128 Gauss-Hermite nodes, which recover the $p_i$ to $10^{-10}$ up to $\rho = 0.9$ (64 nodes do so up to 0.8). `kelly_games_mixture` takes any such list of causes with their weights.

# %%
def copula(p, rho):
    z, weight = np.polynomial.hermite_e.hermegauss(128)
    weight = weight / weight.sum()
    return weight, ndtr((ndtri(p) + np.sqrt(rho) * z[:, None]) / np.sqrt(1 - rho))

# %%
p_ten = np.linspace(0.52, 0.58, 10)
for rho in (0.1, 0.5, 0.9):
    weight, given_z = copula(p_ten, rho)
    assert np.allclose(weight @ given_z, p_ten, rtol=0, atol=1e-10)

# %%
rhos = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8])
shared = [kelly_games_mixture(*copula(p_ten, rho)) for rho in rhos]
apart = kelly_games(p_ten)

# %%
assert abs(shared[0].growth - apart.growth) <= 1e-12 and max(s.gap for s in shared) <= 1e-10
believed = [s.growth for s in shared]
pd.DataFrame({"rho": rhos, "staked": [1 - s.weights[-1] for s in shared], "growth": believed}).round(4)

# %% [markdown]
# The probabilities of the single games are the same in every line, and the growth that they allow collapses with the correlation, with the stakes. In the limit of one shared fate the ten games are one coin, and deserve one coin's stake. Whoever computes his stakes as if the games were independent
# stakes the first line's amount in a world of the later lines. What does that cost? {numref}`fig-many-correlation` tells.

# %%
def wrongly_independent(rho):
    weight, given_z = copula(p_ten, rho)
    sure_enough = given_z.clip(1e-15, 1 - 1e-15)  # of causes whose weight is below 1e-50
    return sum(c * games(given, 1.0)(apart.weights)[0] for c, given in zip(weight, sure_enough, strict=True))

# %%
in_error = np.array([wrongly_independent(rho) for rho in rhos])
assert abs(in_error[0] - apart.growth) <= 1e-12 and (in_error <= np.array(believed) + 1e-12).all()

# %% mystnb={"figure": {"caption": "Growth of ten games with a common factor: stakes that know the correlation, and stakes that assume independence.", "name": "fig-many-correlation"}, "image": {"alt": "Growth against correlation. The curve of the right stakes falls and levels off above zero; the curve of the stakes that assume independence falls below zero."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0, color="C6", lw=0.8)
for values, colour, label in [(believed, "C0", r"stakes that know $\rho$"),
                              (in_error, "C2", "stakes that assume independence")]:
    ax.plot(rhos, values, "o-", color=colour, ms=3)
    ax.annotate(label, (rhos[4], values[4]), xytext=(8, 6), textcoords="offset points", color=colour)
ax.set(xlabel=r"correlation $\rho$ of the common factor", ylabel="growth, nats per round")
plt.show()

# %% [markdown]
# ## What this chapter does not show
#
# - **That the probabilities are right.** All stakes here are optimal for *given* $p$. An error in $p$ costs growth as in the chapter on one coin, and errors shared by all games act like the common factor above, only unseen.
# - **That the dependence is right.** The copula is one of many, chosen because it is simple. Real games may share luck in other ways, above all in bad years.
# - **More than two outcomes a game.** Home, draw and away, and bets against each other within a race, follow in the next chapter: `kelly_events` treats them with the same integral.
# - **Combined bets.** Bookmakers also sell *accumulators*, that pay only if several games are won. They are assets with payoffs of their own and not covered by the product formula.
# - **Limits of the market.** Stakes are taken at the quoted odds in any amount, at no cost but what is in the odds.
# - **Times.** The figure of times shows one machine on one day. The shapes of the curves are the point, not the seconds.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-many-two
#
# Derive {eq}`eq-many-two`, and show that two coins together stake more than one coin alone but less than twice as much.
# ```
#
# ```{solution} ex-many-two
# :class: dropdown
#
# The slope of $p^2\log(1 + 2x) + q^2\log(1 - 2x)$ is $\frac{2p^2}{1 + 2x} - \frac{2q^2}{1 - 2x}$, zero where $2x = \frac{p^2 - q^2}{p^2 + q^2}$; and $p^2 - q^2 = p - q$. Together they stake $\frac{p - q}{p^2 + q^2}$.
# Since $\tfrac12 < p^2 + q^2 < 1$ for $p \ne q$ and $0 < p < 1$, this lies between $p - q$ and $2(p - q)$.
# ```
#
# ```{exercise}
# :label: ex-many-inverse
#
# Show that $\operatorname{E}\,1/W = \int_0^\infty \varphi(t)\,dt$, and use it to show that at the optimum $\operatorname{E}\,1/W = 1$ whenever cash is held. Check it on the games of this run.
# ```

# %% [markdown]
# ````{solution-start} ex-many-inverse
# :class: dropdown
# ````
# $1/W = \int_0^\infty e^{-tW}dt$; take means. It is the slope with respect to cash. Wealth is linear in the weights, so $\sum_i w_i\, \partial g/\partial w_i = \operatorname{E} W/W = 1$, and at the optimum all assets that are held have the same slope, which is then 1.

# %%
slopes = oracle(best.weights)[1]
assert best.weights[-1] < 1e-6 or abs(slopes[-1] - 1) < 1e-6
assert abs(slopes @ best.weights - 1) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-many-weak
#
# A new game without an edge ($p(1 + b) \le 1$) is offered beside your independent games. Show that the best stake on it is 0, however the others look.
# ```
#
# ```{solution} ex-many-weak
# :class: dropdown
#
# At stake 0 the wealth $W$ does not depend on the new game, so its slope is $\operatorname{E}\frac{(1 + b)\varepsilon}{W} = (1 + b)\,p \operatorname{E}\frac1W \le \operatorname{E}\frac1W$, the slope of cash, and that is at most 1 at the optimum of the others. No slope exceeds 1, which is the certificate
# {eq}`eq-many-certificate` with gap 0. For *dependent* games the mean does not factor, and a game without an edge may be worth holding as a hedge.
# ```
#
# ```{exercise}
# :label: ex-many-hedge
#
# Two even games have $p = 0.6$ and $p = 0.48$, and the second tends to be won when the first is lost. Build such a pair from two causes and let `kelly_games_mixture` show that the second, which loses on average, is staked.
# ```

# %% [markdown]
# ````{solution-start} ex-many-hedge
# :class: dropdown
# ````
# Let the first game be won with probability 0.95 under one cause and 0.25 under the other, and the second the other way round, with means 0.6 and 0.48.

# %%
hedge = kelly_games_mixture([0.5, 0.5], [[0.95, 0.06], [0.25, 0.90]])
print(f"stakes {hedge.weights[:-1].round(4)}, cash {hedge.weights[-1]:.4f}, growth {hedge.growth:.6f}")
assert hedge.weights[1] > 0 and hedge.growth > kelly_games([0.6, 0.48]).growth

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-many-frullani
#
# Replace $e^{-t}$ in {eq}`eq-many-frullani` by $1/(1 + t)$. What does the integral equal then, and why is the version with $e^{-t}$ preferred here? *Hint:* Euler's constant is $\gamma = \int_0^\infty \bigl(\frac{1}{1 + t} - e^{-t}\bigr)\frac{dt}{t}$.
# ```
#
# ```{solution} ex-many-frullani
# :class: dropdown
#
# $\int_0^\infty \bigl(\frac{1}{1 + t} - e^{-tw}\bigr)\frac{dt}{t} = \gamma + \log w$: any smooth function that starts at 1 and vanishes at infinity does, up to a constant. With $e^{-t}$ the constant is 0 and the integrand decays exponentially, so few nodes are needed.
# ```
#
# ## Sources
#
# The problem of many simultaneous bets is treated by {cite:t}`whitrow2007`, who solves it by stochastic gradients; {cite:t}`thorp2006` gives the closed forms for two bets.
# The bound {eq}`eq-many-certificate` is the stopping rule of {cite:t}`cover1984`. The double exponential substitution is {cite:t}`takahasi1974`'s. The growth rate itself is {cite:t}`kelly1956`'s.
