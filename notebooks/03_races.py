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
# (sec-races)=
# # Races
#
# In a race exactly one horse wins, so a stake on one horse is also an insurance against the others.
# The track keeps a share of every bet, and you believe that its odds are a little wrong.
# Which horses do you back, with how much of your wealth, and what part of it do you hold in reserve?
#
# The answer is a closed form that fits in ten lines, and it holds two surprises. A bettor who wants to grow may back a
# horse on which he loses money on average. And the growth he reaches is, to the last digit, a distance between two opinions: his own,
# and the nearest one that the odds leave open. The problem and its solution are {cite:t}`kelly1956`'s;
# {cite:t}`smoczynski2010` give an explicit proof.

# %%
import math
from fractions import Fraction
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.special import rel_entr

from kellylib import certify, kelly_events, kelly_fraction, kelly_full, kelly_race

plt.style.use("kellylib.kelly")

# %% [markdown]
# ## A race card, made up
#
# The card below looks like those printed before a race in Britain: *fractional odds*, "7/4" being a profit of 7 for a
# stake of 4. **It is invented**, horses, odds, chances and all; no such race was run. The last list is the reader's own opinion of each
# horse's chance of winning. Replace all three lists by your own.

# %% tags=["parameters"]
horses = ["Gap", "Second Order", "Frullani", "Half Stake", "Digit", "Bias", "Ruin"]  # list, names: invented
quoted = ["7/4", "3/1", "9/2", "7/1", "10/1", "16/1", "33/1"]  # list, profit per stake: fractional odds
chances = [0.40, 0.24, 0.20, 0.07, 0.05, 0.03, 0.01]  # list, probabilities: your own, sum 1
skill = 0.1  # float, probability: that a tipster knows the winner, from 0 to below 1

# %% [markdown]
# Odds in hand, three numbers describe each horse: the *decimal odds* $o_i$ (what a winning stake of 1 pays back, itself
# included), your probability $p_i$, and the product $p_i o_i$, the average amount that a stake of 1 pays back.

# %%
def decimal(text):
    """Decimal odds of fractional ones: "7/4" pays back 2.75 for a stake of 1."""
    try:
        return float(1 + Fraction(text))
    except (ValueError, TypeError, ZeroDivisionError):
        raise ValueError(f"quoted must hold odds such as '7/4'; it holds {text!r}.") from None

# %% [markdown]
# A card that makes no race is refused here: `kelly_race` checks the probabilities and the odds, and the rest is checked by hand.

# %%
if not len(horses) == len(quoted) == len(chances):
    sizes = f"{len(horses)}, {len(quoted)} and {len(chances)} entries"
    raise ValueError(f"horses, quoted and chances must be of one length; they have {sizes}.")
if not 0 <= skill < 1:
    raise ValueError(f"skill must be a probability from 0 to below 1; it is {skill}.")

# %%
odds, p = np.array([decimal(text) for text in quoted]), np.array(chances)
best = kelly_race(p, odds)

# %%
card = pd.DataFrame({"quoted": quoted, "odds": odds, "chance": p}, index=horses)
card["implied"] = 1 / odds
card["pays on average"] = p * odds
card.round(4)

# %% [markdown]
# The inverse of the odds is the probability at which they would be fair. On this card, as on all cards, these *implied
# probabilities* sum to something else than 1; the excess is how the track lives. Spread a stake over all horses in
# proportion to $1/o_i$ and you get back the same amount whoever wins, one over that sum. What is missing to the whole is
# the track's *take*.

# %%
book = (1 / odds).sum()
public = 1 / odds / book
print(f"implied probabilities sum to {book:.4f}; of each unit the track takes {1 - 1 / book:.2%}")

# %% [markdown]
# Because the take is spread over the field, a horse may look favourable only because the public misjudges it, and most
# horses are bad bets for everyone. We call `public` the implied probabilities divided by their sum.
#
# ## The problem and its optimality conditions
#
# Stake $f_i \ge 0$ of your wealth on horse $i$ and keep $c \ge 0$ in cash, $c + \sum_i f_i = 1$. If $i$ wins, wealth
# is multiplied by $W_i = c + o_i f_i$: all other stakes are lost. The growth rate is
#
# $$
# g(f, c) = \sum_i p_i \log(c + o_i f_i) ,
# $$ (eq-races-growth)
#
# concave on a simplex. The conditions of Karush, Kuhn and Tucker are therefore necessary and sufficient: there is a price $\lambda$ of wealth such
# that no use of wealth earns more than $\lambda$ at the margin, and every use that is made earns exactly that. Multiplying the conditions by the amounts and
# adding up gives $\lambda = \sum_i p_i W_i / W_i = 1$, so
#
# $$
# \frac{p_i o_i}{W_i} \le 1 \quad (= 1 \text{ if } f_i > 0),
# \qquad
# \sum_i \frac{p_i}{W_i} \le 1 \quad (= 1 \text{ if } c > 0).
# $$ (eq-races-kkt)
#
# Look at the first one. A horse that is backed leaves $W_i = p_i o_i$, and one that is not leaves $W_i = c \ge p_i o_i$. Both together say
#
# $$
# W_i = \max(c,\; p_i o_i), \qquad f_i = \max\Bigl(0,\; p_i - \frac{c}{o_i}\Bigr):
# $$ (eq-races-stakes)
#
# **back a horse exactly if $p_i o_i$ exceeds your cash $c$**. Not if it exceeds 1! As soon as some bet is worth making, cash is below 1, and a
# horse with $c < p_i o_i < 1$ is backed although it loses money on average. It earns its place as insurance: it pays in
# a state of the world in which all the good bets are lost, and where a unit of wealth is dearer than elsewhere.
#
# Only the number $c$ is unknown. It is the *reserve rate* of the race.
#
# ## The reserve rate
#
# The stakes {eq}`eq-races-stakes` and the cash must add up to 1, so $c$ is a root of
#
# $$
# \begin{aligned}
# h(c) &= c + \sum_i \max\Bigl(0,\; p_i - \frac{c}{o_i}\Bigr) - 1
#      = \max_S \Bigl\{ c\,(1 - Q_S) - (1 - P_S) \Bigr\}, \\
# P_S &= \sum_{i \in S} p_i, \qquad Q_S = \sum_{i \in S} \frac1{o_i} .
# \end{aligned}
# $$ (eq-races-budget)
#
# The second form, a maximum over all sets $S$ of horses, holds because the sum of positive parts is the largest sum over any
# set. It shows that $h$ is convex and piecewise linear, and it solves the problem at one glance:
#
# :::{prf:theorem} Stakes on a race
# :label: thm-races
#
# Let $p_i > 0$. The reserve rate is
#
# $$
# c^\star = \min_{S:\, Q_S < 1} \frac{1 - P_S}{1 - Q_S},
# $$ (eq-races-reserve)
#
# the minimum being reached by some of the horses with the largest $p_i o_i$ (the empty set counts, with the value 1), and
# the stakes $f_i = \max(0, p_i - c^\star / o_i)$ are optimal. If $\sum_i 1/o_i < 1$, so that the track has no margin, then
# $c^\star = 0$: no cash is held, and $f_i = p_i$.
# :::
#
# :::{prf:proof}
# By {eq}`eq-races-budget`, $h(c) \le 0$ says that $c\,(1 - Q_S) \le 1 - P_S$ for every $S$. For $c \ge 0$ this is no condition
# where $Q_S \ge 1$, so $h \le 0$ exactly on $[0, c^\star]$, and there is a condition left ($S = \emptyset$ gives
# $c \le 1$). As $h$ is convex with $h(0) = 0$, and positive beyond $c^\star$, we have $h(c^\star) = 0$: the budget is met. At a given $c$
# the maximum in {eq}`eq-races-budget` is that of $S = \{i : p_i o_i > c\}$, hence only such sets need be tried.
#
# It remains to check the second condition in {eq}`eq-races-kkt`. Let $S = \{i : p_i o_i > c^\star\}$. If $c^\star > 0$, then
# $\sum_i p_i / W_i = Q_S + (1 - P_S)/c^\star$, and the budget $c^\star (1 - Q_S) = 1 - P_S$ makes this 1, as required. If
# $c^\star = 0$, then $S$ is the whole field and $\sum_i p_i / W_i = \sum_i 1 / o_i$, which must be at most 1; and it is, for $1 - P_S$ vanishes for the whole
# field only, so the minimum in {eq}`eq-races-reserve` is 0 only if $Q_S < 1$ for the whole field. $\square$
# :::
#
# In code: sort by $p_i o_i$, form the running sums $P$ and $Q$, and take the least ratio. The library walks down the same
# list and stops at the first horse that is not worth backing.

# %%
def race(p, odds):
    """Stakes on the horses, and the reserve rate."""
    order = np.argsort(-p * odds)
    P, Q = np.cumsum(p[order]), np.cumsum(1 / odds[order])
    P[-1] = 1.0  # the whole field, without rounding
    room = Q < 1
    reserve = min([1.0, *(1 - P[room]) / (1 - Q[room])])
    return np.maximum(0.0, p - reserve / odds), reserve

# %% [markdown]
# The two routes agree, and the certificate of the book, which knows nothing of reserve rates, says that the answer is
# optimal. For it the race is a market of $n$ horses and cash, with one scenario for each winner:

# %%
stakes, reserve = race(p, odds)
market = np.column_stack([np.diag(odds), np.ones(len(p))])
assert np.allclose(market @ best.weights, reserve + odds * stakes, rtol=0, atol=1e-12)

# %%
checked = certify(market, p, best.weights)
print(f"reserve {reserve:.4f}, growth {checked.growth:.8f}, gap <= 1e-12: {checked.gap <= 1e-12}")
assert checked.gap <= 1e-12 and checked.violation <= 1e-12

# %% [markdown]
# A third road is the general solver of the chapters on portfolios, which follows Newton steps and knows of no closed form either.
# Its growth must be the same to the last digits.

# %%
assert abs(kelly_full(market, p).growth - best.growth) <= 1e-12

# %% [markdown]
# Here is the card again with the stakes. The last column is what becomes of one unit of wealth if that horse wins. It is the
# same for all horses that are not backed, and equals the reserve.

# %%
card["stake"] = stakes
card["backed"] = np.where(stakes > 0, np.where(p * odds < 1, "as a hedge", "yes"), "")
card["wealth if it wins"] = reserve + odds * stakes
card[["odds", "chance", "pays on average", "stake", "backed", "wealth if it wins"]].round(4)

# %%
axis_c = np.linspace(0, 1.05, 421)
budget = axis_c + np.maximum(0, p - axis_c[:, None] / odds).sum(axis=1) - 1
kinks = np.sort(p * odds)
at_kinks = kinks + np.maximum(0, p - kinks[:, None] / odds).sum(axis=1) - 1

# %% mystnb={"figure": {"caption": "Money spent beyond the budget when the cash is c and every horse gets its stake. The curve bends where a horse drops out (ticks, at its average payment); the reserve rate is its largest root.", "name": "fig-races-budget"}, "image": {"alt": "A convex piecewise linear curve of the overspent budget against cash. It starts at zero, dips below, and returns to zero at the reserve rate, marked by a dot; small dots mark the kinks."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0, color="C6", lw=0.8)
ax.plot(axis_c, budget, color="C7")
ax.plot(kinks, at_kinks, "|", color="C4", ms=9)
ax.plot(reserve, 0, "o", color="C0")
ax.annotate("reserve rate ", (reserve, 0), color="C0", ha="right", xytext=(-4, 6), textcoords="offset points")
ax.set(xlabel="cash $c$, fraction of wealth", ylabel="overspent $h(c)$, fraction of wealth", xlim=(0, 1.05))
plt.show()

# %% [markdown]
# (sec-races-hedge)=
# ## Why back a horse that loses money?
#
# Someone who distrusts the argument may strike out every horse with $p_i o_i \le 1$ and solve the rest. That is a race in which those
# horses pay nothing to speak of (decimal odds of 1, a stake that can at best come back). What does this caution cost?

# %%
strict = kelly_race(p, np.where(p * odds > 1, odds, 1.0))
plain = certify(market, p, strict.weights)
print(f"with the hedges  {best.growth:.8f} nats per race")
print(f"favourable only  {plain.growth:.8f}; certified loss at most {max(plain.gap, 0):.6f}")
assert plain.growth <= best.growth + 1e-12 and best.growth - plain.growth <= plain.gap + 1e-12

# %% [markdown]
# A second rule that many people use is worse. They take each horse alone, as a coin, and stake its own Kelly fraction
# $p - (1 - p)/b$ with $b = o - 1$. The rule forgets that the bets of a race exclude each other, that is, that each of them pays just
# when the others fail. It never stakes too much on a horse, often too little: its stakes are $p_i - c_i/o_i$ with $c_i = (1 - p_i)/(1 - 1/o_i)$, which is one of the ratios in {eq}`eq-races-reserve`, so $c_i \ge c^\star$.

# %%
alone = kelly_fraction(p, odds - 1)
assert (alone <= best.weights[:-1] + 1e-12).all() or book <= 1 + 1e-12
alone = np.append(alone, 1 - alone.sum())
weights = {"Kelly": best.weights, "favourable only": strict.weights, "each alone": alone}
pd.DataFrame(weights, index=[*horses, "cash"]).round(4)

# %%
after = {name: market @ w for name, w in weights.items()}
growths = pd.Series({name: certify(market, p, w).growth for name, w in weights.items()})
assert growths.max() <= best.growth + 1e-12
growths.round(8)

# %% mystnb={"figure": {"caption": "What one unit of wealth becomes, by winner. A horse backed at the optimum always leaves its average payment. The Kelly bettor pays for the hedges with a smaller reserve and is insured where one of them wins.", "name": "fig-races-wealth"}, "image": {"alt": "Grouped horizontal bars, one group for each horse and one bar for each strategy, showing wealth after the race if that horse wins, around the line of unchanged wealth."}} tags=["hide-input"]
fig, ax = plt.subplots(figsize=(6.4, 0.9 + 0.45 * len(p)))
rows = np.arange(len(p))
for k, (name, color) in enumerate(zip(after, ["C0", "C7", "C5"], strict=True)):
    ax.barh(rows + 0.26 * (k - 1), after[name] - 1, 0.26, left=1, color=color, label=name)
ax.axvline(1, color="C4", lw=0.8)
ax.set_yticks(rows, horses)
ax.invert_yaxis()
ax.grid(axis="y", visible=False)
ax.legend(loc="lower right")
ax.set(xlabel="wealth after the race, multiples of wealth before", ylabel="winner")
plt.show()

# %% [markdown]
# (sec-races-information)=
# ## Growth is information, also with a take
#
# With fair odds, $\sum_i 1/o_i = 1$, the public's opinion is $\pi_i = 1/o_i$ and the stakes $f_i = p_i$ are optimal. Growth is then
# $\sum_i p_i \log(p_i o_i) = D(p \,\|\, \pi)$, the relative entropy of chapter {ref}`sec-coin`. You win from the public what you know better. With a take,
# someone who stakes everything, $f = p$, earns $D(p \,\|\, \pi)$ *minus* the logarithm of the sum of implied probabilities: **information less take**. But
# one need not stake everything, and the optimum has the same form again, with another opinion in place of the public's.
#
# :::{prf:theorem} Growth is the distance to the nearest opinion that the odds leave open
# :label: thm-races-dual
#
# Call $q \ge 0$ *consistent with the odds* if $\sum_i q_i \le 1$ and $q_i o_i \le 1$ for every horse: to someone who believes in $q$, no bet is favourable. Then
#
# $$
# g^\star = \min_{q \text{ consistent}} \; \sum_i p_i \log \frac{p_i}{q_i},
# $$ (eq-races-dual)
#
# and the minimum is reached by $q^\star_i = p_i / W_i = \min(p_i / c^\star,\; 1/o_i)$.
# :::
#
# :::{prf:proof}
# For any stakes and any consistent $q$, by Jensen's inequality,
# $\sum_i p_i \log W_i - \sum_i p_i \log \frac{p_i}{q_i} = \sum_i p_i \log \frac{q_i W_i}{p_i} \le \log \sum_i q_i W_i$, and
# $\sum_i q_i W_i = c \sum_i q_i + \sum_i f_i\, q_i o_i \le c + \sum_i f_i = 1$. So no growth exceeds any of these distances. By {eq}`eq-races-kkt` the particular $q^\star = p / W$
# is consistent, and its distance is $\sum_i p_i \log W_i$, the growth itself. $\square$
# :::
#
# If your own opinion is consistent with the odds, the distance is 0, and you should go home. Otherwise the theorem says what your opponent is: not the public, but the
# *most charitable reading of the odds*, the one nearest to what you believe.

# %%
nearest = p / (market @ best.weights)
distance = rel_entr(p, nearest).sum()
print(f"growth {best.growth:.8f}, distance to the nearest consistent opinion {distance:.8f}")
assert abs(best.growth - distance) <= 1e-12
assert nearest.sum() <= 1 + 1e-12 and (nearest * odds <= 1 + 1e-12).all()

# %% [markdown]
# How does the take eat growth? Keep the public's opinion and yours, and let the track pay $o_i = (1 - \tau)/\pi_i$ for takes $\tau$ from nothing to 40 %.
# Compare the bettor who must stake everything (information less take), and the one who may keep cash and choose.

# %%
takes = np.linspace(0, 0.4, 81)
charged = [kelly_race(p, np.maximum((1 - take) / public, 1.0)) for take in takes]
choosy = np.array([answer.growth for answer in charged])
forced = rel_entr(p, public).sum() + np.log(1 - takes)
backed = np.array([(answer.weights[:-1] > 0).sum() for answer in charged])

# %%
assert (choosy >= np.maximum(forced, 0) - 1e-12).all() and (np.diff(choosy) <= 1e-12).all()
taken = pd.DataFrame({"growth": choosy, "all staked": forced, "backed": backed}, index=takes.round(3))
taken[::10].round(6)

# %% mystnb={"figure": {"caption": "Growth against the track's take, for the same two opinions. Staking everything earns the information less the take; the right to hold cash keeps growth from going below zero.", "name": "fig-races-take"}, "image": {"alt": "Two falling curves that start together at zero take. The one for staking everything crosses zero at a small take and goes far below; the one for Kelly with cash falls more slowly and flattens at zero."}} tags=["hide-input"]
fig, ax = plt.subplots()
ax.axhline(0, color="C6", lw=0.8)
ax.plot(100 * takes, choosy, color="C0")
ax.plot(100 * takes, forced, color="C2")
ax.text(100 * takes[30], choosy[30] + 0.06 * choosy[0], " Kelly, with cash", color="C0")
ax.text(100 * takes[18], -0.9 * choosy[0], "all staked: information less take", color="C2")
ax.set(xlabel="track's take, percent", ylabel="growth, nats per race")
if choosy[0] > 0:
    ax.set_ylim(bottom=-1.5 * choosy[0], top=1.15 * choosy[0])
plt.show()

# %% [markdown]
# (sec-races-tip)=
# ## What a tip is worth
#
# Kelly's paper is about a gambler with a private wire. Let a tipster name one horse before the race. With probability `skill` he knows the winner, and names it;
# otherwise he names a horse at random. A tip of horse $j$ turns your opinion $p$ into a posterior $p^{(j)}$ by Bayes' rule. The information in the tip is the
# *mutual information* $I = \sum_j \operatorname{P}(j)\, D(p^{(j)} \,\|\, p)$.

# %%
likelihood = skill * np.eye(len(p)) + (1 - skill) / len(p)  # row: winner, column: horse named
named = p @ likelihood
posterior = p[:, None] * likelihood / named
mutual = (named * rel_entr(posterior, p[:, None]).sum(axis=0)).sum()

# %% [markdown]
# At fair odds, whichever they are, the tip raises growth by exactly $I$: $D(p^{(j)} \,\|\, \pi)$, averaged over tips, exceeds $D(p \,\|\, \pi)$ by $I$. This is Kelly's theorem.
# With a take it is worth less: $q^\star$ for your old opinion is consistent with the odds under every tip, so by {prf:ref}`thm-races-dual` growth after tip $j$ is at
# most $D(p^{(j)} \,\|\, q^\star)$, and on average at most $g^\star + I$. **No tip is worth more than the information in it.**

# %%
fair = 1 / public
gain = {}
for name, price in {"fair odds": fair, "this card": odds}.items():
    informed = [kelly_race(posterior[:, j], price).growth for j in range(len(p))]
    gain[name] = named @ informed - kelly_race(p, price).growth

# %%
print(f"information in a tip {mutual:.8f} nats")
print("worth in growth     ", {name: f"{value:.8f}" for name, value in gain.items()})
assert abs(gain["fair odds"] - mutual) <= 1e-12 and gain["this card"] <= mutual + 1e-12

# %% [markdown]
# (sec-races-nomargin)=
# ## When the odds leave no margin
#
# Take the best price of each outcome from several bookmakers, and now and then the implied probabilities sum to less than 1. Then money can be made without any opinion:
# stakes in proportion to $1/o_i$ pay the same amount, more than they cost, whoever wins. The example is invented too: two outcomes, and two bookmakers who disagree.

# %%
prices = np.array([2.2, 2.1])
believed = np.array([0.7, 0.3])
sure = 1 / prices / (1 / prices).sum()

# %%
open_book = kelly_race(believed, prices)
both = {"sure gain": np.append(sure, 0), "Kelly": open_book.weights}
pd.DataFrame(both, index=["first", "second", "cash"]).round(4)

# %% [markdown]
# Kelly's answer is not the sure gain. By {prf:ref}`thm-races` it holds no cash and **stakes its beliefs**, $f = p$, whatever the prices. It uses the second outcome as a hedge although
# the bet on it loses money on average, and grows by the sure gain *plus* the information. Cash would be waste: the sure gain is a better cash, available in the same race.
# (At $\sum_i 1/o_i = 1$ exactly, the two kinds of cash are the same, and many portfolios are optimal.)

# %%
free = -math.log((1 / prices).sum())
known = rel_entr(believed, sure).sum()
print(f"sure gain {free:.6f} + information {known:.6f} = growth {open_book.growth:.6f} nats")
assert abs(open_book.growth - free - known) <= 1e-12 and open_book.weights[-1] == 0
assert np.allclose(open_book.weights[:-1], believed) and (believed * prices)[1] < 1

# %% [markdown]
# (sec-races-events)=
# ## Several events at once
#
# On a Saturday afternoon the matches run side by side: home, draw or away in each, with stakes on any outcome of any match, and one wealth for all. Again the card is **invented**, in the usual decimal format.

# %%
matches = ["Axiom v Lemma", "Union v City", "Rovers v Albion"]
views = [[0.50, 0.27, 0.23], [0.36, 0.30, 0.34], [0.62, 0.22, 0.16]]
board = [[2.15, 3.40, 3.60], [2.60, 3.30, 3.05], [1.62, 4.20, 6.50]]

# %%
afternoon = kelly_events(views, board)
lines = pd.MultiIndex.from_product([matches, ["home", "draw", "away"]])
slip = pd.DataFrame({"odds": np.ravel(board), "chance": np.ravel(views)}, index=lines)
slip["pays on average"] = slip["odds"] * slip["chance"]

# %%
slip["stake"] = afternoon.weights[:-1]
slip["match alone"] = np.concatenate([kelly_race(*m).weights[:-1] for m in zip(views, board, strict=True)])
slip.round(4)

# %% [markdown]
# There is no closed form for more than one event, because stakes on different matches compete for the same cash in $3^N$ joint outcomes. With three matches we can still list all of them, and
# hand the general solver a market of $3^3$ scenarios:

# %%
results = np.array(list(product(range(3), repeat=3)))
chance = np.prod([np.array(view)[results[:, e]] for e, view in enumerate(views)], axis=0)
pays = np.eye(3)[results].reshape(len(results), -1) * np.ravel(board)
listed = kelly_full(np.column_stack([pays, np.ones(len(pays))]), chance)

# %%
print(f"growth {afternoon.growth:.8f}, from the list of {len(results)} results {listed.growth:.8f}")
assert abs(afternoon.growth - listed.growth) <= 1e-12 and afternoon.gap <= 1e-10

# %% [markdown]
# Twenty matches have $3^{20}$ results, some 3.5 billion, and a list is out of the question. But the chapter on many coins has shown the way round. Wealth is cash plus a
# sum of *independent* payments $Y_e$, one for each event, so its Laplace transform is a product, and Frullani's integral turns the product into the growth rate:
#
# $$
# \operatorname{E}\log W = \int_0^\infty \frac{e^{-t} - \varphi(t)}{t}\,dt,
# \qquad
# \varphi(t) = e^{-ct} \prod_e \sum_{i \in e} p_{ei}\, e^{-t\, o_{ei} f_{ei}} .
# $$ (eq-races-frullani)
#
# The only difference from coins is the sum with more than two terms in each factor. The derivative with respect to a stake needs $p_{ei}\, o_{ei}\, e^{-t\, o_{ei} f_{ei}}$ in place of the
# sum, and with respect to cash nothing but $\varphi$. Substitute $t = e^{u - e^{-u}}$ {cite:p}`takahasi1974`, use the trapezoidal rule, and growth, gradient and hence the certificate of *any* stakes on any number of events cost a few
# products of small arrays. (The nodes below end at $t = e^{12}$, which suffices as long as the least wealth is not below a thousandth.) The solver that finds the stakes is the one of the chapters on portfolios.

# %%
def certify_events(p, odds, stakes, cash, h=0.05):
    """Growth of stakes on independent events, and a bound on what any other stakes could add."""
    u = np.arange(-4.5, 12, h)
    t, weight = np.exp(u - np.exp(-u)), h * (1 + np.exp(-u))  # weight: dt / t
    each = [q * np.exp(-np.outer(t, o * f)) for q, o, f in zip(p, odds, stakes, strict=True)]
    phi = np.exp(-cash * t) * np.prod([terms.sum(axis=1) for terms in each], axis=0)
    pull = weight * t * phi
    slopes = [o * (pull / terms.sum(axis=1) @ terms) for o, terms in zip(odds, each, strict=True)]
    return weight @ (np.exp(-t) - phi), math.log(max(np.max(slopes), pull.sum()))

# %%
sheet = np.array(views), np.array(board), afternoon.weights[:-1].reshape(-1, 3)
growth, gap = certify_events(*sheet, afternoon.weights[-1])
assert abs(growth - afternoon.growth) <= 1e-11 and gap <= 1e-10

# %% [markdown]
# Now twenty matches, again invented: the three above with slightly different opinions each time. What the stakes of twenty separate
# bettors would add up to decides how much there is to share:

# %%
tilt = np.linspace(-0.03, 0.03, 20)[:, None] * np.array([1, 0, -1])
views_20, board_20 = np.array(views)[np.arange(20) % 3] + tilt, np.array(board)[np.arange(20) % 3]
season = kelly_events(views_20, board_20)
single = np.concatenate([kelly_race(*m).weights[:-1] for m in zip(views_20, board_20, strict=True)])

# %%
hedge = np.ravel(views_20 * board_20) < 1
count = [(x.sum(), (x > 0).sum(), (hedge & (x > 0)).sum()) for x in (season.weights[:-1], single)]
labels = ["all together", "each match alone"]
pd.DataFrame(count, labels, ["sum of the stakes", "outcomes backed", "of them hedges"]).round(4)

# %%
print(f"growth {season.growth:.8f} nats, cash {season.weights[-1]:.4f}, gap <= 1e-10: {season.gap <= 1e-10}")
assert season.gap <= 1e-10 and abs(season.weights.sum() - 1) <= 1e-12

# %% [markdown]
# Taken one by one, the matches would ask for nearly all of the wealth, or more than all of it. Together they leave a little cash, and each
# gets less. Yet the structure stays: the same outcomes are backed, hedges included.
#
# ## What this chapter does not show
#
# - **That your opinion is better than the odds.** All of the growth comes from the difference between $p$ and the odds. If the public is right, the formula stakes your errors. A race of many horses offers
#   many occasions to be wrong, and long odds magnify them.
# - **Odds that move.** At a tote the odds are known only after the betting, and your own stake lowers them. Here they are fixed prices, accepted in any amount.
# - **Real races.** No horse, match or price in this chapter is real, so nothing here is evidence that money can be made.
# - **Exotic bets.** Places, forecasts and accumulators are bets on the same outcomes with other payments. They fit the general market of the chapters on portfolios, one column each, but not the
#   closed form.
# - **How far wealth may fall.** A race bettor who reaches the optimum has the drawdowns of full Kelly; see chapter {ref}`sec-security`.
#
# ## Exercises
#
# ```{exercise}
# :label: ex-races-coin
#
# A coin is a race of two horses of which only one can be backed sensibly. Derive $f^\star = p - q/b$ from {eq}`eq-races-reserve`.
# ```

# %% [markdown]
# ````{solution-start} ex-races-coin
# :class: dropdown
# ````
# Let the second horse pay odds so small that it is never backed. With $S$ the first horse alone, $c = (1 - p)/(1 - 1/(1 + b)) = q (1 + b)/b$, and the stake is
# $p - c/(1 + b) = p - q/b$.

# %%
coin = kelly_race([0.55, 0.45], [3.0, 1.0])
assert abs(coin.weights[0] - kelly_fraction(0.55, 2.0)) <= 1e-14 and coin.weights[1] == 0

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-races-worst
#
# Show that at a track with a margin ($\sum_i 1/o_i > 1$) the Kelly bettor never backs every horse.
# ```
#
# ```{solution} ex-races-worst
# :class: dropdown
#
# If all are backed then $W_i = p_i o_i$ for every $i$, and the second condition in {eq}`eq-races-kkt` reads $\sum_i 1/o_i \le 1$. Or: the slope of $h$ at 0 is $1 - \sum_i 1/o_i < 0$, and it stays so until the
# smallest $p_i o_i$; so the root $c^\star$ lies above the smallest $p_i o_i$, and that horse is not backed.
# ```
#
# ```{exercise}
# :label: ex-races-hedge
#
# Invent a race in which a horse that pays back only 70 % of its stake on average is backed. How small can this percentage be?
# ```

# %% [markdown]
# ````{solution-start} ex-races-hedge
# :class: dropdown
# ````
# It must exceed the reserve rate, and that can be as small as one likes: a bet that is nearly sure and well paid leaves next to no cash. Let the favourite win with probability 0.9 at odds 1.9. Alone it asks for a reserve of
# $0.1 / (1 - 1/1.9) \approx 0.21$, so a rival with probability 0.07 at odds 10, who pays back 0.7, is backed.

# %%
favourite = kelly_race([0.9, 0.07, 0.03], [1.9, 10.0, 10.0])
print(favourite.weights.round(4))
assert favourite.weights[1] > 0 and favourite.gap <= 1e-12

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-races-public
#
# You share the public's opinion, $p = \pi$, but a tipster of unknown skill offers to help, at a track that takes 10 % of every bet on four equal horses. From which skill on is he worth listening to?
# ```

# %% [markdown]
# ````{solution-start} ex-races-public
# :class: dropdown
# ````
# The odds are $0.9 \times 4 = 3.6$. A tip raises the chance of the named horse to $s + (1 - s)/4$. It is worth a stake when this exceeds $1/3.6$, that is from $s = (1/3.6 - 1/4)\cdot\frac43 = 1/27$ on. At fair odds every skill above zero pays.

# %%
for knows, bets in ((1 / 27 - 1e-6, False), (1 / 27 + 1e-6, True)):
    after_tip = knows * np.array([1, 0, 0, 0]) + (1 - knows) / 4
    assert (kelly_race(after_tip, np.full(4, 3.6)).growth > 0) == bets

# %% [markdown]
# ````{solution-end}
# ````
#
# ```{exercise}
# :label: ex-races-dual
#
# A friend holds some other stakes on the same card, and asks how much growth is missing. Use any consistent $q$ to give an upper bound without solving anything; then say which $q$ gives the best bound.
# ```
#
# ```{solution} ex-races-dual
# :class: dropdown
#
# By {prf:ref}`thm-races-dual` no stakes grow faster than $\sum_i p_i \log (p_i / q_i)$ for a consistent $q$. The public's opinion is consistent if there is a take, so $D(p \,\|\, \pi)$ is a bound anyone can compute from the card. The best is
# $q^\star$, which makes the bound exact. The certificate of the book uses the friend's own wealth instead: $q = p / W$ scaled down until it is consistent.
# ```
#
# ## Sources
#
# {cite:t}`kelly1956` solves the race with fair odds, with unfair odds, and with a take, including the reserve rate and the remark that horses with negative expectation are backed;
# the growth rate as information is the point of his paper. {cite:t}`smoczynski2010` give the explicit solution with a proof by the conditions of Karush, Kuhn and Tucker. {cite:t}`whitrow2007` treats many
# simultaneous events by stochastic gradients; the integral {eq}`eq-races-frullani` replaces them by an exact computation. The quadrature is {cite:t}`takahasi1974`'s.
