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
# (sec-coin)=
# # One coin
#
# You may bet, as often as you like, any part of your wealth on a coin that you know to favour heads.
# Betting nothing leaves you where you are, and betting everything ruins you on the first tails.
# Which fraction in between makes wealth grow fastest, and what happens to those who bet less, or more?
#
# The answer is {cite:t}`kelly1956`'s: on an even-money coin that wins with probability $p$, stake the fraction
# $2p - 1$ of what you have. This chapter derives it, checks each step by a second road, and then looks at what the
# formula does not say by itself: how wide the paths spread, how long the optimum takes to show, and what a wrong $p$
# costs. All later chapters do the same with more bets, more outcomes and less knowledge.

# %%
import math
from fractions import Fraction
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sympy as sp
from scipy.optimize import brentq, minimize_scalar
from scipy.special import rel_entr
from scipy.stats import binom

from kellylib import bet_growth, certify, kelly_fraction

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## The game and its parameters
#
# A stake of 1 that wins comes back with a profit of $b$ (the *net odds*; $b = 1$ is even money), and a stake that
# loses is gone. The coin of the first pages has $p = 0.6$ and $b = 1$. Change any line and run the chapter again: the
# sentences below hold for every admissible coin, and the numbers are printed by the cells.

# %% tags=["parameters"]
p = 0.6  # float, probability: of winning one toss, between 0 and 1
b = 1.0  # float, profit per unit staked: net odds, > 0
n_bets = 500  # int, bets: length of each simulated path
n_paths = 10_000  # int, paths: simulated bettors of each kind
seed = 1956  # int, none: seed of the random tosses, 0 or more

# %% [markdown]
# Parameters that make no game are refused here, before anything is computed from them. `kelly_fraction` checks $p$ and
# $b$; the three whole numbers are checked by hand.

# %%
f_star = kelly_fraction(p, b)
whole = [("n_bets", n_bets, 1), ("n_paths", n_paths, 1), ("seed", seed, 0)]
for name, value, least in whole:
    if not (isinstance(value, int) and value >= least):
        raise ValueError(f"{name} must be a whole number >= {least}; it is {value!r}.")

# %% [markdown]
# ## From wealth to its growth rate
#
# Stake the same fraction $f$ of your wealth on every toss. A win multiplies wealth by $1 + bf$, a loss by $1 - f$, and
# since factors commute only the *number* $X_n$ of wins among the first $n$ tosses matters, not their order:
#
# $$
# \begin{aligned}
# W_n &= W_0\,(1 + bf)^{X_n}\,(1 - f)^{n - X_n}, \\
# \frac1n \log\frac{W_n}{W_0} &= \frac{X_n}{n}\log(1 + bf) + \Bigl(1 - \frac{X_n}{n}\Bigr)\log(1 - f).
# \end{aligned}
# $$ (eq-coin-wealth)
#
# By the law of large numbers $X_n / n$ tends to $p$, so the rate on the right tends to a number that chance cannot
# touch, the *growth rate* of the stake $f$, measured in nats per bet. With $q = 1 - p$,
#
# $$
# g(f) = p \log(1 + bf) + q \log(1 - f), \qquad 0 \le f \le 1 .
# $$ (eq-coin-growth)
#
# In the long run wealth is $W_0\,e^{n g(f)}$ up to a factor that is small *on this exponential scale*. Whoever has the
# largest $g$ is, in the end, ahead of everyone who stakes another fraction, with probability one;
# {cite:t}`breiman1961` proved that not even a strategy that changes its stakes as it goes can do better. So the
# question of the chapter has become: where is $g$ largest?
#
# :::{margin}
# Why not maximize the expected *wealth* $\operatorname{E} W_n = W_0 (1 + (bp - q) f)^n$? It is largest at $f = 1$, where
# it is the average over one bettor of immense fortune and a crowd of bankrupts.
# :::
#
# ## The even coin, step by step
#
# Take $b = 1$, the game of the first pages, so that $g(f) = p\log(1 + f) + q\log(1 - f)$.
#
# **First order.** The slope is
#
# $$
# g'(f) = \frac{p}{1 + f} - \frac{q}{1 - f} = \frac{p(1 - f) - q(1 + f)}{(1 + f)(1 - f)} = \frac{(p - q) - f}{1 - f^2},
# $$
#
# where the last step used $p + q = 1$. The denominator is positive for $0 \le f < 1$, so the slope has the sign of
# $(p - q) - f$: it vanishes at one point only, $f = p - q = 2p - 1$.
#
# **Second order.** The slope falls everywhere, because
#
# $$
# g''(f) = -\frac{p}{(1 + f)^2} - \frac{q}{(1 - f)^2} < 0 .
# $$
#
# So $g$ is strictly concave, and the point where the slope vanishes is the one maximum, not a minimum or a saddle.
#
# **The boundary.** At $f = 0$ the slope is $p - q = 2p - 1$. If $p \le \tfrac12$ it is not positive, and by
# concavity $g$ falls from the start: the best stake is 0. If $p > \tfrac12$ the slope is positive, some stake is
# better than none, and $2p - 1$ lies inside $(0, 1]$. At the other end $g(f) \to -\infty$ as $f \to 1$ whenever $q > 0$.
#
# **Betting all is ruin.** With $f = 1$ wealth survives $n$ tosses only if all of them are won, which has probability
# $p^n$. **Betting nothing goes nowhere:** $g(0) = 0$, and wealth stays what it is.
#
# **The exception is certainty.** If $p = 1$ no toss can be lost, $g(f) = \log(1 + f)$ rises all the way, and staking
# everything, $2p - 1 = 1$, is right and no ruin. {numref}`fig-coin-growth` shows all of this in one curve.
#
# :::{prf:theorem} Kelly's fraction
# :label: thm-coin-kelly
#
# For $0 \le p \le 1$ and net odds $b > 0$ the growth rate {eq}`eq-coin-growth` has exactly one maximum on $[0, 1]$,
#
# $$
# f^\star = \max\Bigl(0,\; p - \frac{q}{b}\Bigr),
# $$ (eq-coin-kelly)
#
# which is $2p - 1$ for $b = 1$ and $p \ge \tfrac12$. It is positive if and only if the edge $bp - q$ is.
# :::
#
# :::{prf:proof}
# $g'(f) = \dfrac{bp}{1 + bf} - \dfrac{q}{1 - f}$ has the sign of $bp(1 - f) - q(1 + bf) = (bp - q) - bf$ for
# $0 \le f < 1$, since $p + q = 1$. It vanishes at $f = p - q/b$ and nowhere else, and
# $g''(f) = -b^2 p/(1 + bf)^2 - q/(1 - f)^2 < 0$. If $bp \le q$ then $g'(0) \le 0$ and $g$ falls on all of $[0, 1]$.
# If $p = 1$ then $g(f) = \log(1 + bf)$ rises on all of $[0, 1]$, and $p - q/b = 1$. $\square$
# :::
#
# ## The same by machine: symbols
#
# A derivation on paper deserves a check by something that does not share our slips. SymPy is told the growth rate and
# nothing else, for any odds; it differentiates, solves, and finds one root.

# %%
F, P, B = sp.symbols("f p b", positive=True)
g = P * sp.log(1 + B * F) + (1 - P) * sp.log(1 - F)
root, = sp.solve(sp.diff(g, F), F)
sp.Eq(F, sp.expand(root))

# %% [markdown]
# That is $p - q/b$. At even odds it must be the seed of this book, $2p - 1$, and the curvature there must be negative.
# SymPy also finds a compact form of the curvature at the top, which will tell us what errors cost.

# %%
assert sp.simplify(root - (P - (1 - P) / B)) == 0
assert sp.expand(root.subs(B, 1)) == 2 * P - 1
curvature = sp.factor(sp.diff(g, F, 2).subs(F, root))
curvature

# %% [markdown]
# The result is $g''(f^\star) = -\dfrac{b^2}{(1 + b)^2}\,\dfrac{1}{pq}$, negative for every coin with $0 < p < 1$.
#
# ## The same by machine: numbers
#
# Apart from its checks of the input, the library's code for one bet is two short functions; a student may copy either.
# The first is {eq}`eq-coin-kelly`, edge over odds:

# %%
def fraction(p, b=1.0):
    return np.maximum(p * b - (1 - p), 0) / b

# %% [markdown]
# The second is {eq}`eq-coin-growth`. The logarithms are written with `log1p` and the convention $0 \log 0 = 0$, so that tiny
# stakes keep their digits and a loss that cannot happen cannot hurt.

# %%
def growth(f, p, b=1.0):
    win = p * np.log1p(b * f) if p > 0 else 0.0
    loss = (1 - p) * np.log1p(-f) if p < 1 else 0.0
    return win + loss

# %%
assert fraction(p, b) == f_star
assert abs(growth(f_star, p, b) - bet_growth(f_star, p, b)) <= 1e-15

# %% [markdown]
# For the coin of this run:

# %%
g_star = bet_growth(f_star, p, b)
print(f"best stake f* = {f_star:.4f} of wealth, growth {g_star:.8f} nats per bet")
print(f"staking all   : wealth survives {n_bets} bets with probability {p**n_bets:.3g}")

# %% [markdown]
# A numerical search that knows only the values of $g$ must end at the same place. It is a blunt tool (near a flat top,
# a stake that is off by $10^{-4}$ costs some $10^{-8}$ of growth), so we ask it for the *growth* tightly and for the stake loosely.

# %%
search = minimize_scalar(lambda f: -bet_growth(f, p, b), bounds=(0, 1), options={"xatol": 1e-10})
print(f"search: stake {search.x:.4f}, growth {-search.fun:.8f}")
assert -search.fun <= g_star + 1e-12 and abs(search.x - f_star) < 1e-4

# %% [markdown]
# A search can stop early, and its word is not a proof. The book's habit is to ask for a *certificate* instead: one
# number that bounds how much growth **any** other stake could add, and that trusts nobody ({eq}`eq-certificate` in
# the notation; derived in the chapters on portfolios). For a single bet there are two "assets", the bet and cash,
# and two scenarios, a win and a loss. The cash that $f^\star > 0$ leaves is $1 - p + q/b = q(1 + b)/b$, a form that keeps its digits near $p = 1$.

# %%
R = np.array([[1 + b, 1.0], [0.0, 1.0]])
cash = (1 - p) * (1 + b) / b if f_star > 0 else 1.0

# %%
checked = certify(R, [p, 1 - p], [f_star, cash])
print(f"no stake grows faster by more than 1e-12 nats: {checked.gap <= 1e-12}")
assert checked.gap <= 1e-12 and abs(checked.growth - g_star) < 1e-12

# %% [markdown]
# (sec-coin-curve)=
# ## The growth curve, and where overbetting turns against you
#
# The curve starts at 0, rises to its maximum at $f^\star$, and falls to $-\infty$ at $f = 1$ if a loss is possible. On
# the way down it crosses zero, once: at the *break-even fraction* $f_0$. A bettor who stakes more than $f_0$ has every
# toss in his favour and goes broke all the same.
#
# There is no closed form for $f_0$, but there is a safe bracket. In the variable $s = -\log(1 - f)$ growth is
# $p \log(1 + b(1 - e^{-s})) - qs$. This is at least 0 at the Kelly stake, and at most 0 at $s = p \log(1 + b) / q$,
# because $1 - e^{-s} \le 1$. The root lies between the two. Without an edge $f_0 = 0$; without a possible loss, none exists.

# %%
def break_even(p, b):
    """Fraction above which growth is negative; nan if no stake can lose."""
    top = kelly_fraction(p, b)
    if p == 1 or bet_growth(top, p, b) <= 0:
        return math.nan if p == 1 else top
    g = lambda s: p * math.log1p(-b * math.expm1(-s)) - (1 - p) * s
    return -math.expm1(-brentq(g, -math.log1p(-top), p * math.log1p(b) / (1 - p), xtol=1e-14))


f_zero = break_even(p, b)
print(f"break-even fraction {f_zero:.4f}, double Kelly {2 * f_star:.4f}")

# %% [markdown]
# With a small edge $f_0$ is about $2 f^\star$: near its top the curve is a parabola, which is as wide to the right as
# to the left, and half of the way up keeps three quarters of the height. At even odds $f_0$ is always *below*
# $2 f^\star$ ({ref}`ex-coin-double`), so **the double Kelly bettor grows no faster than one who does not bet at all**, with
# far more risk; only at long odds, whose curve leans to the left, may a little growth be left there. The two errors are not alike:
# to bet too little is slow, to bet too much is fatal.

# %%
f_top = min(1.0, 1.25 * f_zero) if f_zero > 0 else (1.0 if p == 1 else 0.5)
curve_f = np.linspace(0, f_top, 500)
curve_g = bet_growth(curve_f, p, b)

# %%
marks = {"half Kelly": f_star / 2, "Kelly": f_star, "double Kelly": min(2 * f_star, 1.0)}
stakes = pd.DataFrame({"stake": pd.Series(marks)})
stakes["growth"] = bet_growth(stakes["stake"], p, b)
stakes["share of the best"] = stakes["growth"] / (g_star if g_star > 0 else math.nan)
stakes.round(6)

# %% mystnb={"figure": {"caption": "Growth rate against the fraction staked. It is largest at the Kelly fraction and negative beyond the break-even fraction, although every single bet is favourable.", "name": "fig-coin-growth"}, "image": {"alt": "A concave curve that starts at zero, rises to a maximum at the Kelly fraction, returns to zero at the break-even fraction and falls steeply beyond it. Dots mark half, full and double Kelly."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0, color="C6", lw=0.8)
ax.plot(curve_f, curve_g, color="C7")
styles = [("C1", "right"), ("C0", "center"), ("C2", "left")]
for (label, f, y, _), (color, side) in zip(stakes.itertuples(), styles, strict=True):
    if math.isfinite(y) and f_star > 0:
        ax.plot(f, y, "o", color=color)
        ax.annotate(f" {label} ", (f, y), color=color, ha=side, xytext=(0, 6), textcoords="offset points")
if 0 < f_zero < 1:
    ax.plot(f_zero, 0, "|", color="C4", ms=12)
    ax.annotate("break-even", (f_zero, 0), xytext=(-4, -14), textcoords="offset points", ha="right")
ax.set(xlabel="fraction of wealth staked $f$", ylabel="growth rate $g(f)$, nats per bet")
if g_star > 0:
    ax.set_ylim(bottom=-0.9 * g_star, top=1.2 * g_star)
plt.show()

# %% [markdown]
# (sec-coin-entropy)=
# ## Growth is information
#
# Put the optimum back into $g$. At $f^\star = p - q/b > 0$ the two factors become simple,
#
# $$
# 1 + b f^\star = p\,(1 + b), \qquad 1 - f^\star = q\,\frac{1 + b}{b},
# $$
#
# so with $\pi = 1/(1 + b)$, the win probability at which these odds would be fair,
#
# $$
# g^\star = p \log\frac{p}{\pi} + q \log\frac{q}{1 - \pi} = D(p \,\|\, \pi).
# $$ (eq-coin-entropy)
#
# This is the *relative entropy* (Kullback and Leibler's divergence) of the true probabilities from those the odds
# imply. You grow by exactly as much as you know better than the price. At even odds $\pi = \tfrac12$ and
#
# $$
# g^\star = \log 2 - H(p), \qquad H(p) = -p \log p - q \log q .
# $$
#
# An oracle who sees every toss in advance doubles at each, a growth of $\log 2$, which is one *bit*. You see the coin
# only through its bias, which leaves $H(p)$ nats of uncertainty per toss, and that is exactly what you fall short by.
# Kelly found this while studying noisy telephone lines: $\log 2 - H(p)$ is the capacity of a line that garbles
# each bit with probability $q$, and the bettor is its receiver.

# %%
pi = 1 / (1 + b)
information = rel_entr([p, 1 - p], [pi, 1 - pi]).sum()
print(f"growth {g_star:.8f}, information {information if f_star > 0 else 0:.8f} nats per bet")
assert abs(g_star - (information if f_star > 0 else 0)) <= 1e-12 * max(1, information)

# %% [markdown]
# At even odds the identity holds for every favourable coin, and by betting on tails for every unfavourable one:

# %%
coins = np.linspace(0.001, 0.999, 401)
entropy = -coins * np.log(coins) - (1 - coins) * np.log(1 - coins)
either = np.maximum(coins, 1 - coins)
best = bet_growth(kelly_fraction(either), either)
assert np.allclose(best, math.log(2) - entropy, rtol=0, atol=1e-14)

# %% mystnb={"figure": {"caption": "Each toss carries log 2 nats. What the bias of the coin does not tell remains uncertain, the entropy H(p) below the curve; the rest, above it, is the growth of the best bettor at even odds.", "name": "fig-coin-entropy"}, "image": {"alt": "The entropy of a coin against its probability: an arch that touches log 2 at one half and zero at both ends. The area between the arch and the level log 2 is labelled growth."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.fill_between(coins, entropy, color="C6", alpha=0.25, lw=0)
ax.fill_between(coins, entropy, math.log(2), color="C0", alpha=0.35, lw=0)
ax.plot(coins, entropy, color="C4")
ax.text(0.5, 0.3, "uncertainty $H(p)$", ha="center")
ax.text(0.985, 0.62, r"growth $\log 2 - H(p)$", ha="right", color="C0")
ax.set(xlabel="probability of heads $p$", ylabel="nats per toss", xlim=(0, 1), ylim=(0, math.log(2)))
ax.grid(False)
plt.show()

# %% [markdown]
# (sec-coin-paths)=
# ## Ten thousand bettors
#
# The growth rate is a limit. To see what comes before it, let many bettors toss. Each path is one sequence
# of tosses, and on each play three people: one stakes half Kelly, one Kelly, one double Kelly (or everything, if double
# Kelly is more than that). By {eq}`eq-coin-wealth` a path is known by its running number of wins.

# %%
rng = np.random.default_rng(seed)
wins = np.cumsum(rng.random((n_paths, n_bets)) < p, axis=1, dtype=np.int32)
bets = np.arange(1, n_bets + 1)

# %% [markdown]
# Wealth follows from the number of wins by {eq}`eq-coin-wealth`. We keep its logarithm, which neither overflows nor underflows; minus infinity is
# ruin, and happens only to someone who stakes everything and loses once.

# %%
def log_wealth(wins, bets, f):
    """Logarithm of wealth (start: 1) after so many wins out of so many bets; -inf is ruin."""
    ruined = (f == 1) & (wins < bets)
    losing = (bets - wins) * np.log1p(-f) if f < 1 else 0.0
    return np.where(ruined, -np.inf, wins * np.log1p(b * f) + losing)

# %% [markdown]
# Wealth rises with the number of wins, so a quantile of wealth is the wealth at a quantile of wins, and the bands of
# all three bettors come from one sorting of the wins. Every bettor lives through the same luck; only the stake differs.

# %%
levels = [0.05, 0.25, 0.5, 0.75, 0.95]
win_quantiles = np.quantile(wins, levels, axis=0, method="inverted_cdf")
bands = {name: log_wealth(win_quantiles, bets, f) / math.log(10) for name, f in marks.items()}
sample = {name: log_wealth(wins[0], bets, f) / math.log(10) for name, f in marks.items()}

# %% [markdown]
# The number of wins is binomial, so simulation can be checked against an exact law. The largest distance between the two
# distribution functions exceeds $\varepsilon$ with probability at most $2 e^{-2 N \varepsilon^2}$ for $N$ paths (the
# inequality of Dvoretzky, Kiefer and Wolfowitz). We choose $\varepsilon$ so that a correct simulation fails once in
# $10^9$ seeds.

# %%
count = np.bincount(wins[:, -1], minlength=n_bets + 1)
distance = np.abs(count.cumsum() / n_paths - binom.cdf(np.arange(n_bets + 1), n_bets, p)).max()
allowed = math.sqrt(math.log(2e9) / (2 * n_paths))

# %%
print(f"simulated and exact distribution of wins differ by {distance:.4f} at most (allowed: {allowed:.4f})")
assert distance <= allowed

# %% mystnb={"figure": {"caption": "Wealth of the half, full and double Kelly bettor on the same tosses: median (line), middle half and middle nine tenths of the paths (bands), one path (thin black).", "name": "fig-coin-paths"}, "image": {"alt": "Three panels with fans of wealth on a logarithmic scale. The half Kelly fan rises steadily and is narrow, the Kelly fan rises faster and is wider, the double Kelly fan is widest and its median does not rise."}} tags=["hide-input"]
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3.4), sharex=True, sharey=True)
for ax, (name, band), color in zip(axes, bands.items(), ["C1", "C0", "C2"], strict=True):
    ax.axhline(0, color="C6", lw=0.8)
    ax.fill_between(bets, band[0], band[4], color=color, alpha=0.2, lw=0)
    ax.fill_between(bets, band[1], band[3], color=color, alpha=0.35, lw=0)
    ax.plot(bets, band[2], color=color, lw=1)
    ax.plot(bets, sample[name], color="C4", lw=0.6)
    ax.text(0.04, 0.95, name, transform=ax.transAxes, color=color, va="top")
    ax.set(xlabel="bets")
axes[0].set(ylabel="wealth, powers of ten of the start")
plt.show()

# %% [markdown]
# The table reads the last column of that picture. Wealth is in multiples of the start; "mean, exact" is the expected
# wealth $(1 + (bp - q) f)^n$, and "loses" is the share of paths that end below the start.

# %%
final = {name: log_wealth(wins[:, -1], n_bets, f) for name, f in marks.items()}
with np.errstate(over="ignore"):
    last = [log_wealth(win_quantiles[:, -1], n_bets, f) for f in marks.values()]
    ends = pd.DataFrame(np.exp(last), list(marks))
    ends.columns = [f"{100 * level:.0f} % quantile" for level in levels]
    ends["mean, exact"] = [np.float64(1 + (b * p - 1 + p) * f) ** n_bets for f in marks.values()]
ends["loses"] = [(x < 0).mean() for x in final.values()]
ends.map("{:.3g}".format)

# %% [markdown]
# Look at the mean and the median together. As long as there is an edge, the bettor who stakes more always has the higher
# *mean* wealth, also where his median is a loss: his mean lives on a few paths that no single bettor may count on. The
# median is what the growth rate promises, $e^{n g(f)}$, as nearly as a whole number of wins allows. Even the Kelly bettor spends long stretches far below the highest wealth reached so far; chapter
# {ref}`sec-security` puts numbers on that.
#
# (sec-coin-ahead)=
# ## How long until Kelly is ahead?
#
# In the end the Kelly bettor is ahead of every other fraction. When does the end begin? Compare Kelly's wealth with a
# rival's who stakes $f$ on the same tosses. By {eq}`eq-coin-wealth`, after $n$ tosses with $X$ wins,
#
# $$
# \log\frac{W^\star_n}{W_n} = X u + (n - X) d,
# \qquad u = \log\frac{1 + b f^\star}{1 + b f}, \quad d = \log\frac{1 - f^\star}{1 - f}.
# $$
#
# A rival who stakes less has $u > 0 > d$, one who stakes more has $u < 0 < d$. Either way the two are level when the
# share of wins is $r = d / (d - u)$. Kelly is ahead of the timid rival when $X > rn$ and of the bold one when $X < rn$,
# and the probability of each is one value of the binomial distribution. No simulation is needed.

# %%
def level_share(f, rival, b):
    """Share of wins at which the stakes f and rival have grown alike."""
    if rival == 1 or f == 1:
        return float(rival == 1)
    up, down = np.log1p(b * f) - np.log1p(b * rival), np.log1p(-f) - np.log1p(-rival)
    return down / (down - up)

# %%
def ahead(n, f, rival, p, b):
    """Probability that the stake f is strictly ahead of the stake rival after n bets."""
    r = level_share(f, rival, b)
    return binom.sf(np.floor(n * r), n, p) if rival < f else binom.cdf(np.ceil(n * r) - 1, n, p)

# %% [markdown]
# Two other roads must lead to the same probability. The first adds up all $2^{10}$ sequences of ten tosses, with the
# wealth of each multiplied out in exact fractions. The second counts simulated paths, where Hoeffding's inequality allows an error of the
# same $\varepsilon$ as above. (Without an edge nobody bets, and there is nothing to compare.)

# %%
def outcome(tosses, f):
    """Exact wealth after a sequence of tosses (True is a win)."""
    return math.prod(1 + Fraction(b) * Fraction(f) if win else 1 - Fraction(f) for win in tosses)

# %%
rivals = {name: f for name, f in marks.items() if f != f_star}
for rival in rivals.values():
    better = [t for t in product([True, False], repeat=10) if outcome(t, f_star) > outcome(t, rival)]
    summed = sum(p ** sum(t) * (1 - p) ** (10 - sum(t)) for t in better)
    simulated = log_wealth(wins[:, -1], n_bets, f_star) > log_wealth(wins[:, -1], n_bets, rival)
    assert abs(summed - ahead(10, f_star, rival, p, b)) < 1e-12
    assert abs(simulated.mean() - ahead(n_bets, f_star, rival, p, b)) <= allowed

# %% [markdown]
# Now for the smallest $n$ from which the probability *stays* at 95 % or more. It does not rise steadily: with each
# toss the threshold $rn$ may or may not pass another whole number, so the probability moves like a saw, and the first
# $n$ at 95 % need not be the last one below it. To say "stays" one has to look at infinitely many $n$. A bound takes
# care of all but finitely many.
#
# :::{prf:theorem} Chernoff's bound
# :label: thm-coin-chernoff
#
# Let $X$ be binomial with $n$ tosses and success probability $p$. For $r < p$, $\;\operatorname{P}(X \le rn) \le e^{-n D(r \| p)}$, and for
# $r > p$, $\;\operatorname{P}(X \ge rn) \le e^{-n D(r \| p)}$, where $D(r \| p) = r \log\frac rp + (1 - r)\log\frac{1 - r}{q}$.
# :::
#
# :::{prf:proof}
# For $0 < s \le 1$ the variable $s^{X - rn}$ is at least 1 where $X \le rn$, so
# $\operatorname{P}(X \le rn) \le \operatorname{E} s^{X - rn} = \bigl((q + ps)\, s^{-r}\bigr)^n$. Choose $s = \dfrac{r q}{p (1 - r)}$, which is below 1
# because $r < p$; then $q + ps = q/(1 - r)$ and the bracket equals $e^{-D(r \| p)}$. For $r > p$ the same $s$ is above 1,
# and $s^{X - rn} \ge 1$ where $X \ge rn$. $\square$
# :::
#
# So the rival is level or ahead with probability at most $e^{-n D(r \| p)}$, which is at most 5 % for **every**
# $n \ge \log(20) / D(r \| p)$. Below that number there are finitely many $n$, and we compute all of them exactly. The last
# one that falls short of 95 %, plus one, is the answer, and nothing in it is extrapolated.

# %%
def ahead_from(f, rival, p, b, level=0.95, most=2_000_000):
    """(n from which f stays ahead of rival with that probability, n from which Chernoff is enough)."""
    if f == rival:
        return pd.NA, pd.NA  # nobody is ever ahead
    r = level_share(f, rival, b)
    information = max(rel_entr([r, 1 - r], [p, 1 - p]).sum(), 1e-15)
    sure = math.ceil(-math.log(1 - level) / information) if information < math.inf else 1
    if sure > most:
        return pd.NA, sure  # too many to enumerate
    n = np.arange(1, sure + 1)
    short = n[ahead(n, f, rival, p, b) < level]
    return (short.max() + 1 if len(short) else 1), sure

# %%
waits = {name: ahead_from(f_star, rival, p, b) for name, rival in rivals.items()}
columns = ["ahead from bet", "Chernoff is enough from"]
pd.DataFrame(waits.values(), list(waits), columns).astype("Int64")

# %%
longest = max([200, *(2 * int(n) for n, _ in waits.values() if n is not pd.NA)])
curve_n = np.unique(np.geomspace(1, longest, 900).astype(int))
chance = {name: ahead(curve_n, f_star, rival, p, b) for name, rival in rivals.items()}

# %% mystnb={"figure": {"caption": "Probability that the Kelly bettor is ahead, against the number of bets. The saw teeth are real: the number of wins is whole. Dots: the bet from which the probability stays at 95 % or more.", "name": "fig-coin-ahead"}, "image": {"alt": "Two rising saw-toothed curves against the number of bets on a logarithmic scale; the one against double Kelly reaches 95 percent several times sooner than the one against half Kelly."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0.95, color="C6", lw=0.8)
for (name, values), color, height in zip(chance.items(), ["C1", "C2"], [0.1, 0.2], strict=False):
    ax.plot(curve_n, values, color=color, lw=1.2)
    ax.text(0.97, height, f"Kelly is ahead of {name}", color=color, ha="right", transform=ax.transAxes)
    if waits[name][0] is not pd.NA:
        ax.plot(waits[name][0], 0.95, "o", color=color)
ax.set(xscale="log", xlabel="bets $n$", ylabel="probability", ylim=(0, 1.02))
plt.show()

# %% [markdown]
# Why it takes so long: near even odds the level share is $r \approx \tfrac12 + \tfrac14 (f^\star + f)$ while the coin shows
# $p = \tfrac12 + \tfrac12 f^\star$. Half Kelly's $r$ is only $\tfrac18 f^\star$ below $p$, double Kelly's $\tfrac14 f^\star$ above. The share of wins
# scatters by $\tfrac12 n^{-1/2}$, and 95 % asks for 1.645 of these, so $n \approx 43 / (f^\star)^2$ against half Kelly
# and $n \approx 11 / (f^\star)^2$ against double Kelly. An edge of a tenth the size takes a hundred times the patience. The exact
# counts for a few even-money coins, beside that rule of thumb:

# %%
rows = []
for coin in (0.52, 0.55, 0.6, 0.7):
    f = kelly_fraction(coin)
    by_half, by_double = (ahead_from(f, rival, coin, 1.0)[0] for rival in (f / 2, 2 * f))
    rows.append([coin, f.round(2), by_half, round(43.3 / f**2), by_double, round(10.8 / f**2)])
pd.DataFrame(rows, columns=["p", "stake", "half: exact", "half: rule", "double: exact", "double: rule"])

# %% [markdown]
# (sec-coin-wrong)=
# ## What a wrong $p$ costs
#
# Nobody knows $p$. Suppose the coin wins with probability $p$ and the bettor believes in $\hat p$, and stakes
# $f = \hat p - \hat q/b$ accordingly (so $\hat p \ge \pi$). The two factors are those of {eq}`eq-coin-entropy` with hats,
# $1 + bf = \hat p/\pi$ and $1 - f = \hat q/(1 - \pi)$, and true growth is $g = p\log\frac{\hat p}{\pi} + q\log\frac{\hat q}{1 - \pi}$. Add and
# subtract $p \log p + q \log q$:
#
# $$
# g(\hat f) = D(p \,\|\, \pi) - D(p \,\|\, \hat p).
# $$ (eq-coin-wrong)
#
# **You earn how much the odds are wrong, minus how much you are wrong.** The odds do not enter the cost at all. To second order it is
#
# $$
# D(p \,\|\, \hat p) \approx \frac{(\hat p - p)^2}{2pq},
# $$
#
# the square of the error (the curvature that SymPy found says the same). Growth is positive exactly when the bettor is nearer to the
# truth than the odds are, nearness measured by $D$. The table takes errors of $\pm 0.02$ and $\pm 0.05$.

# %%
errors = np.array([-0.05, -0.02, 0.0, 0.02, 0.05])
belief = np.clip(p + errors, 0, 1)
stake = kelly_fraction(belief, b)
cost = pd.DataFrame({"believed p": belief, "stake": stake, "growth": bet_growth(stake, p, b)}, index=errors)
cost["growth lost"] = g_star - cost["growth"]
cost["second order"] = errors**2 / (2 * p * (1 - p)) if 0 < p < 1 else math.nan
cost["share kept"] = cost["growth"] / g_star if g_star > 0 else math.nan
cost.round(6)

# %%
informed = stake > 0
by_entropy = information - rel_entr(p, belief) - rel_entr(1 - p, 1 - belief)
assert np.allclose(cost["growth"][informed], by_entropy[informed], rtol=0, atol=1e-12 * max(1, information))

# %% [markdown]
# An error of 0.05 is not large: to know $p$ to $\pm 0.05$ (two standard errors) from tosses alone takes some $4pq/0.05^2$ of
# them, 400 at most, and $\pm 0.02$ takes 2500. Compare this with the last section: *the bettor who has watched long enough to know $p$ could have
# bet for as long*. Now compare the cost with the gain. The edge lies in the distance from $\pi$ to $p$; as long as
# that is small, an error of half the distance costs about a quarter of the growth, and one of the full distance all of it. Errors upward are the dangerous ones only because the
# next one of the same size turns growth negative, while a downward one ends at a stake of 0 and a growth of 0.

# %%
curve_e = np.linspace(-0.12, 0.12, 481)
curve_kept = bet_growth(kelly_fraction(np.clip(p + curve_e, 0, 1), b), p, b)

# %% mystnb={"figure": {"caption": "True growth of a bettor who stakes Kelly's fraction for a wrong probability. Dots: errors of 0, 0.02 and 0.05 either way.", "name": "fig-coin-wrong"}, "image": {"alt": "Growth against the error in the believed probability: a parabola with its top at no error, which falls to zero where the error reaches the edge and is negative beyond on the right."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0, color="C6", lw=0.8)
ax.plot(curve_e, np.where(np.isfinite(curve_kept), curve_kept, np.nan), color="C0")
ax.plot(errors, np.where(np.isfinite(cost["growth"]), cost["growth"], np.nan), "o", color="C0")
ax.set(xlabel=r"error of the believed probability $\hat p - p$", ylabel="true growth, nats per bet")
if g_star > 0:
    ax.set_ylim(bottom=-1.2 * g_star)
plt.show()

# %% [markdown]
# (sec-coin-odds)=
# ## Other odds, and certainty
#
# {prf:ref}`thm-coin-kelly` holds at any net odds $b$. Two ways to remember it: $f^\star = (bp - q)/b$ is *edge over odds*; and
# $1 - f^\star = q/(1 - \pi)$ says that the wealth kept back is the ratio of the true to the implied probability of losing. Long odds never ask for a
# stake above $p$, however large the edge.

# %%
odds = np.array([0.5, 1.0, 2.0, 5.0, 20.0, 1000.0])
by_odds = pd.DataFrame({"implied p": 1 / (1 + odds), "stake": kelly_fraction(p, odds)}, index=odds)
by_odds["growth"] = bet_growth(by_odds["stake"], p, odds)
assert (by_odds["stake"] <= p).all()
by_odds.round(4)

# %% [markdown]
# A sure win is the one case in which everything is staked. Nothing is at risk, so nothing is ruined: growth is $\log(1 + b)$
# at every $b$. The limit is smooth in growth ($q \log q \to 0$), yet the last step is a cliff: at $p = 0.999$ staking all still ends in
# ruin, with probability one, after some thousand bets. Keep the Kelly cash as long as there is any doubt.

# %%
sure = kelly_fraction([0.999, 1.0], b)
print(f"stakes at p = 0.999 and 1: {sure.round(4)}, growth {bet_growth(sure, [0.999, 1.0], b).round(4)}")
assert sure[1] == 1 and abs(bet_growth(1.0, 1.0, b) - math.log1p(b)) < 1e-12 * math.log1p(b) + 1e-15
assert bet_growth(1.0, 0.999, b) == -math.inf

# %% [markdown]
# ## What this chapter does not show
#
# - **That you know $p$, and that it stays put.** The derivation takes both for granted. The section on wrong
#   probabilities shows the price of an error, not how to set a stake when the error is unknown; that is the subject of the chapter on uncertainty.
# - **That you should want the fastest growth.** "Ahead with probability one in the end" is a theorem about long runs, not a
#   commandment. {cite:t}`samuelson1971` argues that someone with other tastes is not wrong to bet less, or more, at
#   any horizon; {cite:t}`maclean2010` collect what speaks for and against.
# - **How far you fall on the way.** The Kelly bettor's wealth halves sooner or later with a probability of up to one half. Chapter {ref}`sec-security`
#   computes it and shows what betting a fraction of Kelly buys.
# - **More than one bet at a time.** Simultaneous bets compete for the same cash. Two coins are not twice one coin: see the chapter on
#   many coins.
# - **Limits and costs.** Stakes are infinitely divisible here, the other side never refuses, and nobody takes a commission. Real odds carry one: it is in $b$.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-coin-lottery
#
# A lottery ticket costs 1 and wins $b = 2\,000\,000$ with probability $p = 10^{-6}$: every euro staked is worth two on average. Which part of your wealth
# do you stake on one draw, how fast do you grow, and how many draws does it take to double?
# ```

# %% [markdown]
# ````{solution-start} ex-coin-lottery
# :class: dropdown
# ````
# By {eq}`eq-coin-kelly` the stake is $p - q/b$, half a millionth. Growth is so slow that doubling takes millions of draws: a huge edge at long odds is
# nearly worthless to someone who wants to grow.

# %%
ticket = kelly_fraction(1e-6, 2e6)
rate = bet_growth(ticket, 1e-6, 2e6)
print(f"stake {ticket:.3g}, growth {rate:.3g} nats per draw, {math.log(2) / rate:,.0f} draws to double")
assert abs(ticket - 5e-7) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-coin-double
#
# Show that at even odds the double Kelly bettor loses: $g(2 f^\star) < 0$ for every $\tfrac12 < p < \tfrac34$. *Hint:* with $x = f^\star = 2p - 1$ write growth as
# $g(f) = \tfrac12 \log(1 - f^2) + x \operatorname{artanh} f$ and compare power series.
# ```

# %% [markdown]
# ````{solution-start} ex-coin-double
# :class: dropdown
# ````
# $\tfrac12\log(1 - 4x^2) = -\tfrac12 \sum_{k \ge 1} (4x^2)^k / k$ and $x \operatorname{artanh} 2x = \tfrac12 \sum_{k \ge 1} (4x^2)^k / (2k - 1)$. The sum has
# the terms $\tfrac12 (4x^2)^k \bigl(\tfrac{1}{2k - 1} - \tfrac1k\bigr)$: zero for $k = 1$ and negative for all other $k$. The first that counts is $-\tfrac43 x^4$, and SymPy agrees.

# %%
x = sp.symbols("x", positive=True)
double_growth = sp.log(1 - 4 * x**2) / 2 + x * sp.atanh(2 * x)
assert sp.series(double_growth, x, 0, 6).removeO() == -sp.Rational(4, 3) * x**4
assert (bet_growth(2 * kelly_fraction(np.linspace(0.55, 0.74, 50)), np.linspace(0.55, 0.74, 50)) < 0).all()

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-coin-rival
#
# Suppose $0 < f^\star < 1$. Show that the rival's wealth relative to Kelly's never grows on average: $\operatorname{E}(W_n / W_n^\star) = 1$ for every fraction $f$ and every
# number $n$ of bets. Conclude that no rival is ever twenty times as rich as the Kelly bettor with a probability of more than 5 %.
# ```

# %% [markdown]
# ````{solution-start} ex-coin-rival
# :class: dropdown
# ````
# In one bet the ratio is $\frac{1 + bf}{p(1 + b)}$ with probability $p$ and $\frac{(1 - f)\,b}{q(1 + b)}$ with probability $q$. Its mean is
# $\frac{(1 + bf) + b(1 - f)}{1 + b} = 1$. Tosses are independent, so the mean after $n$ bets is $1^n$. Markov's inequality does the rest. {cite:t}`bellcover1980` show much
# more along this line: even in a single bet, nobody beats Kelly's wealth more than half of the time, if both may first randomize their starting wealth fairly.
#
# Here the mean over all $2^{8}$ outcomes, for an even coin with $p = 0.6$ and a reckless rival:

# %%
ratios = {True: 0.6 * (1 + 0.9) / 1.2, False: 0.4 * (1 - 0.9) / 0.8}  # chance times ratio
mean = sum(math.prod(ratios[win] for win in path) for path in product(ratios, repeat=8))
assert abs(mean - 1) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-coin-interval
#
# You know only that $p$ lies between $\underline p$ and $\overline p$, and want the stake whose *worst* growth over that interval is largest. Which is it?
# ```
#
# ```{solution} ex-coin-interval
# :class: dropdown
#
# For a fixed stake $g$ increases with $p$, because $\log(1 + bf) \ge \log(1 - f)$. The worst case is always $\underline p$, so stake Kelly's fraction for $\underline p$. For
# the coin $p = 0.6 \pm 0.05$ that is 0.1, half Kelly: a bettor who takes half Kelly behaves like one who guards against a probability in error by half the edge in $p$.
# ```
#
# ```{exercise}
# :label: ex-coin-bits
#
# A telegraph garbles each bit with probability 0.1. How many bets at even odds on its messages does it take to multiply wealth by 1024, and what has that to do with the
# ten bits of $1024 = 2^{10}$?
# ```

# %% [markdown]
# ````{solution-start} ex-coin-bits
# :class: dropdown
# ````
# The line delivers $1 - H(0.9)/\log 2$ bits of information per bit sent, and the bettor's wealth doubles once per bit of information received. Ten doublings are ten bits.

# %%
capacity = 1 - (-0.9 * math.log2(0.9) - 0.1 * math.log2(0.1))
print(f"{capacity:.4f} bits per bet, {10 / capacity:.1f} bets for ten bits")
assert abs(capacity * math.log(2) - bet_growth(kelly_fraction(0.9), 0.9)) < 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ## Sources
#
# The result, its proof and the link to information are {cite:t}`kelly1956`. {cite:t}`breiman1961` proved that the Kelly bettor leaves every essentially different strategy behind
# and reaches any goal soonest, in the long run. {cite:t}`bellcover1980` proved that it is hard to beat in the short run too. {cite:t}`thorp2006` is
# the practitioner's account, with the case of general odds, blackjack and the stock market; {cite:t}`maclean2010` list good and bad properties;
# {cite:t}`samuelson1971` is the classic dissent.
